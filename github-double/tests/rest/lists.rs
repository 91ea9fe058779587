//! Lists: their order, pages, filters and ends.

use lampboard_github_double::{Options, PastTheCap, RunId, Trigger};
use serde_json::json;

use crate::support::{NOON, Scene};

#[tokio::test]
async fn runs_are_listed_newest_first_and_pages_lead_on() {
    let scene = Scene::new().await;
    let runs = push(&scene, 45);
    let token = scene.token().await;
    let first = scene
        .get("/repos/acme/api/actions/runs?per_page=20", &token)
        .await;
    assert_eq!(first.json["total_count"], 45);
    let id = scene.stage.repository;
    let base = format!(
        "{}/repositories/{id}/actions/runs?per_page=20",
        scene.double().api_url()
    );
    assert_eq!(first.link("next"), Some(&*format!("{base}&page=2")));
    assert_eq!(first.link("last"), Some(&*format!("{base}&page=3")));
    let mut seen = first.ids("workflow_runs");
    let mut page = first;
    while let Some(next) = page.link("next") {
        page = scene.get(next, &token).await;
        seen.extend(page.ids("workflow_runs"));
    }
    let newest_first: Vec<_> = runs.iter().rev().map(|run| run.0).collect();
    assert_eq!(seen, newest_first);
    assert_eq!(page.link("prev"), Some(&*format!("{base}&page=2")));
}

#[tokio::test]
async fn a_rerun_stays_where_it_was_and_shows_its_latest_attempt() {
    let scene = Scene::new().await;
    let old = scene.stage.whole_run(false);
    scene.wait(3_600);
    let new = scene.stage.whole_run(true);
    scene.wait(3_600);
    scene.github(|github| github.rerun(old, &scene.stage.ada));
    scene.stage.play(old, true);
    let token = scene.token().await;
    let list = scene.get("/repos/acme/api/actions/runs", &token).await;
    assert_eq!(list.ids("workflow_runs"), [new.0, old.0]);
    let shown = &list.json["workflow_runs"][1];
    assert_eq!(shown["run_attempt"], 2);
    assert_eq!(shown["created_at"], "2026-03-12T12:00:00Z");
    assert_eq!(shown["run_started_at"], "2026-03-12T14:03:00Z");
    let path = format!("/repos/acme/api/actions/runs/{old}/attempts");
    let attempts = [
        scene.get(&format!("{path}/1"), &token).await,
        scene.get(&format!("{path}/2"), &token).await,
    ];
    let conclusions = attempts.each_ref().map(|it| &it.json["conclusion"]);
    assert_eq!(conclusions, [&json!("failure"), &json!("success")]);
    assert_eq!(attempts[0].json["created_at"], "2026-03-12T12:00:00Z");
    assert_ne!(attempts[1].json["created_at"], "2026-03-12T12:00:00Z");
    assert_eq!(scene.get(&format!("{path}/3"), &token).await.status, 404);
}

#[tokio::test]
async fn filters_choose_runs() {
    let scene = Scene::new().await;
    let passed = scene.stage.whole_run(true);
    let failed = scene.stage.whole_run(false);
    let going = scene.stage.push_to("next");
    let scheduled = scene.github(|github| {
        let commit = github.commit(&scene.stage.ada, "Work at night");
        let grace = github.create_person("grace", "Grace Example");
        github.start_run(
            scene.stage.workflow,
            Trigger::schedule(&grace, "main", &commit),
        )
    });
    let sha = scene.github(|github| github.run(going).commit.sha.clone());
    let token = scene.token().await;
    let table = [
        ("status=success".to_owned(), vec![passed]),
        ("status=completed".to_owned(), vec![failed, passed]),
        ("status=queued".to_owned(), vec![scheduled, going]),
        ("status=startup_failure".to_owned(), vec![]),
        ("branch=next".to_owned(), vec![going]),
        ("event=schedule".to_owned(), vec![scheduled]),
        ("actor=Grace".to_owned(), vec![scheduled]),
        ("actor=ada&status=queued".to_owned(), vec![going]),
        (format!("head_sha={sha}"), vec![going]),
        ("created=%3C2026-03-12T12:01:30Z".to_owned(), vec![passed]),
        (
            "created=2026-03-12".to_owned(),
            vec![scheduled, going, failed, passed],
        ),
        ("created=%3E2026-03-12".to_owned(), vec![]),
    ];
    for (query, expected) in table {
        let path = format!("/repos/acme/api/actions/runs?{query}");
        let reply = scene.get(&path, &token).await;
        let expected: Vec<_> = expected.iter().map(|run: &RunId| run.0).collect();
        assert_eq!(reply.ids("workflow_runs"), expected, "{query}");
        assert_eq!(reply.json["total_count"], expected.len());
    }
    let reply = scene
        .get("/repos/acme/api/actions/runs?created=yesterday", &token)
        .await;
    assert_eq!(reply.status, 422);
}

