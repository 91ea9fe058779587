//! Messages for Slack.
