-- What people are told: channels, rules, incidents, and alerts, which are outbox and history.

CREATE TABLE alert_channel (
    id TEXT PRIMARY KEY,
    display_name TEXT NOT NULL,
    -- 'slack_webhook', 'slack_bot', 'email' or 'webhook'.
    kind TEXT NOT NULL,
    -- What is no secret of its target, as JSON.
    target TEXT NOT NULL,
    -- What is, sealed.
    secret BYTEA,
    disabled BOOLEAN NOT NULL,
    -- What may have been sent is not repeated.
    holds BOOLEAN NOT NULL,
    -- Counts its changes.
    version BIGINT NOT NULL,
    create_time BIGINT NOT NULL,
    update_time BIGINT NOT NULL,
    -- How sending goes. '' while it works.
    pause_reason TEXT NOT NULL DEFAULT '',
    pause_time BIGINT,
    -- Not before then. NULL while paused: only people end that.
    ready_time BIGINT DEFAULT 0,
    -- How often in a row sending failed, or was refused.
    failure_count INTEGER NOT NULL DEFAULT 0,
    refusal_count INTEGER NOT NULL DEFAULT 0,
    -- Who sends to it, and until when. The number goes up with each holder.
    lease_holder TEXT NOT NULL DEFAULT '',
    lease_number BIGINT NOT NULL DEFAULT 0,
    lease_until BIGINT NOT NULL DEFAULT 0
);

-- Those of a channel of e-mail to whom nothing is sent any more.
CREATE TABLE alert_recipient (
    channel_id TEXT NOT NULL REFERENCES alert_channel (id),
    address TEXT NOT NULL,
    -- 'unsubscribed' or 'refused'.
    state TEXT NOT NULL,
    answer TEXT NOT NULL,
    update_time BIGINT NOT NULL,
    PRIMARY KEY (channel_id, address)
);

CREATE TABLE alert_rule (
    id TEXT PRIMARY KEY,
    -- What it says, as JSON.
    content TEXT NOT NULL,
    -- Which trigger it has.
    kind TEXT NOT NULL,
    disabled BOOLEAN NOT NULL,
    version BIGINT NOT NULL,
    create_time BIGINT NOT NULL,
    update_time BIGINT NOT NULL
);

CREATE TABLE incident (
    id TEXT PRIMARY KEY,
    repository_id BIGINT NOT NULL REFERENCES repository (id),
    workflow_id BIGINT NOT NULL,
    branch TEXT NOT NULL,
    head_repository TEXT NOT NULL,
    workflow TEXT NOT NULL,
    -- Its first and its last failure, the success that resolved it, and the one before it.
    first_run_id BIGINT NOT NULL,
    first_run_attempt INTEGER NOT NULL,
    last_run_id BIGINT NOT NULL,
    last_run_attempt INTEGER NOT NULL,
    success_run_id BIGINT,
    success_run_attempt INTEGER,
    good_run_id BIGINT,
    good_run_attempt INTEGER,
    -- How many runs failed.
    failure_count INTEGER NOT NULL,
    open_time BIGINT NOT NULL,
    resolve_time BIGINT
);
CREATE UNIQUE INDEX incident_open
    ON incident (repository_id, workflow_id, branch, head_repository) WHERE resolve_time IS NULL;
CREATE INDEX incident_time ON incident (open_time, id);
CREATE INDEX incident_red ON incident (open_time) WHERE resolve_time IS NULL;
CREATE INDEX incident_repository ON incident (repository_id);

CREATE TABLE alert (
    id TEXT PRIMARY KEY,
    -- As they were when it was raised.
    rule_id TEXT NOT NULL,
    rule_name TEXT NOT NULL,
    channel_id TEXT NOT NULL,
    channel_name TEXT NOT NULL,
    run_id BIGINT NOT NULL,
    run_attempt INTEGER NOT NULL,
    repository_id BIGINT NOT NULL,
    -- '' if none.
    incident_id TEXT NOT NULL,
    -- 'failure', 'recovery', 'stays_red', 'slow' or 'queued'.
    kind TEXT NOT NULL,
    -- 'pending', 'sent', 'failed' or 'skipped'.
    state TEXT NOT NULL,
    skip_reason TEXT NOT NULL DEFAULT '',
    first_alert_id TEXT NOT NULL DEFAULT '',
    attempt_count INTEGER NOT NULL DEFAULT 0,
    error TEXT NOT NULL DEFAULT '',
    answer TEXT NOT NULL DEFAULT '',
    possible_repeat BOOLEAN NOT NULL DEFAULT FALSE,
    -- The message that it is sent in, and under which lease that was begun and not ended.
    message_id TEXT NOT NULL DEFAULT '',
    claim BIGINT,
    -- Where it went, as the provider names it.
    thread TEXT NOT NULL DEFAULT '',
    -- What became of it for each recipient, as JSON.
    recipients TEXT NOT NULL DEFAULT '',
    create_time BIGINT NOT NULL,
    send_time BIGINT,
    -- When it may be sent. Set exactly while it is pending.
    next_time BIGINT
);
-- Of a build a channel is told once, whatever the rules.
CREATE UNIQUE INDEX alert_once ON alert (channel_id, run_id, run_attempt, repository_id)
    WHERE state <> 'skipped' AND kind IN ('failure', 'recovery', 'slow');
CREATE UNIQUE INDEX alert_once_queued ON alert (channel_id, run_id, run_attempt, repository_id)
    WHERE state <> 'skipped' AND kind = 'queued';
CREATE UNIQUE INDEX alert_once_red ON alert (channel_id, incident_id)
    WHERE state <> 'skipped' AND kind = 'stays_red';
CREATE INDEX alert_pending ON alert (channel_id, next_time) WHERE state = 'pending';
CREATE INDEX alert_sent ON alert (channel_id, send_time) WHERE state = 'sent';
CREATE INDEX alert_time ON alert (create_time, id);
CREATE INDEX alert_build ON alert (run_id, run_attempt, repository_id);
CREATE INDEX alert_incident ON alert (incident_id) WHERE incident_id <> '';
CREATE INDEX alert_repository ON alert (repository_id);

-- When it was first heard of. NULL: before this was kept.
ALTER TABLE repository ADD COLUMN first_time BIGINT;
