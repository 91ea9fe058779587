-- Counts read the index alone, and what is quarantined has one of its own: a problem may be too
-- long for a row of an index.
DROP INDEX delivery_receive;
CREATE INDEX delivery_receive ON delivery (receive_time, guid, recovered, receive_count);

-- Runs of which something came before any of their builds. Of most a build comes soon; of others
-- what is there is deleted by its age.
CREATE TABLE early_run (
    run_id BIGINT NOT NULL,
    repository_id BIGINT NOT NULL,
    note_time BIGINT NOT NULL,
    PRIMARY KEY (run_id, repository_id)
);
CREATE INDEX early_run_time ON early_run (note_time);
CREATE INDEX early_run_repository ON early_run (repository_id);
