//! People, bots and organisations.

/// Someone who owns repositories or starts runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// GitHub's id.
    pub id: u64,
    /// The name in URLs; a bot's ends in `[bot]`.
    pub login: String,
    /// The name that its commits bear.
    pub name: String,
    /// Whether it is a person, a bot or an organisation.
    pub kind: AccountKind,
}

/// What kind of account it is; the payload's `type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountKind {
    /// A person.
    User,
    /// A GitHub App acting for itself.
    Bot,
    /// An organisation.
    Organization,
}

impl AccountKind {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Bot => "Bot",
            Self::Organization => "Organization",
        }
    }
}

impl Account {
    /// The address that a commit carries when its author keeps theirs private.
    pub(crate) fn email(&self) -> String {
        format!("{}+{}@users.noreply.example", self.id, self.login)
    }
}
