//! Several processes of the GitHub App at one server: what one asked for goes on when it is killed.

use std::{collections::BTreeMap, time::Duration};

use jiff::Timestamp;
use lampboard_github_double::{
    Double, InstallationId, Options, Selection, Stage, Trigger, VirtualClock, WorkflowId,
};
use lampboard_proto::v1::{
    AppMode, GetSystemRequest, GetSystemResponse, system_service_client::SystemServiceClient,
};
use secrecy::ExposeSecret as _;
use tempfile::TempDir;
use tokio::time::{Instant, sleep};
use tonic::transport::{Channel, Endpoint};

use crate::support::{
    WEBHOOK_SECRET, WRITE_KEY,
    lampboard::{Lampboard, Mode},
    process::{self, Process},
};

/// How long anything may take that follows by itself: a lease and a call, and a machine that is
/// busy.
const PATIENCE: Duration = Duration::from_mins(2);
const TICK: Duration = Duration::from_millis(50);

/// The machine's own time.
#[expect(
    clippy::disallowed_methods,
    reason = "the binary goes by the machine's clock, and so must its GitHub"
)]
fn now() -> Timestamp {
    Timestamp::now()
}

/// A GitHub on which the App is installed twice, and a server.
struct Hub {
    lampboard: Lampboard,
    system: SystemServiceClient<Channel>,
    stage: Stage,
    /// The other installation, and a workflow there.
    installation: InstallationId,
    workflow: WorkflowId,
}

impl Hub {
    async fn start() -> Self {
        let double = Double::start(Options {
            clock: VirtualClock::following(now),
            ..Options::frozen(1, now())
        });
        let double = double.await.unwrap();
        // Nobody is there: all webhooks are missed, and have to be asked for.
        let stage = Stage::set(
            &double,
            Some("http://127.0.0.1:9/api/webhook/github-actions"),
        );
        let (installation, workflow) = double.github(|github| {
            let globex = github.create_organization("globex");
            let repository = github.create_repository("roof");
            let workflow = github.create_workflow(repository, "CI", ".github/workflows/ci.yml");
            github.transfer_repository(repository, &globex);
            let installation = github.install(stage.app, &globex, Selection::All, &[]);
            (installation, workflow)
        });
        let lampboard = Lampboard::start(Mode::TwoProcesses).await;
        let url = format!("http://{}", lampboard.server.address());
        let channel = Endpoint::from_shared(url).unwrap().connect_lazy();
        Self {
            lampboard,
            system: SystemServiceClient::new(channel),
            stage,
            installation,
            workflow,
        }
    }

    /// Starts a process of the App on a data folder.
    async fn app(&self, folder: &TempDir) -> Process {
        let double = &self.stage.double;
        let (id, key) = double.github(|github| {
            let app = github.app(self.stage.app).unwrap();
            (app.id.0.to_string(), app.key.pem())
        });
        let data = folder.path().display().to_string();
        let server = format!("http://{}", self.lampboard.server.address());
        let settings = [
            ("LAMPBOARD_LISTEN", "127.0.0.1:0"),
            ("LAMPBOARD_DATA_DIR", &data),
            ("LAMPBOARD_SERVER_URL", &server),
            ("LAMPBOARD_WRITE_KEY", WRITE_KEY),
            ("LAMPBOARD_WEBHOOK_SECRET", WEBHOOK_SECRET),
            ("LAMPBOARD_GITHUB_APP_ID", &id),
            ("LAMPBOARD_GITHUB_PRIVATE_KEY", key.expose_secret()),
            ("LAMPBOARD_GITHUB_WEB_URL", double.web_url()),
            ("LAMPBOARD_GITHUB_API_URL", double.api_url()),
            ("LAMPBOARD_RECONCILE_INTERVAL", "1s"),
            ("LAMPBOARD_RECONCILE_JITTER", "0s"),
        ];
        let command = process::lampboard(&["github-app"], &settings);
        let app = Process::start(command, folder.path()).await;
        app.wait_until_ready().await;
        app
    }

    async fn system(&self) -> GetSystemResponse {
        let mut client = self.system.clone();
        let system = client.get_system(GetSystemRequest {}).await;
        system.unwrap().into_inner()
    }

    /// The installations that each process holds.
    async fn held(&self) -> BTreeMap<String, Vec<i64>> {
        let holders = self.system().await.holders;
        let held = holders.into_iter().map(|it| (it.name, it.installation_ids));
        held.collect()
    }

    /// Waits until one process alone holds both installations; gives its name.
    async fn holder_of_all(&self, but: &str) -> String {
        let start = Instant::now();
        loop {
            let held = self.held().await;
            let all = held
                .iter()
                .find(|(name, ids)| ids.len() == 2 && *name != but);
            if let Some((name, _)) = all {
                return name.clone();
            }
            assert!(start.elapsed() < PATIENCE, "{held:?}");
            sleep(TICK).await;
        }
    }

    /// Runs start in both installations, and no webhook tells of them.
    async fn start_runs(&self) -> Vec<i64> {
        let stage = &self.stage;
        let first = stage.push();
        let second = stage.double.github(|github| {
            let commit = github.commit(&stage.ada, "Mend the roof");
            github.start_run(self.workflow, Trigger::push("main", &commit))
        });
        stage.double.deliver().await;
        [first, second].map(|run| run.0.cast_signed()).to_vec()
    }

    /// Waits until the board shows runs.
    async fn wait_for(&self, runs: &[i64]) {
        let start = Instant::now();
        let mut board = self.lampboard.board().await;
        loop {
            let builds = board.builds().await;
            if runs
                .iter()
                .all(|run| builds.iter().any(|it| it.run_id == *run))
            {
                return;
            }
            assert!(start.elapsed() < PATIENCE, "{} builds", builds.len());
            sleep(TICK).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_app_goes_on_when_it_is_back_and_another_one_when_it_is_not() {
    let hub = Hub::start().await;
    let (folder, other_folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut app = hub.app(&folder).await;
    let name = hub.holder_of_all("").await;
    hub.wait_for(&hub.start_runs().await).await;

    app.kill();
    let mut app = hub.app(&folder).await;
    hub.wait_for(&hub.start_runs().await).await;
    let held = hub.held().await;
    assert_eq!(held.keys().collect::<Vec<_>>(), [&name], "it is the same");
    assert_eq!(held[&name].len(), 2);
    // One without a key, which takes webhooks in beside it, does not speak for it.
    let status = hub.system().await.app.unwrap();
    assert_eq!(status.mode(), AppMode::Connected);

    let mut other = hub.app(&other_folder).await;
    app.kill();
    let runs = hub.start_runs().await;
    hub.wait_for(&runs).await;
    let heir = hub.holder_of_all(&name).await;
    assert!(hub.held().await[&heir].contains(&hub.installation.0.cast_signed()));

    other.terminate();
    assert!(other.wait().await.success());
    assert_eq!(hub.held().await, BTreeMap::new(), "it left nothing behind");
}
