//! Requests to addresses that come through the API: to public hosts only, and no further.

/// Which hosts are reached although they would not be.
#[derive(Debug, Default)]
pub struct OutboundConfig {
    /// Hosts beside Slack's own that Slack channels may be on.
    pub slack_hosts: Vec<String>,
    /// Address ranges, such as `10.0.0.0/8`, that are reached although they are private, by
    /// plain HTTP too.
    pub allow: Vec<String>,
}
