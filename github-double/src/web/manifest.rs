//! App manifests: what GitHub takes for one, and what is wrong with those it does not take.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::address::{is_local, is_web};
use super::options::WebOptions;
use crate::github::app::AppRegistration;

/// The keys that GitHub documents, and `version`, which Probot sends along.
const KEYS: [&str; 13] = [
    "name",
    "url",
    "hook_attributes",
    "redirect_url",
    "callback_urls",
    "setup_url",
    "description",
    "public",
    "default_events",
    "default_permissions",
    "request_oauth_on_install",
    "setup_on_update",
    "version",
];
const HOOK_KEYS: [&str; 2] = ["url", "active"];
const CALLBACKS: usize = 10;
const LEVELS: [&str; 3] = ["read", "write", "admin"];
/// Events that every App gets, and that none can subscribe to.
const ALWAYS_ON: [&str; 4] = [
    "installation",
    "installation_repositories",
    "installation_target",
    "github_app_authorization",
];
/// What an App must be allowed to subscribe to an event.
const NEEDED: [(&str, &str); 4] = [
    ("workflow_run", "actions"),
    ("workflow_job", "actions"),
    ("push", "contents"),
    ("pull_request", "pull_requests"),
];

/// A manifest that GitHub takes.
#[derive(Debug)]
pub(super) struct Manifest {
    /// What the App is to be, under the name that the manifest proposes, if any.
    pub(super) registration: AppRegistration,
    /// Where the code is to be sent.
    pub(super) redirect_url: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Draft {
    name: String,
    url: Option<String>,
    hook_attributes: Option<Hook>,
    redirect_url: Option<String>,
    callback_urls: Vec<String>,
    setup_url: Option<String>,
    description: String,
    public: bool,
    default_events: Vec<String>,
    default_permissions: BTreeMap<String, String>,
    request_oauth_on_install: bool,
    setup_on_update: bool,
}

#[derive(Deserialize)]
struct Hook {
    url: Option<String>,
    #[serde(default = "active")]
    active: bool,
}

fn active() -> bool {
    true
}

impl Manifest {
    /// Reads a manifest, or says all that is wrong with it.
    pub(super) fn parse(text: &str, options: &WebOptions) -> Result<Self, Vec<String>> {
        let object: Map<String, Value> = serde_json::from_str(text)
            .map_err(|error| vec![format!("it is not a JSON object: {error}")])?;
        let mut problems = unknown_keys(&object);
        match Draft::deserialize(Value::Object(object)) {
            Ok(draft) => {
                problems.extend(draft.problems(options));
                if problems.is_empty() {
                    return Ok(draft.into());
                }
            }
            Err(error) => problems.push(error.to_string()),
        }
        Err(problems)
    }
}

fn unknown_keys(object: &Map<String, Value>) -> Vec<String> {
    let unknown = |key: &&String| !KEYS.contains(&key.as_str());
    let keys = object.keys().filter(unknown).cloned();
    let hook = object.get("hook_attributes").and_then(Value::as_object);
    let hook_keys = hook.into_iter().flat_map(Map::keys);
    let hook_keys = hook_keys.filter(|key| !HOOK_KEYS.contains(&key.as_str()));
    let hook_keys = hook_keys.map(|key| format!("hook_attributes.{key}"));
    keys.chain(hook_keys)
        .map(|key| format!("\"{key}\" is not a key of a manifest"))
        .collect()
}

impl Draft {
    fn problems(&self, options: &WebOptions) -> Vec<String> {
        let mut problems = self.addresses();
        if self.url.is_none() {
            problems.push("\"url\" is missing".to_owned());
        }
        problems.extend(self.hook(options).map(str::to_owned));
        if self.callback_urls.len() > CALLBACKS {
            problems.push(format!(
                "\"callback_urls\" has more than {CALLBACKS} addresses"
            ));
        }
        problems.extend(self.permissions());
        problems.extend(self.events());
        problems
    }

