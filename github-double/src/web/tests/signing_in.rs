//! Signing in at an App by GitHub.

use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::Site;
use super::browser::{Browser, Seen};
use crate::github::app::{App, AppRegistration};

const AUTHORIZE: &str = "/login/oauth/authorize";
const EXCHANGE: &str = "/login/oauth/access_token";
const CALLBACK: &str = "http://127.0.0.1:1/callback";
/// The example of RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

fn register(site: &Site, name: &str) -> App {
    let registration = AppRegistration {
        name: name.to_owned(),
        callback_urls: vec![CALLBACK.to_owned(), format!("{CALLBACK}/2")],
        ..AppRegistration::default()
    };
    site.github(|github| {
        let organization = github.organization().clone();
        let id = github.register_app(registration, &organization);
        github.app(id).unwrap().clone()
    })
}

fn authorize(app: &App, more: &str) -> String {
    format!("{AUTHORIZE}?client_id={}&state=xyz{more}", app.client_id)
}

/// The code that `ada` gets for an App, with a challenge.
async fn code(site: &Site, app: &App) -> String {
    let more = format!("&code_challenge={CHALLENGE}&code_challenge_method=S256");
    let mut browser = site.browser_of("ada").await;
    browser
        .get(&authorize(app, &more))
        .await
        .parameter("code")
        .unwrap()
}

/// Sends the App's credentials and more as JSON.
async fn exchange(browser: &mut Browser, app: &App, more: Value) -> Seen {
    let mut body = json!({
        "client_id": app.client_id,
        "client_secret": app.client_secret.expose_secret(),
    });
    let Value::Object(more) = more else {
        panic!("fields make an object");
    };
    body.as_object_mut().unwrap().extend(more);
    let seen = browser.post_json(EXCHANGE, &body).await;
    assert_eq!(seen.status, 200, "GitHub says everything with 200");
    seen
}

