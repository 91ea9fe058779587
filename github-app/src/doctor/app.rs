//! Whether GitHub knows the App by its key, what the App may do, and what time it is there.

use jiff::SignedDuration;

use super::Finding;
use crate::{
    Credentials,
    github::{App, Error},
    wanted,
};

/// GitHub tells whole seconds, and its answer was on its way.
const UNCERTAINTY: SignedDuration = SignedDuration::from_secs(2);
/// From here on it is more than a slow answer.
const ODD_OFFSET: SignedDuration = SignedDuration::from_secs(30);
/// From here on, times that people read are wrong, and other clients of GitHub fail.
const WRONG_OFFSET: SignedDuration = SignedDuration::from_mins(5);

/// Whether the key is that of the App.
pub(super) fn identity(known: &Result<App, Error>, credentials: &Credentials) -> Finding {
    let id = credentials.app_id;
    match known {
        Ok(app) => of_app(app, credentials),
        Err(Error::Unauthorized { message }) => Finding::fail(
            "key and App",
            format!("GitHub does not take the private key for one of App {id}: {message}"),
            "use a key from the settings of this App at GitHub, and set LAMPBOARD_GITHUB_APP_ID to \
             the id that stands at their top",
        ),
        Err(Error::NotFound { .. }) => Finding::fail(
            "key and App",
            format!("GitHub knows no App {id}"),
            "set LAMPBOARD_GITHUB_APP_ID to the id that stands at the top of the App's settings at \
             GitHub, and LAMPBOARD_GITHUB_WEB_URL to the GitHub that it is at",
        ),
        Err(error) => unreachable(error, credentials),
    }
}

fn of_app(app: &App, credentials: &Credentials) -> Finding {
    let id = credentials.app_id;
    let wrong = |setting: &str, is: &str| {
        Finding::fail(
            "key and App",
            format!("the key is not that of {setting}"),
            format!("correct {setting}: the key's is {is}"),
        )
    };
    if let Some(other) = app.id.filter(|other| *other != id) {
        return wrong("LAMPBOARD_GITHUB_APP_ID", &other.to_string());
    }
    if let (Some(ours), Some(theirs)) = (&credentials.client_id, &app.client_id)
        && ours != theirs
    {
        return wrong("LAMPBOARD_GITHUB_CLIENT_ID", theirs);
    }
    let name = app.slug.as_deref().unwrap_or("without a name");
    Finding::ok(
        "key and App",
        format!("GitHub knows the key as that of App {id}, {name}"),
    )
}

fn unreachable(error: &Error, credentials: &Credentials) -> Finding {
    let api = &credentials.api_url;
    let fix = match error {
        Error::Limited { .. } => "wait until then".to_owned(),
        Error::Unavailable(problem) if problem.to_lowercase().contains("certificate") => {
            "set LAMPBOARD_GITHUB_CA_FILE to the certificates that GitHub's is signed with"
                .to_owned()
        }
        Error::Unavailable(_) => {
            format!("let this machine reach {api}; look at its firewall, DNS and GitHub's status")
        }
        _ => format!("look whether {api} is GitHub's API: set LAMPBOARD_GITHUB_API_URL if not"),
    };
    Finding::fail(
        "GitHub",
        format!("{error}; so nothing there was looked at"),
        fix,
    )
}

/// How far our clock is from GitHub's; nothing if GitHub has not been heard.
pub(super) fn clock(offset: Option<SignedDuration>) -> Option<Finding> {
    let offset = offset?;
    if offset.abs() <= UNCERTAINTY {
        return Some(Finding::ok("clock", "this machine's clock is GitHub's"));
    }
    let far = SignedDuration::from_secs(offset.abs().as_secs());
    let side = if offset.is_negative() {
        "ahead of"
    } else {
        "behind"
    };
    let message = format!("this machine's clock is {far:#} {side} GitHub's");
    let fix = "let this machine set its clock by NTP: `timedatectl set-ntp true`";
    Some(if offset.abs() >= WRONG_OFFSET {
        Finding::fail("clock", message, fix)
    } else if offset.abs() >= ODD_OFFSET {
        Finding::warn("clock", message, fix)
    } else {
        Finding::ok("clock", message)
    })
}

/// What the App asks its owners for, against the manifest.
pub(super) fn permissions(app: &App, credentials: &Credentials) -> Finding {
    let granted = app.permissions.clone().unwrap_or_default();
    compare(
        "permissions",
        &wanted::missing_permissions(&granted),
        &wanted::unneeded_permissions(&granted),
        credentials,
    )
}

/// What the App is told of, against the manifest.
pub(super) fn events(app: &App, credentials: &Credentials) -> Finding {
    let subscribed = app.events.as_deref().unwrap_or_default();
    compare(
        "events",
        &wanted::missing_events(subscribed),
        &wanted::unneeded_events(subscribed),
        credentials,
    )
}

fn compare(
    subject: &str,
    missing: &[String],
    unneeded: &[String],
    credentials: &Credentials,
) -> Finding {
    let place = settings_page(credentials);
    if !missing.is_empty() {
        let missing = missing.join(", ");
        return Finding::fail(
            subject,
            format!("the App lacks {missing}"),
            format!(
                "add it under \u{201c}Permissions & events\u{201d} of {place}, and let the owner of \
                 every installation accept it"
            ),
        );
    }
    if !unneeded.is_empty() {
        let unneeded = unneeded.join(", ");
        return Finding::warn(
            subject,
            format!("the App has {unneeded}, which Lampboard does not use"),
            format!("take it away under \u{201c}Permissions & events\u{201d} of {place}"),
        );
    }
    Finding::ok(subject, "the App has what Lampboard needs, and no more")
}

/// Where the App is changed. Whose it is decides the address, so it is a page
/// from which one click leads there.
pub(super) fn settings_page(credentials: &Credentials) -> String {
    match credentials.html_url.as_str() {
        "" => "the App's settings at GitHub".to_owned(),
        page => format!("the App's settings ({page})"),
    }
}
