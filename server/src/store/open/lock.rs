//! What keeps a second server off a file: locks on files beside it, which go with the process.

use std::{
    fs::{File, OpenOptions, Permissions, TryLockError},
    io::{self, ErrorKind},
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use crate::{
    Error, Result,
    store::writer::reserve::{beside, earlier},
};

/// Nobody else may open it: whoever can, could lock it, and keep the server from its start.
const MODE: u32 = 0o600;

/// Held as long as a file is in use.
pub(in crate::store) struct Lock {
    _own: File,
    /// What earlier versions lock. They went by the name without its ending, so that several
    /// files had it in common: of those of this version, each has a share in it.
    _earlier: Option<File>,
}

/// Locks a file, by whatever link it is reached.
pub(in crate::store) fn lock(path: &Path) -> Result<Lock> {
    let file = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let own = beside(&file, "lock");
    let earlier = earlier(&file, "lock").filter(|earlier| *earlier != own);
    let taken = |lock_path: PathBuf, lock: fn(&File) -> Result<(), TryLockError>| {
        take(&lock_path, lock).map_err(|error| match error {
            TryLockError::WouldBlock => Error::InUse(path.to_owned()),
            TryLockError::Error(source) => match source.kind() {
                ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied => Error::ReadOnly,
                _ => Error::Io {
                    context: lock_path.display().to_string(),
                    source,
                },
            },
        })
    };
    Ok(Lock {
        _own: taken(own, File::try_lock)?,
        _earlier: earlier
            .map(|earlier| taken(earlier, File::try_lock_shared))
            .transpose()?,
    })
}

fn take(
    path: &Path,
    lock: impl FnOnce(&File) -> Result<(), TryLockError>,
) -> Result<File, TryLockError> {
    // Should it be somebody else's file, it stays as it is.
    let file = OpenOptions::new()
        .append(true)
        .create(true)
        .mode(MODE)
        .open(path)
        .map_err(TryLockError::Error)?;
    lock(&file)?;
    make_private(&file);
    Ok(file)
}

/// Earlier versions made it as everybody's.
fn make_private(file: &File) {
    let is_ours = |it: &std::fs::Metadata| it.len() == 0 && it.permissions().mode() & 0o077 != 0;
    if file.metadata().is_ok_and(|it| is_ours(&it)) {
        let made: io::Result<()> = file.set_permissions(Permissions::from_mode(MODE));
        if let Err(error) = made {
            tracing::warn!(%error, "others may lock the file of the lock: {error}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        path.metadata().unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn files_that_differ_in_their_endings_are_two() {
        let folder = tempfile::tempdir().unwrap();
        let [one, other] = ["a.db", "a.sqlite"].map(|name| folder.path().join(name));
        let _one = lock(&one).unwrap();
        let _other = lock(&other).unwrap();
        for path in [&one, &other] {
            assert!(matches!(lock(path), Err(Error::InUse(_))));
        }
        assert_eq!(mode(&folder.path().join("a.db.lock")), 0o600);
        let plain = folder.path().join("b");
        let _plain = lock(&plain).unwrap();
        assert!(matches!(lock(&plain), Err(Error::InUse(_))));
    }

    #[test]
    fn an_earlier_version_and_this_one_keep_each_other_off() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let earlier = File::create(folder.path().join("a.lock")).unwrap();
        earlier
            .set_permissions(Permissions::from_mode(0o644))
            .unwrap();
        earlier.try_lock().unwrap();
        assert!(matches!(lock(&path), Err(Error::InUse(_))));
        earlier.unlock().unwrap();
        let ours = lock(&path).unwrap();
        assert!(matches!(earlier.try_lock(), Err(TryLockError::WouldBlock)));
        assert_eq!(mode(&folder.path().join("a.lock")), 0o600);
        drop(ours);
        earlier.try_lock().unwrap();
    }

    #[test]
    fn what_is_not_ours_stays_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let theirs = folder.path().join("Cargo.lock");
        std::fs::write(&theirs, "precious").unwrap();
        let before = mode(&theirs);
        let _lock = lock(&folder.path().join("Cargo.db")).unwrap();
        assert_eq!(std::fs::read(&theirs).unwrap(), b"precious");
        assert_eq!(mode(&theirs), before);
    }
}
