//! Who is believed: Apps by their signature, installations and people by their tokens.

use jiff::SignedDuration;
use lampboard_github_double::{FaultKind, TokenFormat, When};
use serde_json::json;

use crate::support::{NOON, Scene};

const UNDECODABLE: &str = "A JSON web token could not be decoded";

#[tokio::test]
async fn an_app_is_believed_by_id_and_by_client_id() {
    let scene = Scene::new().await;
    let client_id = scene.github(|github| github.app(scene.stage.app).unwrap().client_id.clone());
    let id = scene.stage.app.0;
    let now = NOON.as_second();
    for iss in [json!(id), json!(id.to_string()), json!(client_id)] {
        let jwt = scene.sign(&json!({"iss": iss, "iat": now, "exp": now + 600}));
        let reply = scene.get("/app", &jwt).await;
        assert_eq!(reply.status, 200, "{iss}: {reply:?}");
        assert_eq!(reply.json["id"], id);
        assert_eq!(reply.json["installations_count"], 1);
    }
    let claims = scene.last_request().claims.unwrap();
    assert_eq!(
        (claims.iss, claims.iat, claims.exp),
        (client_id, now, now + 600)
    );
}

#[tokio::test]
async fn tokens_of_apps_are_refused_in_githubs_words() {
    let scene = Scene::new().await;
    let (id, now) = (scene.stage.app.0, NOON.as_second());
    let later = "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued";
    let expired = "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires";
    let too_long = "'Expiration time' claim ('exp') is too far in the future";
    let table = [
        (
            json!({"iss": id, "iat": now + 1, "exp": now + 60}),
            (401, later),
        ),
        (
            json!({"iss": id, "iat": "now", "exp": now + 60}),
            (401, later),
        ),
        (
            json!({"iss": id, "iat": now - 60, "exp": now}),
            (401, expired),
        ),
        (
            json!({"iss": id, "iat": now, "exp": now + 601}),
            (401, too_long),
        ),
        (
            json!({"iss": 1, "iat": now, "exp": now + 60}),
            (404, "Integration not found"),
        ),
        (
            json!({"iat": now, "exp": now + 60}),
            (401, "Missing 'issuer' claim ('iss') in assertion"),
        ),
    ];
    for (claims, expected) in table {
        let reply = scene.get("/app", &scene.sign(&claims)).await;
        assert_eq!(reply.message(), expected, "{claims}");
    }
    let good = scene.jwt();
    let (signed, _) = good.rsplit_once('.').unwrap();
    let forged = format!("{signed}.{}", "A".repeat(342));
    assert_eq!(
        scene.get("/app", &forged).await.message(),
        (401, UNDECODABLE)
    );
    assert_eq!(scene.get("/app", "").await.message(), (401, UNDECODABLE));
    assert_eq!(scene.get("/app", "a.b").await.message(), (401, UNDECODABLE));
}

#[tokio::test]
async fn a_skewed_clock_shows_in_the_date_and_refuses_what_is_right_elsewhere() {
    let scene = Scene::new().await;
    scene
        .double()
        .faults()
        .add(FaultKind::ClockSkew { seconds: -120 }.into());
    let reply = scene.get("/app", &scene.jwt()).await;
    assert_eq!(reply.status, 401, "its 60 s are not enough: {reply:?}");
    assert_eq!(reply.header("date"), "Thu, 12 Mar 2026 11:58:00 GMT");
}

#[tokio::test]
async fn an_installation_token_lives_an_hour_of_the_virtual_clock() {
    let scene = Scene::new().await;
    let token = scene.token().await;
    assert_eq!(
        scene.get("/installation/repositories", &token).await.status,
        200
    );
    scene.wait(3_599);
    assert_eq!(
        scene.get("/installation/repositories", &token).await.status,
        200
    );
    scene.wait(1);
    let reply = scene.get("/installation/repositories", &token).await;
    assert_eq!(reply.message(), (401, "Bad credentials"));
}

