-- One text for SQLite and PostgreSQL. Times are microseconds since 1970 UTC.
-- Status and conclusion are GitHub's words as they came.

CREATE TABLE installation (
    id BIGINT PRIMARY KEY,
    account TEXT NOT NULL,
    state TEXT NOT NULL
);

CREATE TABLE repository (
    id BIGINT PRIMARY KEY,
    name TEXT NOT NULL,
    -- 0 while unknown, and once the installation lost it.
    installation_id BIGINT NOT NULL,
    -- '' while unknown.
    default_branch TEXT NOT NULL,
    archived BOOLEAN NOT NULL,
    private BOOLEAN NOT NULL,
    update_time BIGINT NOT NULL
);

CREATE TABLE workflow (
    repository_id BIGINT NOT NULL REFERENCES repository (id),
    id BIGINT NOT NULL,
    name TEXT NOT NULL,
    path TEXT NOT NULL,
    update_time BIGINT NOT NULL,
    PRIMARY KEY (repository_id, id)
);

-- One attempt of one run.
CREATE TABLE build (
    run_id BIGINT NOT NULL,
    run_attempt INTEGER NOT NULL,
    repository_id BIGINT NOT NULL REFERENCES repository (id),
    workflow_id BIGINT NOT NULL,
    workflow TEXT NOT NULL,
    workflow_path TEXT NOT NULL,
    run_number INTEGER NOT NULL,
    status TEXT NOT NULL,
    -- Set exactly when status is completed.
    conclusion TEXT,
    event TEXT NOT NULL,
    branch TEXT NOT NULL,
    -- '' unless a fork holds the branch.
    head_repository TEXT NOT NULL,
    commit_sha TEXT NOT NULL,
    commit_title TEXT NOT NULL,
    commit_author TEXT NOT NULL,
    title TEXT NOT NULL,
    actor TEXT NOT NULL,
    triggering_actor TEXT NOT NULL,
    -- Numbers between commas, such as ',12,15,'.
    pull_requests TEXT NOT NULL,
    url TEXT NOT NULL,
    create_time BIGINT NOT NULL,
    start_time BIGINT NOT NULL,
    update_time BIGINT NOT NULL,
    -- The earliest update_time of the reports that it was over.
    first_completed_time BIGINT,
    -- When its first job started and its last one ended.
    jobs_start_time BIGINT,
    jobs_end_time BIGINT,
    -- Worked out of the three above. Set exactly when status is completed.
    end_time BIGINT,
    -- Worked out of all attempts of the run.
    latest_attempt BOOLEAN NOT NULL,
    counted BOOLEAN NOT NULL,
    PRIMARY KEY (run_id, run_attempt, repository_id)
);

-- Lists, newest first, of all and of one repository.
CREATE INDEX build_start ON build (start_time, run_id, run_attempt, repository_id);
CREATE INDEX build_repository_start
    ON build (repository_id, start_time, run_id, run_attempt);
CREATE INDEX build_branch_start
    ON build (repository_id, branch, start_time, run_id, run_attempt);
-- How a workflow stands on a branch, and what superseded what.
CREATE INDEX build_workflow_branch
    ON build (repository_id, workflow_id, branch, run_number, run_attempt);
CREATE INDEX build_end ON build (end_time) WHERE end_time IS NOT NULL;
CREATE INDEX build_running ON build (start_time) WHERE end_time IS NULL;
CREATE INDEX build_commit ON build (commit_sha);

CREATE TABLE job (
    run_id BIGINT NOT NULL,
    run_attempt INTEGER NOT NULL,
    -- Its build may not be known yet.
    repository_id BIGINT NOT NULL REFERENCES repository (id),
    id BIGINT NOT NULL,
    name TEXT NOT NULL,
    status TEXT NOT NULL,
    conclusion TEXT,
    -- A JSON array of texts.
    labels TEXT NOT NULL,
    runner TEXT NOT NULL,
    url TEXT NOT NULL,
    create_time BIGINT NOT NULL,
    start_time BIGINT,
    end_time BIGINT,
    -- A JSON array of [number, name, status, conclusion, start, end].
    steps TEXT NOT NULL,
    PRIMARY KEY (run_id, run_attempt, repository_id, id)
);

-- Every webhook that was taken in.
CREATE TABLE delivery (
    guid TEXT PRIMARY KEY,
    event TEXT NOT NULL,
    action TEXT NOT NULL,
    receive_time BIGINT NOT NULL,
    -- Whose it is; 0 if it does not say.
    repository_id BIGINT NOT NULL,
    installation_id BIGINT NOT NULL,
    -- Why nothing could be made of it. '' if something could.
    problem TEXT NOT NULL,
    -- How often it came, and how often of these with another body.
    receive_count BIGINT NOT NULL,
    conflict_count BIGINT NOT NULL,
    -- The SHA-256 of the body as it was signed.
    payload_hash BYTEA NOT NULL,
    -- The body, compressed with zstd; gone once its time is over. Last, so that
    -- the columns before it are read without it.
    payload BYTEA
);

CREATE INDEX delivery_receive ON delivery (receive_time);

-- One row, written to find out whether writing works.
CREATE TABLE write_probe (
    id BIGINT PRIMARY KEY,
    probe_time BIGINT NOT NULL
);
