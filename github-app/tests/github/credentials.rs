//! Signing as the App, and the tokens of installations.

use std::{collections::HashSet, sync::Arc, time::Duration};

use futures_util::future::join_all;
use jiff::SignedDuration;
use jsonwebtoken::{Algorithm, Validation};
use lampboard_github_app::github::{Connection, ConnectionError, Error, GitHub, Purpose};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::support::{
    APP_ID, INSTALLATION, World, connection,
    fake::{Asked, Canned, Fake, made_token, serve},
    key, path,
};

#[derive(Deserialize)]
struct Claims {
    iat: i64,
    exp: i64,
    iss: String,
}

/// What a JWT claims, if the App's key signed it.
fn claims(asked: &Asked) -> Claims {
    let mut validation = Validation::new(Algorithm::RS256);
    validation.validate_exp = false;
    let public = key::first().public();
    jsonwebtoken::decode(asked.bearer(), &public, &validation)
        .unwrap()
        .claims
}

fn app() -> Canned {
    Canned::json(&json!({ "id": APP_ID }))
}

async fn get(world: &World) -> Result<(), Error> {
    let thing = path("/thing");
    let got = world.github.get(INSTALLATION, Purpose::Live, &thing).await;
    got.map(drop)
}

#[tokio::test]
async fn signs_as_the_app_for_nine_minutes() {
    let world = World::new(Fake::answering(|_| app())).await;
    world.github.app().await.unwrap();
    let asked = world.fake.asked().remove(0);
    let claims = claims(&asked);
    assert_eq!(claims.iat, asked.time.as_second() - 60);
    assert_eq!(claims.exp, asked.time.as_second() + 540);
    assert_eq!(claims.iss, APP_ID.to_string());
}

#[tokio::test]
async fn signs_with_any_form_of_the_key_and_by_the_client_id() {
    let pkcs1 = key::first().pkcs1_pem();
    for pem in [
        pkcs1.clone(),
        key::first().pkcs8_pem(),
        pkcs1.replace('\n', "\r\n"),
        pkcs1.replace('\n', r"\n"),
        format!("\n{pkcs1}\n"),
    ] {
        let fake = Arc::new(Fake::answering(|_| app()));
        let url = serve(&fake).await;
        let connection = Connection {
            client_id: Some("Iv23of".to_owned()),
            private_key: pem.into(),
            ..connection(&url)
        };
        let clock = Arc::clone(&fake.clock);
        GitHub::new(connection, clock).unwrap().app().await.unwrap();
        assert_eq!(claims(&fake.asked()[0]).iss, "Iv23of");
    }
}

#[tokio::test]
async fn another_key_signs_nothing_that_verifies() {
    let fake = Arc::new(Fake::answering(|_| app()));
    let connection = Connection {
        private_key: key::second().pkcs1_pem().into(),
        ..connection(&serve(&fake).await)
    };
    let github = GitHub::new(connection, Arc::clone(&fake.clock) as _).unwrap();
    github.app().await.unwrap();
    let public = key::first().public();
    let validation = Validation::new(Algorithm::RS256);
    let bearer = fake.asked()[0].bearer().to_owned();
    assert!(jsonwebtoken::decode::<Claims>(bearer, &public, &validation).is_err());
}

#[tokio::test]
async fn refuses_a_key_that_is_none() {
    let fake = Fake::answering(|_| app());
    let url = "http://127.0.0.1:9".parse().unwrap();
    let good = key::first().pkcs1_pem();
    for pem in ["", "secret", &good[..200], &good.replacen('A', "B", 20)] {
        let connection = Connection {
            private_key: pem.into(),
            ..connection(&url)
        };
        let refused = GitHub::new(connection, Arc::clone(&fake.clock) as _).unwrap_err();
        assert!(matches!(refused, ConnectionError::UnusablePrivateKey(_)));
        assert!(!refused.to_string().contains("secret"));
    }
}