    fn addresses(&self) -> Vec<String> {
        let hook = self
            .hook_attributes
            .as_ref()
            .and_then(|hook| hook.url.as_ref());
        let one = [
            ("url", self.url.as_ref()),
            ("hook_attributes.url", hook),
            ("redirect_url", self.redirect_url.as_ref()),
            ("setup_url", self.setup_url.as_ref()),
        ];
        let one = one
            .into_iter()
            .filter_map(|(key, value)| Some((key, value?)));
        let callbacks = self
            .callback_urls
            .iter()
            .map(|value| ("callback_urls", value));
        one.chain(callbacks)
            .filter(|(_, address)| !is_web(address))
            .map(|(key, address)| format!("\"{key}\": \"{address}\" is not a URL"))
            .collect()
    }

    fn hook(&self, options: &WebOptions) -> Option<&'static str> {
        let Some(hook) = &self.hook_attributes else {
            let missing = !options.hook_may_be_left_out;
            return missing.then_some("\"hook_attributes\" is missing");
        };
        if !hook.active && options.inactive_hook_may_be_unreachable {
            return None;
        }
        match &hook.url {
            None => Some("\"hook_attributes.url\" is missing"),
            Some(url) if options.refuses_local_hooks && is_local(url) => Some(
                "\"hook_attributes.url\" is not reachable over the public Internet (localhost)",
            ),
            Some(_) => None,
        }
    }

    fn permissions(&self) -> Vec<String> {
        let levels = self.default_permissions.iter();
        let unknown = levels.filter(|(_, level)| !LEVELS.contains(&level.as_str()));
        unknown
            .map(|(name, level)| {
                format!("\"default_permissions\": \"{level}\" is not a level of \"{name}\"")
            })
            .collect()
    }

    fn events(&self) -> Vec<String> {
        let problem = |event: &String| {
            if ALWAYS_ON.contains(&event.as_str()) {
                return Some(format!("\"default_events\": \"{event}\" is always sent"));
            }
            let (_, needed) = NEEDED.iter().find(|(name, _)| name == event)?;
            let allowed = self.default_permissions.contains_key(*needed);
            (!allowed).then(|| format!("\"default_events\": \"{event}\" needs \"{needed}\""))
        };
        self.default_events.iter().filter_map(problem).collect()
    }
}

