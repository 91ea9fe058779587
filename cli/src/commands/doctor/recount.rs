//! Whether what is kept of builds is what follows from the rows.

use lampboard_github_app::doctor::Finding;
use lampboard_proto::v1::{
    RecountRequest, RecountResponse, admin_service_client::AdminServiceClient,
};
use tonic::Status;

use crate::commands::machine::Machine;

const SUBJECT: &str = "recount";

/// Has everything recounted. It takes as long as it takes.
pub(super) async fn examine(machine: &Machine) -> Result<Vec<Finding>, Status> {
    let mut admin = AdminServiceClient::new(machine.transport.clone());
    let recounted = admin.recount(RecountRequest {}).await?;
    Ok(judge(&recounted.into_inner()))
}

fn judge(recounted: &RecountResponse) -> Vec<Finding> {
    let RecountResponse {
        build_count,
        day_count,
        difference_count,
        differences,
    } = recounted;
    let builds = counted(*build_count, "build");
    let looked_at = format!("{builds} that ended on {}", counted(*day_count, "day"));
    if *difference_count == 0 {
        let message = format!("{looked_at}: all that is kept of them is right");
        return vec![Finding::ok(SUBJECT, message)];
    }
    let mut findings = vec![Finding::fail(
        SUBJECT,
        format!("{looked_at}: {}", counted(*difference_count, "difference")),
        "this should not be, and is a fault of Lampboard: please report it with these lines",
    )];
    findings.extend(differences.iter().map(|it| {
        let day = if it.day.is_empty() { "" } else { " on " };
        let (series, kept, recounted) = (&it.series, &it.kept, &it.recounted);
        Finding {
            fix: None,
            ..Finding::fail(
                SUBJECT,
                format!(
                    "{series}{day}{}: kept {kept}, recounted {recounted}",
                    it.day
                ),
                "",
            )
        }
    }));
    findings
}

/// So many of something, in words.
fn counted(count: i64, what: &str) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{count} {what}{s}")
}

#[cfg(test)]
mod tests {
    use lampboard_github_app::doctor::Level;
    use lampboard_proto::v1::Difference;

    use super::*;

    #[test]
    fn what_differs_is_told_with_both_values() {
        let mut recounted = RecountResponse {
            build_count: 12,
            day_count: 3,
            ..RecountResponse::default()
        };
        let findings = judge(&recounted);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].level, Level::Ok);
        recounted.difference_count = 30;
        recounted.differences = vec![Difference {
            series: "counted of build 7-1-1".to_owned(),
            day: "2026-03-02".to_owned(),
            kept: "false".to_owned(),
            recounted: "true".to_owned(),
        }];
        let findings = judge(&recounted);
        assert!(findings.iter().all(|it| it.level == Level::Fail));
        assert!(findings[0].message.ends_with("30 differences"));
        (recounted.build_count, recounted.day_count) = (1, 1);
        recounted.difference_count = 1;
        assert_eq!(
            judge(&recounted)[0].message,
            "1 build that ended on 1 day: 1 difference"
        );
        assert_eq!(
            findings[1].message,
            "counted of build 7-1-1 on 2026-03-02: kept false, recounted true"
        );
    }
}