#[tokio::test]
async fn corrects_its_clock_by_githubs_once() {
    for minutes in [10, -5, 90] {
        let skew = SignedDuration::from_mins(minutes);
        let fake = Fake::answering(move |asked| {
            let claims = claims(asked);
            let theirs = (asked.time + skew).as_second();
            if claims.iat <= theirs && theirs < claims.exp && claims.exp <= theirs + 600 {
                app()
            } else {
                Canned::refusal(
                    401,
                    "'Expiration time' claim ('exp') is too far in the future",
                )
            }
        });
        let world = World::new(fake.ahead_by(skew)).await;
        world.github.app().await.unwrap();
        assert_eq!(world.github.clock_offset(), Some(skew));
        assert_eq!(world.fake.asked().len(), 2, "{minutes}");
        world.github.app().await.unwrap();
        assert_eq!(world.fake.asked().len(), 3, "{minutes}: it has learnt");
    }
}

#[tokio::test]
async fn does_not_sign_again_when_the_time_is_right() {
    let fake = Fake::answering(|_| Canned::refusal(401, "A JSON web token could not be decoded"));
    let world = World::new(fake).await;
    let refused = world.github.app().await.unwrap_err();
    assert!(matches!(refused, Error::Unauthorized { message } if message.contains("decoded")));
    assert_eq!(world.fake.asked().len(), 1);
}

#[tokio::test]
async fn asks_for_a_token_that_may_only_read() {
    let world = World::new(Fake::answering(|_| app())).await;
    get(&world).await.unwrap();
    let asked = world.fake.asked();
    assert_eq!(asked[0].method, "POST");
    let path = format!("/app/installations/{INSTALLATION}/access_tokens");
    assert_eq!(asked[0].path, path);
    let body: Value = serde_json::from_slice(&asked[0].body).unwrap();
    let permissions = json!({ "actions": "read", "metadata": "read" });
    assert_eq!(body, json!({ "permissions": permissions }));
    assert_eq!(claims(&asked[0]).iss, APP_ID.to_string());
    assert_eq!(asked[1].bearer(), "token-1");
}

#[tokio::test]
async fn makes_a_token_anew_five_minutes_early() {
    let world = World::new(Fake::answering(|_| app())).await;
    get(&world).await.unwrap();
    world.clock.step(SignedDuration::from_secs(55 * 60 - 1));
    get(&world).await.unwrap();
    assert_eq!(world.fake.tokens_made(), 1);
    world.clock.step(SignedDuration::from_secs(1));
    get(&world).await.unwrap();
    assert_eq!(world.fake.tokens_made(), 2);
    assert_eq!(world.fake.asked().last().unwrap().bearer(), "token-2");
}

#[tokio::test]
async fn uses_a_token_that_is_short_lived_for_half_its_life() {
    let fake = Fake::answering_all(|asked| {
        if asked.asks_for_token() {
            made_token("token", asked.time - SignedDuration::from_mins(58))
        } else {
            app()
        }
    });
    let world = World::new(fake).await;
    get(&world).await.unwrap();
    world.clock.step(SignedDuration::from_secs(59));
    get(&world).await.unwrap();
    assert_eq!(world.fake.tokens_made(), 1);
    world.clock.step(SignedDuration::from_secs(1));
    get(&world).await.unwrap();
    assert_eq!(world.fake.tokens_made(), 2);
}

#[tokio::test]
async fn knows_when_a_token_ends_by_githubs_clock() {
    let skew = SignedDuration::from_mins(-30);
    let fake = Fake::answering_all(move |asked| {
        if asked.asks_for_token() {
            made_token("token", asked.time + skew)
        } else {
            app()
        }
    });
    let world = World::new(fake.ahead_by(skew)).await;
    get(&world).await.unwrap();
    world.clock.step(SignedDuration::from_mins(40));
    get(&world).await.unwrap();
    assert_eq!(world.fake.tokens_made(), 1);
}

#[tokio::test]
async fn ten_callers_share_one_token_and_take_turns() {
    let world = World::new(Fake::answering(|_| app())).await;
    let calls = join_all((0..10).map(|_| get(&world))).await;
    assert!(calls.iter().all(Result::is_ok), "{calls:?}");
    assert_eq!(world.fake.tokens_made(), 1);
    assert_eq!(world.fake.asked_for_data().len(), 10);
    assert_eq!(world.fake.most_at_a_time(), 1);
}

#[tokio::test]
async fn takes_tokens_of_every_form() {
    let forms = [
        format!("ghs_{}", "a".repeat(36)),
        format!("ghs_1_{}", "b-._".repeat(130)),
    ];
    for form in forms {
        let token = form.clone();
        let fake = Fake::answering_all(move |asked| {
            if asked.asks_for_token() {
                made_token(&token, asked.time)
            } else {
                app()
            }
        });
        let world = World::new(fake).await;
        get(&world).await.unwrap();
        assert_eq!(world.fake.asked_for_data()[0].bearer(), form);
    }
}

