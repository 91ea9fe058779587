//! Keeps credentials in a folder: all of them or none, and for their owner only.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::{Credentials, files};

const FOLDER: &str = "github-app";
const APP: &str = "app.json";
const PRIVATE_KEY: &str = "private-key.pem";
const CLIENT_SECRET: &str = "client-secret";
/// One a line.
const WEBHOOK_SECRETS: &str = "webhook-secrets";

/// The folder `github-app` in the data folder.
#[derive(Debug, Clone)]
pub struct CredentialsFolder {
    path: PathBuf,
}

/// Why credentials can not be loaded or saved.
#[derive(Debug, thiserror::Error)]
pub enum CredentialsError {
    /// Somebody else on this machine could act as the App.
    #[error("{path} can be read by others than its owner: run `chmod {mode} {path}`")]
    OpenToOthers {
        /// What it is.
        path: PathBuf,
        /// What its mode should be.
        mode: &'static str,
    },
    /// The disk is full, read-only or gone, or the folder is somebody else's.
    #[error("{path}: {error}")]
    Io {
        /// What was read or written.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// Somebody changed it.
    #[error("{path} is not what was saved: {problem}")]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it. Repeats nothing of a secret.
        problem: String,
    },
}

/// What is not secret.
#[derive(Debug, Serialize, Deserialize)]
struct App {
    id: i64,
    slug: String,
    name: String,
    html_url: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    client_id: Option<String>,
    web_url: String,
    api_url: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    public_url: Option<String>,
    #[serde(default)]
    polling: bool,
}

