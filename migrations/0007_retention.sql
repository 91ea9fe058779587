-- What is deleted by its age, and how payloads are made small.

-- Whether its jobs were deleted for their age: what was worked out of them stays,
-- and no later report of a job changes it.
ALTER TABLE build ADD COLUMN jobs_deleted BOOLEAN NOT NULL DEFAULT FALSE;

-- Up to which time something was deleted, so that it is not searched again.
CREATE TABLE retention_cursor (
    -- 'jobs': by the end of builds. 'payloads': by the time of receipt.
    name TEXT PRIMARY KEY,
    until_time BIGINT NOT NULL
);

-- What payloads are compressed with. Each frame names its own by the id.
CREATE TABLE payload_dictionary (
    id BIGINT PRIMARY KEY,
    dictionary BYTEA NOT NULL,
    create_time BIGINT NOT NULL,
    -- Since when another one is used.
    retire_time BIGINT,
    -- How large the payloads were that it was tried on, before and after.
    plain_bytes BIGINT NOT NULL,
    packed_bytes BIGINT NOT NULL
);
