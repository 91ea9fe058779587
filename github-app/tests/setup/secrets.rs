//! No secret is in any page, header, address or log.

use std::{cell::RefCell, fs, io, sync::atomic::Ordering};

use secrecy::ExposeSecret as _;

use crate::support::{
    BASE, World,
    github::{APP_ID, CLIENT_SECRET, WEBHOOK_SECRET},
    key,
};

thread_local! {
    /// What was logged by this thread, on which one test runs, and all that it causes.
    static LOG: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

struct Log;

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LOG.with_borrow_mut(|log| log.extend_from_slice(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What must not be told, in forms that it could be told in.
fn secrets() -> Vec<String> {
    let pem = key::first().pkcs1_pem();
    let lines = pem.lines().filter(|line| !line.starts_with("--"));
    let mut secrets: Vec<String> = lines.map(str::to_owned).collect();
    secrets.extend([CLIENT_SECRET, WEBHOOK_SECRET, "typed-secret"].map(str::to_owned));
    secrets
}

#[tokio::test]
async fn nothing_secret_is_told() {
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(|| Log)
        .init();

    let world = World::new().await;
    let link = world.setup.link();
    let mut browser = world.stranger();
    browser.get(link.strip_prefix(BASE).unwrap()).await;
    walk(&world, &mut browser).await;
    assert!(format!("{:?}", world.setup).contains("Setup"));

    let cookie = browser.cookie.clone().unwrap();
    let (_, cookie) = cookie.split_once('=').unwrap();
    let token = link.split_once("token=").unwrap().1;
    let log = String::from_utf8(LOG.take()).unwrap();
    assert!(log.contains("GitHub made the app"), "{log}");
    let pages = browser.seen.concat();
    let saved = world.saved().unwrap();
    for secret in secrets() {
        assert!(!pages.contains(&secret), "a page tells {secret}");
        assert!(!log.contains(&secret), "the log tells {secret}");
        assert!(!format!("{saved:?}").contains(&secret));
    }
    for secret in [token, cookie, "good-code", "typed-code"] {
        assert!(!log.contains(secret), "the log tells {secret}: {log}");
    }
    // Of the header that sets it, what is printed is that it is sensitive.
    for secret in [token, cookie] {
        assert!(!pages.contains(secret), "a page tells {secret}");
    }
    assert!(
        key::first()
            .pkcs1_pem()
            .contains(saved.private_key.expose_secret().trim())
    );
}

/// Through every page and every failure.
async fn walk(world: &World, browser: &mut crate::support::browser::Browser) {
    let state = browser.choose(&world.form()).await;
    browser.come_back("typed-code", &state).await;
    browser.come_back("good-code", &state).await;

    let state = browser.choose(&world.form()).await;
    fs::write(world.obstacle(), "").unwrap();
    browser.come_back("good-code", &state).await;
    browser.get("/setup").await;
    fs::remove_file(world.obstacle()).unwrap();
    world.refuses_to_connect.store(true, Ordering::SeqCst);
    browser.post("/setup/retry", &[]).await;
    world.refuses_to_connect.store(false, Ordering::SeqCst);
    browser.post("/setup/retry", &[]).await;
    for path in [
        "/setup/install",
        "/setup/requested",
        "/setup/data",
        "/setup/progress.json",
    ] {
        browser.get(path).await;
    }

    browser.post("/setup/restart", &[]).await;
    let mut form = world.form();
    form.extend([
        ("app_id", "12".to_owned()),
        ("private_key", key::first().pkcs1_pem()),
        ("webhook_secret", "typed-secret-1".to_owned()),
        ("client_secret", "typed-secret-2".to_owned()),
    ]);
    browser.upload("/setup/existing", &form).await;
    form.iter_mut()
        .find(|(name, _)| *name == "app_id")
        .unwrap()
        .1 = APP_ID.to_string();
    browser.upload("/setup/existing", &form).await;
    browser.get("/setup/install").await;
    browser.post("/setup/finish", &[]).await;
    browser.get("/setup").await;
}
