//! The web UI, built by `build.rs` and embedded into the binary.

use std::borrow::Cow;

use rust_embed::{EmbeddedFile, RustEmbed};

/// The page that answers every path which is not an asset's.
pub const INDEX: &str = "index.html";

/// The `content-security-policy` under which the UI works, and which keeps foreign text inert.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; \
    style-src 'self'; img-src 'self'; connect-src 'self'; font-src 'self'; \
    manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; \
    require-trusted-types-for 'script'; trusted-types 'none'";

#[derive(RustEmbed)]
#[folder = "$OUT_DIR/web"]
struct Files;

/// One file of the UI, ready to be sent.
#[derive(Debug, Clone)]
pub struct Asset {
    /// The bytes as they are.
    pub body: Cow<'static, [u8]>,
    /// The same bytes compressed, where that is worth it.
    pub gzip: Option<Cow<'static, [u8]>>,
    /// The same by Brotli: a tenth smaller.
    pub brotli: Option<Cow<'static, [u8]>>,
    /// The value of `content-type`.
    pub mime: String,
    /// The value of `etag`, quotes included.
    pub etag: String,
    /// Whether the name changes with the bytes, so that it can be kept forever.
    pub immutable: bool,
}

/// Finds the asset at a path, with or without the leading slash.
pub fn asset(path: &str) -> Option<Asset> {
    let path = path.trim_start_matches('/');
    if is_compressed_copy(path) {
        return None;
    }
    let file = Files::get(path)?;
    Some(Asset {
        gzip: Files::get(&format!("{path}.gz")).map(|copy| copy.data),
        brotli: Files::get(&format!("{path}.br")).map(|copy| copy.data),
        mime: mime(&file),
        etag: etag(&file),
        immutable: path.starts_with("assets/"),
        body: file.data,
    })
}

/// Whether a path names the copy that `asset` hands out beside the original.
fn is_compressed_copy(path: &str) -> bool {
    original(path).is_some_and(|original| Files::get(original).is_some())
}

fn original(copy: &str) -> Option<&str> {
    copy.strip_suffix(".gz")
        .or_else(|| copy.strip_suffix(".br"))
}

fn mime(file: &EmbeddedFile) -> String {
    let mime = file.metadata.mimetype();
    let textual = mime.starts_with("text/");
    format!("{mime}{}", if textual { "; charset=utf-8" } else { "" })
}

fn etag(file: &EmbeddedFile) -> String {
    let hash = file.metadata.sha256_hash();
    let half = hash.first_chunk().expect("a SHA-256 hash has 32 bytes");
    format!("\"{:032x}\"", u128::from_be_bytes(*half))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn index_is_a_page_that_is_asked_for_again() {
        let index = asset("/index.html").expect("the UI was built, or its placeholder written");
        assert_eq!(index.mime, "text/html; charset=utf-8");
        assert!(!index.immutable);
        assert!(index.body.starts_with(b"<!doctype html>"));
    }

    #[test]
    fn etag_is_quoted_and_follows_the_bytes() {
        let etags: Vec<_> = Files::iter()
            .filter_map(|path| asset(&path))
            .map(|asset| asset.etag)
            .collect();
        assert!(!etags.is_empty());
        assert!(
            etags
                .iter()
                .all(|etag| etag.len() == 34 && etag.starts_with('"'))
        );
        let mut distinct = etags.clone();
        distinct.sort();
        distinct.dedup();
        assert_eq!(distinct.len(), etags.len());
    }

    #[test]
    fn compressed_copies_come_with_their_original_only() {
        for copy in Files::iter() {
            let Some(original) = original(&copy) else {
                continue;
            };
            assert!(asset(&copy).is_none());
            let asset = asset(original).expect("the original is embedded too");
            let gzip = asset.gzip.expect("a copy was found");
            assert!(gzip.starts_with(&[0x1f, 0x8b]));
            let brotli = asset.brotli.expect("a copy was found");
            assert!(brotli.len() < gzip.len() && gzip.len() < asset.body.len());
            assert!(asset.immutable);
        }
    }

    #[test]
    fn paths_of_pages_are_no_assets() {
        for path in [
            "/",
            "/builds",
            "/r/acme/api/runs/1",
            "/../Cargo.toml",
            "/assets/",
        ] {
            assert!(asset(path).is_none(), "{path}");
        }
    }
}