async fn problem(browser: &mut Browser, app: &App, more: Value) -> String {
    let answer = exchange(browser, app, more).await.json();
    assert!(answer["error_description"].is_string(), "{answer}");
    assert_eq!(answer["access_token"], Value::Null);
    answer["error"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_person_is_chosen_and_sent_back_with_a_code() {
    let site = Site::start().await;
    let app = register(&site, "Lampboard");
    let mut browser = site.browser();
    let page = browser.get(&authorize(&app, "")).await;
    page.assert_shows(200, "Authorize Lampboard");
    page.assert_shows(200, "Continue as ada");
    page.assert_shows(200, "Continue as acme-admin");
    let fields = [
        ("client_id", app.client_id.as_str()),
        ("state", "xyz"),
        ("login", "ada"),
    ];
    let back = browser.post(AUTHORIZE, &fields).await;
    assert!(back.location().starts_with(&format!("{CALLBACK}?code=")));
    assert_eq!(back.parameter("state").as_deref(), Some("xyz"));

    let page = browser.get(&authorize(&app, "")).await;
    page.assert_shows(200, "Authorize Lampboard");
    let fields = [
        ("client_id", app.client_id.as_str()),
        ("state", "xyz"),
        ("cancel", "1"),
    ];
    let back = browser.post(AUTHORIZE, &fields).await;
    assert_eq!(back.parameter("error").as_deref(), Some("access_denied"));
    assert_eq!(back.parameter("state").as_deref(), Some("xyz"));
    assert_eq!(back.parameter("code"), None);
}

#[tokio::test]
async fn whoever_is_signed_in_goes_on_at_once_unless_another_is_wanted() {
    let site = Site::start().await;
    let app = register(&site, "Lampboard");
    let mut browser = site.browser_of("ada").await;
    let back = browser.get(&authorize(&app, "")).await;
    assert!(back.parameter("code").is_some());
    let back = browser.get(&authorize(&app, "&login=ADA")).await;
    assert!(back.parameter("code").is_some());
    let page = browser.get(&authorize(&app, "&login=acme-admin")).await;
    page.assert_shows(200, "Continue as acme-admin");
    assert!(!page.text.contains("Continue as ada"));
}

#[tokio::test]
async fn codes_go_to_registered_addresses_only() {
    let site = Site::start().await;
    let app = register(&site, "Lampboard");
    let mut browser = site.browser_of("ada").await;
    let second = format!("&redirect_uri={CALLBACK}/2");
    let back = browser.get(&authorize(&app, &second)).await;
    assert!(back.location().starts_with(&format!("{CALLBACK}/2?code=")));
    for address in [
        &CALLBACK[..CALLBACK.len() - 1],
        "http://127.0.0.1:1/callback/3",
        "x",
    ] {
        let page = browser
            .get(&authorize(&app, &format!("&redirect_uri={address}")))
            .await;
        page.assert_shows(
            400,
            "The redirect_uri is not associated with this application.",
        );
        let fields = [
            ("client_id", app.client_id.as_str()),
            ("redirect_uri", address),
            ("login", "ada"),
        ];
        assert_eq!(browser.post(AUTHORIZE, &fields).await.status, 400);
    }
    let unknown = browser.get(&format!("{AUTHORIZE}?client_id=nobody")).await;
    assert_eq!(unknown.status, 404);
}

#[tokio::test]
async fn only_the_challenge_s256_is_taken() {
    let site = Site::start().await;
    let app = register(&site, "Lampboard");
    let mut browser = site.browser_of("ada").await;
    for more in [
        format!("&code_challenge={VERIFIER}&code_challenge_method=plain"),
        format!("&code_challenge={CHALLENGE}"),
        "&code_challenge=short&code_challenge_method=S256".to_owned(),
        "&code_challenge_method=S256".to_owned(),
    ] {
        let back = browser.get(&authorize(&app, &more)).await;
        assert_eq!(
            back.parameter("error").as_deref(),
            Some("invalid_request"),
            "{more}"
        );
        assert_eq!(back.parameter("state").as_deref(), Some("xyz"));
    }
}

#[tokio::test]
async fn a_code_is_exchanged_once() {
    let site = Site::start().await;
    let app = register(&site, "Lampboard");
    let code = code(&site, &app).await;
    let mut client = site.browser();
    let fields = json!({"code": code, "code_verifier": VERIFIER, "redirect_uri": CALLBACK});
    let tokens = exchange(&mut client, &app, fields.clone()).await.json();
    assert!(tokens["access_token"].as_str().unwrap().starts_with("ghu_"));
    assert!(
        tokens["refresh_token"]
            .as_str()
            .unwrap()
            .starts_with("ghr_")
    );
    assert_eq!(tokens["expires_in"], 28_800);
    assert_eq!(tokens["refresh_token_expires_in"], 15_811_200);
    assert_eq!(tokens["token_type"], "bearer");
    assert_eq!(tokens["scope"], "");
    assert_eq!(
        problem(&mut client, &app, fields).await,
        "bad_verification_code"
    );
}

#[tokio::test]
async fn a_code_is_good_for_ten_minutes_and_its_own_app() {
    let site = Site::start().await;
    let (app, other) = (register(&site, "Lampboard"), register(&site, "Other"));
    let mut client = site.browser();
    let fields = json!({"code": code(&site, &app).await, "code_verifier": VERIFIER});
    assert_eq!(
        problem(&mut client, &other, fields.clone()).await,
        "bad_verification_code"
    );
    site.advance(9);
    assert!(exchange(&mut client, &app, fields).await.json()["access_token"].is_string());

    let fields = json!({"code": code(&site, &app).await, "code_verifier": VERIFIER});
    site.advance(10);
    assert_eq!(
        problem(&mut client, &app, fields).await,
        "bad_verification_code"
    );
}

#[tokio::test]
async fn what_does_not_fit_is_refused() {
    let site = Site::start().await;
    let app = register(&site, "Lampboard");
    let mut client = site.browser();
    let wrong = VERIFIER.replace('d', "e");
    let second = format!("{CALLBACK}/2");
    for (more, expected) in [
        (json!({"code_verifier": wrong}), "bad_verification_code"),
        (json!({}), "bad_verification_code"),
        (
            json!({"code_verifier": VERIFIER, "redirect_uri": second}),
            "redirect_uri_mismatch",
        ),
        (
            json!({"client_secret": "wrong"}),
            "incorrect_client_credentials",
        ),
        (
            json!({"client_id": "wrong"}),
            "incorrect_client_credentials",
        ),
        (json!({"grant_type": "password"}), "unsupported_grant_type"),
        (
            json!({"grant_type": "refresh_token", "refresh_token": "wrong"}),
            "bad_refresh_token",
        ),
    ] {
        let mut fields = json!({"code": code(&site, &app).await});
        let Value::Object(more) = more else {
            panic!("fields make an object");
        };
        fields.as_object_mut().unwrap().extend(more);
        let found = problem(&mut client, &app, fields.clone()).await;
        assert_eq!(found, expected, "{fields}");
    }
}

#[tokio::test]
async fn a_refresh_ends_the_tokens_before_it() {
    let site = Site::start().await;
    let app = register(&site, "Lampboard");
    let mut client = site.browser();
    let fields = json!({"code": code(&site, &app).await, "code_verifier": VERIFIER});
    let first = exchange(&mut client, &app, fields).await.json();
    let refresh = json!({"grant_type": "refresh_token", "refresh_token": first["refresh_token"]});
    let second = exchange(&mut client, &app, refresh.clone()).await.json();
    assert_ne!(second["access_token"], first["access_token"]);
    let old = first["access_token"].as_str().unwrap();
    assert!(
        !site.double.tokens(|tokens| tokens.revoke(old)),
        "it had ended"
    );
    assert_eq!(
        problem(&mut client, &app, refresh).await,
        "bad_refresh_token"
    );
    let new = second["access_token"].as_str().unwrap();
    assert!(
        site.double.tokens(|tokens| tokens.revoke(new)),
        "it had not"
    );
}

#[tokio::test]
async fn whoever_does_not_accept_json_gets_a_form() {
    let site = Site::start().await;
    let app = register(&site, "Lampboard");
    let code = code(&site, &app).await;
    let fields = [
        ("client_id", app.client_id.as_str()),
        ("client_secret", app.client_secret.expose_secret()),
        ("code", &code),
        ("code_verifier", VERIFIER),
    ];
    let mut client = site.browser();
    let answer = client.post_accepting("*/*", EXCHANGE, &fields).await;
    assert!(
        answer
            .content_type
            .starts_with("application/x-www-form-urlencoded")
    );
    assert!(
        answer.text.starts_with("access_token=ghu_"),
        "{}",
        answer.text
    );
    assert!(answer.text.contains("&expires_in=28800&"));
    let again = client
        .post_accepting("application/json", EXCHANGE, &fields)
        .await;
    assert_eq!(again.json()["error"], "bad_verification_code");
}
