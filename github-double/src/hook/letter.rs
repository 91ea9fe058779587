//! What is posted: an event with the headers that it is posted under.

use bytes::Bytes;
use secrecy::{ExposeSecret, SecretString};

use super::signature::{old_signature, signature};
use crate::event::Event;
use crate::faults::{BadSignature, Signing};
use crate::github::app::{App, ContentType};
use crate::github::id::AppId;

/// In whose name a hook posts, and where.
#[derive(Clone, Debug)]
pub struct HookTarget {
    /// Whose hook it is.
    pub app: AppId,
    /// `X-GitHub-Hook-ID`.
    pub hook: u64,
    /// Where it posts, if anywhere.
    pub url: Option<String>,
    /// What it signs with.
    pub secret: SecretString,
    /// How it writes bodies.
    pub content_type: ContentType,
    /// `X-GitHub-Hook-Installation-Target-Type`.
    pub target_type: &'static str,
    /// The version of the GitHub Enterprise Server that it is of, and that server's name.
    pub enterprise: Option<(String, String)>,
}

impl HookTarget {
    /// The hook of an App at github.com.
    pub fn of(app: &App) -> Self {
        Self {
            app: app.id,
            hook: app.hook.id,
            url: app.hook.url.clone().filter(|_| app.hook.active),
            secret: app.webhook_secret.clone(),
            content_type: app.hook.content_type,
            target_type: "integration",
            enterprise: None,
        }
    }
}

/// One POST, ready to be sent. Its headers are spelt as GitHub's log shows them.
#[derive(Clone, Debug)]
pub(super) struct Letter {
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Bytes,
}

impl Letter {
    pub(super) fn new(event: &Event, target: &HookTarget, signing: &Signing, form: bool) -> Self {
        let form = form || target.content_type == ContentType::Form;
        let (content_type, body) = if form {
            ("application/x-www-form-urlencoded", as_form(&event.body))
        } else {
            ("application/json", event.body.clone())
        };
        let mut letter = Self {
            headers: vec![
                ("Accept", "*/*".to_owned()),
                ("content-type", content_type.to_owned()),
                ("User-Agent", "GitHub-Hookshot/0d0ub1e".to_owned()),
                ("X-GitHub-Delivery", event.guid.clone()),
                ("X-GitHub-Event", event.name.clone().into_owned()),
                ("X-GitHub-Hook-ID", target.hook.to_string()),
                (
                    "X-GitHub-Hook-Installation-Target-ID",
                    target.app.to_string(),
                ),
                (
                    "X-GitHub-Hook-Installation-Target-Type",
                    target.target_type.to_owned(),
                ),
            ],
            body,
        };
        if let Some((version, host)) = &target.enterprise {
            letter.add("X-GitHub-Enterprise-Version", version.clone());
            letter.add("X-GitHub-Enterprise-Host", host.clone());
        }
        letter.sign(target.secret.expose_secret(), signing);
        letter
    }

    fn add(&mut self, name: &'static str, value: String) {
        self.headers.push((name, value));
    }

    fn sign(&mut self, secret: &str, signing: &Signing) {
        const NAME: &str = "X-Hub-Signature-256";
        let secret = match signing {
            Signing::Old(secret) => secret,
            Signing::Wrong(BadSignature::WrongSecret) => "not the secret of the App",
            Signing::Wrong(BadSignature::Missing) => "",
            Signing::Right | Signing::Wrong(_) => secret,
        };
        if secret.is_empty() {
            return;
        }
        let right = signature(secret.as_bytes(), &self.body);
        let old = old_signature(secret.as_bytes(), &self.body);
        self.add("X-Hub-Signature", old);
        match signing {
            Signing::Wrong(BadSignature::Sha1Only) => {}
            Signing::Wrong(BadSignature::UppercaseHex) => {
                let digits = right.trim_start_matches("sha256=").to_uppercase();
                self.add(NAME, format!("sha256={digits}"));
            }
            Signing::Wrong(BadSignature::AlteredByte) => {
                self.add(NAME, right);
                self.body = altered(&self.body);
            }
            Signing::Right | Signing::Old(_) | Signing::Wrong(_) => self.add(NAME, right),
        }
    }
}

/// The JSON with another byte in it, which still makes it JSON if it was.
fn altered(body: &Bytes) -> Bytes {
    let mut bytes = body.to_vec();
    if let Some(digit) = bytes.iter_mut().find(|byte| byte.is_ascii_digit()) {
        *digit = if *digit == b'1' { b'2' } else { b'1' };
    }
    bytes.into()
}

