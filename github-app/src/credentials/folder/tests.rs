use std::os::unix::fs::PermissionsExt as _;

use tempfile::TempDir;

use super::*;

fn credentials() -> Credentials {
    Credentials {
        app_id: 7,
        slug: "lampboard-acme".to_owned(),
        name: "Lampboard Acme".to_owned(),
        html_url: "https://github.com/apps/lampboard-acme".to_owned(),
        client_id: Some("Iv23.client".to_owned()),
        client_secret: Some("a client secret".into()),
        private_key: "a private key\nof two lines\n".into(),
        webhook_secrets: vec!["new webhook secret".into(), "old webhook secret".into()],
        web_url: "https://github.com".to_owned(),
        api_url: "https://api.github.com".to_owned(),
        public_url: Some("https://ci.acme.example".to_owned()),
        polling: false,
    }
}

fn folder() -> (TempDir, CredentialsFolder) {
    let data_dir = tempfile::tempdir().unwrap();
    let folder = CredentialsFolder::new(data_dir.path());
    (data_dir, folder)
}

/// With its secrets in clear.
fn told(credentials: &Credentials) -> String {
    let secrets = |secrets: &[SecretString]| -> Vec<String> {
        let exposed = secrets.iter().map(ExposeSecret::expose_secret);
        exposed.map(str::to_owned).collect()
    };
    format!(
        "{credentials:?} {:?} {:?} {:?}",
        secrets(credentials.client_secret.as_slice()),
        secrets(&credentials.webhook_secrets),
        credentials.private_key.expose_secret(),
    )
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn names(path: &Path) -> Vec<String> {
    let entries = fs::read_dir(path).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn gives_back_what_was_saved() {
    let (_data_dir, folder) = folder();
    assert!(folder.load().unwrap().is_none());
    folder.save(&credentials()).unwrap();
    let loaded = folder.load().unwrap().unwrap();
    assert_eq!(told(&loaded), told(&credentials()));
}

#[test]
fn gives_back_what_has_no_secrets_but_the_key() {
    let (_data_dir, folder) = folder();
    let polling = Credentials {
        client_id: None,
        client_secret: None,
        webhook_secrets: Vec::new(),
        public_url: None,
        polling: true,
        ..credentials()
    };
    folder.save(&credentials()).unwrap();
    folder.save(&polling).unwrap();
    assert_eq!(told(&folder.load().unwrap().unwrap()), told(&polling));
    assert_eq!(names(folder.path()), ["app.json", "private-key.pem"]);
}

#[test]
fn keeps_everything_from_others() {
    let (data_dir, folder) = folder();
    folder.save(&credentials()).unwrap();
    folder.save(&credentials()).unwrap();
    assert_eq!(names(data_dir.path()), ["github-app"]);
    assert_eq!(mode(folder.path()), 0o700);
    let files = names(folder.path());
    assert_eq!(
        files,
        [
            "app.json",
            "client-secret",
            "private-key.pem",
            "webhook-secrets"
        ]
    );
    for name in files {
        assert_eq!(mode(&folder.path().join(&name)), 0o600, "{name}");
    }
}

#[test]
fn keeps_secrets_out_of_what_is_not_secret_and_out_of_debug() {
    let (_data_dir, folder) = folder();
    folder.save(&credentials()).unwrap();
    let app = fs::read_to_string(folder.path().join("app.json")).unwrap();
    for text in [app, format!("{:?}", credentials())] {
        assert!(text.contains("lampboard-acme"), "{text}");
        assert!(!text.contains("secret\""), "{text}");
        for secret in ["a client secret", "webhook secret", "private key"] {
            assert!(!text.contains(secret), "{text}");
        }
    }
}

#[test]
fn refuses_what_others_can_read_and_says_what_to_do() {
    let (_data_dir, folder) = folder();
    folder.save(&credentials()).unwrap();
    for name in names(folder.path()) {
        let path = folder.path().join(name);
        set_mode(&path, 0o640);
        let error = folder.load().unwrap_err().to_string();
        assert!(error.ends_with(&format!("run `chmod 600 {}`", path.display())));
        set_mode(&path, 0o600);
    }
    set_mode(folder.path(), 0o750);
    let error = folder.load().unwrap_err().to_string();
    assert!(error.ends_with(&format!("run `chmod 700 {}`", folder.path().display())));
    set_mode(folder.path(), 0o500);
    assert!(folder.load().unwrap().is_some());
}

#[test]
fn what_was_there_stays_if_saving_fails() {
    let (data_dir, folder) = folder();
    folder.save(&credentials()).unwrap();
    // A file where the new folder should be made: the superuser is stopped by it too.
    let new = data_dir.path().join("github-app.new");
    fs::write(&new, "").unwrap();
    let other = Credentials {
        app_id: 8,
        ..credentials()
    };
    assert!(matches!(
        folder.save(&other).unwrap_err(),
        CredentialsError::Io { path, .. } if path == new
    ));
    assert_eq!(folder.load().unwrap().unwrap().app_id, 7);

    fs::remove_file(&new).unwrap();
    folder.save(&other).unwrap();
    assert_eq!(folder.load().unwrap().unwrap().app_id, 8);
}

#[test]
fn nothing_is_there_if_the_first_saving_fails() {
    let (data_dir, _) = folder();
    let not_a_folder = data_dir.path().join("file");
    fs::write(&not_a_folder, "").unwrap();
    let folder = CredentialsFolder::new(&not_a_folder);
    assert!(folder.save(&credentials()).is_err());
    fs::remove_file(&not_a_folder).unwrap();
    assert!(folder.load().unwrap().is_none());
}

/// A kill can come after each step; `save` does them in this order.
#[test]
fn survives_a_kill_at_every_step() {
    let (data_dir, folder) = folder();
    let new = data_dir.path().join("github-app.new");
    let old = data_dir.path().join("github-app.old");
    let other = Credentials {
        app_id: 8,
        ..credentials()
    };

    // The new folder is half written.
    folder.save(&credentials()).unwrap();
    fs::create_dir(&new).unwrap();
    fs::write(new.join("app.json"), "{").unwrap();
    assert_eq!(folder.load().unwrap().unwrap().app_id, 7);

    // The old folder is out of the way, the new one not in its place.
    fs::rename(folder.path(), &old).unwrap();
    assert_eq!(folder.load().unwrap().unwrap().app_id, 7);

    // The new one is, and the old one is not removed.
    fs::create_dir(&old).unwrap();
    fs::write(old.join("app.json"), "{").unwrap();
    assert_eq!(folder.load().unwrap().unwrap().app_id, 7);

    folder.save(&other).unwrap();
    assert_eq!(folder.load().unwrap().unwrap().app_id, 8);
    assert_eq!(names(data_dir.path()), ["github-app"]);
}

#[test]
fn says_which_file_is_damaged_but_not_what_is_in_it() {
    let (_data_dir, folder) = folder();
    for (name, contents) in [
        ("app.json", Some("{\"id\": \"hidden\"}")),
        ("app.json", None),
        ("private-key.pem", None),
        ("webhook-secrets", Some("\n")),
        ("webhook-secrets", None),
    ] {
        folder.save(&credentials()).unwrap();
        let path = folder.path().join(name);
        match contents {
            Some(contents) => fs::write(&path, contents).unwrap(),
            None => fs::remove_file(&path).unwrap(),
        }
        let error = folder.load().unwrap_err();
        assert!(
            matches!(&error, CredentialsError::Unreadable { path: found, .. } if *found == path),
            "{error}"
        );
    }
}
