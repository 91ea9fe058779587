-- What is asked for by a name in all repositories: the name leads, so that those who have it
-- are beside each other.

DROP INDEX build_branch_start;
CREATE INDEX build_branch_start
    ON build (branch, head_repository, repository_id, start_time, run_id, run_attempt);
DROP INDEX build_workflow_start;
CREATE INDEX build_workflow_start
    ON build (workflow, repository_id, start_time, run_id, run_attempt);
DROP INDEX build_conclusion_start;
CREATE INDEX build_conclusion_start
    ON build (conclusion, repository_id, start_time, run_id, run_attempt)
    WHERE conclusion <> 'success';
