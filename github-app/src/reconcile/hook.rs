//! Checks that GitHub sends webhooks to where they are expected, in a form that is
//! understood.

use lampboard_proto::v1::AppMode;

use crate::{app::App, github::HookConfig, identity::Identity, trouble::Trouble, webhook};

/// Notes what is wrong with the settings of the webhook, for people to mend.
pub(super) async fn check(app: &App, identity: &Identity) -> Result<(), Trouble> {
    let Some(github) = app.github() else {
        return Ok(());
    };
    let problem = if identity.mode() == AppMode::Connected {
        problem(&github.hook_config().await?, identity.public_url.as_deref())
    } else {
        None
    };
    app.vitals.note_problem("webhook", problem);
    Ok(())
}

/// What is wrong with the settings of the webhook, and what to do about it.
pub(crate) fn problem(config: &HookConfig, public_url: Option<&str>) -> Option<String> {
    if config.content_type.as_deref() == Some("form") {
        return Some(
            "GitHub sends webhooks as forms, which are refused: in the webhook settings of the \
             GitHub App, set the content type to application/json"
                .to_owned(),
        );
    }
    let expected = webhook::url(public_url?);
    let url = config.url.as_deref().unwrap_or_default();
    (url != expected).then(|| {
        format!(
            "GitHub sends webhooks to {url}, not to {expected}: change the webhook URL in the \
             settings of the GitHub App, or LAMPBOARD_PUBLIC_URL"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(url: &str, content_type: &str) -> HookConfig {
        HookConfig {
            url: Some(url.to_owned()),
            content_type: Some(content_type.to_owned()),
            ..HookConfig::default()
        }
    }

    #[test]
    fn nothing_is_wrong_with_json_to_the_public_url() {
        let url = "https://ci.example/api/webhook/github-actions";
        assert_eq!(
            problem(&config(url, "json"), Some("https://ci.example/")),
            None
        );
        assert_eq!(problem(&config(url, "json"), None), None);
    }

    #[test]
    fn forms_and_other_addresses_are_named_with_their_fix() {
        let url = "https://ci.example/api/webhook/github-actions";
        let form = problem(&config(url, "form"), Some("https://ci.example")).unwrap();
        assert!(form.contains("application/json"), "{form}");
        let other = problem(&config(url, "json"), Some("https://new.example")).unwrap();
        assert!(other.contains("https://new.example/api/webhook"), "{other}");
    }
}
