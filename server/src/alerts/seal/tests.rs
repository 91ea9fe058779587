use proptest::prelude::*;
use secrecy::{ExposeSecret as _, SecretString};

use super::{MasterKey, MasterKeyError, Place, SealError, Sealer, last_four, redacted};

const HERE: Place<'static> = Place {
    table: "alert_channels",
    column: "secret",
    row: "c1",
};

fn key(fill: u8) -> MasterKey {
    let mut bytes = [fill; 32];
    bytes[0] = 1;
    MasterKey::parse(&hex::encode(bytes)).unwrap()
}

fn secret(text: &str) -> SecretString {
    SecretString::from(text)
}

fn open(sealer: &Sealer, place: Place<'_>, blob: &[u8]) -> Result<String, SealError> {
    sealer
        .open(place, blob)
        .map(|secret| secret.expose_secret().to_owned())
}

#[test]
fn what_is_sealed_opens_and_shows_nothing() {
    let sealer = Sealer::new(vec![key(7)]);
    let blob = sealer.seal(HERE, &secret("xoxb-canary")).unwrap();
    assert!(!blob.windows(6).any(|window| window == b"canary"));
    assert_eq!(open(&sealer, HERE, &blob).unwrap(), "xoxb-canary");
    let again = sealer.seal(HERE, &secret("xoxb-canary")).unwrap();
    assert_ne!(blob, again, "a nonce is used once");
}

#[test]
fn a_blob_opens_in_its_own_place_only() {
    let sealer = Sealer::new(vec![key(7)]);
    let blob = sealer.seal(HERE, &secret("s")).unwrap();
    let elsewhere = [
        Place { row: "c2", ..HERE },
        Place {
            column: "url",
            ..HERE
        },
        Place {
            table: "users",
            ..HERE
        },
    ];
    for place in elsewhere {
        assert_eq!(open(&sealer, place, &blob), Err(SealError::NotOfThisPlace));
    }
}

#[test]
fn the_first_key_seals_and_all_open() {
    let old = Sealer::new(vec![key(7)]);
    let blob = old.seal(HERE, &secret("s")).unwrap();
    let both = Sealer::new(vec![key(8), key(7)]);
    assert_eq!(open(&both, HERE, &blob).unwrap(), "s");
    let resealed = both.seal(HERE, &both.open(HERE, &blob).unwrap()).unwrap();
    let new = Sealer::new(vec![key(8)]);
    assert_eq!(open(&new, HERE, &resealed).unwrap(), "s");
    let id = hex::encode(key(7).id());
    assert_eq!(open(&new, HERE, &blob), Err(SealError::OtherKey(id)));
    let without = Sealer::new(Vec::new());
    assert_eq!(without.seal(HERE, &secret("s")), Err(SealError::NoKey));
}

#[test]
fn whatever_is_cut_off_or_changed_is_refused() {
    let sealer = Sealer::new(vec![key(7)]);
    let blob = sealer.seal(HERE, &secret("secret")).unwrap();
    for length in 0..blob.len() {
        assert!(open(&sealer, HERE, &blob[..length]).is_err(), "{length}");
    }
    for place in 0..blob.len() {
        let mut changed = blob.clone();
        changed[place] ^= 1;
        assert!(open(&sealer, HERE, &changed).is_err(), "{place}");
    }
    assert_eq!(open(&sealer, HERE, &[]), Err(SealError::TooShort(0)));
    assert_eq!(
        open(&sealer, HERE, &[9; 90]),
        Err(SealError::OtherVersion(9))
    );
}

proptest! {
    #[test]
    fn no_bytes_panic(blob in prop::collection::vec(any::<u8>(), 0..200), version: bool) {
        let sealer = Sealer::new(vec![key(7)]);
        let mut bytes = if version { vec![1] } else { Vec::new() };
        bytes.extend(blob);
        prop_assert!(open(&sealer, HERE, &bytes).is_err());
    }

    #[test]
    fn every_text_survives(text: String) {
        let sealer = Sealer::new(vec![key(7)]);
        let blob = sealer.seal(HERE, &secret(&text)).unwrap();
        prop_assert_eq!(open(&sealer, HERE, &blob).unwrap(), text);
    }
}

#[test]
fn a_master_key_is_read_in_every_form() {
    let hex = "fbff00112233445566778899aabbccddeeff0123456789abcdef00112233445f";
    let forms = [
        hex.to_owned(),
        hex.to_uppercase(),
        "+/8AESIzRFVmd4iZqrvM3e7/ASNFZ4mrze8AESIzRF8=".to_owned(),
        "+/8AESIzRFVmd4iZqrvM3e7/ASNFZ4mrze8AESIzRF8".to_owned(),
        "-_8AESIzRFVmd4iZqrvM3e7_ASNFZ4mrze8AESIzRF8".to_owned(),
        format!(" {hex}\n"),
    ];
    for form in forms {
        assert_eq!(hex::encode(MasterKey::parse(&form).unwrap().bytes()), hex);
    }
}

#[test]
fn what_is_no_master_key_is_refused_without_telling_it() {
    let cases = [
        ("", MasterKeyError::Length(0)),
        ("hunter2!", MasterKeyError::Malformed),
        ("aHVudGVyMg==", MasterKeyError::Length(7)),
        (&"00".repeat(32), MasterKeyError::NotRandom),
    ];
    for (text, expected) in cases {
        let error = MasterKey::parse(text).unwrap_err();
        assert_eq!(error, expected);
        assert!(text.is_empty() || !error.to_string().contains(text));
    }
    let shown = format!("{:?}", Sealer::new(vec![key(7)]));
    assert!(!shown.contains("0707"), "{shown}");
}

#[test]
fn little_is_shown_of_a_secret() {
    let url = secret("https://hooks.slack.com/services/T0/B0/abcdefgh3f2a");
    assert_eq!(redacted(&url), "hooks.slack.com/…3f2a");
    assert_eq!(last_four(&secret("xoxb-123456789012-abcd")), "abcd");
    assert_eq!(last_four(&secret("short")), "");
    assert_eq!(redacted(&secret("no url")), "/…");
    let credentials = secret("https://user:hunter2@example.com/0123456789");
    assert_eq!(redacted(&credentials), "example.com/…6789");
}
