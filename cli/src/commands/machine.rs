//! The Lampboard of this machine: the process that runs, asked through its socket; or, when none
//! runs, what it keeps, by the same services in this process.

use std::{io, path::Path};

use anyhow::{Context as _, bail};
use hyper_util::rt::TokioIo;
use lampboard_proto::transport::{self, Transport};
use lampboard_server::{AlertConfig, Clock, Config, Error, PortConfig, Retention, Schema, Server};
use tokio::net::UnixStream;
use tonic::transport::{Channel, Endpoint};
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};
use tower::service_fn;
use url::Url;

use super::{link, parts, remote};
use crate::args::{DatabaseArgs, ServerTlsArgs};

/// Something that answers, whichever way.
pub(crate) struct Machine {
    pub(crate) transport: Transport,
    /// What it is called in messages.
    pub(crate) place: String,
    /// The server, where it is this process.
    here: Option<Server>,
}

impl Machine {
    /// Whether no other process answers.
    pub(crate) fn is_here(&self) -> bool {
        self.here.is_some()
    }

    /// Closes what was opened.
    pub(crate) async fn close(self) {
        if let Some(server) = self.here {
            server.close().await;
        }
    }
}

/// A server at an address.
pub(crate) fn at(url: &str, tls: &ServerTlsArgs) -> anyhow::Result<Machine> {
    Ok(Machine {
        transport: transport::over(link::channel(url, tls)?),
        place: url.to_owned(),
        here: None,
    })
}

/// The process that runs on a database, or else the database itself, as nobody else has it.
pub(crate) async fn reach(args: &DatabaseArgs, schema: Schema) -> anyhow::Result<Machine> {
    let database = args.database()?;
    let socket = args.socket(&database);
    if let Some(channel) = running(&socket).await? {
        return Ok(Machine {
            transport: transport::over(channel),
            place: socket.display().to_string(),
            here: None,
        });
    }
    let config = Config {
        database: database.clone(),
        port: PortConfig::new(parts::make_secret()?),
        retention: Retention::default(),
        alerts: AlertConfig::new(Url::parse("http://localhost")?),
        clock: Clock::system(),
    };
    match Server::open_idle(config, schema).await {
        Ok(server) => Ok(Machine {
            transport: transport::over(server.admin_routes()),
            place: "this process".to_owned(),
            here: Some(server),
        }),
        Err(Error::InUse(path)) => bail!(
            "a lampboard has the database {}, but does not listen on {}: wait until it has \
             started, or stop it",
            path.display(),
            socket.display()
        ),
        Err(error) => Err(error).with_context(|| parts::can_not_open(&database)),
    }
}

/// The process that runs on a database, where only that will do. None: there is none.
pub(crate) async fn reach_running(args: &DatabaseArgs) -> anyhow::Result<Option<Machine>> {
    let socket = args.socket(&args.database()?);
    let channel = running(&socket).await?;
    Ok(channel.map(|channel| Machine {
        transport: transport::over(channel),
        place: socket.display().to_string(),
        here: None,
    }))
}

/// The process that listens on a socket, if one does.
async fn running(socket: &Path) -> anyhow::Result<Option<Channel>> {
    use io::ErrorKind::{ConnectionRefused, NotFound, PermissionDenied};
    match UnixStream::connect(socket).await {
        Ok(_) => {}
        Err(error) if matches!(error.kind(), NotFound | ConnectionRefused) => return Ok(None),
        Err(error) if error.kind() == PermissionDenied => bail!(
            "{} belongs to the user that runs Lampboard: run this as that user, or as root",
            socket.display()
        ),
        Err(error) => {
            return Err(error).with_context(|| format!("can not open {}", socket.display()));
        }
    }
    let channel = channel(socket);
    let mut health = HealthClient::new(channel.clone());
    let check = health.check(HealthCheckRequest::default());
    if let Err(status) = remote::answer(check).await {
        bail!(
            "the lampboard that listens on {} does not answer ({}): see whether it hangs, or is \
             stopped",
            socket.display(),
            remote::problem(&status)
        );
    }
    Ok(Some(channel))
}

fn channel(socket: &Path) -> Channel {
    let socket = socket.to_owned();
    let connect = service_fn(move |_| {
        let socket = socket.clone();
        async move { UnixStream::connect(socket).await.map(TokioIo::new) }
    });
    // The address is the name that the server is called by, and leads nowhere.
    remote::patient(Endpoint::from_static("http://localhost")).connect_with_connector_lazy(connect)
}
