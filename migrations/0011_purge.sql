-- When a repository is deleted for good, what belongs to it is found without looking at all rows.

CREATE INDEX early_jobs_complete_repository ON early_jobs_complete (repository_id);
CREATE INDEX closed_attempt_repository ON closed_attempt (repository_id);
CREATE INDEX missed_delivery_repository ON missed_delivery (repository_id);
