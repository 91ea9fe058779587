//! Who gets in, and what everybody else is told.

use axum::body::Body;
use http::{Method, StatusCode, header};
use jiff::SignedDuration;

use crate::support::{BASE, World, browser::Browser};

const PAGES: [&str; 9] = [
    "/setup",
    "/setup/",
    "/setup/app",
    "/setup/existing",
    "/setup/install",
    "/setup/data",
    "/setup/progress.json",
    "/setup/github/created?code=good-code&state=x",
    "/setup/anything/else",
];

#[tokio::test]
async fn the_link_opens_once() {
    let world = World::new().await;
    let link = world.setup.link();
    let path = link.strip_prefix(BASE).unwrap();
    let token = path.strip_prefix("/setup?token=").unwrap();
    assert_eq!(token.len(), 64);

    let mut first = world.stranger();
    let opened = first.get(path).await;
    assert_eq!(opened.location(), "/setup");
    assert!(!opened.header("set-cookie").contains(token));
    assert_eq!(first.get("/setup").await.status, StatusCode::OK);

    let mut second = world.stranger();
    let refused = second.get(path).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert_eq!(second.cookie, None);
    // Whoever has the cookie is not sent away for opening it again.
    assert_eq!(first.get(path).await.location(), "/setup");
}

#[tokio::test]
async fn nobody_else_learns_anything() {
    let world = World::new().await;
    world.holder().await;
    let mut stranger = world.stranger();
    let wrong_cookies = [
        None,
        Some("lampboard-setup="),
        Some("lampboard-setup=0000000000000000000000000000000000000000000000000000000000000000"),
        Some("other=1; lampboard-setup"),
    ];
    for cookie in wrong_cookies {
        stranger.cookie = cookie.map(str::to_owned);
        for path in PAGES {
            for method in [Method::GET, Method::POST, Method::DELETE] {
                let request = stranger.request(method, path).body(Body::empty()).unwrap();
                let page = stranger.send(request).await;
                assert_eq!(page.status, StatusCode::FORBIDDEN, "{path}");
                assert_eq!(page.title(), "Lampboard is being set up", "{path}");
                assert!(!page.body.contains("<form"), "{path}");
                assert!(page.body.contains("terminal"), "{path}");
            }
        }
    }
    assert!(world.github.codes.lock().unwrap().is_empty());
}

#[tokio::test]
async fn wrong_tokens_open_nothing() {
    let world = World::new().await;
    let link = world.setup.link();
    let path = link.strip_prefix(BASE).unwrap();
    let mut stranger = world.stranger();
    let short = &path[..path.len() - 1];
    let changed = format!("{short}{}", if path.ends_with('0') { '1' } else { '0' });
    for wrong in [short, &changed, "/setup?token=", &path.to_uppercase()] {
        let page = stranger.get(wrong).await;
        assert_ne!(page.status, StatusCode::SEE_OTHER, "{wrong}");
        assert_eq!(stranger.cookie, None, "{wrong}");
    }
    // None of that has spent the link.
    assert_eq!(stranger.get(path).await.location(), "/setup");
}

#[tokio::test]
async fn a_look_at_the_link_does_not_spend_it() {
    let world = World::new().await;
    let link = world.setup.link();
    let path = link.strip_prefix(BASE).unwrap();
    let mut browser = world.stranger();
    let head = browser.request(Method::HEAD, path).body(Body::empty());
    let page = browser.send(head.unwrap()).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert_eq!(browser.get(path).await.location(), "/setup");
}

