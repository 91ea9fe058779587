//! The runs that alerts are raised by, as deliveries.

use jiff::{SignedDuration, Timestamp};
use lampboard_github_double::{Conclusion, GitHub, Trigger};

use super::channels::repository;
use super::shape::{CHANNELS, Planned};
use crate::delivery::Delivery;
use crate::subject::SECRET;

/// What is older raises nothing, after hours.
const AGO: SignedDuration = SignedDuration::from_mins(30);

/// One run.
pub(crate) struct Run {
    /// Of its start and its job.
    pub(crate) before: Vec<Delivery>,
    /// Of its end: what an alert is raised by.
    pub(crate) end: Delivery,
}

/// A run for each alert, in the order of the plan.
pub(crate) fn prepare(plan: &[Planned], now: Timestamp) -> Vec<Run> {
    let start = now - AGO;
    let mut github = GitHub::new("acme-corp", 1, start);
    let author = github.create_person("ada", "Ada Example");
    let workflows: Vec<_> = (0..CHANNELS)
        .map(|channel| {
            let repository = github.create_repository(&repository(channel));
            github.create_workflow(repository, "CI", ".github/workflows/ci.yml")
        })
        .collect();
    github.take_changes();
    let step = AGO / i32::try_from(plan.len() + 1).unwrap_or(i32::MAX);
    let mut runs = Vec::with_capacity(plan.len());
    for (planned, number) in plan.iter().zip(1..) {
        let commit = github.commit(&author, "Say what was meant\n\nIt read otherwise before.");
        let workflow = workflows[planned.channel];
        let run = github.start_run(workflow, Trigger::push(&planned.branch, &commit));
        let job = github.queue_job(run, "test");
        github.start_job(job);
        github.set_now(start + step * number);
        match planned.conclusion {
            Conclusion::Success => github.pass_step(job, "Run tests"),
            _ => github.fail_step(job, "Run tests"),
        }
        github.finish_job(job);
        github.finish_run(run);
        let changes = github.take_changes();
        let mut deliveries: Vec<_> = changes
            .iter()
            .map(|change| Delivery::new(change, SECRET))
            .collect();
        let end = deliveries.pop().expect("a run that finished is told of");
        runs.push(Run {
            before: deliveries,
            end,
        });
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alerts::shape::Shape;

    #[test]
    fn each_ends_as_planned_where_its_channel_looks() {
        let plan = Shape::ToOneWebhook.plan();
        let runs = prepare(&plan, "2026-01-31T12:00:00Z".parse().unwrap());
        assert_eq!(runs.len(), plan.len());
        for (run, planned) in runs.iter().zip(&plan) {
            let event: serde_json::Value = serde_json::from_slice(&run.end.body).unwrap();
            let told = &event["workflow_run"];
            assert_eq!(event["action"], "completed");
            assert_eq!(told["conclusion"], "failure");
            assert_eq!(told["head_branch"], planned.branch);
            assert_eq!(
                told["repository"]["name"],
                format!("service-{}", planned.channel)
            );
            assert!(run.before.iter().all(|it| it.run_id == run.end.run_id));
        }
    }
}
