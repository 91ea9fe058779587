-- What repairs what webhooks missed, and which repositories are seen.

ALTER TABLE installation ADD COLUMN account_id BIGINT NOT NULL DEFAULT 0;
ALTER TABLE installation ADD COLUMN all_repositories BOOLEAN NOT NULL DEFAULT FALSE;
-- A JSON array of texts.
ALTER TABLE installation ADD COLUMN missing_permissions TEXT NOT NULL DEFAULT '[]';
ALTER TABLE installation ADD COLUMN url TEXT NOT NULL DEFAULT '';
ALTER TABLE installation ADD COLUMN update_time BIGINT NOT NULL DEFAULT 0;
-- As of when all its repositories were last told: the others were not present.
ALTER TABLE installation ADD COLUMN list_time BIGINT;

-- Whether an installation sees a repository, as of when; the later one wins.
-- Neither of the two needs to be known yet.
CREATE TABLE installation_repository (
    installation_id BIGINT NOT NULL,
    repository_id BIGINT NOT NULL,
    present BOOLEAN NOT NULL,
    update_time BIGINT NOT NULL,
    PRIMARY KEY (installation_id, repository_id)
);

CREATE INDEX installation_repository_repository ON installation_repository (repository_id);

INSERT INTO installation_repository (installation_id, repository_id, present, update_time)
SELECT installation_id, id, TRUE, update_time FROM repository WHERE installation_id <> 0;

-- Since when no installation sees it. From these links, like installation_id.
ALTER TABLE repository ADD COLUMN hidden_time BIGINT;

CREATE INDEX repository_hidden ON repository (hidden_time) WHERE hidden_time IS NOT NULL;

-- Whether all its jobs are known.
ALTER TABLE build ADD COLUMN jobs_complete BOOLEAN NOT NULL DEFAULT FALSE;
-- Whether one of the jobs that are known has not ended.
ALTER TABLE build ADD COLUMN jobs_open BOOLEAN NOT NULL DEFAULT FALSE;
-- How many attempts below it are not known; 0 unless it is the latest one.
ALTER TABLE build ADD COLUMN missing_attempts INTEGER NOT NULL DEFAULT 0;
-- Whether its jobs, or its end, are not asked for any more.
ALTER TABLE build ADD COLUMN jobs_closed BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE build ADD COLUMN end_closed BOOLEAN NOT NULL DEFAULT FALSE;

UPDATE build SET jobs_open = TRUE WHERE EXISTS (
    SELECT 1 FROM job j
    WHERE j.run_id = build.run_id AND j.run_attempt = build.run_attempt
      AND j.repository_id = build.repository_id AND j.end_time IS NULL
);
-- It must not seem to have ended before such a job did.
UPDATE build SET end_time = first_completed_time
WHERE jobs_open AND end_time < first_completed_time;
UPDATE build SET missing_attempts = run_attempt - (
    SELECT COUNT(*) FROM build known
    WHERE known.run_id = build.run_id AND known.repository_id = build.repository_id
)
WHERE latest_attempt AND run_attempt > 1;

-- What is missing: few of many builds. They hold all columns that are asked for,
-- so that counting reads nothing else, nor does listing read build_end.
CREATE INDEX build_missing_attempts ON build (update_time, repository_id, missing_attempts)
    WHERE missing_attempts > 0;
CREATE INDEX build_missing_jobs
    ON build (end_time, repository_id, conclusion, jobs_complete, jobs_closed,
              run_id, run_attempt, update_time)
    WHERE end_time IS NOT NULL AND NOT jobs_complete AND NOT jobs_closed;
CREATE INDEX build_missing_jobs_failed
    ON build (end_time, repository_id, conclusion, jobs_complete, jobs_closed)
    WHERE NOT jobs_complete AND NOT jobs_closed AND conclusion IN ('failure', 'timed_out');
CREATE INDEX build_missing_end ON build (update_time, repository_id, end_time, end_closed)
    WHERE end_time IS NULL AND NOT end_closed;
CREATE INDEX job_repository ON job (repository_id);

-- Attempts all of whose jobs were told before they were.
CREATE TABLE early_jobs_complete (
    run_id BIGINT NOT NULL,
    run_attempt INTEGER NOT NULL,
    repository_id BIGINT NOT NULL,
    PRIMARY KEY (run_id, run_attempt, repository_id)
);

-- Missing attempts that are not asked for any more.
CREATE TABLE closed_attempt (
    run_id BIGINT NOT NULL,
    run_attempt INTEGER NOT NULL,
    repository_id BIGINT NOT NULL,
    PRIMARY KEY (run_id, run_attempt, repository_id)
);

-- Whether GitHub could not deliver it, and it was fetched later.
ALTER TABLE delivery ADD COLUMN recovered BOOLEAN NOT NULL DEFAULT FALSE;

-- Counts read the index alone.
DROP INDEX delivery_receive;
CREATE INDEX delivery_receive
    ON delivery (receive_time, guid, recovered, receive_count, problem);
CREATE INDEX delivery_problem ON delivery (receive_time, guid) WHERE problem <> '';
CREATE INDEX delivery_repository ON delivery (repository_id) WHERE payload IS NOT NULL;

-- What GitHub could not deliver and was not taken in since.
CREATE TABLE missed_delivery (
    guid TEXT PRIMARY KEY,
    -- GitHub's id of the last attempt to deliver it.
    delivery_id BIGINT NOT NULL,
    event TEXT NOT NULL,
    action TEXT NOT NULL,
    -- Whose it is; 0 if it does not say.
    repository_id BIGINT NOT NULL,
    installation_id BIGINT NOT NULL,
    deliver_time BIGINT NOT NULL,
    problem TEXT NOT NULL,
    -- 'learnt' or 'lost', and since when. NULL while it is missing.
    closing TEXT,
    close_time BIGINT
);

CREATE INDEX missed_delivery_open ON missed_delivery (deliver_time) WHERE closing IS NULL;
CREATE INDEX missed_delivery_closed ON missed_delivery (close_time) WHERE closing IS NOT NULL;

-- One row: until when GitHub's log of deliveries was examined.
CREATE TABLE delivery_cursor (
    id BIGINT PRIMARY KEY,
    examined_until_time BIGINT NOT NULL
);

-- One row: how the GitHub App said it was, as an AppStatus of the contract.
CREATE TABLE app_status (
    id BIGINT PRIMARY KEY,
    report_time BIGINT NOT NULL,
    status BYTEA NOT NULL
);

CREATE TABLE backfill (
    repository_id BIGINT NOT NULL REFERENCES repository (id),
    -- Counts the backfills of the repository.
    number INTEGER NOT NULL,
    since_time BIGINT NOT NULL,
    status TEXT NOT NULL,
    create_time BIGINT NOT NULL,
    update_time BIGINT NOT NULL,
    -- Set exactly when it is over.
    end_time BIGINT,
    cursor_time BIGINT,
    run_count BIGINT NOT NULL,
    request_count BIGINT NOT NULL,
    problem TEXT NOT NULL,
    wait_until_time BIGINT,
    -- Counts how often it was handed out, and until when the last one holds it.
    lease BIGINT NOT NULL,
    lease_until_time BIGINT,
    PRIMARY KEY (repository_id, number)
);

CREATE INDEX backfill_open ON backfill (create_time) WHERE end_time IS NULL;
