//! `AlertService`: configures alerts, and shows what became of them.

mod channels;
mod dry_run;
mod history;
mod overlay;
mod rules;

use std::sync::Arc;

use lampboard_proto::v1::{self, alert_service_server::AlertService};
use tonic::{Request, Response, Status};

use crate::{Clock, Server, alerts::Dispatch, store::Store};

pub(super) struct Alerts {
    store: Store,
    dispatch: Arc<Dispatch>,
    clock: Clock,
}

impl Alerts {
    pub(super) fn new(server: &Server) -> Self {
        Self {
            store: server.store.clone(),
            dispatch: Arc::clone(&server.dispatch),
            clock: server.clock.clone(),
        }
    }
}

/// Each call is a method of the same name in one of the modules.
macro_rules! calls {
    ($($name:ident($request:ident) -> $response:ident;)*) => {
        #[tonic::async_trait]
        impl AlertService for Alerts {
            $(
                async fn $name(
                    &self,
                    request: Request<v1::$request>,
                ) -> Result<Response<v1::$response>, Status> {
                    let response = Alerts::$name(self, request.into_inner()).await?;
                    Ok(Response::new(response))
                }
            )*
        }
    };
}

calls! {
    create_alert_channel(CreateAlertChannelRequest) -> CreateAlertChannelResponse;
    get_alert_channel(GetAlertChannelRequest) -> GetAlertChannelResponse;
    list_alert_channels(ListAlertChannelsRequest) -> ListAlertChannelsResponse;
    update_alert_channel(UpdateAlertChannelRequest) -> UpdateAlertChannelResponse;
    delete_alert_channel(DeleteAlertChannelRequest) -> DeleteAlertChannelResponse;
    test_alert_channel(TestAlertChannelRequest) -> TestAlertChannelResponse;
    create_alert_rule(CreateAlertRuleRequest) -> CreateAlertRuleResponse;
    get_alert_rule(GetAlertRuleRequest) -> GetAlertRuleResponse;
    list_alert_rules(ListAlertRulesRequest) -> ListAlertRulesResponse;
    update_alert_rule(UpdateAlertRuleRequest) -> UpdateAlertRuleResponse;
    delete_alert_rule(DeleteAlertRuleRequest) -> DeleteAlertRuleResponse;
    dry_run_alert_rule(DryRunAlertRuleRequest) -> DryRunAlertRuleResponse;
    list_incidents(ListIncidentsRequest) -> ListIncidentsResponse;
    get_incident(GetIncidentRequest) -> GetIncidentResponse;
    list_alerts(ListAlertsRequest) -> ListAlertsResponse;
    retry_alert(RetryAlertRequest) -> RetryAlertResponse;
    preview_alert(PreviewAlertRequest) -> PreviewAlertResponse;
}
