//! The name by which the server tells this process from others that ask GitHub, too.
//!
//! A process that was killed and started again goes on under the name that it had, and so has not
//! to wait until its own leases are over. That is safe because the name stands for a lock file,
//! which one process at a time has: no file elsewhere, nor after a restart of the machine, has
//! the same name.

use std::{
    fs::{self, DirBuilder, File},
    hash::{DefaultHasher, Hash as _, Hasher as _},
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _},
    path::Path,
};

use anyhow::{Context as _, bail};
use lampboard_github_app::IdentityConfig;

/// The file in the data folder that is locked.
const LOCK: &str = "github-app.lock";
/// What Linux calls the time between two starts of the machine.
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";
const HOST_NAME: &str = "/proc/sys/kernel/hostname";

/// A name that no other process has.
pub(crate) struct Holder {
    pub(crate) name: String,
    // The name is this process's for as long as it has the lock.
    _lock: Option<File>,
}

impl Holder {
    /// Finds a name. Refuses to be a second process that is set up by the files of one
    /// folder: each would change them without the other's knowing.
    pub(crate) fn find(data_dir: &Path, identity: &IdentityConfig) -> anyhow::Result<Self> {
        let needs_folder = matches!(identity, IdentityConfig::Setup(_));
        if needs_folder {
            // Whether it can be made is for set-up to say.
            let _ = DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(data_dir);
        }
        let file = data_dir.join(LOCK);
        let opened = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&file);
        let Ok(lock) = opened else {
            return Self::by_chance();
        };
        match lock.try_lock() {
            Ok(()) => Self::of_lock(lock),
            Err(fs::TryLockError::WouldBlock) if needs_folder => bail!(
                "another lampboard uses the GitHub App in {}: to run several, give each of them \
                 the App by LAMPBOARD_GITHUB_APP_ID, LAMPBOARD_GITHUB_PRIVATE_KEY_FILE and \
                 LAMPBOARD_WEBHOOK_SECRET",
                data_dir.display()
            ),
            Err(_) => Self::by_chance(),
        }
    }

    /// A name that is never used again.
    pub(crate) fn by_chance() -> anyhow::Result<Self> {
        let mut random = [0; 8];
        getrandom::fill(&mut random).context("the system gives no random numbers")?;
        Ok(Self {
            name: name(&hex::encode(random)),
            _lock: None,
        })
    }

    fn of_lock(lock: File) -> anyhow::Result<Self> {
        let (Ok(boot), Ok(file)) = (fs::read_to_string(BOOT_ID), lock.metadata()) else {
            return Self::by_chance();
        };
        let mut hasher = DefaultHasher::new();
        (boot, file.dev(), file.ino()).hash(&mut hasher);
        Ok(Self {
            name: name(&format!("{:016x}", hasher.finish())),
            _lock: Some(lock),
        })
    }
}

/// With the machine's name, for people to recognise.
fn name(rest: &str) -> String {
    let host = fs::read_to_string(HOST_NAME).unwrap_or_default();
    let host: String = host.trim().chars().take(64).collect();
    if host.is_empty() {
        rest.to_owned()
    } else {
        format!("{host}-{rest}")
    }
}

#[cfg(test)]
mod tests {
    use lampboard_github_app::IdentityConfig;

    use super::*;

    #[test]
    fn a_name_is_had_by_one_at_a_time_and_found_again() {
        let folder = tempfile::tempdir().unwrap();
        let webhooks = IdentityConfig::Webhooks(Vec::new());
        let find = || Holder::find(folder.path(), &webhooks).unwrap();
        let first = find();
        let second = find();
        assert_ne!(first.name, second.name, "both run");
        let name = first.name.clone();
        drop(first);
        let again = find();
        #[cfg(target_os = "linux")]
        assert_eq!(again.name, name);
        let elsewhere = tempfile::tempdir().unwrap();
        let other = Holder::find(elsewhere.path(), &webhooks).unwrap();
        assert_ne!(other.name, again.name);
        let nowhere = Holder::find(Path::new("/nowhere"), &webhooks).unwrap();
        assert!(nowhere.name.len() > 15 && nowhere.name != other.name);
    }
}