#[tokio::test]
async fn renews_a_token_that_is_no_longer_known_and_asks_again() {
    let fake = Fake::answering(|asked| match asked.bearer() {
        "token-1" if asked.path == "/late" => Canned::refusal(401, "Bad credentials"),
        _ => app(),
    });
    let world = World::new(fake).await;
    get(&world).await.unwrap();
    world.clock.step(SignedDuration::from_mins(20));
    let late = path("/late");
    world
        .github
        .get(INSTALLATION, Purpose::Live, &late)
        .await
        .unwrap();
    let bearers: Vec<_> = world
        .fake
        .asked_for_data()
        .iter()
        .map(|asked| asked.bearer().to_owned())
        .collect();
    assert_eq!(bearers, ["token-1", "token-1", "token-2"]);
    assert!(world.clock.sleeps().is_empty());
}

#[tokio::test]
async fn waits_until_a_new_token_is_known() {
    let fake = Fake::answering(|asked| {
        // It is made at the beginning of a minute.
        if asked.time.as_second() % 60 < 3 {
            Canned::refusal(401, "Bad credentials")
        } else {
            app()
        }
    });
    let world = World::new(fake).await;
    get(&world).await.unwrap();
    assert_eq!(world.clock.sleeps(), [1, 2].map(Duration::from_secs));
    assert_eq!(world.fake.tokens_made(), 1);
}

#[tokio::test]
async fn gives_up_on_a_new_token_that_stays_unknown() {
    let world = World::new(Fake::answering(|_| Canned::refusal(401, "Bad credentials"))).await;
    assert!(matches!(get(&world).await, Err(Error::Unauthorized { .. })));
    assert_eq!(world.clock.sleeps(), [1, 2, 3].map(Duration::from_secs));
    assert_eq!(world.fake.asked_for_data().len(), 4);
    assert_eq!(world.fake.tokens_made(), 1);
    // The token is not kept; the next call starts over.
    assert!(get(&world).await.is_err());
    assert_eq!(world.fake.tokens_made(), 2);
}

#[tokio::test]
async fn tells_why_there_is_no_token() {
    let no_token = |status, message: &'static str| {
        World::new(Fake::answering_all(move |_| {
            Canned::refusal(status, message)
        }))
    };
    let world = no_token(403, "This installation has been suspended").await;
    assert!(matches!(
        get(&world).await,
        Err(Error::Suspended {
            installation_id: INSTALLATION
        })
    ));
    let world = no_token(404, "Not Found").await;
    assert!(matches!(
        get(&world).await,
        Err(Error::InstallationGone {
            installation_id: INSTALLATION
        })
    ));
    let world = no_token(422, "The permissions requested are not granted").await;
    assert!(matches!(get(&world).await, Err(Error::Forbidden { .. })));
    assert_eq!(world.fake.asked().len(), 1);
}

#[tokio::test]
async fn tells_that_an_installation_was_suspended_meanwhile() {
    let fake = Fake::answering(|_| Canned::refusal(403, "This installation has been suspended"));
    let world = World::new(fake).await;
    assert!(matches!(
        get(&world).await,
        Err(Error::Suspended {
            installation_id: INSTALLATION
        })
    ));
}

#[tokio::test]
async fn forgets_a_token_when_told_to() {
    let world = World::new(Fake::answering(|_| app())).await;
    get(&world).await.unwrap();
    world.github.forget_token(INSTALLATION);
    get(&world).await.unwrap();
    assert_eq!(world.fake.tokens_made(), 2);
}

#[tokio::test]
async fn installations_have_tokens_of_their_own() {
    let world = World::new(Fake::answering(|_| app())).await;
    let thing = path("/thing");
    for id in [1, 2, 1, 2] {
        world.github.get(id, Purpose::Live, &thing).await.unwrap();
    }
    let asked = world.fake.asked_for_data();
    let bearers: HashSet<_> = asked.iter().map(Asked::bearer).collect();
    assert_eq!(bearers, HashSet::from(["token-1", "token-2"]));
}
