//! Everything that can be asked, asked once by whoever may, and now and then by who may not.

use std::path::PathBuf;

use axum::Router;
use axum::http::StatusCode;
use http::{Method, header};
use lampboard_github_double::Double;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::client::{Client, Outcome, Question, json_web_token, question};
use crate::story::Cast;

/// Writes all answers to a folder.
pub(crate) async fn write(double: &Double, cast: &Cast, folder: PathBuf) -> Outcome<()> {
    let client = Client::new(double, folder)?;
    let app = double.github(|github| github.app(cast.app).cloned());
    let app_token = json_web_token(double, &app.ok_or("the story has an App")?)?;
    let token = of_app(&client, cast, &app_token).await?;
    of_deliveries(&client, double, cast, &app_token).await?;
    of_installation(&client, &token).await?;
    of_runs(&client, cast, &token).await?;
    of_person(&client, double, cast).await?;
    of_manifest(&client, double).await
}

/// The App itself and its installations; hands back a token of one.
async fn of_app(client: &Client, cast: &Cast, app: &str) -> Outcome<String> {
    let installation = format!("/app/installations/{}", cast.installation);
    let suspended = format!("/app/installations/{}", cast.suspended);
    client.get("apps-get-authenticated", "/app", app).await?;
    client
        .get("apps-list-installations", "/app/installations", app)
        .await?;
    client
        .get("apps-get-installation", &installation, app)
        .await?;
    client
        .get_also("suspended", "apps-get-installation", &suspended, app)
        .await?;
    client
        .get("apps-get-installation", "/app/installations/1", app)
        .await?;
    client
        .get(
            "apps-get-repo-installation",
            "/repos/acme/api/installation",
            app,
        )
        .await?;
    client
        .get("apps-get-org-installation", "/orgs/acme/installation", app)
        .await?;

    let tokens = format!("{installation}/access_tokens");
    let operation = "apps-create-installation-access-token";
    let narrow = Question {
        body: json!({"repositories": ["api"], "permissions": {"metadata": "read"}}),
        word: "narrow",
        ..question(Method::POST, operation, &tokens, app)
    };
    client.ask(narrow).await?;
    client.post(operation, &tokens, "").await?;
    client
        .post(operation, &format!("{suspended}/access_tokens"), app)
        .await?;
    client
        .post(operation, "/app/installations/1/access_tokens", app)
        .await?;
    let token = client.post(operation, &tokens, app).await?;
    text(&token, "token")
}

/// The webhook: one delivery that arrives and one that does not.
async fn of_deliveries(client: &Client, double: &Double, cast: &Cast, app: &str) -> Outcome<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let here = format!("http://{}/hook", listener.local_addr()?);
    let receiver = Router::new().fallback(async || (StatusCode::ACCEPTED, "seen"));
    tokio::spawn(async move { axum::serve(listener, receiver).await });

    for (word, url) in [
        ("here", here.as_str()),
        ("nowhere", "http://127.0.0.1:1/hook"),
    ] {
        let operation = "apps-update-webhook-config-for-app";
        let change = Question {
            body: json!({"content_type": "json", "url": url}),
            word,
            ..question(Method::PATCH, operation, "/app/hook/config", app)
        };
        client.ask(change).await?;
        double.github(|github| github.ping(cast.app));
        double.deliver().await;
    }
    client
        .get("apps-get-webhook-config-for-app", "/app/hook/config", app)
        .await?;
    let deliveries = "/app/hook/deliveries";
    let list = client
        .get("apps-list-webhook-deliveries", deliveries, app)
        .await?;
    for delivery in list.as_array().ok_or("deliveries make a list")? {
        let path = format!("{deliveries}/{}", delivery["id"]);
        let word = if delivery["status"] == "OK" {
            "here"
        } else {
            "nowhere"
        };
        client
            .get_also(word, "apps-get-webhook-delivery", &path, app)
            .await?;
        let operation = "apps-redeliver-webhook-delivery";
        client
            .post(operation, &format!("{path}/attempts"), app)
            .await?;
    }
    Ok(())
}

/// What an installation sees of its repositories.
async fn of_installation(client: &Client, token: &str) -> Outcome<()> {
    let list = "/installation/repositories";
    let operation = "apps-list-repos-accessible-to-installation";
    client.get(operation, list, token).await?;
    client.get(operation, list, "").await?;
    client.get("repos-get", "/repos/acme/api", token).await?;
    client.get("repos-get", "/repos/acme/api2", token).await?;
    client
        .get("repos-get", "/repos/acme/nothing", token)
        .await?;
    client.get("rate-limit-get", "/rate_limit", token).await?;
    client.get("meta-get", "/meta", token).await?;
    Ok(())
}