impl CredentialsFolder {
    /// The folder of this data folder. Touches nothing yet.
    pub fn new(data_dir: &Path) -> Self {
        Self {
            path: data_dir.join(FOLDER),
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What was saved last. None if nothing ever was.
    pub fn load(&self) -> Result<Option<Credentials>, CredentialsError> {
        self.recover()?;
        match self.path.try_exists() {
            Ok(true) => self.read().map(Some),
            Ok(false) => Ok(None),
            Err(error) => Err(io_error(&self.path, error)),
        }
    }

    /// Returns once they are on the disk. If it fails, what was there before still is.
    pub fn save(&self, credentials: &Credentials) -> Result<(), CredentialsError> {
        self.recover()?;
        let new = self.beside("new");
        let written = self
            .write(&new, credentials)
            .and_then(|()| self.replace(&new));
        if written.is_err() {
            // Nothing is lost if this fails too: the next attempt removes it first.
            let _ = files::remove_folder(&new);
        }
        written
    }

    /// Writes all of it into a folder beside the real one.
    fn write(&self, new: &Path, credentials: &Credentials) -> Result<(), CredentialsError> {
        let data_dir = self.data_dir();
        files::make_folders(data_dir).map_err(|error| io_error(data_dir, error))?;
        files::remove_folder(new).map_err(|error| io_error(new, error))?;
        files::make_folder(new).map_err(|error| io_error(new, error))?;
        for (name, contents) in contents(credentials) {
            let path = new.join(name);
            files::write(&path, contents.expose_secret().as_bytes())
                .map_err(|error| io_error(&path, error))?;
        }
        files::sync_folder(new).map_err(|error| io_error(new, error))
    }

    /// Puts the new folder where the old one is. A folder can not be renamed over
    /// another one: after a kill between the two steps `recover` undoes the first.
    fn replace(&self, new: &Path) -> Result<(), CredentialsError> {
        let old = self.beside("old");
        let failed = |error| io_error(&self.path, error);
        files::remove_folder(&old).map_err(failed)?;
        files::rename_if_there(&self.path, &old).map_err(failed)?;
        if let Err(error) = fs::rename(new, &self.path) {
            self.recover()?;
            return Err(failed(error));
        }
        files::sync_folder(self.data_dir()).map_err(failed)?;
        files::remove_folder(&old).map_err(failed)
    }

    /// Ends a replacement that did not come to its end.
    fn recover(&self) -> Result<(), CredentialsError> {
        let failed = |error| io_error(&self.path, error);
        if self.path.try_exists().map_err(failed)? {
            return Ok(());
        }
        files::rename_if_there(&self.beside("old"), &self.path).map_err(failed)
    }

    fn read(&self) -> Result<Credentials, CredentialsError> {
        private(&self.path, "700")?;
        let unreadable = |name: &str, problem: String| CredentialsError::Unreadable {
            path: self.path.join(name),
            problem,
        };
        let missing = |name: &str| unreadable(name, "it is missing or empty".to_owned());
        let app = self.read_file(APP)?.ok_or_else(|| missing(APP))?;
        let app: App = serde_json::from_str(app.expose_secret())
            .map_err(|error| unreadable(APP, error.to_string()))?;
        let private_key = self.read_file(PRIVATE_KEY)?;
        let webhook_secrets = self.read_file(WEBHOOK_SECRETS)?;
        let webhook_secrets = webhook_secrets.as_ref().map(lines).unwrap_or_default();
        if webhook_secrets.is_empty() && !app.polling {
            return Err(missing(WEBHOOK_SECRETS));
        }
        Ok(Credentials {
            app_id: app.id,
            slug: app.slug,
            name: app.name,
            html_url: app.html_url,
            client_id: app.client_id,
            client_secret: self.read_file(CLIENT_SECRET)?,
            private_key: private_key.ok_or_else(|| missing(PRIVATE_KEY))?,
            webhook_secrets,
            web_url: app.web_url,
            api_url: app.api_url,
            public_url: app.public_url,
            polling: app.polling,
        })
    }

    fn read_file(&self, name: &str) -> Result<Option<SecretString>, CredentialsError> {
        let path = self.path.join(name);
        match fs::read_to_string(&path) {
            Ok(contents) => {
                private(&path, "600")?;
                Ok(Some(contents.into()))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(io_error(&path, error)),
        }
    }

    fn data_dir(&self) -> &Path {
        self.path.parent().expect("it is a folder in another one")
    }

    fn beside(&self, suffix: &str) -> PathBuf {
        self.path.with_extension(suffix)
    }
}

/// The files, and what is in them.
fn contents(credentials: &Credentials) -> Vec<(&'static str, SecretString)> {
    let app = App {
        id: credentials.app_id,
        slug: credentials.slug.clone(),
        name: credentials.name.clone(),
        html_url: credentials.html_url.clone(),
        client_id: credentials.client_id.clone(),
        web_url: credentials.web_url.clone(),
        api_url: credentials.api_url.clone(),
        public_url: credentials.public_url.clone(),
        polling: credentials.polling,
    };
    let app = serde_json::to_string_pretty(&app).expect("texts and numbers are JSON");
    let mut files = vec![
        (APP, app.into()),
        (PRIVATE_KEY, credentials.private_key.clone()),
    ];
    if let Some(secret) = &credentials.client_secret {
        files.push((CLIENT_SECRET, secret.clone()));
    }
    if !credentials.webhook_secrets.is_empty() {
        let secrets: Vec<&str> = credentials
            .webhook_secrets
            .iter()
            .map(ExposeSecret::expose_secret)
            .collect();
        // Ended, so that a line can be added to it.
        files.push((WEBHOOK_SECRETS, (secrets.join("\n") + "\n").into()));
    }
    files
}

fn lines(text: &SecretString) -> Vec<SecretString> {
    let lines = text.expose_secret().lines().map(str::trim);
    lines
        .filter(|line| !line.is_empty())
        .map(SecretString::from)
        .collect()
}

fn private(path: &Path, mode: &'static str) -> Result<(), CredentialsError> {
    match files::is_open_to_others(path) {
        Ok(false) => Ok(()),
        Ok(true) => Err(CredentialsError::OpenToOthers {
            path: path.to_owned(),
            mode,
        }),
        Err(error) => Err(io_error(path, error)),
    }
}

fn io_error(path: &Path, error: io::Error) -> CredentialsError {
    CredentialsError::Io {
        path: path.to_owned(),
        error,
    }
}

#[cfg(test)]
mod tests;
