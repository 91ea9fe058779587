//! What the App asks in its own name.

use lampboard_github_app::github::{Error, HookConfigChange};
use serde_json::{Value, json};

use crate::support::{
    World,
    fake::{Canned, Fake},
};

#[tokio::test]
async fn reads_what_the_app_is() {
    let fake = Fake::answering_in_turn([Canned::json(&json!({
        "id": 4711,
        "slug": "lampboard",
        "client_id": "Iv23of",
        "owner": { "login": "octo-org", "id": 9 },
        "name": "Lampboard",
        "permissions": { "actions": "read", "metadata": "read" },
        "events": ["workflow_run", "workflow_job"],
        "installations_count": 2
    }))]);
    let world = World::new(fake).await;
    let app = world.github.app().await.unwrap();
    assert_eq!(app.id, Some(4711));
    assert_eq!(app.owner.unwrap().login.as_deref(), Some("octo-org"));
    assert_eq!(app.permissions.unwrap()["metadata"], "read");
    assert_eq!(app.events.unwrap(), ["workflow_run", "workflow_job"]);
    let asked = world.fake.asked().remove(0);
    assert_eq!(
        (asked.method.as_str(), asked.path.as_str()),
        ("GET", "/app")
    );
}

#[tokio::test]
async fn says_what_it_is_in_every_request() {
    let world = World::new(Fake::answering_in_turn([Canned::json(&json!({}))])).await;
    world.github.app().await.unwrap();
    let asked = world.fake.asked().remove(0);
    assert_eq!(asked.header("accept"), Some("application/vnd.github+json"));
    assert_eq!(asked.header("x-github-api-version"), Some("2022-11-28"));
    let agent = concat!("lampboard/", env!("CARGO_PKG_VERSION"));
    assert_eq!(asked.header("user-agent"), Some(agent));
}

#[tokio::test]
async fn reads_one_installation_or_that_it_is_gone() {
    let fake = Fake::answering_in_turn([
        Canned::json(&json!({ "id": 88, "repository_selection": "selected" })),
        Canned::refusal(404, "Not Found"),
    ]);
    let world = World::new(fake).await;
    let installation = world.github.installation(88).await.unwrap();
    assert_eq!(
        installation.repository_selection.as_deref(),
        Some("selected")
    );
    assert_eq!(world.fake.asked()[0].path, "/app/installations/88");
    let gone = world.github.installation(88).await;
    assert!(matches!(
        gone,
        Err(Error::InstallationGone {
            installation_id: 88
        })
    ));
}

#[tokio::test]
async fn reads_and_changes_where_deliveries_go() {
    let fake = Fake::answering(|_| {
        Canned::json(&json!({
            "content_type": "form",
            "insecure_ssl": "0",
            "secret": "********",
            "url": "https://ci.example.com/api/webhook/github-actions"
        }))
    });
    let world = World::new(fake).await;
    let config = world.github.hook_config().await.unwrap();
    assert_eq!(config.content_type.as_deref(), Some("form"));
    assert_eq!(config.insecure_ssl, Some(json!("0")));
    let change = HookConfigChange {
        content_type: Some("json".to_owned()),
        secret: Some("of the tests".into()),
        ..HookConfigChange::default()
    };
    world.github.set_hook_config(&change).await.unwrap();
    let asked = world.fake.asked().remove(1);
    assert_eq!(
        (asked.method.as_str(), asked.path.as_str()),
        ("PATCH", "/app/hook/config")
    );
    assert_eq!(asked.header("content-type"), Some("application/json"));
    let body: Value = serde_json::from_slice(&asked.body).unwrap();
    assert_eq!(
        body,
        json!({ "content_type": "json", "secret": "of the tests" })
    );
    assert!(!format!("{change:?}").contains("of the tests"));
}

#[tokio::test]
async fn reads_deliveries_page_by_page() {
    let fake = Fake::answering(|asked| match asked.path.as_str() {
        "/app/hook/deliveries?per_page=100" => {
            let next = format!(
                "<http://{}/api/v3/app/hook/deliveries?per_page=100&cursor=v1_17%2B>; rel=\"next\"",
                asked.header("host").unwrap()
            );
            let items = json!([
                {
                    "id": 12_345_678_901_i64, "guid": "0b989ba4", "delivered_at": "2026-02-28T10:00:00.25Z",
                    "redelivery": false, "duration": 0.27, "status": "OK", "status_code": 200,
                    "event": "workflow_run", "action": "completed", "installation_id": 88,
                    "repository_id": 7, "throttled_at": null
                },
                { "id": 2, "guid": "0b989ba5", "status": "timed out", "status_code": 0, "action": null },
                { "id": 3, "guid": 5 },
            ]);
            Canned::json(&items).with("link", next)
        }
        "/app/hook/deliveries?per_page=100&cursor=v1_17%2B" => Canned::json(&json!([])),
        other => panic!("unexpected: {other}"),
    });
    let world = World::new(fake).await;
    let page = world.github.deliveries(None).await.unwrap();
    assert_eq!(page.items.len(), 2);
    assert_eq!(page.items[0].id, Some(12_345_678_901));
    assert_eq!(page.items[0].repository_id, Some(7));
    assert_eq!(
        page.items[0].delivered_at.unwrap().to_string(),
        "2026-02-28T10:00:00.25Z"
    );
    assert_eq!(page.items[1].status_code, Some(0));
    assert_eq!(page.next_cursor.as_deref(), Some("v1_17+"));
    let last = world
        .github
        .deliveries(page.next_cursor.as_deref())
        .await
        .unwrap();
    assert_eq!(last.next_cursor, None);
    assert_eq!(world.github.budgets()[0].spent.reconcile, 2);
}

#[tokio::test]
async fn reads_what_a_delivery_carried_to_the_letter() {
    let payload = r#"{"action":"completed","big":12345678901234567890,"x":1.0,"t":"\u003c"}"#;
    let body = format!(
        r#"{{"id":5,"guid":"g","event":"workflow_run","request":{{"headers":{{}},"payload":{payload}}},"response":{{}}}}"#
    );
    let fake = Fake::answering_in_turn([Canned::status(200).with_body(body)]);
    let world = World::new(fake).await;
    let detail = world.github.delivery(5).await.unwrap();
    assert_eq!(detail.payload.get(), payload);
    assert_eq!(detail.delivery.guid.as_deref(), Some("g"));
    assert_eq!(detail.delivery.event.as_deref(), Some("workflow_run"));
    assert_eq!(world.fake.asked()[0].path, "/app/hook/deliveries/5");
}

#[tokio::test]
async fn asks_for_a_delivery_again() {
    let fake = Fake::answering_in_turn([Canned::status(202).with_body("{}")]);
    let world = World::new(fake).await;
    world.github.redeliver(5).await.unwrap();
    let asked = world.fake.asked().remove(0);
    let path = "/app/hook/deliveries/5/attempts";
    assert_eq!((asked.method.as_str(), asked.path.as_str()), ("POST", path));
}
