//! Reads JSON values that may be of any type: what is not of the expected one
//! counts as not said, so that one odd field does not cost the record.

use std::{borrow::Cow, fmt, marker::PhantomData, ops::Deref};

use jiff::Timestamp;
use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor},
};

/// The most elements of a list that are read; the rest is skipped.
const MAX_ELEMENTS: usize = 1000;

/// A value if it is there and of the expected type.
#[derive(Debug)]
pub(crate) struct Lenient<T>(Option<T>);

impl<T> Lenient<T> {
    pub(crate) fn into_inner(self) -> Option<T> {
        self.0
    }
}

impl<T> From<T> for Lenient<T> {
    fn from(value: T) -> Self {
        Self(Some(value))
    }
}

impl<T> Default for Lenient<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Deref for Lenient<T> {
    type Target = Option<T>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

/// Can be made of some JSON values. The others make `other()`, which is nothing
/// unless a type wants to know of them; null always makes nothing.
pub(crate) trait FromJson<'de>: Sized {
    fn other() -> Option<Self> {
        None
    }

    fn from_bool(_: bool) -> Option<Self> {
        Self::other()
    }

    fn from_integer(_: i64) -> Option<Self> {
        Self::other()
    }

    fn from_text(_: Cow<'de, str>) -> Option<Self> {
        Self::other()
    }

    fn from_list<A: SeqAccess<'de>>(mut list: A) -> Result<Option<Self>, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Self::other())
    }

    fn from_object<A: MapAccess<'de>>(mut object: A) -> Result<Option<Self>, A::Error> {
        while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Self::other())
    }
}

impl<'de, T: FromJson<'de>> Deserialize<'de> for Lenient<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer
            .deserialize_any(AnyValue(PhantomData))
            .map(Self)
    }
}

struct AnyValue<T>(PhantomData<T>);

impl<'de, T: FromJson<'de>> Visitor<'de> for AnyValue<T> {
    type Value = Option<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(T::from_bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(T::from_integer(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(i64::try_from(value).map_or_else(|_| T::other(), T::from_integer))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(T::other())
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Self::Value, E> {
        Ok(T::from_text(Cow::Borrowed(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(T::from_text(Cow::Owned(value.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Self::Value, A::Error> {
        T::from_list(list)
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<Self::Value, A::Error> {
        T::from_object(object)
    }
}

impl FromJson<'_> for bool {
    fn from_bool(value: bool) -> Option<Self> {
        Some(value)
    }
}

impl FromJson<'_> for i64 {
    fn from_integer(value: i64) -> Option<Self> {
        Some(value)
    }
}

impl<'de: 'a, 'a> FromJson<'de> for Cow<'a, str> {
    fn from_text(value: Cow<'de, str>) -> Option<Self> {
        Some(value)
    }
}

/// GitHub writes times in RFC 3339, with any offset and fraction, and some as
/// seconds since 1970. Earlier ones stand for no time.
impl<'de> FromJson<'de> for Timestamp {
    fn from_integer(value: i64) -> Option<Self> {
        Self::from_second(value).ok().filter(is_real)
    }

    fn from_text(value: Cow<'de, str>) -> Option<Self> {
        value.parse().ok().filter(is_real)
    }
}

fn is_real(time: &Timestamp) -> bool {
    *time >= Timestamp::UNIX_EPOCH
}

impl<'de, T: FromJson<'de>> FromJson<'de> for Vec<T> {
    fn from_list<A: SeqAccess<'de>>(mut list: A) -> Result<Option<Self>, A::Error> {
        let mut elements = Self::new();
        while elements.len() < MAX_ELEMENTS {
            match list.next_element::<Lenient<T>>()? {
                Some(element) => elements.extend(element.0),
                None => return Ok(Some(elements)),
            }
        }
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Some(elements))
    }
}

/// An identity, for which "something else" is not the same as "not said".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Id {
    /// A positive integer, as all of GitHub's are.
    Given(i64),
    /// Anything else.
    Malformed,
}

impl FromJson<'_> for Id {
    fn other() -> Option<Self> {
        Some(Self::Malformed)
    }

    fn from_integer(value: i64) -> Option<Self> {
        Some(if value > 0 {
            Self::Given(value)
        } else {
            Self::Malformed
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<'de, T: FromJson<'de>>(json: &'de str) -> Option<T> {
        serde_json::from_str::<Lenient<T>>(json).unwrap().0
    }

    #[test]
    fn takes_what_it_expects() {
        assert_eq!(read("true"), Some(true));
        assert_eq!(read("-7"), Some(-7_i64));
        assert_eq!(
            read(r#""a\nb""#),
            Some(Cow::<str>::Owned("a\nb".to_owned()))
        );
        assert_eq!(read::<Vec<i64>>("[1, null, 2]"), Some(vec![1, 2]));
    }

    #[test]
    fn borrows_text_that_has_no_escapes() {
        let text: Option<Cow<'_, str>> = read(r#""plain""#);
        assert!(matches!(text, Some(Cow::Borrowed("plain"))));
    }

    #[test]
    fn takes_everything_else_as_not_said() {
        for json in [
            "null",
            "1.5",
            "18446744073709551616",
            "[[1], {}]",
            r#"{"a": [{}]}"#,
        ] {
            assert_eq!(read::<i64>(json), None, "{json}");
            assert_eq!(read::<bool>(json), None, "{json}");
            assert_eq!(read::<Cow<'_, str>>(json), None, "{json}");
            assert_eq!(read::<Timestamp>(json), None, "{json}");
        }
        assert_eq!(read::<Vec<i64>>(r#"{"0": 1}"#), None);
        assert_eq!(read::<Vec<i64>>("1"), None);
    }

    #[test]
    fn tells_a_malformed_id_from_none() {
        assert_eq!(read::<Id>("5"), Some(Id::Given(5)));
        assert_eq!(read::<Id>("null"), None);
        for json in [
            "0",
            "-5",
            "1.0",
            "9223372036854775808",
            r#""5""#,
            "[5]",
            "{}",
            "true",
        ] {
            assert_eq!(read::<Id>(json), Some(Id::Malformed), "{json}");
        }
    }

    #[test]
    fn reads_times_however_github_writes_them() {
        let written = [
            r#""2018-04-30T17:38:18Z""#,
            r#""2018-04-30T17:38:18.000Z""#,
            r#""2018-04-30T13:38:18-04:00""#,
            r#""2018-04-30T13:38:18.000-04:00""#,
            "1525109898",
        ];
        for json in written {
            let time: Option<Timestamp> = read(json);
            assert_eq!(time.unwrap().as_second(), 1_525_109_898, "{json}");
        }
        let fraction: Option<Timestamp> = read(r#""2018-04-30T17:38:18.25Z""#);
        assert_eq!(fraction.unwrap().subsec_nanosecond(), 250_000_000);
    }

    #[test]
    fn takes_no_time_for_what_is_none() {
        let none = [
            r#""0001-01-01T00:00:00Z""#,
            r#""2018-04-30T17:38:18""#,
            r#""yesterday""#,
            r#""""#,
            "-1",
            "9223372036854775807",
        ];
        for json in none {
            assert_eq!(read::<Timestamp>(json), None, "{json}");
        }
    }

    #[test]
    fn stops_keeping_elements_of_a_long_list() {
        let list = format!("[{}0]", "7,".repeat(5000));
        assert_eq!(read::<Vec<i64>>(&list).unwrap().len(), MAX_ELEMENTS);
    }
}
