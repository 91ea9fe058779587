//! The Unix socket beside the data. Who can open it is the administrator of this machine.

use std::{
    fs::{self, Permissions},
    io,
    os::unix::{
        fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _},
        net::SocketAddr,
    },
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use axum::Router;
use tokio::{
    net::{UnixListener, UnixStream},
    sync::watch,
    task::JoinHandle,
};
use tower_http::catch_panic::CatchPanicLayer;

use super::Terms;

/// A socket that is served until it is told to stop. Dropped, its file is gone.
pub(crate) struct Socket {
    stop: watch::Sender<bool>,
    serving: JoinHandle<()>,
    _file: SocketFile,
}

/// The file of a socket of ours.
struct SocketFile {
    path: PathBuf,
    inode: u64,
}

impl Socket {
    /// Serves a router on a socket. What a process left there that is no more is replaced.
    pub(crate) async fn serve(path: &Path, router: Router) -> anyhow::Result<Self> {
        let context = || format!("can not listen on {}", path.display());
        require_room(path)?;
        require_nobody(path).await?;
        let (listener, file) = bind(path).with_context(context)?;
        let (stop, stopped) = watch::channel(false);
        let router = router.layer(CatchPanicLayer::new());
        let serving = tokio::spawn(super::serve(listener, router, Terms::default(), stopped));
        Ok(Self {
            stop,
            serving,
            _file: file,
        })
    }

    /// Takes nothing more in.
    pub(crate) fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// Waits until what was asked is answered, or its time is over.
    pub(crate) async fn ended(self) {
        self.stop();
        if let Err(error) = self.serving.await {
            tracing::error!(%error, "the socket did not end well: {error}");
        }
    }
}

/// Systems take no more than about a hundred bytes.
fn require_room(path: &Path) -> anyhow::Result<()> {
    if SocketAddr::from_pathname(path).is_ok() {
        return Ok(());
    }
    bail!(
        "the path of the socket, {}, is longer than this system takes: choose a shorter \
         LAMPBOARD_DATA_DIR, or start from a folder near it and name it from there",
        path.display()
    )
}

/// Fails if a process listens, or if what is there is no socket.
async fn require_nobody(path: &Path) -> anyhow::Result<()> {
    match path.symlink_metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Ok(metadata) if !metadata.file_type().is_socket() => {
            bail!("{} is there and is no socket: move it away", path.display())
        }
        _ => {}
    }
    match UnixStream::connect(path).await {
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused
            ) =>
        {
            Ok(())
        }
        _ => bail!(
            "another lampboard listens on {}: stop it, or give this one a LAMPBOARD_DATA_DIR of \
             its own",
            path.display()
        ),
    }
}

/// Makes the socket in a folder that nobody else may enter, and moves it to its place once it
/// is its owner's alone: there is no moment at which others could open it.
fn bind(path: &Path) -> io::Result<(UnixListener, SocketFile)> {
    let parent = path.parent().filter(|it| !it.as_os_str().is_empty());
    let folder = tempfile::Builder::new()
        .prefix(".")
        .permissions(Permissions::from_mode(0o700))
        .tempdir_in(parent.unwrap_or(Path::new(".")))?;
    let made = folder.path().join("s");
    let listener = UnixListener::bind(&made)?;
    fs::set_permissions(&made, Permissions::from_mode(0o600))?;
    let inode = fs::symlink_metadata(&made)?.ino();
    fs::rename(&made, path)?;
    let file = SocketFile {
        path: path.to_owned(),
        inode,
    };
    Ok((listener, file))
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        // Another process may have its own there by now.
        let is_ours = |it: fs::Metadata| it.ino() == self.inode;
        if fs::symlink_metadata(&self.path).is_ok_and(is_ours) {
            // What can not be removed is replaced at the next start.
            let _ = fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn serve(path: &Path) -> anyhow::Result<Socket> {
        Socket::serve(path, Router::new()).await
    }

    async fn refusal(path: &Path) -> String {
        let refused = serve(path).await.err().expect("it must be refused");
        format!("{refused:#}")
    }

    #[tokio::test]
    async fn it_is_its_owners_alone_and_gone_at_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.sock");
        let socket = serve(&path).await.unwrap();
        let mode = fs::symlink_metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(refusal(&path).await.contains("another lampboard listens"));
        UnixStream::connect(&path).await.unwrap();
        socket.ended().await;
        assert!(!path.exists());
    }

    #[tokio::test]
    async fn what_a_killed_process_left_is_replaced_and_its_end_takes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.sock");
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        let first = serve(&path).await.unwrap();
        // As if it had been replaced by a process that saw nobody there.
        fs::remove_file(&path).unwrap();
        let second = serve(&path).await.unwrap();
        first.ended().await;
        UnixStream::connect(&path).await.unwrap();
        second.ended().await;
        assert!(!path.exists());
    }

    #[tokio::test]
    async fn what_can_not_be_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.sock");
        fs::write(&file, "precious").unwrap();
        assert!(refusal(&file).await.contains("is no socket"));
        assert_eq!(fs::read(&file).unwrap(), b"precious");
        let long = folder.path().join("x".repeat(200)).join("a.sock");
        let problem = refusal(&long).await;
        assert!(
            problem.contains("a shorter LAMPBOARD_DATA_DIR"),
            "{problem}"
        );
        let nowhere = folder.path().join("nowhere/a.sock");
        assert!(refusal(&nowhere).await.contains("No such file"));
    }
}
