//! What several roles have in common: opening the parts, counters, and an orderly end.

use std::{fs::DirBuilder, os::unix::fs::DirBuilderExt as _, path::Path, sync::Arc};

use anyhow::{Context as _, bail};
use axum::{Router, http::header::CONTENT_TYPE, response::IntoResponse as _, routing::get};
use lampboard_github_app::GithubApp;
use lampboard_server::{Clock, Config, Database, PortConfig, Server};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use secrecy::SecretString;
use tokio::{sync::watch, task::JoinHandle};
use tower_http::catch_panic::CatchPanicLayer;

use super::master_key;
use crate::{
    args::{
        AlertArgs, Auth, AuthArgs, CallerArgs, DatabaseArgs, ListenArgs, PortArgs, SiteArgs,
        StoreArgs, WebhookListenArgs,
    },
    listen::{self, Port, Proxies, Renewals, Socket, Terms, Tls},
    shutdown,
};

/// How often histograms are tidied: they would grow between scrapes.
const UPKEEP: std::time::Duration = std::time::Duration::from_secs(5);

/// Opens the server's database and services.
pub(crate) async fn open_server(
    store: &StoreArgs,
    database: &Database,
    alerts: &AlertArgs,
    public_url: &str,
    port: PortConfig,
) -> anyhow::Result<Server> {
    make_data_folder(&store.database, database)?;
    let alerts = alerts.config(public_url, || master_key::beside(database))?;
    let server = Server::open(Config {
        database: database.clone(),
        port,
        retention: store.retention(),
        alerts,
        clock: Clock::system(),
    })
    .await
    .with_context(|| can_not_open(database))?;
    Ok(server)
}

/// What the port demands, by the settings.
pub(crate) fn port(
    sites: &SiteArgs,
    callers: &CallerArgs,
    write_keys: Vec<SecretString>,
    webhook_secrets: Vec<SecretString>,
) -> anyhow::Result<PortConfig> {
    Ok(PortConfig {
        write_keys,
        certificate: callers.tls_client_ca.is_some(),
        webhook_secrets,
        // Not the host of LAMPBOARD_PUBLIC_URL: while nobody signs in, a proxy that sends too much
        // on is told so, unless the operator names the host himself.
        hosts: sites.hosts()?,
        cors_origins: sites.cors_origins()?,
        limits: callers.limits(),
    })
}

/// On which terms ports take connections, by the settings.
pub(crate) fn terms(ports: &PortArgs, client_ca: Option<&Path>) -> anyhow::Result<Terms> {
    let tls = ports.tls(client_ca)?.map(Tls::open).transpose()?;
    Ok(Terms {
        tls: tls.map(Arc::new),
        proxies: Arc::new(Proxies::new(ports.trusted_proxies()?)),
    })
}

/// Closes a server that is not served to its end: what it does beside would meet a runtime that
/// is gone.
pub(crate) async fn or_close<T>(
    server: &Server,
    work: impl Future<Output = anyhow::Result<T>>,
) -> anyhow::Result<T> {
    let outcome = work.await;
    if outcome.is_err() {
        server.close().await;
    }
    outcome
}

/// Where people open the board: as set, or where it listens.
pub(crate) fn public_url(set: Option<&str>, listen: &ListenArgs, terms: &Terms) -> String {
    let set = set.filter(|url| !url.trim().is_empty());
    let own = || format!("{}://{}", terms.scheme(), listen.listen);
    set.map_or_else(own, str::to_owned)
}

/// Listens on the socket beside the data, for whoever administers the machine.
pub(crate) async fn open_socket(
    args: &DatabaseArgs,
    database: &Database,
    server: &Server,
) -> anyhow::Result<Socket> {
    let path = args.socket(database);
    let router = server.admin_routes().into_axum_router();
    Socket::serve(&path, router).await
}

/// Which database it is that can not be opened.
pub(crate) fn can_not_open(database: &Database) -> String {
    match database {
        Database::Sqlite(path) => format!("can not open the database {}", path.display()),
        // Its address may hold a password.
        Database::Postgres(_) => "can not open the database of LAMPBOARD_DATABASE_URL".to_owned(),
    }
}

/// Without sign-in, only this machine may reach the port.
pub(crate) fn require_loopback(auth: &AuthArgs, listen: &ListenArgs) -> anyhow::Result<()> {
    let Auth::None = auth.auth;
    if !listen.listen.ip().is_loopback() {
        bail!(
            "LAMPBOARD_AUTH=none shows every build to everybody who reaches the port, so it works \
             on loopback only: set LAMPBOARD_LISTEN to 127.0.0.1:{0}, give GitHub a port of its own by \
             LAMPBOARD_WEBHOOK_LISTEN, or let your proxy pass /api/webhook/ on, and look at the board \
             through a tunnel: ssh -L {0}:127.0.0.1:{0}",
            listen.listen.port()
        );
    }
    Ok(())
}