/// Runs and jobs, and what can be done to them.
async fn of_runs(client: &Client, cast: &Cast, token: &str) -> Outcome<()> {
    let actions = "/repos/acme/api/actions";
    let run = format!("{actions}/runs/{}", cast.run);
    let open_run = format!("{actions}/runs/{}", cast.open_run);
    for (operation, path) in [
        (
            "actions-list-repo-workflows",
            format!("{actions}/workflows"),
        ),
        (
            "actions-list-workflow-runs-for-repo",
            format!("{actions}/runs"),
        ),
        (
            "actions-list-workflow-runs",
            format!("{actions}/workflows/{}/runs", cast.workflow),
        ),
        ("actions-get-workflow-run", run.clone()),
        (
            "actions-get-workflow-run-attempt",
            format!("{run}/attempts/1"),
        ),
        (
            "actions-list-jobs-for-workflow-run-attempt",
            format!("{run}/attempts/1/jobs"),
        ),
        (
            "actions-list-jobs-for-workflow-run",
            format!("{run}/jobs?filter=all"),
        ),
        (
            "actions-get-job-for-workflow-run",
            format!("{actions}/jobs/{}", cast.job),
        ),
    ] {
        client.get(operation, &path, token).await?;
    }
    client
        .get_also("open", "actions-get-workflow-run", &open_run, token)
        .await?;
    let attempt = format!("{run}/attempts/2");
    client
        .get_also(
            "second",
            "actions-get-workflow-run-attempt",
            &attempt,
            token,
        )
        .await?;
    let jobs = format!("{open_run}/jobs");
    client
        .get_also("open", "actions-list-jobs-for-workflow-run", &jobs, token)
        .await?;

    client
        .post(
            "actions-cancel-workflow-run",
            &format!("{open_run}/cancel"),
            token,
        )
        .await?;
    let again = format!("{open_run}/rerun-failed-jobs");
    client
        .post("actions-re-run-workflow-failed-jobs", &again, token)
        .await?;
    client
        .post("actions-re-run-workflow", &format!("{run}/rerun"), token)
        .await?;
    Ok(())
}

/// What a person sees through the App.
async fn of_person(client: &Client, double: &Double, cast: &Cast) -> Outcome<()> {
    let now = double.clock().now();
    let tokens = double.tokens(|tokens| tokens.issue_user_token(cast.app, &cast.ada, now));
    let token = tokens.access_token.as_str();
    client
        .get("users-get-authenticated", "/user", token)
        .await?;
    client.get("users-get-authenticated", "/user", "").await?;
    let operation = "apps-list-installations-for-authenticated-user";
    client.get(operation, "/user/installations", token).await?;
    let path = format!("/user/installations/{}/repositories", cast.installation);
    let operation = "apps-list-installation-repos-for-authenticated-user";
    client.get(operation, &path, token).await?;
    Ok(())
}

/// From a manifest to an App.
async fn of_manifest(client: &Client, double: &Double) -> Outcome<()> {
    let manifest = json!({
        "url": "https://board.example",
        "hook_attributes": {"url": "https://board.example/hook"},
        "redirect_url": "https://board.example/created",
        "default_permissions": {"actions": "read"},
        "default_events": ["workflow_run"],
    });
    let url = format!("{}/organizations/acme/settings/apps", double.web_url());
    let fields = [
        ("manifest", &*manifest.to_string()),
        ("name", "Another board"),
    ];
    let sent = client.send_form(&url, &fields).await?;
    let location = sent
        .headers()
        .get(header::LOCATION)
        .ok_or("it is sent back")?;
    let (_, code) = location
        .to_str()?
        .split_once("code=")
        .ok_or("with a code")?;
    let path = format!("/app-manifests/{code}/conversions");
    for _ in 0..2 {
        // The second time there is nothing to convert any more.
        client.post("apps-create-from-manifest", &path, "").await?;
    }
    Ok(())
}

fn text(json: &Value, field: &str) -> Outcome<String> {
    let text = json[field].as_str();
    Ok(text
        .ok_or_else(|| format!("no {field}: {json}"))?
        .to_owned())
}
