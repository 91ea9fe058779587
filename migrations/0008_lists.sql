-- Lists by one field, or by one of a repository: where matches are rare, an index leads
-- to them; where they are not, the newest builds have enough of them.

CREATE INDEX build_workflow_start
    ON build (repository_id, workflow, start_time, run_id, run_attempt);
CREATE INDEX build_actor_start
    ON build (triggering_actor, start_time, run_id, run_attempt, repository_id);
CREATE INDEX build_conclusion_start
    ON build (repository_id, conclusion, start_time, run_id, run_attempt)
    WHERE conclusion <> 'success';
CREATE INDEX build_event_start
    ON build (event, start_time, run_id, run_attempt, repository_id)
    WHERE event NOT IN ('push', 'pull_request');
