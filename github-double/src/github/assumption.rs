//! What nobody could confirm about GitHub, each as a switch with the likeliest value.

/// How this GitHub behaves where the real one is not known well enough.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a question of its own"
)]
pub struct Assumptions {
    /// Whether the deletion of a repository shows as `installation_repositories.removed`.
    pub deletion_removes_from_installations: bool,
    /// Whether a transferred repository leaves the old owner's installation with
    /// `installation_repositories.removed`.
    pub transfer_removes_from_installations: bool,
    /// Whether a new or transferred repository joins an installation on all repositories with
    /// `installation_repositories.added`.
    pub creation_adds_to_installations: bool,
    /// Whether a run's `path` ends in `@` and its branch.
    pub path_has_ref: bool,
    /// Whether a re-run of failed jobs lists the passed jobs of earlier attempts as its own, under
    /// their old ids.
    pub failed_rerun_lists_passed_jobs: bool,
    /// How many repositories `installation.created` lists at most; all, if there is no such limit.
    pub installation_lists_at_most: Option<usize>,
    /// `X-GitHub-Hook-Installation-Target-Type` of an App's webhooks.
    pub hook_target_type: &'static str,
}

impl Default for Assumptions {
    fn default() -> Self {
        Self {
            deletion_removes_from_installations: true,
            transfer_removes_from_installations: true,
            creation_adds_to_installations: true,
            path_has_ref: false,
            failed_rerun_lists_passed_jobs: true,
            installation_lists_at_most: None,
            hook_target_type: "integration",
        }
    }
}