impl From<Draft> for Manifest {
    fn from(draft: Draft) -> Self {
        let hook = draft.hook_attributes;
        let (hook_url, active) = hook.map_or((None, false), |hook| (hook.url, hook.active));
        let mut permissions = draft.default_permissions;
        permissions
            .entry("metadata".to_owned())
            .or_insert_with(|| "read".to_owned());
        let registration = AppRegistration {
            name: draft.name,
            url: draft.url.unwrap_or_default(),
            description: draft.description,
            hook_active: active && hook_url.is_some(),
            hook_url,
            callback_urls: draft.callback_urls,
            setup_url: draft.setup_url,
            setup_on_update: draft.setup_on_update,
            request_oauth_on_install: draft.request_oauth_on_install,
            public: draft.public,
            permissions,
            events: draft.default_events,
        };
        Self {
            registration,
            redirect_url: draft.redirect_url,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn good() -> Value {
        json!({
            "name": "Lampboard",
            "url": "https://board.example",
            "hook_attributes": {"url": "https://board.example/hook"},
            "redirect_url": "https://board.example/created",
            "callback_urls": ["https://board.example/callback"],
            "default_permissions": {"actions": "read"},
            "default_events": ["workflow_run"],
        })
    }

    fn problems(manifest: &Value, options: &WebOptions) -> Vec<String> {
        let parsed = Manifest::parse(&manifest.to_string(), options);
        parsed.map(|_| ()).err().unwrap_or_default()
    }

    fn problems_with(key: &str, value: Value) -> Vec<String> {
        let mut manifest = good();
        manifest[key] = value;
        problems(&manifest, &WebOptions::default())
    }

    #[test]
    fn a_good_manifest_becomes_a_registration() {
        let manifest = Manifest::parse(&good().to_string(), &WebOptions::default()).unwrap();
        let registration = manifest.registration;
        assert_eq!(
            manifest.redirect_url.unwrap(),
            "https://board.example/created"
        );
        assert_eq!(registration.hook_url.unwrap(), "https://board.example/hook");
        assert!(registration.hook_active);
        assert_eq!(registration.permissions["metadata"], "read");
        assert_eq!(registration.permissions["actions"], "read");
        assert!(!registration.public);
    }

    #[test]
    fn everything_wrong_is_said_at_once() {
        let manifest = json!({"webhook_secret": "x", "hook_attributes": {"secret": "x"}});
        let expected = [
            "\"webhook_secret\" is not a key of a manifest",
            "\"hook_attributes.secret\" is not a key of a manifest",
            "\"url\" is missing",
            "\"hook_attributes.url\" is missing",
        ];
        assert_eq!(problems(&manifest, &WebOptions::default()), expected);
    }

    #[test]
    fn what_is_not_as_documented_is_refused() {
        let eleven = vec!["https://board.example/"; 11];
        let table = [
            ("url", json!("board.example"), "is not a URL"),
            ("callback_urls", json!(eleven), "more than 10"),
            ("callback_urls", json!(["/callback"]), "is not a URL"),
            ("public", json!("no"), "expected a boolean"),
            ("default_events", json!(["installation"]), "always sent"),
            ("default_events", json!(["push"]), "needs \"contents\""),
            (
                "default_permissions",
                json!({"actions": "all"}),
                "not a level",
            ),
            (
                "hook_attributes",
                json!({"url": "http://127.0.0.1:1/"}),
                "not reachable",
            ),
            (
                "hook_attributes",
                json!({"url": "http://localhost/"}),
                "not reachable",
            ),
        ];
        for (key, value, expected) in table {
            let problems = problems_with(key, value);
            assert!(problems[0].contains(expected), "{key}: {problems:?}");
        }
        let text = Manifest::parse("not JSON", &WebOptions::default()).unwrap_err();
        assert!(text[0].starts_with("it is not a JSON object"), "{text:?}");
    }

    #[test]
    fn every_key_that_is_documented_is_known() {
        for (key, value) in [
            ("setup_url", json!("https://board.example/installed")),
            ("setup_on_update", json!(true)),
            ("request_oauth_on_install", json!(true)),
            ("description", json!("A board")),
            ("public", json!(true)),
            ("version", json!("v1")),
        ] {
            assert_eq!(problems_with(key, value), [""; 0], "{key}");
        }
    }

    #[test]
    fn what_is_not_known_of_hooks_is_a_switch_each() {
        let without_hook = WebOptions {
            hook_may_be_left_out: false,
            ..WebOptions::default()
        };
        let without_address = WebOptions {
            inactive_hook_may_be_unreachable: false,
            ..WebOptions::default()
        };
        let local = json!({"active": false, "url": "http://localhost/"});
        for (hook, strict) in [
            (Value::Null, without_hook),
            (json!({"active": false}), without_address.clone()),
            (local, without_address),
        ] {
            let mut manifest = good();
            manifest["hook_attributes"] = hook;
            assert_eq!(
                problems(&manifest, &WebOptions::default()),
                [""; 0],
                "{manifest}"
            );
            assert_eq!(problems(&manifest, &strict).len(), 1, "{manifest}");
        }
        let mut manifest = good();
        manifest["hook_attributes"]["url"] = "http://127.0.0.1:8080/hook".into();
        let options = WebOptions {
            refuses_local_hooks: false,
            ..WebOptions::default()
        };
        assert_eq!(problems(&manifest, &options), [""; 0]);
    }
}
