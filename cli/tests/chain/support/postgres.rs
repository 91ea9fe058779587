//! A server of `PostgreSQL` of one's own, to do to it what nobody should.

use std::{
    env, fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use rustix::process::{Pid, Signal, geteuid, kill_process};
use sqlx::{Connection as _, Executor as _, PgConnection};

/// A running server.
pub(crate) struct Postgres {
    keeper: Child,
    url: String,
    folder: PathBuf,
}

impl Postgres {
    /// Starts one as the tests' own is started. None where the tests run without.
    pub(crate) async fn start() -> Option<Self> {
        env::var_os("LAMPBOARD_TEST_POSTGRES_URL")?;
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.ci/with-postgres");
        // It runs for as long as the pipe is open.
        let mut keeper = Command::new(script)
            .args([
                "sh",
                "-c",
                "echo $LAMPBOARD_TEST_POSTGRES_URL; exec cat >/dev/null",
            ])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut url = String::new();
        let output = keeper.stdout.take().unwrap();
        BufReader::new(output).read_line(&mut url).unwrap();
        let server = url.trim().to_owned();
        let (_, folder) = server.split_once("host=").unwrap();
        let postgres = Self {
            keeper,
            url: server.replacen("/postgres?", "/lampboard?", 1),
            folder: folder.into(),
        };
        postgres.run("CREATE DATABASE lampboard").await;
        Some(postgres)
    }

    /// Where Lampboard finds its database.
    pub(crate) fn url(&self) -> String {
        self.url.clone()
    }

    /// Stops it as its owner does, not waiting for sessions to end.
    pub(crate) fn stop(&self) {
        self.control(&["-m", "fast", "-w", "stop"]);
    }

    /// Kills all of its processes.
    pub(crate) fn kill(&self) {
        self.signal(Signal::KILL);
        // It is gone when nobody has its process id.
        while Path::new("/proc")
            .join(self.server_id().to_string())
            .exists()
        {
            std::thread::yield_now();
        }
    }

    /// Starts it again.
    pub(crate) fn go_on(&self) {
        let folder = self.folder.display();
        let options = format!(
            "-c listen_addresses='' -c unix_socket_directories='{folder}' -c max_connections=300"
        );
        self.control(&[
            "-w",
            "-l",
            &format!("{folder}/log"),
            "-o",
            &options,
            "start",
        ]);
    }

    /// Lets none of its processes do anything.
    pub(crate) fn freeze(&self) {
        self.signal(Signal::STOP);
    }

    /// Lets them go on.
    pub(crate) fn thaw(&self) {
        self.signal(Signal::CONT);
    }

    /// Ends all sessions, and refuses new ones.
    pub(crate) async fn shut_out(&self) {
        self.run("ALTER DATABASE lampboard ALLOW_CONNECTIONS false")
            .await;
        self.terminate_sessions().await;
    }

    /// Takes connections again.
    pub(crate) async fn let_in(&self) {
        self.run("ALTER DATABASE lampboard ALLOW_CONNECTIONS true")
            .await;
    }

    /// Ends all sessions.
    pub(crate) async fn terminate_sessions(&self) {
        self.run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'lampboard'",
        )
        .await;
    }

    async fn run(&self, sql: &'static str) {
        let url = self.url.replacen("/lampboard?", "/postgres?", 1);
        let mut connection = PgConnection::connect(&url).await.unwrap();
        connection.execute(sql).await.unwrap();
        connection.close().await.unwrap();
    }

    fn control(&self, arguments: &[&str]) {
        let program = fs::read_dir("/usr/lib/postgresql")
            .into_iter()
            .flatten()
            .map(|version| version.unwrap().path().join("bin/pg_ctl"))
            .find(|program| program.exists());
        let program = program.unwrap_or_else(|| "pg_ctl".into());
        let mut command = if geteuid().is_root() {
            let mut command = Command::new("setpriv");
            command.args([
                "--reuid=postgres",
                "--regid=postgres",
                "--clear-groups",
                "--",
            ]);
            command.arg(program);
            command
        } else {
            Command::new(program)
        };
        command.arg("-s").arg("-D").arg(self.folder.join("data"));
        let ended = command.args(arguments).current_dir("/").status().unwrap();
        assert!(ended.success(), "pg_ctl {arguments:?}");
    }

    /// The first of its processes, as it wrote it down.
    fn server_id(&self) -> i32 {
        let file = fs::read_to_string(self.folder.join("data/postmaster.pid")).unwrap();
        file.lines().next().unwrap().parse().unwrap()
    }

    fn signal(&self, signal: Signal) {
        let id = self.server_id();
        let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap();
        // The first one first: it would start others in the place of those that end.
        let all = [id].into_iter().chain(
            children
                .split_whitespace()
                .map(|child| child.parse().unwrap()),
        );
        for id in all {
            // Some end by themselves meanwhile.
            let _ = kill_process(Pid::from_raw(id).unwrap(), signal);
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if self.folder.join("data/postmaster.pid").exists() {
            self.thaw();
        }
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}
