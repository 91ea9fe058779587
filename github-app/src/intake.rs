//! What is done with a webhook, whether GitHub sent it or it was fetched from
//! GitHub's log: read, report, take effect.

use lampboard_proto::v1::{Delivery, ReportRequest, ReportResponse, ReportSource};
use tokio::time::Instant;
use tonic::{Code, Status};

use crate::{
    app::App,
    event::{self, Kind, ReadError},
    normalize::{Contents, normalize},
};

/// The most characters that are kept of why nothing can be made of a delivery.
const MAX_PROBLEM: usize = 1000;

/// What is in the body of a webhook.
pub(crate) enum Reading {
    /// An event that concerns us, or why nothing can be made of it.
    Event {
        /// Empty if it can not be told.
        action: &'static str,
        contents: Result<Contents, String>,
    },
    /// An event that does not concern us.
    Other,
    /// Something that is not JSON.
    NotJson(String),
}

/// What became of a webhook.
pub(crate) enum Taken {
    /// What it says is durable.
    Recorded(ReportResponse),
    /// It is kept, with why nothing can be made of it.
    Quarantined(Delivery),
    /// It is about repositories that are not looked at.
    LeftOut,
}

/// Reads a body.
pub(crate) fn read(kind: Kind, body: &[u8]) -> Reading {
    match event::read(kind, body) {
        Ok(Some(event)) => Reading::Event {
            action: event.action,
            contents: normalize(&event).map_err(|problem| problem.to_string()),
        },
        Ok(None) => Reading::Other,
        Err(error @ ReadError::NotJson(_)) => Reading::NotJson(error.to_string()),
        Err(error) => Reading::Event {
            action: "",
            contents: Err(error.to_string()),
        },
    }
}

impl App {
    /// Reports what a webhook says, and lets it take effect. An error means that
    /// this has to be done again; doing it twice is harmless.
    pub(crate) async fn take_in(
        &self,
        contents: Result<Contents, String>,
        delivery: Delivery,
        source: ReportSource,
        deadline: Instant,
    ) -> Result<Taken, Status> {
        let mut contents = match contents {
            Ok(contents) => contents,
            Err(problem) => return self.quarantine(delivery, &problem, source, deadline).await,
        };
        if !contents.keep(&self.reconcile.repositories) {
            return Ok(Taken::LeftOut);
        }
        let effects = std::mem::take(&mut contents.effects);
        let time = delivery.receive_time.unwrap_or_default();
        contents.not_after(time);
        self.catalog.refresh(&contents.repositories);
        // First: once a delivery is recorded, nobody asks for it again.
        self.apply(effects, time, self.report_deadline(deadline))
            .await?;
        let recorded = self.send(contents, delivery.clone(), source, deadline);
        match recorded.await {
            Ok(recorded) => Ok(Taken::Recorded(recorded)),
            Err(status) if status.code() == Code::InvalidArgument => {
                let problem = format!("the server refused it: {}", status.message());
                self.quarantine(delivery, &problem, source, deadline).await
            }
            Err(status) => Err(status),
        }
    }

    /// Keeps a delivery that nothing can be made of, so that it is not lost on
    /// us; GitHub can do nothing about it.
    async fn quarantine(
        &self,
        mut delivery: Delivery,
        problem: &str,
        source: ReportSource,
        deadline: Instant,
    ) -> Result<Taken, Status> {
        delivery.problem = problem.chars().take(MAX_PROBLEM).collect();
        let contents = Contents::default();
        self.send(contents, delivery.clone(), source, deadline)
            .await?;
        Ok(Taken::Quarantined(delivery))
    }

    async fn send(
        &self,
        contents: Contents,
        delivery: Delivery,
        source: ReportSource,
        deadline: Instant,
    ) -> Result<ReportResponse, Status> {
        let report = ReportRequest {
            builds: contents.builds,
            jobs: contents.jobs,
            repositories: contents.repositories,
            source: source.into(),
            delivery: Some(delivery),
            ..ReportRequest::default()
        };
        let deadline = self.report_deadline(deadline);
        self.server.report(report, deadline).await
    }

    /// Until when the server may take for one call, if all must be done by then.
    fn report_deadline(&self, deadline: Instant) -> Instant {
        (Instant::now() + self.limits.report_time).min(deadline)
    }
}