/// The JSON as the field `payload` of a form.
fn as_form(json: &[u8]) -> Bytes {
    let mut form = "payload=".to_owned();
    form.extend(form_urlencoded::byte_serialize(json));
    form.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "It's a Secret to Everybody";

    fn letter(signing: &Signing) -> Letter {
        Letter::new(&event("{\"id\": 15}"), &target(), signing, false)
    }

    fn header<'a>(letter: &'a Letter, name: &str) -> Option<&'a str> {
        let found = letter.headers.iter().find(|(header, _)| *header == name);
        found.map(|(_, value)| value.as_str())
    }

    #[test]
    fn it_is_signed_in_both_ways() {
        let letter = letter(&Signing::Right);
        let of_sha256 = signature(SECRET.as_bytes(), &letter.body);
        let of_sha1 = old_signature(SECRET.as_bytes(), &letter.body);
        assert_eq!(header(&letter, "X-Hub-Signature-256"), Some(&*of_sha256));
        assert_eq!(header(&letter, "X-Hub-Signature"), Some(&*of_sha1));
    }

    #[test]
    fn a_signature_can_be_wrong_in_many_ways() {
        let right = signature(SECRET.as_bytes(), b"{\"id\": 15}");
        let of = |signing| {
            let letter = letter(&signing);
            let signature = header(&letter, "X-Hub-Signature-256").map(str::to_owned);
            (signature, letter.body)
        };
        let wrong = |how| of(Signing::Wrong(how));
        let (signature, _) = wrong(BadSignature::WrongSecret);
        assert!(signature.is_some_and(|it| it != right));
        assert_eq!(wrong(BadSignature::Sha1Only).0, None);
        assert_eq!(wrong(BadSignature::Missing).0, None);
        let (signature, body) = wrong(BadSignature::AlteredByte);
        assert_eq!(signature.as_deref(), Some(&*right));
        assert_eq!(body, "{\"id\": 25}");
        let (signature, body) = wrong(BadSignature::UppercaseHex);
        let digits = right.trim_start_matches("sha256=").to_uppercase();
        assert_eq!(signature, Some(format!("sha256={digits}")));
        assert_eq!(body, "{\"id\": 15}");
    }

    #[test]
    fn an_old_secret_signs_as_the_new_one_does() {
        let letter = letter(&Signing::Old("before".to_owned()));
        let signature = signature(b"before", &letter.body);
        assert_eq!(header(&letter, "X-Hub-Signature-256"), Some(&*signature));
    }

    #[test]
    fn a_hook_without_a_secret_signs_nothing() {
        let target = HookTarget {
            secret: "".into(),
            ..target()
        };
        let letter = Letter::new(&event("{}"), &target, &Signing::Right, false);
        assert_eq!(header(&letter, "X-Hub-Signature-256"), None);
        assert_eq!(header(&letter, "X-Hub-Signature"), None);
    }

    #[test]
    fn a_form_carries_the_json_and_is_signed_as_it_is() {
        let json = "{\"name\": \"a+b é\"}";
        let letter = Letter::new(&event(json), &target(), &Signing::Right, true);
        let form = "payload=%7B%22name%22%3A+%22a%2Bb+%C3%A9%22%7D";
        assert_eq!(letter.body, form);
        assert_eq!(
            header(&letter, "content-type"),
            Some("application/x-www-form-urlencoded")
        );
        let right = signature(SECRET.as_bytes(), form.as_bytes());
        assert_eq!(header(&letter, "X-Hub-Signature-256"), Some(&*right));
    }

    #[test]
    fn an_enterprise_server_names_itself() {
        let enterprise = ("3.17.2".to_owned(), "github.example".to_owned());
        let target = HookTarget {
            enterprise: Some(enterprise),
            ..target()
        };
        let letter = Letter::new(&event("{}"), &target, &Signing::Right, false);
        assert_eq!(
            header(&letter, "X-GitHub-Enterprise-Version"),
            Some("3.17.2")
        );
        assert_eq!(
            header(&letter, "X-GitHub-Enterprise-Host"),
            Some("github.example")
        );
    }

    fn target() -> HookTarget {
        HookTarget {
            app: AppId(1),
            hook: 2,
            url: None,
            secret: SECRET.into(),
            content_type: ContentType::Json,
            target_type: "integration",
            enterprise: None,
        }
    }

    fn event(body: &'static str) -> Event {
        Event {
            name: "workflow_run".into(),
            action: "completed".into(),
            guid: "1".to_owned(),
            body: body.into(),
            time: jiff::Timestamp::UNIX_EPOCH,
        }
    }
}
