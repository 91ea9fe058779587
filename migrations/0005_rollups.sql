-- What the builds that ended on one day add up to, kept with the builds: so that
-- numbers cost by the width of the window, not by how many builds are in it.

CREATE TABLE rollup (
    -- What its builds have in common: 1 nothing, 2 the repository, 3 a workflow of
    -- it, 4 a branch of it, 5 who started them in it; 6 a workflow, 7 a branch of
    -- that name in any repository.
    kind INTEGER NOT NULL,
    -- 0 where it does not say.
    repository_id BIGINT NOT NULL,
    workflow_id BIGINT NOT NULL,
    name TEXT NOT NULL,
    -- Days since 1970 in UTC, by when builds ended.
    day INTEGER NOT NULL,
    -- How many attempts it is made from.
    builds BIGINT NOT NULL,
    -- Their sums, and those of each half hour (store/rollup/content.rs).
    total BYTEA NOT NULL,
    slots BYTEA NOT NULL,
    PRIMARY KEY (kind, repository_id, day, name, workflow_id)
);

-- What commits added and took away since rollups were last brought up to date.
CREATE TABLE rollup_change (
    number BIGINT PRIMARY KEY,
    -- By how many attempts there are more.
    builds BIGINT NOT NULL,
    content BYTEA NOT NULL
);

-- One row: whether rollups hold all that was there before they were.
CREATE TABLE rollup_state (
    id BIGINT PRIMARY KEY,
    complete BOOLEAN NOT NULL
);

INSERT INTO rollup_state (id, complete)
SELECT 1, NOT EXISTS (SELECT 1 FROM build);