#[tokio::test]
async fn a_token_is_made_as_the_faults_want_it() {
    let scene = Scene::new().await;
    let faults = scene.double().faults();
    let of_tokens = || When::default().method("POST").path("**/access_tokens");
    faults.add(FaultKind::TokenTtl { seconds: 5 }.when(of_tokens()));
    faults.add(FaultKind::TokenReplicationLag { millis: 3_000 }.when(of_tokens()));
    let format = TokenFormat::Opaque40;
    faults.add(FaultKind::TokenFormat { format }.when(of_tokens()));
    let token = scene.token().await;
    assert_eq!(token.len(), 40);
    let mut status = Vec::new();
    for _ in 0..3 {
        status.push(
            scene
                .get("/installation/repositories", &token)
                .await
                .status
                .as_u16(),
        );
        scene.wait(3);
    }
    assert_eq!(status, [401, 200, 401], "too new, known, too old");
}

#[tokio::test]
async fn a_token_reaches_no_more_than_it_was_narrowed_to() {
    let scene = Scene::new().await;
    let other = scene.github(|github| github.create_repository("web"));
    let one = scene.stage.repository;
    let narrow = json!({"repository_ids": [one], "permissions": {"metadata": "read"}});
    let reply = scene.new_token(&narrow).await;
    assert_eq!(reply.json["repository_selection"], "selected");
    assert_eq!(reply.json["repositories"][0]["id"], one.0);
    let token = reply.json["token"].as_str().unwrap();
    let listed = scene.get("/installation/repositories", token).await;
    assert_eq!(listed.ids("repositories"), [one.0]);
    assert_eq!(
        scene
            .get(&format!("/repositories/{other}"), token)
            .await
            .status,
        404
    );
    let runs = scene
        .get(&format!("/repositories/{one}/actions/runs"), token)
        .await;
    assert_eq!(
        runs.message(),
        (403, "Resource not accessible by integration")
    );
    assert_eq!(runs.header("x-accepted-github-permissions"), "actions=read");
}

#[tokio::test]
async fn a_token_cannot_have_what_the_installation_has_not() {
    let scene = Scene::new().await;
    for narrow in [
        json!({"repository_ids": [1]}),
        json!({"permissions": {"actions": "write"}}),
        json!({"permissions": {"contents": "read"}}),
    ] {
        assert_eq!(scene.new_token(&narrow).await.status, 422, "{narrow}");
    }
}

#[tokio::test]
async fn a_revoked_token_ends_at_once() {
    let scene = Scene::new().await;
    let token = scene.token().await;
    let other = scene.token().await;
    let reply = scene
        .send(
            http::Method::DELETE,
            "/installation/token",
            &token,
            &[],
            &json!(null),
        )
        .await;
    assert_eq!(reply.status, 204);
    assert_eq!(
        scene.get("/installation/repositories", &token).await.status,
        401
    );
    assert_eq!(
        scene.get("/installation/repositories", &other).await.status,
        200
    );
}

#[tokio::test]
async fn a_person_sees_what_they_were_granted_and_no_more() {
    let scene = Scene::new().await;
    let (public, hidden) = scene.github(|github| {
        let hidden = github.create_repository("secret");
        github.repository_mut(hidden).private = true;
        (github.create_repository("web"), hidden)
    });
    let ada = scene.stage.ada.clone();
    let pair = scene
        .double()
        .tokens(|tokens| tokens.issue_user_token(scene.stage.app, &ada, NOON));
    let token = &pair.access_token;
    assert_eq!(scene.get("/user", token).await.json["login"], "ada");
    let installations = scene.get("/user/installations", token).await;
    assert_eq!(
        installations.ids("installations"),
        [scene.stage.installation.0]
    );
    let path = format!(
        "/user/installations/{}/repositories",
        scene.stage.installation
    );
    let listed = scene.get(&path, token).await;
    assert_eq!(listed.ids("repositories"), [scene.stage.repository.0]);
    let may = &listed.json["repositories"][0]["permissions"];
    assert_eq!((&may["push"], &may["admin"]), (&json!(true), &json!(false)));
    for (repository, expected) in [(scene.stage.repository, 200), (public, 200), (hidden, 404)] {
        let reply = scene
            .get(&format!("/repositories/{repository}"), token)
            .await;
        assert_eq!(reply.status, expected, "{repository}");
    }
    let later = SignedDuration::from_secs(pair.expires_in);
    scene.double().clock().advance(later);
    assert_eq!(
        scene.get("/user", token).await.message(),
        (401, "Bad credentials")
    );
}
