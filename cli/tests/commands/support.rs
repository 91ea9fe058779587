//! The binary as a child process, to its end.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Output, Stdio},
    time::Duration,
};

use tokio::{task::spawn_blocking, time::timeout};

/// How long anything that a process is asked for may take.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// A command that runs the binary with these settings and no others.
pub(crate) fn lampboard(arguments: &[&str], settings: &[(&str, String)]) -> Command {
    let binary = Command::new(env!("CARGO_BIN_EXE_lampboard"));
    with_settings(binary, arguments, settings)
}

/// The same through a shell, whose script is given the binary and its arguments.
pub(crate) fn shell(script: &str, arguments: &[&str], settings: &[(&str, String)]) -> Command {
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", script, env!("CARGO_BIN_EXE_lampboard")]);
    with_settings(shell, arguments, settings)
}

fn with_settings(mut command: Command, arguments: &[&str], settings: &[(&str, String)]) -> Command {
    command
        .args(arguments)
        .env_clear()
        .envs(settings.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// How a command ended, and what it wrote.
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        let ended = Self {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        };
        assert!(!ended.err.contains("panicked"), "{}", ended.err);
        ended
    }
}

/// Runs a command to its end.
pub(crate) async fn run(mut command: Command) -> Ended {
    let output = spawn_blocking(move || command.output().unwrap());
    let output = timeout(PATIENCE, output).await;
    output.expect("it did not end in time").unwrap().into()
}

/// Starts a command, and waits until a line of its standard error holds a text;
/// gives that line. What comes later is read and dropped.
pub(crate) async fn start(mut command: Command, text: &'static str) -> (Running, String) {
    let mut child = command.stdout(Stdio::null()).spawn().unwrap();
    let log = BufReader::new(child.stderr.take().unwrap());
    let child = Running(child);
    let (send, receive) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let mut send = Some(send);
        for line in log.lines().map_while(Result::ok) {
            if line.contains(text)
                && let Some(send) = send.take()
            {
                let _ = send.send(line);
            }
        }
    });
    let line = timeout(PATIENCE, receive).await;
    (child, line.expect("no such line in time").unwrap())
}

/// A running process. Dropped, it is killed.
pub(crate) struct Running(pub(crate) Child);

impl Running {
    /// Waits for its own end; gives its exit code.
    pub(crate) async fn ended(mut self) -> Option<i32> {
        let waited = spawn_blocking(move || self.0.wait().unwrap().code());
        timeout(PATIENCE, waited).await.unwrap().unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
