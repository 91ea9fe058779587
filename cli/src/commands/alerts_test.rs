//! `lampboard alerts test`: has the server that runs send a test message, and says what came of it.

use std::{process::ExitCode, time::Duration};

use lampboard_proto::{
    transport::Transport,
    v1::{
        AlertChannel, AlertRecipient, AlertState, ListAlertChannelsRequest,
        TestAlertChannelRequest, TestAlertChannelResponse,
        alert_service_client::AlertServiceClient,
    },
};
use tokio::time::timeout;
use tonic::Status;

use super::{exit::End, machine, remote};
use crate::{args::AlertsTestArgs, said::said};

type Alerts = AlertServiceClient<Transport>;

const LARGEST_PAGE: i32 = 1000;
/// Each of fifty readers may take the mail server ten seconds.
const SEND_TIME: Duration = Duration::from_mins(10);

/// Sends it, and ends by what was answered.
pub(crate) async fn run(args: AlertsTestArgs) -> anyhow::Result<ExitCode> {
    let machine = match machine::reach_running(&args.database).await {
        Ok(Some(machine)) => machine,
        Ok(None) => {
            eprintln!(
                "no lampboard runs here, and the one that does sends the test: start it, or run \
                 this with its --data-dir"
            );
            return Ok(End::Unavailable.into());
        }
        Err(error) => {
            eprintln!("{}", said(&error));
            return Ok(End::Unavailable.into());
        }
    };
    let mut alerts = AlertServiceClient::new(machine.transport.clone());
    let end = match test(&mut alerts, &args.channel).await {
        Ok(end) => end,
        Err(status) => {
            eprintln!("nothing is known of the test: {}", remote::problem(&status));
            End::Unavailable
        }
    };
    machine.close().await;
    Ok(end.into())
}

async fn test(alerts: &mut Alerts, wanted: &str) -> Result<End, Status> {
    let channels = channels(alerts).await?;
    let channel = match choose(&channels, wanted) {
        Ok(channel) => channel,
        Err(problem) => {
            eprintln!("{problem}");
            return Ok(End::Usage);
        }
    };
    let request = TestAlertChannelRequest {
        id: channel.id.clone(),
    };
    let told = match timeout(SEND_TIME, alerts.test_alert_channel(request)).await {
        Ok(answer) => answer?.into_inner(),
        Err(_) => return Err(Status::unavailable("it does not answer in time")),
    };
    Ok(tell(&channel.display_name, &told))
}

async fn channels(alerts: &mut Alerts) -> Result<Vec<AlertChannel>, Status> {
    let mut request = ListAlertChannelsRequest {
        page_size: LARGEST_PAGE,
        ..ListAlertChannelsRequest::default()
    };
    let mut channels = Vec::new();
    loop {
        let page = remote::answer(alerts.list_alert_channels(request.clone())).await?;
        channels.extend(page.channels);
        if page.next_page_token.is_empty() {
            return Ok(channels);
        }
        request.page_token = page.next_page_token;
    }
}

/// The channel of an id, or else the only one of a name.
fn choose<'a>(channels: &'a [AlertChannel], wanted: &str) -> Result<&'a AlertChannel, String> {
    if let Some(channel) = channels.iter().find(|it| it.id == wanted) {
        return Ok(channel);
    }
    let found: Vec<_> = channels
        .iter()
        .filter(|it| it.display_name == wanted)
        .collect();
    match found[..] {
        [channel] => Ok(channel),
        [] if channels.is_empty() => {
            Err("there is no channel yet: add one under Alerts".to_owned())
        }
        [] => {
            let names: Vec<_> = channels.iter().map(|it| it.display_name.as_str()).collect();
            Err(format!(
                "no channel is called {wanted}; there are: {}",
                names.join(", ")
            ))
        }
        _ => {
            let ids: Vec<_> = found.iter().map(|it| it.id.as_str()).collect();
            Err(format!(
                "several channels are called {wanted}; choose one by its id: {}",
                ids.join(", ")
            ))
        }
    }
}

fn tell(name: &str, told: &TestAlertChannelResponse) -> End {
    for recipient in &told.recipients {
        println!("{}: {}", recipient.address, outcome(recipient));
    }
    let answer = if told.answer.is_empty() {
        String::new()
    } else {
        format!(" ({})", told.answer)
    };
    if told.accepted {
        println!("{name}: taken{answer}");
        return End::Done;
    }
    let error = if told.error.is_empty() {
        "not everybody got it"
    } else {
        &told.error
    };
    eprintln!("{name}: not taken{answer}: {error}");
    End::Failed
}

fn outcome(recipient: &AlertRecipient) -> String {
    let word = match recipient.state() {
        AlertState::Sent => "taken",
        AlertState::Pending => "not now",
        _ => "refused",
    };
    format!("{word} ({})", recipient.answer)
}
