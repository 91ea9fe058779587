//! How strict the pages are where GitHub is stricter than tests can bear, or not known well enough.

/// Switches of the pages; each is as GitHub is, or is believed to be, unless changed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a question of its own"
)]
pub struct WebOptions {
    /// Whether a manifest is refused whose webhook goes to this very machine, as GitHub does. What
    /// runs on loopback has to switch it off.
    pub refuses_local_hooks: bool,
    /// Whether a manifest may leave `hook_attributes` out altogether.
    pub hook_may_be_left_out: bool,
    /// Whether a webhook that is not active needs no address, or may have a local one.
    pub inactive_hook_may_be_unreachable: bool,
    /// Whether an App that asks for signing in on installation sends its installer to its callback
    /// instead of its setup page.
    pub sign_in_replaces_setup: bool,
}

impl Default for WebOptions {
    fn default() -> Self {
        Self {
            refuses_local_hooks: true,
            hook_may_be_left_out: true,
            inactive_hook_may_be_unreachable: true,
            sign_in_replaces_setup: true,
        }
    }
}
