-- What lists and numbers are found by.

-- Builds that took longer than six hours, or less than nothing: few. All others that ended
-- within a time started at most six hours before it.
CREATE INDEX build_long ON build (end_time, start_time)
    WHERE (end_time - start_time > 21600000000 OR end_time < start_time);

-- With all that is asked about each build of a branch: how a workflow stands is read from the
-- index alone.
DROP INDEX build_workflow_branch;
CREATE INDEX build_workflow_branch
    ON build (repository_id, workflow_id, branch, run_number, run_attempt, conclusion,
              head_repository);

-- The pull requests of builds, newest build first: as `build.pull_requests` and
-- `build.start_time` say.
CREATE TABLE build_pull_request (
    number INTEGER NOT NULL,
    start_time BIGINT NOT NULL,
    run_id BIGINT NOT NULL,
    run_attempt INTEGER NOT NULL,
    repository_id BIGINT NOT NULL,
    PRIMARY KEY (number, start_time, run_id, run_attempt, repository_id)
);

-- Their numbers stand between commas: each is read digit by digit.
WITH RECURSIVE digit (run_id, run_attempt, repository_id, start_time, rest, number) AS (
    SELECT run_id, run_attempt, repository_id, start_time, substr(pull_requests, 2),
           CAST(0 AS BIGINT)
    FROM build WHERE pull_requests <> ''
    UNION ALL
    SELECT run_id, run_attempt, repository_id, start_time, substr(rest, 2),
           CASE substr(rest, 1, 1) WHEN ',' THEN 0
                ELSE number * 10 + CAST(substr(rest, 1, 1) AS BIGINT) END
    FROM digit WHERE rest <> ''
)
INSERT INTO build_pull_request (number, start_time, run_id, run_attempt, repository_id)
SELECT DISTINCT CAST(number AS INTEGER), start_time, run_id, run_attempt, repository_id
FROM digit WHERE substr(rest, 1, 1) = ',';
