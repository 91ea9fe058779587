-- Which of several apps asks GitHub for which installation.

-- The apps that are there, each until when.
CREATE TABLE app_holder (
    -- The name that it gave itself.
    name TEXT PRIMARY KEY,
    until_time BIGINT NOT NULL
);

CREATE TABLE installation_lease (
    -- 0 stands for what belongs to the GitHub App as a whole.
    installation_id BIGINT PRIMARY KEY,
    -- Who has it, or had it last.
    holder TEXT NOT NULL,
    -- Counts its holders.
    number BIGINT NOT NULL,
    until_time BIGINT NOT NULL,
    -- When GitHub last had to be asked about the installation; a later one is greater.
    ask_time BIGINT
);
