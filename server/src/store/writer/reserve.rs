//! Room on the disk that is given up when it is full, so that deleting still works: `SQLite` needs
//! room to delete.

use std::{
    fs::{File, OpenOptions},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
};

use rustix::{
    fs::{FallocateFlags, StatVfs, fallocate, statvfs},
    io::Errno,
};
use tokio::sync::Notify;

/// How its name ends.
const ENDING: &str = "reserve";
/// What the log of writes may need to be copied, and a few steps of deleting.
const SIZE: u64 = 32 << 20;
/// On small disks, it is one of so many parts.
const PART: u64 = 8;

/// A file that belongs to a database, named after it.
pub(in crate::store) fn beside(database: &Path, ending: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    PathBuf::from(name)
}

/// What earlier versions called such a file: databases that differ in their endings had it in
/// common. None where that is the database itself.
pub(in crate::store) fn earlier(database: &Path, ending: &str) -> Option<PathBuf> {
    Some(database.with_extension(ending)).filter(|path| path != database)
}

/// How much room is reserved beside a database.
pub(in crate::store) fn size_beside(database: &Path) -> u64 {
    let disk = statvfs(database.parent().unwrap_or(database));
    disk.map_or(SIZE, |disk| size(&disk))
}

/// A file that takes room, and whether it had to be given up.
pub(in crate::store) struct Reserve {
    /// None where there is no file to make room for.
    path: Option<PathBuf>,
    is_full: AtomicBool,
    filled: Notify,
}

impl Reserve {
    /// Reserves room beside the file of a database.
    pub(in crate::store) fn beside(database: Option<&Path>) -> Self {
        let path = database.map(|database| {
            let path = beside(database, ENDING);
            if let Some(earlier) = earlier(database, ENDING) {
                // If there is none, there is nothing to take over.
                let _ = std::fs::rename(earlier, &path);
            }
            path
        });
        let reserve = Self {
            path,
            is_full: AtomicBool::new(false),
            filled: Notify::new(),
        };
        // If there is no room for it, the first write that fails tells.
        reserve.make();
        reserve
    }

    /// Gives up what is beside the file of a database.
    pub(in crate::store) fn give_up_beside(database: &Path) {
        let _ = remove(&beside(database, ENDING));
        if let Some(earlier) = earlier(database, ENDING) {
            let _ = remove(&earlier);
        }
    }

    /// Whether nothing is taken in because the disk is full.
    pub(in crate::store) fn is_full(&self) -> bool {
        self.is_full.load(Ordering::Relaxed)
    }

    /// Whether there is no room but for deleting, on the disk that a folder is on.
    pub(in crate::store) fn is_given_up_on(&self, folder: &Path) -> bool {
        let Some(path) = self.path.as_deref().filter(|path| !path.is_file()) else {
            return false;
        };
        let device = |folder: &Path| std::fs::metadata(folder).map(|it| it.dev()).ok();
        let ours = path.parent().filter(|it| !it.as_os_str().is_empty());
        device(ours.unwrap_or(Path::new("."))) == device(folder)
    }

    /// Waits until the disk is full.
    pub(in crate::store) async fn filled(&self) {
        self.filled.notified().await;
    }

    /// Gives it up: from now on the room is for deleting only.
    pub(in crate::store) fn give_up(&self) {
        let Some(path) = &self.path else { return };
        if let Err(error) = remove(path) {
            tracing::warn!(%error, "{} stays: {error}", path.display());
        }
        if !self.is_full.swap(true, Ordering::Relaxed) {
            tracing::error!(
                "the disk is full: nothing is taken in until there is room again, and what is \
                 older than it is kept is deleted now"
            );
            self.filled.notify_one();
        }
    }

    /// Whether there is room, again or still.
    pub(super) fn has_room(&self) -> bool {
        if self.is_full() {
            if !self.make() {
                return false;
            }
            self.is_full.store(false, Ordering::Relaxed);
            tracing::info!("there is room on the disk again");
        }
        true
    }

    /// Takes the room, if twice as much is free. Says whether it has it.
    fn make(&self) -> bool {
        let Some(path) = &self.path else { return true };
        if path.is_file() {
            return true;
        }
        let folder = path.parent().unwrap_or(path);
        let Ok(disk) = statvfs(folder) else {
            return false;
        };
        let size = size(&disk);
        if disk.f_bavail * disk.f_frsize < 2 * size {
            return false;
        }
        let made = fill(path, size);
        if made.is_err() {
            let _ = remove(path);
        }
        made.is_ok()
    }
}

fn size(disk: &StatVfs) -> u64 {
    SIZE.min(disk.f_blocks * disk.f_frsize / PART)
}

fn fill(path: &Path, size: u64) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    let file = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    match fallocate(&file, FallocateFlags::empty(), 0, size) {
        // Few file systems can not.
        Err(Errno::OPNOTSUPP | Errno::NOSYS) => write_zeros(&file, size)?,
        done => done?,
    }
    file.sync_all()
}

fn write_zeros(mut file: &File, size: u64) -> std::io::Result<()> {
    use std::io::Read as _;
    std::io::copy(&mut std::io::repeat(0).take(size), &mut file).map(drop)
}

fn remove(path: &Path) -> std::io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_given_up_once_and_taken_again_when_there_is_room() {
        let folder = tempfile::tempdir().unwrap();
        let reserve = Reserve::beside(Some(&folder.path().join("lampboard.db")));
        let path = folder.path().join("lampboard.db.reserve");
        let size = path.metadata().unwrap().len();
        assert!(size > 0 && size <= SIZE);
        assert!(!reserve.is_full() && reserve.has_room());
        reserve.give_up();
        assert!(reserve.is_full() && !path.exists());
        assert!(reserve.has_room() && path.exists());
        assert!(!reserve.is_full());
    }

    #[test]
    fn what_an_earlier_version_reserved_is_taken_over() {
        let folder = tempfile::tempdir().unwrap();
        let earlier = folder.path().join("lampboard.reserve");
        std::fs::write(&earlier, "room").unwrap();
        let database = folder.path().join("lampboard.db");
        let _reserve = Reserve::beside(Some(&database));
        let path = folder.path().join("lampboard.db.reserve");
        assert!(!earlier.exists() && path.metadata().unwrap().len() == 4);
        Reserve::give_up_beside(&database);
        assert!(!path.exists());
    }

    #[test]
    fn a_database_of_any_name_stays() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("lampboard.reserve");
        std::fs::write(&database, "precious").unwrap();
        let _reserve = Reserve::beside(Some(&database));
        Reserve::give_up_beside(&database);
        assert_eq!(std::fs::read(&database).unwrap(), b"precious");
    }

    #[test]
    fn without_a_file_there_is_nothing_to_reserve() {
        let reserve = Reserve::beside(None);
        reserve.give_up();
        assert!(reserve.has_room() && !reserve.is_full());
    }
}
