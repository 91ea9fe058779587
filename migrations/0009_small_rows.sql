-- What many jobs of a repository have in common, and many builds, is kept once. What nobody
-- searches by is bytes. Rows from before stay as they are until they are written again: of
-- those `facts` is NULL. Where it is not, the columns that it stands for are empty.

-- The names of a job and of its steps, its labels, its page (store/packed/job.rs).
CREATE TABLE job_shape (
    repository_id BIGINT NOT NULL,
    -- Counts the shapes of the repository.
    number INTEGER NOT NULL,
    -- The first half of the SHA-256 of the content.
    hash BYTEA NOT NULL,
    content BYTEA NOT NULL,
    PRIMARY KEY (repository_id, number)
);

CREATE UNIQUE INDEX job_shape_hash ON job_shape (repository_id, hash);

ALTER TABLE job ADD COLUMN shape INTEGER;
-- Stands for name, status, conclusion, labels, runner, url, create_time and steps.
ALTER TABLE job ADD COLUMN facts BYTEA;

-- By it a shape is known to be used.
DROP INDEX job_repository;
CREATE INDEX job_repository ON job (repository_id, shape);

-- The site and the path of a workflow's runs (store/packed/build.rs). These are few, and go
-- with their repository.
CREATE TABLE build_shape (
    repository_id BIGINT NOT NULL,
    -- Counts the shapes of the repository.
    number INTEGER NOT NULL,
    -- The first half of the SHA-256 of the content.
    hash BYTEA NOT NULL,
    content BYTEA NOT NULL,
    PRIMARY KEY (repository_id, number)
);

CREATE UNIQUE INDEX build_shape_hash ON build_shape (repository_id, hash);

ALTER TABLE build ADD COLUMN shape INTEGER;
-- Stands for workflow_path, commit_title, commit_author, title, actor, url and create_time.
ALTER TABLE build ADD COLUMN facts BYTEA;
-- Stands for commit_sha, if that is one: its digits, two in a byte.
ALTER TABLE build ADD COLUMN commit_hash BYTEA;

DROP INDEX build_commit;
CREATE INDEX build_commit ON build (commit_hash);
CREATE INDEX build_plain_commit ON build (commit_sha) WHERE commit_sha <> '';