/// Makes a secret for the life of the process.
pub(crate) fn make_secret() -> anyhow::Result<SecretString> {
    let mut random = [0; 32];
    getrandom::fill(&mut random).context("the system gives no random numbers")?;
    Ok(hex::encode(random).into())
}

/// Tells the time.
#[expect(
    clippy::disallowed_methods,
    reason = "the command line is where the machine's clock comes in"
)]
pub(crate) fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

/// Shows the link that sets the App up, if that is still to be done. It goes to
/// the terminal and not to the log: whoever has it, decides whose App it is.
pub(crate) async fn offer_setup(app: &GithubApp) {
    if let Some(link) = app.setup_link().await {
        println!("\n  Connect Lampboard to GitHub:\n\n  {link}\n\n  The link works once.\n");
    }
}

/// Lets the app do what nobody calls it for.
pub(crate) fn work(app: GithubApp) -> JoinHandle<()> {
    tokio::spawn(async move { Box::pin(app.run()).await })
}

/// Ends that, and lets other processes go on with it at once.
pub(crate) async fn stop_work(working: JoinHandle<()>, app: &GithubApp) {
    working.abort();
    // Nothing is asked any more when this returns; that it was aborted is no error.
    let _ = working.await;
    app.leave().await;
}

/// Opens the port that is for webhooks alone, if there is to be one.
pub(crate) async fn open_webhook_port(
    args: &WebhookListenArgs,
    app: &GithubApp,
    terms: &Terms,
) -> anyhow::Result<Option<Port>> {
    let Some(address) = args.webhook_listen else {
        return Ok(None);
    };
    let listener = listen::bind(address, "LAMPBOARD_WEBHOOK_LISTEN").await?;
    let address = listener.local_addr()?;
    tracing::info!(
        "listening for webhooks alone on {}://{address}",
        terms.scheme()
    );
    Ok(Some(Port {
        listener,
        router: app.webhook_router(),
        terms: terms.clone(),
    }))
}

/// Serves ports until the process is asked to stop, then calls `wind_down`
/// so that streams end, and returns when all connections have.
pub(crate) async fn serve<F>(
    ports: impl IntoIterator<Item = Port>,
    wind_down: impl FnOnce() -> F,
) -> anyhow::Result<()>
where
    F: Future<Output = ()>,
{
    let ports = ports.into_iter().map(|port| Port {
        router: port.router.layer(CatchPanicLayer::new()),
        ..port
    });
    let ports: Vec<Port> = ports.collect();
    let tls = ports.iter().find_map(|port| port.terms.tls.clone());
    let _keeping_up = tls.map(keep_up_tls).transpose()?;
    // Before anybody is answered: who knows that it runs may ask it to stop.
    let requests = shutdown::Requests::listen()?;
    let (stop, stopped) = watch::channel(false);
    let mut serving = tokio::spawn(listen::serve_all(ports, stopped));
    tokio::select! {
        () = shutdown::requested(requests) => {}
        ended = &mut serving => return Ok(ended?),
    }
    stop.send_replace(true);
    wind_down().await;
    Ok(serving.await?)
}

/// Takes new certificates up until what is given is dropped.
fn keep_up_tls(tls: Arc<Tls>) -> anyhow::Result<AbortOnDrop> {
    let renewals = Renewals::listen()?;
    Ok(AbortOnDrop(tokio::spawn(async move {
        tls.keep_up(renewals).await;
    })))
}

/// A task that ends with its owner.
struct AbortOnDrop(JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Counts from now on; gives the route that shows the counters of this process.
pub(crate) fn counters() -> anyhow::Result<Router> {
    let handle = PrometheusBuilder::new()
        .install_recorder()
        .context("can not count")?;
    tokio::spawn(keep_up(handle.clone()));
    let show = move || {
        let text = handle.render();
        async move { ([(CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response() }
    };
    Ok(Router::new().route("/metrics", get(show)))
}

async fn keep_up(handle: PrometheusHandle) {
    let mut ticks = tokio::time::interval(UPKEEP);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        handle.run_upkeep();
    }
}

/// Makes the data folder, unless the database is a file elsewhere: then nothing is kept there.
/// What is in it is for nobody else's eyes.
pub(crate) fn make_data_folder(args: &DatabaseArgs, database: &Database) -> anyhow::Result<()> {
    let folder = &args.data.data_dir;
    if matches!(database, Database::Sqlite(path) if path.parent() != Some(folder)) {
        return Ok(());
    }
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .with_context(|| format!("can not make the data folder {}", folder.display()))
}
