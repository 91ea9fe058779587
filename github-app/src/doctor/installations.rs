//! Where the App is installed, and whether it may look around there.

use std::collections::BTreeMap;

use super::{Finding, app::settings_page, not_told};
use crate::{
    Credentials,
    github::{Error, GitHub, Installation, Purpose},
    wanted,
};

/// The names of the accounts by their installations.
pub(super) type Accounts = BTreeMap<i64, String>;

/// Looks at every installation.
pub(super) async fn examine(
    github: &GitHub,
    credentials: &Credentials,
) -> (Accounts, Vec<Finding>) {
    let installations = match github.installations().await {
        Ok(installations) => installations,
        Err(error) => return (Accounts::new(), vec![not_told("installations", &error)]),
    };
    if installations.is_empty() {
        let finding = Finding::fail(
            "installations",
            "the App is installed nowhere, so it sees nothing",
            format!(
                "install it from {}: \u{201c}Install App\u{201d}",
                settings_page(credentials)
            ),
        );
        return (Accounts::new(), vec![finding]);
    }
    let mut accounts = Accounts::new();
    let mut findings = Vec::new();
    for installation in &installations {
        if let Some(id) = installation.id {
            let account = name(installation, id);
            findings.push(one(github, installation, id, &account).await);
            accounts.insert(id, account);
        }
    }
    (accounts, findings)
}

fn name(installation: &Installation, id: i64) -> String {
    let login = installation
        .account
        .as_ref()
        .and_then(|it| it.login.clone());
    login.unwrap_or_else(|| id.to_string())
}

async fn one(github: &GitHub, installation: &Installation, id: i64, account: &str) -> Finding {
    let subject = format!("installation {account}");
    let page = installation.html_url.as_deref().unwrap_or("GitHub");
    if installation.suspended_at.is_some() {
        return suspended(&subject, page);
    }
    let granted = installation.permissions.clone().unwrap_or_default();
    let missing = wanted::missing_permissions(&granted);
    if !missing.is_empty() {
        return Finding::fail(
            &subject,
            format!("its owner has not granted {}", missing.join(", ")),
            format!("let its owner accept the App's permissions at {page}"),
        );
    }
    match github.repositories(id, Purpose::Live).await {
        Ok(repositories) => counted(&subject, repositories.len(), page),
        Err(Error::Suspended { .. }) => suspended(&subject, page),
        Err(error) => Finding::fail(
            &subject,
            format!("its repositories can not be listed: {error}"),
            "run doctor again; if it stays like this, let its owner install the App anew",
        ),
    }
}

fn suspended(subject: &str, page: &str) -> Finding {
    Finding::warn(
        subject,
        "its owner has suspended it: nothing new is shown of its repositories",
        format!("let its owner unsuspend it at {page}"),
    )
}

fn counted(subject: &str, count: usize, page: &str) -> Finding {
    match count {
        0 => Finding::warn(
            subject,
            "it sees no repository",
            format!("let its owner choose repositories at {page}"),
        ),
        1 => Finding::ok(subject, "it sees 1 repository"),
        count => Finding::ok(subject, format!("it sees {count} repositories")),
    }
}