#[tokio::test]
async fn nothing_filtered_is_shown_past_the_thousandth() {
    let scene = Scene::new().await;
    push(&scene, 1_050);
    let token = scene.token().await;
    let filtered = "/repos/acme/api/actions/runs?branch=main&per_page=100&page=";
    let last = scene.get(&format!("{filtered}10"), &token).await;
    assert_eq!(last.ids("workflow_runs").len(), 100);
    assert_eq!(
        (last.link("next"), &last.json["total_count"]),
        (None, &json!(1_050))
    );
    let past = scene.get(&format!("{filtered}11"), &token).await;
    assert_eq!(
        (past.status.as_u16(), past.ids("workflow_runs").len()),
        (200, 0)
    );
    let all = "/repos/acme/api/actions/runs?per_page=100&exclude_pull_requests=true&page=11";
    assert_eq!(scene.get(all, &token).await.ids("workflow_runs").len(), 50);
}

#[tokio::test]
async fn past_the_cap_may_be_refused_too() {
    let mut options = Options::frozen(7, NOON);
    options.switches.past_the_cap = PastTheCap::Refusal;
    let scene = Scene::with(options).await;
    let token = scene.token().await;
    let filtered = "/repos/acme/api/actions/runs?branch=main&per_page=100&page=";
    assert_eq!(
        scene.get(&format!("{filtered}10"), &token).await.status,
        200
    );
    assert_eq!(
        scene.get(&format!("{filtered}11"), &token).await.status,
        422
    );
}

#[tokio::test]
async fn jobs_are_listed_by_attempt() {
    let scene = Scene::new().await;
    let run = scene.stage.whole_run(false);
    scene.github(|github| github.rerun(run, &scene.stage.ada));
    scene.stage.play(run, true);
    let token = scene.token().await;
    let path = format!("/repos/acme/api/actions/runs/{run}");
    let first = scene.get(&format!("{path}/attempts/1/jobs"), &token).await;
    let second = scene.get(&format!("{path}/attempts/2/jobs"), &token).await;
    let latest = scene.get(&format!("{path}/jobs"), &token).await;
    let all = scene.get(&format!("{path}/jobs?filter=all"), &token).await;
    let (first, second) = (first.ids("jobs"), second.ids("jobs"));
    assert_ne!(first, second);
    assert_eq!(latest.ids("jobs"), second);
    assert_eq!(all.ids("jobs"), [first.clone(), second].concat());
    let job = scene
        .get(
            &format!("/repos/acme/api/actions/jobs/{}", first[0]),
            &token,
        )
        .await;
    assert_eq!(job.json["conclusion"], "failure");
    assert_eq!(job.json["run_attempt"], 1);
}

#[tokio::test]
async fn workflows_are_found_by_id_and_by_file() {
    let scene = Scene::new().await;
    let run = scene.stage.push();
    let workflow = scene.stage.workflow.0;
    let token = scene.token().await;
    let list = scene.get("/repos/acme/api/actions/workflows", &token).await;
    assert_eq!(list.ids("workflows"), [workflow]);
    for name in [workflow.to_string(), "ci.yml".to_owned()] {
        let path = format!("/repos/acme/api/actions/workflows/{name}");
        assert_eq!(scene.get(&path, &token).await.json["id"], workflow);
        let runs = scene.get(&format!("{path}/runs"), &token).await;
        assert_eq!(runs.ids("workflow_runs"), [run.0]);
    }
}

#[tokio::test]
async fn installations_and_their_repositories_are_listed() {
    let scene = Scene::new().await;
    scene.github(|github| {
        for number in 0..40 {
            github.create_repository(&format!("part-{number}"));
        }
    });
    let installations = scene.get("/app/installations", &scene.jwt()).await;
    assert_eq!(installations.json[0]["id"], scene.stage.installation.0);
    assert_eq!(installations.json[0]["account"]["login"], "acme");
    let since = "/app/installations?since=2026-03-12T12:00:01Z";
    assert_eq!(scene.get(since, &scene.jwt()).await.json, json!([]));
    let of_account = scene.get("/orgs/acme/installation", &scene.jwt()).await;
    assert_eq!(of_account.json["id"], scene.stage.installation.0);
    let token = scene.token().await;
    let page = scene
        .get("/installation/repositories?per_page=30", &token)
        .await;
    assert_eq!(page.json["total_count"], 41);
    let rest = scene.get(page.link("next").unwrap(), &token).await;
    assert_eq!(rest.ids("repositories").len(), 11);
}

/// Pushes so often, a second apart.
fn push(scene: &Scene, count: usize) -> Vec<RunId> {
    let mut runs = Vec::new();
    for _ in 0..count {
        runs.push(scene.stage.push());
        scene.wait(1);
    }
    runs
}
