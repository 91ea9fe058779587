//! Page tokens: where a list goes on, of use only with the request that they came from.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use prost::Message;
use sha2::{Digest as _, Sha256};

use crate::{Error, Result};

/// Enough that a slip of the pen or another request's token is noticed. A token
/// that is forged on purpose says no more than a filter could.
const CHECKSUM: usize = 8;

/// Writes a token. `request` is everything of the request that must stay the
/// same from page to page.
pub(super) fn encode(request: &impl Message, position: &[u8]) -> String {
    let mut token = checksum(request, position).to_vec();
    token.extend_from_slice(position);
    URL_SAFE_NO_PAD.encode(token)
}

/// Reads a token; gives nothing for the empty one, which asks for the first
/// page.
pub(super) fn decode(request: &impl Message, token: &str) -> Result<Option<Vec<u8>>> {
    if token.is_empty() {
        return Ok(None);
    }
    URL_SAFE_NO_PAD
        .decode(token)
        .ok()
        .filter(|bytes| bytes.len() >= CHECKSUM)
        .map(|mut bytes| {
            let position = bytes.split_off(CHECKSUM);
            (bytes, position)
        })
        .filter(|(found, position)| *found == checksum(request, position))
        .map(|(_, position)| Some(position))
        .ok_or_else(|| {
            let problem = "must be the next_page_token of the same request's last response";
            Error::invalid("page_token", problem)
        })
}

/// How many items a page holds.
pub(super) fn page_size(asked: i32, default: usize, most: usize) -> Result<usize> {
    match usize::try_from(asked) {
        Ok(0) => Ok(default),
        Ok(size) => Ok(size.min(most)),
        Err(_) => Err(Error::invalid("page_size", "must not be negative")),
    }
}

/// How many items a list without pages holds.
pub(super) fn limit(asked: i32, default: usize, most: usize) -> Result<usize> {
    page_size(asked, default, most).map_err(|_| Error::invalid("limit", "must not be negative"))
}

fn checksum(request: &impl Message, position: &[u8]) -> [u8; CHECKSUM] {
    let mut hash = Sha256::new();
    hash.update(request.encode_to_vec());
    hash.update(position);
    let hash: [u8; 32] = hash.finalize().into();
    hash.first_chunk().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use lampboard_proto::v1::BuildFilter;

    use super::*;

    fn filter(branch: &str) -> BuildFilter {
        BuildFilter {
            branches: vec![branch.to_owned()],
            ..BuildFilter::default()
        }
    }

    #[test]
    fn a_token_works_with_its_own_request() {
        let token = encode(&filter("main"), b"here");
        assert_eq!(
            decode(&filter("main"), &token).unwrap(),
            Some(b"here".to_vec())
        );
        assert_eq!(decode(&filter("main"), "").unwrap(), None);
    }

    #[test]
    fn other_tokens_are_refused() {
        let token = encode(&filter("main"), b"here");
        assert!(decode(&filter("next"), &token).is_err());
        let mut altered = URL_SAFE_NO_PAD.decode(&token).unwrap();
        *altered.last_mut().unwrap() ^= 1;
        for bad in [
            &URL_SAFE_NO_PAD.encode(altered),
            "x",
            "!!",
            "AAAA",
            &token[1..],
        ] {
            assert!(decode(&filter("main"), bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn pages_are_bounded() {
        assert_eq!(page_size(0, 50, 200).unwrap(), 50);
        assert_eq!(page_size(7, 50, 200).unwrap(), 7);
        assert_eq!(page_size(i32::MAX, 50, 200).unwrap(), 200);
        assert!(page_size(-1, 50, 200).is_err());
    }
}
