//! How much one connection may ask for, of size and of time.

use std::time::Duration;

/// How much one connection may ask for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// How long a client may take for the head of a request, in HTTP/1 the wait
    /// for the next one on the same connection included.
    pub(super) head_time: Duration,
    /// How long the whole body of a request may take. No client streams to us, and
    /// who reports from another machine gives up earlier than this.
    pub(super) body_time: Duration,
    /// How long an HTTP/2 connection may be without an open request. Pings do
    /// not count.
    pub(super) idle_time: Duration,
    /// How long a connection that was told to end may be without an open request.
    pub(super) end_time: Duration,
    /// How often an HTTP/2 connection is asked whether it still lives, and how
    /// long it may take to answer.
    pub(super) ping_time: Duration,
    /// How many calls one HTTP/2 connection may have open. tonic's own default
    /// is no limit at all.
    pub(super) streams: u32,
    /// The bytes of the headers of an HTTP/2 request.
    pub(super) headers: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head_time: Duration::from_secs(10),
            body_time: Duration::from_secs(10),
            idle_time: Duration::from_mins(1),
            end_time: Duration::from_secs(5),
            ping_time: Duration::from_secs(20),
            streams: 100,
            headers: 16 << 10,
        }
    }
}
