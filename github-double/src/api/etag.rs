//! Weak tags of bodies.

use http::{HeaderMap, header};
use sha2::{Digest, Sha256};

/// The tag of a body, as one token sees it.
pub(super) fn etag(body: &[u8], token: &str) -> String {
    let mut hash = Sha256::new_with_prefix(token);
    hash.update([0]);
    hash.update(body);
    format!("W/\"{}\"", hex::encode(hash.finalize()))
}

/// Whether the request names the tag in `If-None-Match`, in whatever strength.
pub(super) fn matches(headers: &HeaderMap, tag: &str) -> bool {
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let values = headers.get_all(header::IF_NONE_MATCH).iter();
    let mut tags = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|it| it.split(','));
    tags.any(|it| it.trim() == "*" || opaque(it) == opaque(tag))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn tags_tell_bodies_and_tokens_apart() {
        let tag = etag(b"{}", "one");
        assert_eq!(tag, etag(b"{}", "one"));
        assert_ne!(tag, etag(b"[]", "one"));
        assert_ne!(tag, etag(b"{}", "two"));
        assert!(tag.starts_with("W/\"") && tag.ends_with('"'));
    }

    #[test]
    fn one_of_several_tags_is_enough() {
        let tag = etag(b"{}", "");
        let strong = tag.trim_start_matches("W/");
        let table = [
            (tag.clone(), true),
            (strong.to_owned(), true),
            (format!("\"other\", {tag}"), true),
            ("*".to_owned(), true),
            ("\"other\"".to_owned(), false),
        ];
        for (value, expected) in table {
            let value = HeaderValue::from_str(&value).unwrap();
            let headers = HeaderMap::from_iter([(header::IF_NONE_MATCH, value)]);
            assert_eq!(matches(&headers, &tag), expected, "{headers:?}");
        }
        assert!(!matches(&HeaderMap::new(), &tag));
    }
}
