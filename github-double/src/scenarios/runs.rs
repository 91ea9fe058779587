//! What can happen to a run: S1 to S4, S14 to S16 and S19.

use jiff::SignedDuration;

use super::stage::Stage;
use crate::github::id::{JobId, RunId};
use crate::github::status::Conclusion;
use crate::github::trigger::Trigger;

/// S1: a run is asked for, runs and passes. Its three events may come in any order (S3) and any
/// number (S4): that is for the hook faults to do.
pub fn happy(stage: &Stage) -> RunId {
    stage.whole_run(true)
}

/// S2: a run fails and is re-run three hours later, and passes.
pub fn recover_on_rerun(stage: &Stage) -> RunId {
    let run = stage.whole_run(false);
    rerun_later(stage, run, SignedDuration::from_hours(3));
    run
}

/// Somebody re-runs it after a while, and it passes. S6 has this 20 days after the run.
pub fn rerun_later(stage: &Stage, run: RunId, after: SignedDuration) {
    stage.wait(after);
    stage.double.github(|github| github.rerun(run, &stage.ada));
    stage.play(run, true);
}

/// S14: a run of a pull request from a fork, whose number GitHub does not tell.
pub fn fork_pull_request(stage: &Stage) -> RunId {
    let run = stage.double.github(|github| {
        let stranger = github.create_person("grace", "Grace Example");
        let commit = github.commit(&stranger, "Correct a comment");
        github.start_run(
            stage.workflow,
            Trigger::fork_pull_request("patch-1", &commit),
        )
    });
    stage.play(run, true);
    run
}

/// S15: a run whose workflow file cannot be read; it has no jobs and the file's path for a name.
pub fn startup_failure(stage: &Stage) -> RunId {
    stage.double.github(|github| {
        let commit = github.commit(&stage.ada, "Indent with tabs");
        github.fail_to_start_run(stage.workflow, Trigger::push("main", &commit))
    })
}

/// S15: a run that ends with a word that nobody has heard of.
pub fn unknown_conclusion(stage: &Stage) -> RunId {
    let run = stage.push();
    stage.wait(SignedDuration::from_secs(30));
    stage
        .double
        .github(|github| github.conclude_run(run, Conclusion::Novel));
    run
}

/// S15: a run whose branch GitHub does not know.
pub fn null_branch(stage: &Stage) -> RunId {
    let run = stage.double.github(|github| {
        let commit = github.commit(&stage.ada, "Publish");
        let trigger = Trigger::dispatch(&stage.ada, "main", &commit);
        github.start_run(stage.workflow, trigger.without_branch())
    });
    stage.play(run, true);
    run
}

/// S16: annotations come in after the end, and move `updated_at` again and again.
pub fn drift(stage: &Stage) -> RunId {
    let run = stage.whole_run(true);
    for _ in 0..3 {
        stage.wait(SignedDuration::from_hours(7));
        stage.double.github(|github| github.annotate_run(run));
    }
    run
}

/// S19: a run begins. Its end goes unheard if the webhooks of [`end`] are dropped by a fault.
pub fn hang(stage: &Stage) -> (RunId, JobId) {
    let run = stage.push();
    let job = stage.double.github(|github| github.queue_job(run, "test"));
    stage.wait(SignedDuration::from_secs(10));
    stage.double.github(|github| github.start_job(job));
    (run, job)
}

/// S19: the run that began ends six hours later.
pub fn end(stage: &Stage, run: RunId, job: JobId) {
    stage.wait(SignedDuration::from_hours(6));
    stage.double.github(|github| {
        github.finish_job(job);
        github.finish_run(run);
    });
}
