//! How the settings are read, and what is refused.

use secrecy::{ExposeSecret as _, SecretString};

use crate::alerts::email::{
    config::{MailConfig, MailConfigError, Security},
    older::OlderMail,
};

fn read(url: &str) -> Result<MailConfig, MailConfigError> {
    MailConfig::new(&SecretString::from(url), "CI <ci@example.com>")
}

fn login(config: &MailConfig) -> Option<(&str, &str)> {
    let login = config.login.as_ref()?;
    Some((&login.user, login.password.expose_secret()))
}

#[test]
fn tls_is_required_unless_it_is_given_up_in_so_many_words() {
    use Security::{Implicit, None, StartTls};
    for (url, security, host, port) in [
        (
            "smtps://mail.example.com",
            Implicit,
            "mail.example.com",
            465,
        ),
        ("smtp://mail.example.com", StartTls, "mail.example.com", 587),
        (
            "smtp://mail.example.com/?tls=required",
            StartTls,
            "mail.example.com",
            587,
        ),
        (
            "smtps://mail.example.com?tls=required",
            Implicit,
            "mail.example.com",
            465,
        ),
        (
            "smtp://mail.example.com?tls=none",
            None,
            "mail.example.com",
            25,
        ),
        (
            "smtp://mail.example.com:2525",
            StartTls,
            "mail.example.com",
            2_525,
        ),
        ("smtps://[2001:db8::1]:4465", Implicit, "2001:db8::1", 4_465),
        (
            "smtp://u:p@127.0.0.1:1025?tls=none",
            None,
            "127.0.0.1",
            1_025,
        ),
        ("smtp://u:p@localhost?tls=none", None, "localhost", 25),
        ("smtp://u:p@[::1]?tls=none", None, "::1", 25),
    ] {
        let config = read(url).expect(url);
        assert_eq!((config.security, config.port), (security, port), "{url}");
        assert_eq!(config.host, host, "{url}");
    }
}

#[test]
fn user_name_and_password_are_decoded() {
    let config = read("smtp://ci%40example.com:p%3Aa%2Fs%23s@mail.test").expect("a config");
    assert_eq!(login(&config), Some(("ci@example.com", "p:a/s#s")));
    assert_eq!(login(&read("smtp://mail.test").expect("a config")), None);
}

#[test]
fn refusals_name_the_setting_and_keep_the_password() {
    for (url, said) in [
        ("mail.example.com", "is not a URL"),
        ("smtp://ci:hunter2@", "is not a URL"),
        ("smtp://ci:hunter2@mail test", "is not a URL"),
        ("smtp:///", "names no host"),
        ("http://ci:hunter2@mail.test", "begins with neither"),
        ("smtp://ci:hunter2@mail.test/x", "behind the host"),
        ("smtp://ci:hunter2@mail.test#x", "behind the host"),
        (
            "smtp://ci:hunter2@mail.test?tls=maybe",
            "neither required nor none",
        ),
        (
            "smtp://ci:hunter2@mail.test?starttls=no",
            "a parameter other than tls=",
        ),
        (
            "smtp://ci:hunter2@mail.test?tls=opportunistic",
            "turn into clear text",
        ),
        ("smtps://ci:hunter2@mail.test?tls=none", "asks for TLS"),
        ("smtp://ci:hunter2@mail.test?tls=none", "in clear text"),
        (
            "smtp://ci:hunter2@127.0.0.1.evil.test?tls=none",
            "in clear text",
        ),
        ("smtp://ci:hunter2@10.0.0.1?tls=none", "in clear text"),
        ("smtp://ci@mail.test", "no password"),
        ("smtp://:hunter2@mail.test", "no user name"),
        ("smtp://ci:hunter2%ff@mail.test", "do not stand for UTF-8"),
    ] {
        let error = read(url).expect_err(url).to_string();
        assert!(error.starts_with("LAMPBOARD_SMTP_URL "), "{error}");
        assert!(error.contains(said), "{url}: {error}");
        assert!(!error.contains("hunter2"), "{error}");
    }
    let debug = format!("{:?}", read("smtp://ci:hunter2@mail.test"));
    assert!(!debug.contains("hunter2"), "{debug}");
}

#[test]
fn the_sender_has_to_be_an_address() {
    let url = SecretString::from("smtp://mail.test");
    let error = MailConfig::new(&url, "CI")
        .expect_err("no address")
        .to_string();
    assert!(
        error.starts_with("LAMPBOARD_MAIL_FROM is not an address"),
        "{error}"
    );
}

#[test]
fn an_authority_is_read_when_the_server_starts() {
    for pem in [
        "",
        "x",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    ] {
        let config = read("smtp://mail.test").expect("a config");
        let error = config.with_ca(pem.into()).expect_err(pem).to_string();
        assert!(error.starts_with("LAMPBOARD_SMTP_CA_FILE "), "{error}");
    }
}

fn older() -> OlderMail {
    let text = |text: &str| Some(text.to_owned());
    OlderMail {
        host: text("mail.example.com"),
        port: text("587"),
        username: text("ci@example.com"),
        password: Some("p:a/s#s".into()),
        from_email: text("ci@example.com"),
        from_name: text("CI"),
    }
}

#[test]
fn the_older_names_mean_the_same() {
    let newer = read("smtp://ci%40example.com:p%3Aa%2Fs%23s@mail.example.com").expect("a config");
    let older_one = older().config().expect("a config").expect("a host");
    assert_eq!(login(&older_one), login(&newer));
    assert_eq!(older_one.from(), newer.from());
    assert_eq!(
        (older_one.security, older_one.port, older_one.host),
        (newer.security, newer.port, newer.host)
    );
}

#[test]
fn the_older_names_never_mean_clear_text() {
    for (port, security, number) in [
        ("465", Security::Implicit, 465),
        ("587", Security::StartTls, 587),
        ("25", Security::StartTls, 25),
        ("", Security::StartTls, 587),
    ] {
        let config = OlderMail {
            port: Some(port.to_owned()),
            ..older()
        };
        let config = config.config().expect("a config").expect("a host");
        assert_eq!((config.security, config.port), (security, number));
    }
}

#[test]
fn the_older_names_are_complete_or_refused() {
    let none = OlderMail {
        host: None,
        ..older()
    };
    assert!(none.config().expect("nothing").is_none());
    let text = |text: &str| Some(text.to_owned());
    let cases: [(OlderMail, &str); 6] = [
        (
            OlderMail {
                host: text("u:p@host/"),
                ..older()
            },
            "SMTP_HOST",
        ),
        (
            OlderMail {
                port: text("70000"),
                ..older()
            },
            "SMTP_PORT",
        ),
        (
            OlderMail {
                from_email: None,
                ..older()
            },
            "FROM_EMAIL",
        ),
        (
            OlderMail {
                from_email: text("ci"),
                ..older()
            },
            "FROM_EMAIL",
        ),
        (
            OlderMail {
                password: None,
                ..older()
            },
            "SMTP_PASSWORD",
        ),
        (
            OlderMail {
                username: None,
                ..older()
            },
            "SMTP_USERNAME",
        ),
    ];
    for (config, setting) in cases {
        let error = config.config().expect_err(setting).to_string();
        assert!(error.starts_with(setting), "{error}");
        assert!(!error.contains("p:a/s#s"), "{error}");
    }
}
