//! What becomes of installations, repositories and people: S11 to S13 and S18.

use std::sync::Arc;

use super::stage::Stage;
use crate::github::account::Account;
use crate::github::installation::Selection;

/// S11: the installation is suspended. Its tokens are refused, and no events come.
pub fn suspend(stage: &Stage) {
    stage
        .double
        .github(|github| github.suspend(stage.installation));
}

/// S11: it is no longer suspended.
pub fn unsuspend(stage: &Stage) {
    stage
        .double
        .github(|github| github.unsuspend(stage.installation));
}

/// S12: the App keeps all repositories but the stage's own.
pub fn remove(stage: &Stage) {
    stage.double.github(|github| {
        let seen = github.repositories_of(stage.installation).into_iter();
        let others = seen.map(|it| it.id).filter(|id| *id != stage.repository);
        let others: Vec<_> = others.collect();
        github.select_repositories(stage.installation, Selection::Selected, &others);
    });
}

/// S12: only members see the repository from now on.
pub fn privatize(stage: &Stage) {
    stage
        .double
        .github(|github| github.privatize(stage.repository));
}

/// S12: the repository gets another name.
pub fn rename(stage: &Stage, name: &str) {
    stage
        .double
        .github(|github| github.rename_repository(stage.repository, name));
}

/// S12: the repository goes to another organisation, where the App is not installed.
pub fn transfer(stage: &Stage) -> Arc<Account> {
    stage.double.github(|github| {
        let other = github.create_organization("globex");
        github.transfer_repository(stage.repository, &other);
        other
    })
}

/// S12: the repository is deleted, of which Apps are not told in so many words.
pub fn delete(stage: &Stage) {
    stage
        .double
        .github(|github| github.delete_repository(stage.repository));
}

/// S13: somebody may no longer see the repository. Nobody is told.
pub fn take_access(stage: &Stage, person: &Arc<Account>) {
    stage
        .double
        .github(|github| github.revoke(person, stage.repository));
}

/// S18: somebody takes back what they let the App do; their tokens end at once.
pub fn revoke_authorization(stage: &Stage, person: &Arc<Account>) {
    stage
        .double
        .tokens(|tokens| tokens.revoke_person(stage.app, person.id));
    stage
        .double
        .github(|github| github.revoke_authorization(person, stage.app));
}
