//! A server elsewhere: how it is reached, and what it means if it is not.

use std::time::Duration;

use tokio::time::timeout;
use tonic::{Code, Response, Status, transport::Endpoint};

/// How long a connection to the server may take to come about.
const CONNECT_TIME: Duration = Duration::from_secs(3);
/// How often a silent connection is asked whether it still lives.
const PING: Duration = Duration::from_secs(10);
/// How long the server may take to answer.
const ANSWER_TIME: Duration = Duration::from_secs(10);

/// Connects in a bounded time, and notices when nobody is there any more.
pub(crate) fn patient(endpoint: Endpoint) -> Endpoint {
    endpoint
        .connect_timeout(CONNECT_TIME)
        .http2_keep_alive_interval(PING)
        .keep_alive_while_idle(true)
}

/// Waits for an answer, but not for ever.
pub(crate) async fn answer<T>(
    call: impl Future<Output = Result<Response<T>, Status>>,
) -> Result<T, Status> {
    match timeout(ANSWER_TIME, call).await {
        Ok(answer) => answer.map(Response::into_inner),
        Err(_) => Err(Status::unavailable("it does not answer in time")),
    }
}

/// Whether the server was not there, or not able to answer.
pub(crate) fn is_away(status: &Status) -> bool {
    matches!(
        status.code(),
        Code::Unavailable | Code::DeadlineExceeded | Code::Cancelled | Code::Unknown
    )
}

/// What went wrong, and what was at the bottom of it.
pub(crate) fn problem(status: &Status) -> String {
    let message = status.message();
    let mut bottom = std::error::Error::source(status);
    while let Some(below) = bottom.and_then(std::error::Error::source) {
        bottom = Some(below);
    }
    match bottom.map(ToString::to_string) {
        Some(cause) if !message.contains(&cause) => format!("{message}: {cause}"),
        _ => message.to_owned(),
    }
}
