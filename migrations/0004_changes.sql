-- What servers that share a database tell each other: the last builds that changed.

CREATE TABLE change (
    -- Without holes, in the order of commits: writers take turns.
    number BIGINT PRIMARY KEY,
    -- The server that took it in, and told its own watchers.
    origin TEXT NOT NULL,
    -- All zero where everything is to be listed again.
    run_id BIGINT NOT NULL,
    run_attempt INTEGER NOT NULL,
    repository_id BIGINT NOT NULL
);
