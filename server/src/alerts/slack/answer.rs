//! What Slack's answers mean.

use http::StatusCode;

use crate::alerts::{
    outbound::{Answer, Failure},
    provider::{ChannelFault, Handed},
};

/// What one of Slack's words means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    /// It may work later.
    Later,
    /// The channel does not work any more.
    Gone,
    /// The channel may not work any more.
    Doubtful,
}

const DELETED: &str = "The webhook was deleted, or its app removed from Slack: make a new one.";
const TOKEN: &str = "The token is not valid any more: put a new one into the channel.";
const SCOPE: &str = "The bot lacks the scope `chat:write`: add it and install the app anew.";
const INVITE: &str = "Invite the bot to the channel of Slack.";
const CHANNEL: &str = "The channel is not there, or the bot does not see it: look at its id.";
const ARCHIVED: &str = "The channel of Slack is archived: choose another one.";
const FORBIDDEN: &str = "Ask an administrator of Slack who may post there.";
const WAIT: &str = "It is tried again.";
const UNREADABLE: &str = "Slack does not take the message: please report it.";

/// The words that Slack is known to answer with. Others are not told on: they could be anything.
const WORDS: [(&str, Meaning, &str); 47] = [
    ("no_service", Meaning::Gone, DELETED),
    ("no_service_id", Meaning::Gone, DELETED),
    ("no_active_hooks", Meaning::Gone, DELETED),
    ("no_team", Meaning::Gone, DELETED),
    ("team_disabled", Meaning::Gone, DELETED),
    ("invalid_auth", Meaning::Gone, TOKEN),
    ("invalid_token", Meaning::Gone, TOKEN),
    ("not_authed", Meaning::Gone, TOKEN),
    ("account_inactive", Meaning::Gone, TOKEN),
    ("token_revoked", Meaning::Gone, TOKEN),
    ("token_expired", Meaning::Gone, TOKEN),
    ("team_not_found", Meaning::Gone, TOKEN),
    ("not_allowed_token_type", Meaning::Gone, TOKEN),
    ("missing_scope", Meaning::Gone, SCOPE),
    ("no_permission", Meaning::Gone, SCOPE),
    ("not_in_channel", Meaning::Gone, INVITE),
    ("channel_not_found", Meaning::Gone, CHANNEL),
    ("user_not_found", Meaning::Gone, CHANNEL),
    ("is_archived", Meaning::Gone, ARCHIVED),
    ("channel_is_archived", Meaning::Gone, ARCHIVED),
    ("action_prohibited", Meaning::Doubtful, FORBIDDEN),
    (
        "posting_to_general_channel_denied",
        Meaning::Doubtful,
        FORBIDDEN,
    ),
    ("restricted_action", Meaning::Doubtful, FORBIDDEN),
    (
        "restricted_action_non_threadable_channel",
        Meaning::Doubtful,
        FORBIDDEN,
    ),
    (
        "restricted_action_read_only_channel",
        Meaning::Doubtful,
        FORBIDDEN,
    ),
    (
        "restricted_action_thread_only_channel",
        Meaning::Doubtful,
        FORBIDDEN,
    ),
    ("access_denied", Meaning::Doubtful, FORBIDDEN),
    ("ekm_access_denied", Meaning::Doubtful, FORBIDDEN),
    ("enterprise_is_restricted", Meaning::Doubtful, FORBIDDEN),
    ("team_access_not_granted", Meaning::Doubtful, FORBIDDEN),
    ("invalid_payload", Meaning::Doubtful, UNREADABLE),
    ("invalid_blocks", Meaning::Doubtful, UNREADABLE),
    ("invalid_blocks_format", Meaning::Doubtful, UNREADABLE),
    ("invalid_arguments", Meaning::Doubtful, UNREADABLE),
    ("msg_blocks_too_long", Meaning::Doubtful, UNREADABLE),
    ("msg_too_long", Meaning::Doubtful, UNREADABLE),
    ("no_text", Meaning::Doubtful, UNREADABLE),
    ("rate_limited", Meaning::Later, WAIT),
    ("ratelimited", Meaning::Later, WAIT),
    ("rollup_error", Meaning::Later, WAIT),
    ("message_limit_exceeded", Meaning::Later, WAIT),
    ("request_timeout", Meaning::Later, WAIT),
    ("service_unavailable", Meaning::Later, WAIT),
    ("internal_error", Meaning::Later, WAIT),
    ("fatal_error", Meaning::Later, WAIT),
    ("team_added_to_org", Meaning::Later, WAIT),
    ("accesslimited", Meaning::Later, WAIT),
];

/// What came of a post to an incoming webhook.
pub(super) fn of_webhook(answer: Result<Answer, Failure>) -> Handed {
    match answer {
        Ok(answer) if answer.status.is_success() => sent(&answer, None),
        Ok(answer) => {
            let word = String::from_utf8_lossy(&answer.body);
            refusal(&answer, word.trim())
        }
        Err(failure) => unanswered(&failure),
    }
}

/// It was accepted.
pub(super) fn sent(answer: &Answer, thread: Option<String>) -> Handed {
    Handed {
        thread,
        ..Handed::sent(answer.status.as_u16().to_string())
    }
}

/// There is no answer.
pub(super) fn unanswered(failure: &Failure) -> Handed {
    match failure {
        Failure::Refused(refusal) => Handed::refused(
            format!("Nothing is sent there: {refusal}"),
            ChannelFault::Doubtful,
        ),
        Failure::Unavailable(problem) => {
            Handed::later(format!("Slack is not reached: {problem}"), None)
        }
        Failure::Unanswered(problem) => {
            Handed::unanswered(format!("Slack did not answer: {problem}"))
        }
    }
}

/// It can not be sent until somebody changes something.
pub(super) fn unsendable(problem: &str) -> Handed {
    Handed::refused(
        format!("Nothing is sent there: {problem}"),
        ChannelFault::Gone,
    )
}

/// It was not accepted, for a reason that Slack may have a word for.
pub(super) fn refusal(answer: &Answer, word: &str) -> Handed {
    let status = answer.status;
    let known = WORDS.iter().find(|(known, ..)| *known == word);
    let (told, hint) = match known {
        Some((word, _, hint)) => (format!("{} {word}", status.as_u16()), *hint),
        None => (status.as_u16().to_string(), hint(status)),
    };
    let error = format!("Slack answered {told}. {hint}")
        .trim_end()
        .to_owned();
    let handed = match meaning(status, known.map(|(_, meaning, _)| *meaning)) {
        Meaning::Later => Handed::later(error, answer.retry_after),
        Meaning::Gone => Handed::refused(error, ChannelFault::Gone),
        Meaning::Doubtful => Handed::refused(error, ChannelFault::Doubtful),
    };
    handed.answered(told)
}

/// A status that says enough decides; else the word does.
fn meaning(status: StatusCode, word: Option<Meaning>) -> Meaning {
    match status {
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS => {
            Meaning::Later
        }
        StatusCode::NOT_FOUND | StatusCode::GONE => Meaning::Gone,
        _ if status.is_server_error() => Meaning::Later,
        _ => word.unwrap_or(Meaning::Doubtful),
    }
}

fn hint(status: StatusCode) -> &'static str {
    match status {
        StatusCode::NOT_FOUND | StatusCode::GONE => DELETED,
        StatusCode::FORBIDDEN => FORBIDDEN,
        StatusCode::BAD_REQUEST => UNREADABLE,
        StatusCode::TOO_MANY_REQUESTS => WAIT,
        _ if status.is_server_error() => WAIT,
        _ if status.is_redirection() => "Redirects are not followed: look at the URL.",
        _ => "",
    }
}
