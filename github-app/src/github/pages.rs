//! Lists that come in pages, and pages that come only if they changed.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};

use super::{ApiPath, Error, connection::Base};

/// What a page was when it was read. `GitHub`'s are not the same for two tokens,
/// so this knows which one it was read with, and is not asked about with another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ETag {
    value: HeaderValue,
    token: u64,
}

/// A page of a list, or that it is what it was.
#[derive(Debug)]
pub enum Listed {
    /// Nothing changed; this cost nothing.
    NotModified,
    /// The page as it is now.
    Page {
        /// GitHub's JSON.
        body: Bytes,
        /// Where the list goes on, if it does.
        next: Option<ApiPath>,
        /// What to ask about next time.
        etag: Option<ETag>,
    },
}

impl ETag {
    pub(super) fn read(headers: &HeaderMap, token: u64) -> Option<Self> {
        let value = headers.get(header::ETAG)?.clone();
        Some(Self { value, token })
    }

    /// The header to ask with, with this token.
    pub(super) fn for_token(&self, token: u64) -> Option<&HeaderValue> {
        (self.token == token).then_some(&self.value)
    }
}

/// Where the list goes on that `path` is a page of.
pub(super) fn next(
    base: &Base,
    path: &ApiPath,
    headers: &HeaderMap,
) -> Result<Option<ApiPath>, Error> {
    headers
        .get_all(header::LINK)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .find_map(next_link)
        .map(|link| base.resolve(path, link))
        .transpose()
}

/// The target of the link that is `rel="next"`.
fn next_link(value: &str) -> Option<&str> {
    let mut rest = value;
    loop {
        let (target, after) = rest.split_once('<')?.1.split_once('>')?;
        let parameters = after.split('<').next().unwrap_or_default();
        if parameters.split([';', ',']).any(is_next) {
            return Some(target);
        }
        rest = after;
    }
}

fn is_next(parameter: &str) -> bool {
    parameter
        .trim()
        .strip_prefix("rel=")
        .is_some_and(|rel| rel.trim_matches('"').split(' ').any(|rel| rel == "next"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_next_page() {
        for (value, next) in [
            (
                r#"<https://api.github.com/a?page=1>; rel="prev", <https://api.github.com/a?page=3>; rel="next", <https://api.github.com/a?page=9>; rel="last""#,
                Some("https://api.github.com/a?page=3"),
            ),
            (r#"</a?x=1,2;3>; title="b"; rel="next""#, Some("/a?x=1,2;3")),
            (r"</a>; rel=next", Some("/a")),
            (r#"</a>; rel="last next""#, Some("/a")),
            (r#"</a>; rel="prev""#, None),
            (r#"</a>; rel="nextish""#, None),
            ("<", None),
            ("", None),
        ] {
            assert_eq!(next_link(value), next, "{value}");
        }
    }
}
