//! First backfills: one for each repository, and another one when it is seen again.

use super::{
    super::BackfillQuery,
    fixture::{Fixture, synced},
};
use crate::{
    fixtures::at,
    model::{BackfillId, BackfillStatus, BackfillUpdate, InstallationState, RepositoryId},
};

/// Syncs an installation that sees repository 8, and asks for its history.
async fn sync(fixture: &Fixture, installation: i64, second: i64) {
    let mut sync = synced(installation, InstallationState::Active, second, &[8]);
    sync.backfill_since = Some(at(-1000));
    fixture.sync_as(sync).await;
}

/// The backfills of repository 8 by number.
async fn backfills(fixture: &Fixture) -> Vec<(i32, BackfillStatus)> {
    let query = BackfillQuery {
        ids: Vec::new(),
        limit: 10,
    };
    let listed = fixture.store.backfills(query).await.unwrap().backfills;
    let mut listed: Vec<_> = listed.iter().map(|it| (it.id.number, it.status)).collect();
    listed.sort_by_key(|(number, _)| *number);
    listed
}

/// Ends the open backfill, which the clock, that stands still, then puts in the past.
async fn end(fixture: &Fixture, status: BackfillStatus) {
    let leased = fixture.store.lease_backfill(String::new()).await;
    let leased = leased.unwrap().unwrap();
    let update = BackfillUpdate {
        id: leased.backfill.id,
        lease: leased.lease,
        status,
        cursor_time: None,
        added_runs: 0,
        added_requests: 0,
        problem: String::new(),
        wait_until_time: None,
    };
    fixture.store.update_backfill(update).await.unwrap();
    fixture
        .sabotage("UPDATE backfill SET create_time = create_time - 1")
        .await;
}

/// Uninstalls the app, and installs it again under another id.
async fn reinstall(fixture: &Fixture, from: i64, to: i64) {
    let gone = synced(from, InstallationState::Deleted, to * 10 - 1, &[]);
    fixture.sync_as(gone).await;
    sync(fixture, to, to * 10).await;
}

#[tokio::test]
async fn what_failed_before_a_repository_was_seen_again_is_started_once_more() {
    let fixture = Fixture::open().await;
    sync(&fixture, 5, 50).await;
    end(&fixture, BackfillStatus::Failed).await;
    sync(&fixture, 5, 51).await;
    let failed = (1, BackfillStatus::Failed);
    assert_eq!(backfills(&fixture).await, [failed], "nothing changed");

    reinstall(&fixture, 5, 6).await;
    let expected = [failed, (2, BackfillStatus::Queued)];
    assert_eq!(backfills(&fixture).await, expected);
    sync(&fixture, 6, 61).await;
    assert_eq!(backfills(&fixture).await, expected, "it is under way");
    let second = BackfillId {
        repository: RepositoryId(8),
        number: 2,
    };
    fixture.store.cancel_backfill(second).await.unwrap();
    sync(&fixture, 6, 62).await;
    let expected = [failed, (2, BackfillStatus::Cancelled)];
    assert_eq!(
        backfills(&fixture).await,
        expected,
        "it was cancelled since"
    );
}

#[tokio::test]
async fn what_was_loaded_is_not_loaded_again() {
    let fixture = Fixture::open().await;
    sync(&fixture, 5, 50).await;
    end(&fixture, BackfillStatus::Done).await;
    reinstall(&fixture, 5, 6).await;
    assert_eq!(backfills(&fixture).await, [(1, BackfillStatus::Done)]);
}
