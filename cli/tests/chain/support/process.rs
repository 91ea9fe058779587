//! One process of the binary: started on a free port, watched through its log, ended by its id.

use std::{
    fs::{self, File},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use tokio::time::sleep;

use super::{raw, webhook::Client};

/// How long anything that a process is asked for may take.
const PATIENCE: Duration = Duration::from_secs(30);
const TICK: Duration = Duration::from_millis(10);

/// A running process. Dropped, it is killed, and its log is searched for panics.
pub(crate) struct Process {
    child: Child,
    log: PathBuf,
    address: SocketAddr,
}

/// A command that runs the binary with these settings and no others.
pub(crate) fn lampboard(arguments: &[&str], settings: &[(&str, &str)]) -> Command {
    with_settings(
        Command::new(env!("CARGO_BIN_EXE_lampboard")),
        arguments,
        settings,
    )
}

/// The same with few file descriptors to go around.
pub(crate) fn lampboard_with_files(
    files: u32,
    arguments: &[&str],
    settings: &[(&str, &str)],
) -> Command {
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", &format!("ulimit -n {files}; exec \"$0\" \"$@\"")]);
    shell.arg(env!("CARGO_BIN_EXE_lampboard"));
    with_settings(shell, arguments, settings)
}

/// The same with a disk of its own in its data folder, mounted with some options. It
/// goes with the process.
pub(crate) fn lampboard_on_disk(
    options: &str,
    arguments: &[&str],
    settings: &[(&str, &str)],
) -> Command {
    let mut unshare = Command::new("/usr/bin/unshare");
    unshare.args(["--user", "--map-root-user", "--mount", "/bin/sh", "-c"]);
    unshare.arg(format!(
        "mount -t tmpfs -o {options} tmpfs \"$LAMPBOARD_DATA_DIR\" && exec \"$0\" \"$@\""
    ));
    unshare.arg(env!("CARGO_BIN_EXE_lampboard"));
    with_settings(unshare, arguments, settings)
}

fn with_settings(mut command: Command, arguments: &[&str], settings: &[(&str, &str)]) -> Command {
    command
        .args(arguments)
        .env_clear()
        .envs(settings.iter().copied())
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    command
}

impl Process {
    /// Starts a command that listens, and waits until it says where.
    pub(crate) async fn start(mut command: Command, folder: &Path) -> Self {
        static STARTED: AtomicU32 = AtomicU32::new(0);
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        let log = folder.join(format!("{number}.log"));
        let child = command
            .stderr(File::create(&log).unwrap())
            .spawn()
            .expect("the binary can be run");
        let mut process = Self {
            child,
            log,
            address: ([127, 0, 0, 1], 0).into(),
        };
        process.address = process.wait_for_address().await;
        process
    }

    async fn wait_for_address(&mut self) -> SocketAddr {
        self.address_after("listening on http").await
    }

    /// The address that it logs after some words, once it does.
    pub(crate) async fn address_after(&mut self, words: &str) -> SocketAddr {
        let start = Instant::now();
        loop {
            let log = self.log();
            let said = log.split_once(words).map(|(_, rest)| rest);
            if let Some((_, rest)) = said.and_then(|it| it.split_once("://")) {
                let end = rest.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | ':')));
                // The line is written at once, so that what follows is there, too.
                return rest[..end.unwrap_or(rest.len())].parse().unwrap();
            }
            let ended = self.child.try_wait().unwrap();
            assert!(ended.is_none(), "it ended ({ended:?}) with the log\n{log}");
            assert!(
                start.elapsed() < PATIENCE,
                "it does not listen; its log\n{log}"
            );
            sleep(TICK).await;
        }
    }

    /// Waits until it says that it is ready.
    pub(crate) async fn wait_until_ready(&self) {
        let (start, client) = (Instant::now(), Client::new(self.address));
        loop {
            let answer = client.try_get("/readyz").await;
            if answer.is_ok_and(|answer| answer.status.is_success()) {
                return;
            }
            assert!(
                start.elapsed() < PATIENCE,
                "it is not ready; its log\n{}",
                self.log()
            );
            sleep(TICK).await;
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it has logged so far.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// The file system as it sees it.
    pub(crate) fn root(&self) -> PathBuf {
        format!("/proc/{}/root", self.child.id()).into()
    }

    /// The most memory that it ever held, in MiB.
    pub(crate) fn peak_memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes = line.unwrap().trim().trim_end_matches(" kB");
        kilobytes.parse::<u64>().unwrap() / 1024
    }

    /// Ends it as a power cut ends a program.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to stop, as a service manager does.
    pub(crate) fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    /// Lets it do nothing.
    pub(crate) fn freeze(&self) {
        self.signal(Signal::STOP);
    }

    /// Lets it go on.
    pub(crate) fn thaw(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Asks it to read its certificates again.
    pub(crate) fn hang_up(&self) {
        kill_process(Pid::from_child(&self.child), Signal::HUP).unwrap();
    }

    /// Waits for its own end.
    pub(crate) async fn wait(&mut self) -> ExitStatus {
        wait(&mut self.child).await
    }

    /// Whether it answers a raw connection at all.
    pub(crate) async fn assert_serving(&mut self) {
        assert!(self.is_running(), "it ended; its log\n{}", self.log());
        let answer = raw::exchange(
            self.address,
            b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        )
        .await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if !std::thread::panicking() {
            let log = self.log();
            assert!(!log.contains("panicked"), "it panicked:\n{log}");
        }
    }
}

/// Runs a command to its end; gives how it ended and what it wrote to its log.
pub(crate) async fn run(mut command: Command) -> (ExitStatus, String) {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("output");
    let file = File::create(&output).unwrap();
    let mut child = command
        .stdout(file.try_clone().unwrap())
        .stderr(file)
        .spawn()
        .unwrap();
    let status = wait(&mut child).await;
    (status, fs::read_to_string(output).unwrap())
}

/// Starts a command, and kills it as soon as something is seen of it. Fails if it ended before.
pub(crate) async fn kill_when(mut command: Command, mut seen: impl AsyncFnMut() -> bool) {
    let (start, mut child) = (
        Instant::now(),
        command.stderr(Stdio::null()).spawn().unwrap(),
    );
    while !seen().await {
        let ended = child.try_wait().unwrap();
        assert!(ended.is_none(), "it ended before: {ended:?}");
        assert!(start.elapsed() < PATIENCE, "it does not get as far");
        sleep(TICK).await;
    }
    child.kill().unwrap();
    let status = child.wait().unwrap();
    assert_eq!(status.code(), None, "it ended by itself: {status}");
}

async fn wait(child: &mut Child) -> ExitStatus {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        if start.elapsed() > PATIENCE {
            let _ = child.kill();
            panic!("it did not end in time");
        }
        sleep(TICK).await;
    }
}
