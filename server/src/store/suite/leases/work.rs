//! What is done, and told, by whoever holds a lease, and by nobody else.

use super::{
    super::super::{GapQuery, LogRead},
    Leases, request,
};
use crate::{
    Error,
    fixtures::at,
    model::{Gap, GapKind, InstallationId, MissedDelivery, RepositoryId, WHOLE_APP},
};

#[tokio::test]
async fn the_cursor_is_moved_by_whoever_holds_the_log() {
    let leases = Leases::of(&[]).await;
    let store = &leases.fixture.store;
    let read = |until, lease| LogRead {
        until: Some(at(until)),
        lease: Some(lease),
        ..LogRead::default()
    };
    let first = leases.call(request("a")).await[&0];
    store.record_missed(read(10, first)).await.unwrap();
    leases.wait(30);
    let late = store.record_missed(read(20, first)).await;
    assert!(matches!(late, Err(Error::Precondition(_))), "it is over");
    let second = leases.call(request("b")).await[&0];
    let stale = store.record_missed(read(20, first)).await;
    assert!(matches!(stale, Err(Error::Precondition(_))), "b has it");
    assert_eq!(store.delivery_cursor().await.unwrap(), Some(at(10)));
    store.record_missed(read(15, second)).await.unwrap();
    assert_eq!(store.delivery_cursor().await.unwrap(), Some(at(15)));
}

#[tokio::test]
async fn history_that_the_log_does_not_tell_is_loaded_of_all_that_is_seen() {
    let leases = Leases::of(&[1, 2]).await;
    let store = &leases.fixture.store;
    let read = |since| LogRead {
        until: Some(at(10)),
        history_since: Some(at(since)),
        ..LogRead::default()
    };
    store.record_missed(read(-100)).await.unwrap();
    store.record_missed(read(-50)).await.unwrap();
    let free = async |holder: &str| store.has_free_backfill(holder, at(0)).await.unwrap();
    assert!(!free("a").await, "it holds nothing");
    leases.hold("a").await;
    assert!(free("a").await);
    let mut names = Vec::new();
    while let Some(leased) = store.lease_backfill("a".to_owned()).await.unwrap() {
        names.push(leased.backfill.repository);
    }
    names.sort();
    assert_eq!(
        names,
        ["acme/repository-1", "acme/repository-2"],
        "each once"
    );
}

#[tokio::test]
async fn missed_deliveries_are_told_to_whoever_holds_their_installation() {
    let leases = Leases::of(&[1, 2]).await;
    let missed = |guid: &str, installation| MissedDelivery {
        guid: guid.to_owned(),
        delivery_id: 1,
        event: "workflow_run".to_owned(),
        action: "completed".to_owned(),
        repository: RepositoryId(0),
        installation: InstallationId(installation),
        deliver_time: at(-10),
        problem: "timed out".to_owned(),
    };
    let store = &leases.fixture.store;
    let all = ["1", "2", "9", "0"].map(|guid| missed(guid, guid.parse().unwrap()));
    let read = LogRead {
        missed: all.into(),
        ..LogRead::default()
    };
    store.record_missed(read).await.unwrap();
    let of = async |ids: &[i64]| {
        let asked = GapQuery {
            kind: GapKind::Delivery,
            repositories: Vec::new(),
            installations: ids.iter().map(|id| InstallationId(*id)).collect(),
            limit: 10,
        };
        let gaps: Vec<Gap> = store.gaps(asked, at(0)).await.unwrap();
        let mut ids: Vec<_> = gaps.iter().map(|gap| gap.installation.0).collect();
        ids.sort_unstable();
        ids
    };
    assert_eq!(of(&[]).await, [0, 1, 2, 9]);
    assert_eq!(of(&[WHOLE_APP.0]).await, [0, 1, 2, 9], "nobody holds any");
    leases.hold("a").await;
    assert_eq!(of(&[WHOLE_APP.0]).await, [0, 9]);
    assert_eq!(of(&[2]).await, [2]);
    assert_eq!(of(&[WHOLE_APP.0, 1]).await, [0, 1, 9]);
}

#[tokio::test]
async fn only_the_word_of_whoever_holds_the_app_counts() {
    let leases = Leases::of(&[]).await;
    let store = &leases.fixture.store;
    let tell = async |word: u8, holder: &str| {
        let told = store.set_app_status(vec![word], holder.to_owned()).await;
        told.unwrap();
        let status = store.app_status().await.unwrap();
        status.map(|(status, _)| status[0])
    };
    assert_eq!(tell(1, "b").await, Some(1), "nobody holds it");
    leases.hold("a").await;
    assert_eq!(tell(2, "b").await, Some(1));
    assert_eq!(tell(3, "a").await, Some(3));
    leases.wait(30);
    assert_eq!(tell(4, "b").await, Some(4));
}
