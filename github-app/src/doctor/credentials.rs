//! What is known of the App here: where it stands, who may read it, and whether it can be used.

use std::{borrow::Cow, path::Path, sync::Arc};

use url::Url;

use super::{Finding, hook};
use crate::{
    Credentials, CredentialsError, CredentialsFolder, IdentityConfig,
    clock::Clock,
    credentials::is_open_to_others,
    github::{Connection, ConnectionError, GitHub},
};

const SUBJECT: &str = "credentials";

/// Finds the App's credentials, wherever they are kept.
pub(super) fn find(identity: &IdentityConfig) -> (Vec<Finding>, Option<Cow<'_, Credentials>>) {
    match identity {
        IdentityConfig::App(credentials) => (
            vec![Finding::ok(
                SUBJECT,
                format!("App {} comes from the settings", credentials.app_id),
            )],
            Some(Cow::Borrowed(credentials)),
        ),
        IdentityConfig::Webhooks(secrets) => {
            let secrets = hook::own_secrets(secrets);
            (vec![secrets.unwrap_or_else(webhooks_alone)], None)
        }
        IdentityConfig::Setup(setup) => {
            let (finding, credentials) = load(&setup.folder);
            (vec![finding], credentials.map(Cow::Owned))
        }
    }
}

fn webhooks_alone() -> Finding {
    Finding::warn(
        SUBJECT,
        "there is a webhook secret and no key: what webhooks miss can not be asked for, and nothing \
         at GitHub can be looked at",
        "set LAMPBOARD_GITHUB_APP_ID and LAMPBOARD_GITHUB_PRIVATE_KEY_FILE; or unset \
         LAMPBOARD_WEBHOOK_SECRET and set Lampboard up at /setup",
    )
}

fn load(folder: &CredentialsFolder) -> (Finding, Option<Credentials>) {
    let path = folder.path().display();
    match folder.load() {
        Ok(Some(credentials)) => {
            let message = format!(
                "App {} is kept in {path}, for its owner only",
                credentials.app_id
            );
            (Finding::ok(SUBJECT, message), Some(credentials))
        }
        Ok(None) => {
            let message = format!("there is no App: none in the settings, and none in {path}");
            let fix = "run `lampboard serve` and open the link that it shows, or set \
                       LAMPBOARD_GITHUB_APP_ID, LAMPBOARD_GITHUB_PRIVATE_KEY_FILE and \
                       LAMPBOARD_WEBHOOK_SECRET";
            (Finding::fail(SUBJECT, message, fix), None)
        }
        Err(error) => (unusable(&error), None),
    }
}

fn unusable(error: &CredentialsError) -> Finding {
    let message = error.to_string();
    match error {
        CredentialsError::OpenToOthers { path, mode } => Finding::fail(
            SUBJECT,
            format!("{} can be read by others than its owner", path.display()),
            format!("run `chmod {mode} {}`", path.display()),
        ),
        CredentialsError::Io { .. } => Finding::fail(
            SUBJECT,
            message,
            "run doctor as the user that runs Lampboard, and look at the disk",
        ),
        CredentialsError::Unreadable { path, .. } => {
            let folder = path.parent().unwrap_or(path).display();
            let fix = format!("restore {folder} from a backup, or remove it and set up anew");
            Finding::fail(SUBJECT, message, fix)
        }
    }
}

/// Makes a client of the credentials, and says whether they are any good.
pub(super) fn connect(
    credentials: &Credentials,
    ca_certificates: Option<Vec<u8>>,
    clock: Arc<dyn Clock>,
) -> Result<(GitHub, Finding), Finding> {
    let address = |setting: &str, text: &str| {
        let message = format!("{text:?} is not an address");
        let fix = format!("set {setting} to an address like https://github.com");
        Url::parse(text).map_err(|_| Finding::fail("GitHub's address", message, fix))
    };
    let connection = Connection {
        web_url: address("LAMPBOARD_GITHUB_WEB_URL", &credentials.web_url)?,
        api_url: address("LAMPBOARD_GITHUB_API_URL", &credentials.api_url)?,
        ca_certificates,
        app_id: credentials.app_id,
        client_id: credentials.client_id.clone(),
        private_key: credentials.private_key.clone(),
    };
    let github = GitHub::new(connection, clock).map_err(|error| unconnected(&error))?;
    Ok((
        github,
        Finding::ok("private key", "it is an RSA key in PEM"),
    ))
}

fn unconnected(error: &ConnectionError) -> Finding {
    let (subject, fix) = match error {
        ConnectionError::UnusablePrivateKey(_) => (
            "private key",
            "make a new key at the end of the App's settings at GitHub, and use the file that \
             GitHub hands out as it is",
        ),
        ConnectionError::UnusableUrl(_) => (
            "GitHub's address",
            "set LAMPBOARD_GITHUB_WEB_URL and LAMPBOARD_GITHUB_API_URL to addresses that begin \
             with https://",
        ),
        ConnectionError::UnusableCertificates(_) | ConnectionError::NoCertificates => (
            "certificates",
            "install this machine's ca-certificates, or set LAMPBOARD_GITHUB_CA_FILE to a file of \
             certificates in PEM",
        ),
    };
    Finding::fail(subject, error.to_string(), fix)
}

/// Whether a file that holds a secret is for its owner only. Somebody may have
/// reasons to let a group read it, so that it is not is no failure.
pub(super) fn private_file(subject: &str, path: &Path) -> Finding {
    let path_text = path.display();
    match is_open_to_others(path) {
        Ok(false) => Finding::ok(subject, format!("{path_text} is for its owner only")),
        Ok(true) => Finding::warn(
            subject,
            format!("{path_text} can be read by others than its owner"),
            format!("run `chmod 600 {path_text}`"),
        ),
        Err(error) => Finding::fail(
            subject,
            format!("{path_text}: {error}"),
            "correct the setting, or let the user that runs Lampboard read the file",
        ),
    }
}
