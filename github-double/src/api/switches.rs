//! What nobody could confirm about GitHub's API, each as a switch with the likeliest value.

/// How the API behaves where the real one is not known well enough, or differs by version.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a question of its own"
)]
pub struct Switches {
    /// The versions of the API that `X-GitHub-Api-Version` may ask for; the first is the one that
    /// answers whoever does not ask.
    pub api_versions: Vec<&'static str>,
    /// Whether a request without `User-Agent` is refused.
    pub requires_user_agent: bool,
    /// Whether the tag of the same body is another one for another token.
    pub etags_per_token: bool,
    /// What a filtered list shows past the 1,000th row.
    pub past_the_cap: PastTheCap,
    /// Whether `total_count` of a filtered list ends at 1,000 too.
    pub capped_total_count: bool,
    /// Whether an answer of 5xx counts against the primary limit.
    pub server_errors_count: bool,
    /// Whether a person's lists hold the public repositories that they were granted nothing in.
    pub lists_public_repositories: bool,
    /// The most requests under way for one installation, if there is such a limit.
    pub concurrency: Option<u64>,
    /// The most points a minute for one caller and endpoint (1 for a `GET`, else 5), if there is
    /// such a limit. None by default: under a clock that stands still all is in one minute.
    pub points_per_minute: Option<u64>,
}

/// What a filtered list shows past the 1,000th row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PastTheCap {
    /// An empty page.
    #[default]
    Empty,
    /// 422.
    Refusal,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            api_versions: vec!["2022-11-28", "2026-03-10"],
            requires_user_agent: true,
            etags_per_token: true,
            past_the_cap: PastTheCap::Empty,
            capped_total_count: false,
            server_errors_count: false,
            lists_public_repositories: false,
            concurrency: Some(100),
            points_per_minute: None,
        }
    }
}
