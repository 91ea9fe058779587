//! GUIDs that come again, at once or with something else in them.

use http::StatusCode;
use tokio::task::JoinSet;

use crate::support::{
    database::StoredDelivery,
    github::{OneWorkflow, a_run},
    lampboard::Lampboard,
};

#[tokio::test]
async fn one_guid_on_fifty_connections_at_once_is_one_delivery() {
    let lampboard = Lampboard::serve().await;
    let (_, event) = a_run();
    let mut deliveries = JoinSet::new();
    for _ in 0..50 {
        let (hook, event) = (lampboard.hook(), event.clone());
        deliveries.spawn(async move { hook.deliver_event(&event).await.unwrap() });
    }
    for answer in deliveries.join_all().await {
        assert_eq!(answer.status, StatusCode::OK);
    }
    let mut database = lampboard.database().await;
    let stored = StoredDelivery {
        action: "requested".to_owned(),
        receive_count: 50,
        conflict_count: 0,
    };
    assert_eq!(database.delivery(&event.guid).await, Some(stored));
    assert_eq!(database.guids().await.len(), 1);
    assert_eq!(lampboard.board().await.builds().await.len(), 1);
}

#[tokio::test]
async fn a_guid_with_another_body_is_taken_in_and_counted() {
    let lampboard = Lampboard::serve().await;
    let (hook, mut github) = (lampboard.hook(), OneWorkflow::new());
    let (_, first) = github.next_run();
    let (_, mut second) = github.next_run();
    second.guid.clone_from(&first.guid);
    for event in [&first, &second] {
        let answer = hook.deliver_event(event).await.unwrap();
        assert_eq!(answer.status, StatusCode::OK);
    }
    // The content decides.
    assert_eq!(lampboard.board().await.builds().await.len(), 2);
    let stored = StoredDelivery {
        action: "requested".to_owned(),
        receive_count: 2,
        conflict_count: 1,
    };
    let mut database = lampboard.database().await;
    assert_eq!(database.delivery(&first.guid).await, Some(stored));
    assert!(
        lampboard
            .server
            .log()
            .contains("came again with another body")
    );
    let counters = hook.try_get("/metrics").await.unwrap();
    let counters = str::from_utf8(&counters.body).unwrap();
    assert!(
        counters.contains("lampboard_delivery_conflicts_total 1"),
        "{counters}"
    );
}
