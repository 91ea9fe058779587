//! Payloads and their dictionaries: trained, shared, replaced, deleted; and each payload comes back
//! as it was.

use super::{
    super::{Error, db::query, payloads::latest},
    fixture::Fixture,
    rows::fetch,
};
use crate::{
    fixtures::at,
    model::{Delivery, Report},
};

const DAY: i64 = 24 * 3600;

/// A body such as GitHub sends: the same URLs again and again.
fn body(number: usize, word: &str) -> String {
    let hash = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let keys = [
        "archive",
        "assignees",
        "blobs",
        "branches",
        "collaborators",
        "comments",
    ];
    let urls = keys.iter().map(|key| {
        format!(r#""{key}_url":"https://api.github.com/repos/acme/{word}/{key}{{/{hash:x}}}""#)
    });
    let urls: Vec<String> = urls.collect();
    format!(r#"{{"number":{number},{}}}"#, urls.join(","))
}

async fn fill(fixture: &Fixture, numbers: std::ops::Range<usize>, word: &str) {
    let sent = numbers.map(|number| {
        fixture.record(Report {
            delivery: Some(Delivery {
                guid: format!("{word} {number}"),
                event: "workflow_run".to_owned(),
                action: String::new(),
                receive_time: at(i64::try_from(number).unwrap()),
                payload: body(number, word).into(),
                problem: String::new(),
            }),
            ..Report::default()
        })
    });
    let sent: Vec<_> = sent.collect();
    futures_util::future::join_all(sent).await;
}

async fn dictionaries(fixture: &Fixture) -> Vec<(i64, Option<i64>)> {
    let all = "SELECT id, retire_time FROM payload_dictionary ORDER BY create_time";
    fetch(&fixture.store, query(all)).await
}

async fn assert_kept(fixture: &Fixture, numbers: std::ops::Range<usize>, word: &str) {
    for number in numbers {
        let guid = format!("{word} {number}");
        let payload = fixture.store.payload(&guid).await.unwrap().unwrap();
        assert!(payload == body(number, word).as_bytes(), "{guid}");
    }
}

async fn packed(fixture: &Fixture, guid: &'static str) -> usize {
    let payload = query("SELECT payload FROM delivery WHERE guid = $1").bind(guid);
    let payloads: Vec<(Vec<u8>,)> = fetch(&fixture.store, payload).await;
    payloads[0].0.len()
}

#[tokio::test]
async fn a_dictionary_is_trained_once_there_is_enough_and_makes_payloads_smaller() {
    let fixture = Fixture::open().await;
    let store = &fixture.store;
    fill(&fixture, 0..999, "api").await;
    store.renew_dictionary(at(0), false).await.unwrap();
    assert_eq!(dictionaries(&fixture).await, [], "not enough");
    fill(&fixture, 999..1000, "api").await;
    store.renew_dictionary(at(0), false).await.unwrap();
    assert_eq!(dictionaries(&fixture).await.len(), 1);
    fill(&fixture, 1000..1100, "api").await;
    let (before, after) = (
        packed(&fixture, "api 999").await,
        packed(&fixture, "api 1099").await,
    );
    assert!(after * 3 < before * 2, "{after} of {before}");
    assert_kept(&fixture, 0..1100, "api").await;
    store.renew_dictionary(at(DAY), false).await.unwrap();
    assert_eq!(dictionaries(&fixture).await.len(), 1, "it does");
}

#[tokio::test]
async fn another_one_is_trained_after_a_week_and_the_old_one_goes_with_its_payloads() {
    let fixture = Fixture::open().await;
    let store = &fixture.store;
    fill(&fixture, 0..1000, "api").await;
    store.renew_dictionary(at(0), false).await.unwrap();
    let first = dictionaries(&fixture).await[0].0;
    fill(&fixture, 1000..2000, "web").await;
    store
        .renew_dictionary(at(7 * DAY - 1), false)
        .await
        .unwrap();
    let trained = dictionaries(&fixture).await.len();
    store.renew_dictionary(at(7 * DAY), false).await.unwrap();
    let second = dictionaries(&fixture).await;
    assert!(second.len() > 1 && second.len() >= trained, "{second:?}");
    assert_eq!(
        second
            .iter()
            .filter(|(_, retired)| retired.is_none())
            .count(),
        1
    );
    fill(&fixture, 2000..2010, "web").await;
    store.renew_dictionary(at(20 * DAY), false).await.unwrap();
    assert_eq!(dictionaries(&fixture).await.len(), second.len(), "needed");
    assert_kept(&fixture, 0..1000, "api").await;
    assert_kept(&fixture, 1000..2010, "web").await;
    store.delete_old_payloads(at(5000)).await.unwrap();
    store.renew_dictionary(at(20 * DAY), false).await.unwrap();
    let left = dictionaries(&fixture).await;
    assert_eq!(left.len(), 1);
    assert_ne!(left[0].0, first);
}

#[tokio::test]
async fn without_its_dictionary_a_payload_is_a_clear_error() {
    let fixture = Fixture::open().await;
    let store = &fixture.store;
    fill(&fixture, 0..1000, "api").await;
    store.renew_dictionary(at(0), false).await.unwrap();
    fill(&fixture, 1000..1001, "api").await;
    fixture.sabotage("DELETE FROM payload_dictionary").await;
    let error = store.payload("api 1000").await.unwrap_err();
    assert!(matches!(error, Error::Stored { .. }));
    assert!(error.to_string().contains("dictionary"), "{error}");
    assert_kept(&fixture, 0..1000, "api").await;
    assert!(store.payload("unknown").await.unwrap().is_none());
}

#[tokio::test]
async fn what_is_no_payload_is_an_error_and_not_trained_on() {
    let fixture = Fixture::open().await;
    fill(&fixture, 0..1000, "api").await;
    fixture
        .sabotage("UPDATE delivery SET payload = payload_hash WHERE guid LIKE 'api 99%'")
        .await;
    let error = fixture.store.payload("api 999").await.unwrap_err();
    assert!(matches!(error, Error::Stored { .. }), "{error}");
    fixture.store.renew_dictionary(at(0), false).await.unwrap();
    assert_eq!(dictionaries(&fixture).await.len(), 1);
}

#[tokio::test]
async fn what_is_too_large_to_be_trained_on_is_not_even_fetched() {
    let fixture = Fixture::open().await;
    fill(&fixture, 0..1, "api").await;
    let mut noise = 1_u32;
    let noise = std::iter::repeat_with(|| {
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        noise.to_be_bytes()[0]
    });
    fixture
        .record(Report {
            delivery: Some(Delivery {
                guid: "large".to_owned(),
                event: "workflow_run".to_owned(),
                action: "completed".to_owned(),
                receive_time: at(1),
                payload: noise.take(100 << 10).collect::<Vec<u8>>().into(),
                problem: String::new(),
            }),
            ..Report::default()
        })
        .await;
    let sampled: Vec<(String, Option<Vec<u8>>)> = fetch(&fixture.store, latest()).await;
    let sampled: Vec<_> = sampled
        .iter()
        .map(|(guid, it)| (&guid[..], it.is_some()))
        .collect();
    assert_eq!(sampled, [("large", false), ("api 0", true)]);
}
