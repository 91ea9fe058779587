//! A server that runs as a process of its own while it is measured.

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use http::StatusCode;
use rustix::process::{Pid, Signal, kill_process};
use tokio::time::sleep;

use crate::load::Target;
use crate::procfs::Usage;

const START_LIMIT: Duration = Duration::from_secs(30);
const STOP_LIMIT: Duration = Duration::from_secs(20);

/// Ends with this value, if need be by force.
pub(crate) struct Server {
    /// In the order in which they were started.
    children: Vec<Child>,
    started: Instant,
    log: PathBuf,
}

impl Server {
    /// Starts its processes, with what they print in the file `log`.
    pub(crate) fn start(commands: Vec<Command>, log: PathBuf) -> Result<Self> {
        let output = File::create(&log)?;
        let started = Instant::now();
        let mut server = Self {
            children: Vec::new(),
            started,
            log,
        };
        for mut command in commands {
            command
                .stdout(output.try_clone()?)
                .stderr(output.try_clone()?);
            let child = command
                .spawn()
                .with_context(|| format!("cannot start {}", command.get_program().display()))?;
            server.children.push(child);
        }
        Ok(server)
    }

    /// Waits until `page` is answered with `expected`; gives the time since the start.
    pub(crate) async fn ready(&mut self, page: &Target, expected: StatusCode) -> Result<Duration> {
        while self.started.elapsed() < START_LIMIT {
            if page.get().await.is_ok_and(|status| status == expected) {
                return Ok(self.started.elapsed());
            }
            for child in &mut self.children {
                if let Some(status) = child.try_wait()? {
                    bail!("it ended with {status}");
                }
            }
            sleep(Duration::from_millis(2)).await;
        }
        bail!("it was not ready in time")
    }

    pub(crate) fn usage(&self) -> Result<Usage> {
        let mut usage = Usage::default();
        for child in &self.children {
            usage += Usage::of_tree(child.id())?;
        }
        Ok(usage)
    }

    /// The end of what it printed.
    pub(crate) fn last_words(&self) -> String {
        let text = fs::read(&self.log).unwrap_or_default();
        let end = &text[text.len().saturating_sub(2000)..];
        String::from_utf8_lossy(end).trim().to_owned()
    }

    /// Ends it by `SIGKILL`.
    pub(crate) fn kill(&mut self) {
        for child in &mut self.children {
            // Both do nothing to a process that was waited for already.
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Asks it to end, what was started last first, and waits for that.
    pub(crate) async fn stop(&mut self) -> Result<()> {
        for child in self.children.iter_mut().rev() {
            stop(child).await?;
        }
        Ok(())
    }
}

async fn stop(child: &mut Child) -> Result<()> {
    kill_process(Pid::from_child(child), Signal::TERM)?;
    let asked = Instant::now();
    while asked.elapsed() < STOP_LIMIT {
        if child.try_wait()?.is_some() {
            return Ok(());
        }
        sleep(Duration::from_millis(10)).await;
    }
    bail!("it did not end when asked to")
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A port of 127.0.0.1 that nobody listens on.
pub(crate) fn free_port() -> Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

/// Whether files in `folder` are kept in memory, where `fsync` costs nothing.
pub(crate) fn in_memory(folder: &Path) -> Result<bool> {
    const TMPFS_MAGIC: i64 = 0x0102_1994;
    Ok(rustix::fs::statfs(folder)?.f_type == TMPFS_MAGIC)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, folder: &Path) -> Server {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        Server::start(vec![command], folder.join("log")).unwrap()
    }

    #[tokio::test]
    async fn says_why_it_could_not_start() {
        let folder = tempfile::tempdir().unwrap();
        let mut server = shell("echo no key; exit 3", folder.path());
        let page = Target::new(free_port().unwrap(), "/readyz", None).unwrap();
        let error = server.ready(&page, StatusCode::OK).await.unwrap_err();
        assert_eq!(error.to_string(), "it ended with exit status: 3");
        assert_eq!(server.last_words(), "no key");
    }

    #[tokio::test]
    async fn ends_when_asked_to() {
        let folder = tempfile::tempdir().unwrap();
        let mut server = shell("exec sleep 60", folder.path());
        server.stop().await.unwrap();
    }

    #[test]
    fn knows_memory_from_disks() {
        assert!(in_memory(Path::new("/dev/shm")).unwrap());
        assert!(!in_memory(Path::new("/proc")).unwrap());
    }
}
