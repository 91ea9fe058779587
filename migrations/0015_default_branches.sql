-- Numbers of all default branches at once, and what ended at the ends of a window.

-- With all that leads to the build: who asks for some repositories reads no row of others.
DROP INDEX build_end;
CREATE INDEX build_end ON build (end_time, repository_id, run_id, run_attempt)
    WHERE end_time IS NOT NULL;

-- Rollups of kind 8 hold the builds of the default branches of all repositories that are
-- known: the sum of kind 4, of the branch that is the default one now. The second row says
-- whether they were made from what there was before them.
INSERT INTO rollup_state (id, complete) SELECT 2, NOT EXISTS (SELECT 1 FROM rollup);