#[tokio::test]
async fn a_new_link_takes_the_place_of_the_old_one() {
    let world = World::new().await;
    let old = world.setup.link();
    let mut first = world.holder().await;
    let page = first.clone().get(old.strip_prefix(BASE).unwrap()).await;
    // It is the cookie that lets this one in.
    assert_eq!(page.location(), "/setup");
    let mut stranger = world.stranger();
    let page = stranger.get(old.strip_prefix(BASE).unwrap()).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);

    let mut second = world.holder().await;
    assert_eq!(second.get("/setup").await.status, StatusCode::OK);
    assert_eq!(first.get("/setup").await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn the_cookie_is_good_for_two_hours() {
    let world = World::new().await;
    let mut browser = world.holder().await;
    world.clock.step(SignedDuration::from_secs(2 * 3600 - 1));
    assert_eq!(browser.get("/setup").await.status, StatusCode::OK);
    world.clock.step(SignedDuration::from_secs(1));
    assert_eq!(browser.get("/setup").await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn the_cookie_stays_where_it_belongs() {
    let plain = World::new().await;
    let link = plain.setup.link();
    let opened = plain.stranger().get(link.strip_prefix(BASE).unwrap()).await;
    let cookie = opened.header("set-cookie");
    assert!(
        cookie.ends_with("; HttpOnly; SameSite=Lax; Path=/setup; Max-Age=7200"),
        "{cookie}"
    );

    let world = World::with(|config| {
        config.public_url = Some("https://ci.acme.example".to_owned());
    })
    .await;
    for (host, proxy, is_secure) in [
        ("ci.acme.example", None, true),
        ("localhost:8080", Some("https"), false),
        ("other.example", Some("https"), true),
        ("other.example", None, false),
    ] {
        let link = world.setup.link();
        let mut browser = Browser::new(world.setup.router(), host);
        let mut request = browser.request(Method::GET, link.strip_prefix(BASE).unwrap());
        if let Some(proxy) = proxy {
            request = request.header("x-forwarded-proto", proxy);
        }
        let opened = browser.send(request.body(Body::empty()).unwrap()).await;
        let cookie = opened.header("set-cookie");
        assert_eq!(cookie.ends_with("; Secure"), is_secure, "{host} {cookie}");
    }
}

#[tokio::test]
async fn only_our_own_pages_send_forms() {
    let world = World::new().await;
    let mut browser = world.holder().await;
    let own = format!("http://{}", "localhost:8080");
    let foreign: [&[(&str, &str)]; 7] = [
        &[],
        &[("origin", "https://evil.example")],
        &[("origin", "null")],
        &[("origin", &own), ("sec-fetch-site", "cross-site")],
        &[("origin", &own), ("sec-fetch-site", "same-site")],
        &[
            ("origin", "http://localhost:9090"),
            ("sec-fetch-site", "same-origin"),
        ],
        &[("sec-fetch-site", "cross-site")],
    ];
    for headers in foreign {
        for path in [
            "/setup",
            "/setup/existing",
            "/setup/finish",
            "/setup/restart",
        ] {
            let mut request = browser.request(Method::POST, path);
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            let page = browser.send(request.body(Body::empty()).unwrap()).await;
            assert_eq!(page.status, StatusCode::FORBIDDEN, "{path} {headers:?}");
            assert_eq!(page.title(), "Not from here");
        }
    }
    let own_forms: [&[(&str, &str)]; 2] =
        [&[("origin", &own)], &[("sec-fetch-site", "same-origin")]];
    for headers in own_forms {
        let mut request = browser.request(Method::POST, "/setup/retry");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let page = browser.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(page.location(), "/setup", "{headers:?}");
    }
}

#[tokio::test]
async fn every_answer_is_guarded() {
    let world = World::new().await;
    let mut holder = world.holder().await;
    let mut stranger = world.stranger();
    for browser in [&mut holder, &mut stranger] {
        for path in PAGES
            .into_iter()
            .chain(["/setup/style.css", "/setup/progress.js"])
        {
            let page = browser.get(path).await;
            assert_eq!(page.header("referrer-policy"), "strict-origin", "{path}");
            assert_eq!(
                page.header("content-security-policy"),
                "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; \
                 img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; \
                 require-trusted-types-for 'script'",
                "{path}"
            );
            assert!(!page.body.contains("<style"), "{path}");
            assert!(!page.body.contains(" style="), "{path}");
            assert!(!page.body.contains("<script>"), "{path}");
        }
    }
}

#[tokio::test]
async fn nothing_large_is_read() {
    let world = World::new().await;
    let mut browser = world.holder().await;
    let large = "x".repeat(65 * 1024);
    let page = browser
        .post("/setup", &[("public_url", large.clone())])
        .await;
    assert_eq!(page.status, StatusCode::PAYLOAD_TOO_LARGE);
    let page = browser
        .upload("/setup/existing", &[("private_key_file", large)])
        .await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    assert_eq!(page.title(), "Not readable");
}

#[tokio::test]
async fn rubbish_is_answered_too() {
    let world = World::new().await;
    let mut browser = world.holder().await;
    for path in [
        "/setup/github/created",
        "/setup/github/created?code=%ff&state=%00",
        "/setup/github/created?code=1&code=2&state=",
        "/setup/github/installed?installation_id=%27&setup_action=%3Cscript%3E",
        "/setup/%2e%2e/%00",
    ] {
        let page = browser.get(path).await;
        assert!(page.status.as_u16() < 500, "{path}: {}", page.status);
        assert!(!page.body.contains("<script>"), "{path}");
    }
    for body in [&b"\xff\xfe&=&&&%zz=%"[..], b"public_url=%00", b""] {
        let request = browser
            .request(Method::POST, "/setup")
            .header(header::ORIGIN, BASE)
            .body(body.to_vec().into());
        let page = browser.send(request.unwrap()).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        let request = browser
            .request(Method::POST, "/setup/existing")
            .header(header::ORIGIN, BASE)
            .header(header::CONTENT_TYPE, "multipart/form-data; boundary=b")
            .body(body.to_vec().into());
        let page = browser.send(request.unwrap()).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST);
    }
}

#[tokio::test]
async fn it_is_closed_when_it_is_finished() {
    let world = World::new().await;
    let unopened = world.setup.link();
    let mut browser = world.with_app().await;
    assert!(!world.setup.is_finished());
    let finished = browser.post("/setup/finish", &[]).await;
    assert_eq!(finished.location(), "/");
    assert!(world.setup.is_finished());

    for path in PAGES {
        let mine = browser.get(path).await;
        assert_eq!(mine.title(), "Set-up is finished", "{path}");
        assert!(!mine.body.contains("<form"), "{path}");
        let theirs = world.stranger().get(path).await;
        assert_eq!(theirs.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(theirs.title(), "Set-up is closed", "{path}");
    }
    for link in [unopened, world.setup.link()] {
        let page = world.stranger().get(link.strip_prefix(BASE).unwrap()).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND);
    }
    let page = browser.post("/setup/restart", &[]).await;
    assert_eq!(page.title(), "Set-up is finished");
    world.clock.step(SignedDuration::from_hours(2));
    assert_eq!(browser.get("/setup").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn it_is_not_finished_before_there_is_an_app() {
    let world = World::new().await;
    let mut browser = world.holder().await;
    assert_eq!(
        browser.post("/setup/finish", &[]).await.location(),
        "/setup"
    );
    assert!(!world.setup.is_finished());
}
