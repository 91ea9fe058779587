//! Which endpoint answers what.

use super::answer::Answered;
use super::call::Call;
use super::refusal::Refusal;
use super::{access_token, app, deliveries, hook_config, installation, misc, repository, user};
use crate::github::GitHub;

/// Answers a request that was let in.
pub(super) fn route(call: &mut Call<'_>, github: &mut GitHub) -> Answered {
    match (call.method.as_str(), call.segments) {
        ("GET", ["app"]) => app::get(call, github),
        ("GET", ["app", "hook", "config"]) => hook_config::get(call, github),
        ("PATCH", ["app", "hook", "config"]) => hook_config::change(call, github),
        ("GET", ["app", "hook", "deliveries"]) => deliveries::list(call, github),
        ("GET", ["app", "hook", "deliveries", id]) => deliveries::get(call, id),
        ("POST", ["app", "hook", "deliveries", id, "attempts"]) => deliveries::redeliver(call, id),
        ("GET", ["app", "installations"]) => app::installations(call, github),
        ("GET", ["app", "installations", id]) => app::installation(call, github, id),
        ("DELETE", ["app", "installations", id]) => app::uninstall(call, github, id),
        ("POST", ["app", "installations", id, "access_tokens"]) => {
            access_token::create(call, github, id)
        }
        ("GET", ["orgs" | "users", login, "installation"]) => {
            app::installation_of_account(call, github, login)
        }
        ("GET", ["installation", "repositories"]) => installation::repositories(call, github),
        ("DELETE", ["installation", "token"]) => installation::revoke(call),
        ("GET", ["user"]) => user::get(call, github),
        ("GET", ["user", "installations"]) => user::installations(call, github),
        ("GET", ["user", "installations", id, "repositories"]) => {
            user::repositories(call, github, id)
        }
        ("GET", ["meta"]) => Ok(misc::meta()),
        (_, ["repos", owner, name, rest @ ..]) => {
            repository::by_name(call, github, owner, name, rest)
        }
        (_, ["repositories", id, rest @ ..]) => repository::by_id(call, github, id, rest),
        _ => Err(Refusal::not_found()),
    }
}
