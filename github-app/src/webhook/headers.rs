//! What the headers of a delivery say.

use http::{
    HeaderMap,
    header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE},
};

use super::answer::Answer;

/// The most characters of a GUID. GitHub's have 36.
const MAX_GUID: usize = 100;

/// Whether the body says to be JSON as it stands: not a form, not compressed.
pub(super) fn is_json(headers: &HeaderMap) -> bool {
    let is_plain = headers
        .get_all(CONTENT_ENCODING)
        .iter()
        .all(|encoding| encoding.as_bytes().eq_ignore_ascii_case(b"identity"));
    let media_type = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .unwrap_or_default();
    is_plain && media_type.trim().eq_ignore_ascii_case("application/json")
}

/// How long the body will be. `None` if it is sent in chunks.
pub(super) fn content_length(headers: &HeaderMap) -> Result<Option<usize>, Answer> {
    let Some(value) = headers.get(CONTENT_LENGTH) else {
        return Ok(None);
    };
    let length = value.to_str().ok().and_then(|value| value.parse().ok());
    match length {
        Some(length) => Ok(Some(length)),
        None => Err(Answer::BadRequest(
            "the Content-Length is not a number".to_owned(),
        )),
    }
}

/// The name of the event.
pub(super) fn event(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get("x-github-event")?;
    value.to_str().ok().filter(|name| !name.is_empty())
}

/// Whether the delivery names another App as its target than this one. One that
/// names none, or something other than an App, passes: its signature is right.
pub(super) fn is_for_another_app(headers: &HeaderMap, app_id: Option<i64>) -> bool {
    let text = |name| headers.get(name).and_then(|it| it.to_str().ok());
    let is_app = text("x-github-hook-installation-target-type") == Some("integration");
    let target = text("x-github-hook-installation-target-id").and_then(|id| id.parse::<i64>().ok());
    is_app
        && app_id
            .zip(target)
            .is_some_and(|(own, target)| own != target)
}

/// The GUID of the delivery, as far as it is one: visible ASCII characters.
pub(super) fn delivery(headers: &HeaderMap) -> Option<String> {
    let guid: String = headers
        .get("x-github-delivery")?
        .as_bytes()
        .iter()
        .filter(|byte| byte.is_ascii_graphic())
        .take(MAX_GUID)
        .map(|byte| char::from(*byte))
        .collect();
    (!guid.is_empty()).then_some(guid)
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            );
        }
        headers
    }

    #[test]
    fn knows_json_by_its_media_type() {
        for good in [
            "application/json",
            "application/json; charset=utf-8",
            "Application/JSON ;charset=UTF-8",
        ] {
            assert!(is_json(&headers(&[("content-type", good)])), "{good}");
        }
        for bad in [
            "application/x-www-form-urlencoded",
            "text/json",
            "application/json-seq",
            "",
        ] {
            assert!(!is_json(&headers(&[("content-type", bad)])), "{bad}");
        }
        assert!(!is_json(&HeaderMap::new()));
    }

    #[test]
    fn takes_no_compressed_body() {
        let json = ("content-type", "application/json");
        let identity = ("content-encoding", "identity");
        assert!(is_json(&headers(&[json, identity])));
        for encoding in ["gzip", "deflate", "br", "zstd", "identity, gzip"] {
            let encoding = ("content-encoding", encoding);
            assert!(!is_json(&headers(&[json, encoding])));
            assert!(!is_json(&headers(&[json, identity, encoding])));
        }
    }

    #[test]
    fn keeps_a_guid_within_bounds() {
        let long = HeaderValue::from_str(&"x".repeat(500)).unwrap();
        let mut map = HeaderMap::new();
        map.insert("x-github-delivery", long);
        assert_eq!(delivery(&map).unwrap().len(), MAX_GUID);

        let odd = HeaderValue::from_bytes(b"a b\xffc").unwrap();
        map.insert("x-github-delivery", odd);
        assert_eq!(delivery(&map).unwrap(), "abc");

        assert_eq!(delivery(&headers(&[("x-github-delivery", " ")])), None);
        assert_eq!(delivery(&HeaderMap::new()), None);
    }
}
