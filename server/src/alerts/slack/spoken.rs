//! Reads the answers of Slack's API, which may be cut off: they repeat the whole message.

use std::fmt;

use serde::de::{Deserializer as _, IgnoredAny, MapAccess, Visitor};

/// A name of Slack's is short, and of these characters.
const LONGEST: usize = 64;

/// What an answer says in front of the message that it repeats.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Spoken {
    /// Whether Slack did what it was asked.
    pub(super) ok: Option<bool>,
    /// Why not, in a word.
    pub(super) error: Option<String>,
    /// Where the message is.
    pub(super) channel: Option<String>,
    /// Which message of the channel it is.
    pub(super) ts: Option<String>,
}

impl Spoken {
    /// Takes what can be read, up to where it ends or makes no sense.
    pub(super) fn read(bytes: &[u8]) -> Self {
        let mut spoken = Self::default();
        let mut json = serde_json::Deserializer::from_slice(bytes);
        let _ = json.deserialize_map(Fields(&mut spoken));
        spoken
    }
}

struct Fields<'a>(&'a mut Spoken);

impl<'de> Visitor<'de> for Fields<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "ok" => self.0.ok = Some(map.next_value()?),
                "error" => self.0.error = name(map.next_value()?),
                "channel" => self.0.channel = name(map.next_value()?),
                "ts" => self.0.ts = name(map.next_value()?),
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

fn name(text: String) -> Option<String> {
    let plain = |character: char| character.is_ascii_alphanumeric() || "._-".contains(character);
    (text.len() <= LONGEST && text.chars().all(plain)).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_as_far_as_it_goes() {
        let whole = r#"{"ok":true,"channel":"C1","ts":"1.2","message":{"text":"ok"}}"#;
        let cut = r#"{"ok":true,"channel":"C1","ts":"1.2","message":{"text":"o"#;
        for text in [whole, cut] {
            let spoken = Spoken::read(text.as_bytes());
            assert_eq!(spoken.ok, Some(true));
            assert_eq!(spoken.channel.as_deref(), Some("C1"));
            assert_eq!(spoken.ts.as_deref(), Some("1.2"));
        }
        let refused = Spoken::read(br#"{"ok":false,"error":"invalid_auth"}"#);
        assert_eq!(refused.ok, Some(false));
        assert_eq!(refused.error.as_deref(), Some("invalid_auth"));
        for odd in ["", "ok", "[]", "{\"ok\":1}", "<html>", "{\"ts\":\"a:b c\"}"] {
            assert_eq!(Spoken::read(odd.as_bytes()), Spoken::default(), "{odd}");
        }
    }
}
