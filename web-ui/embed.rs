//! Being built.
use std::borrow::Cow;
/// A file.
pub struct Asset {
    /// Body.
    pub body: Cow<'static, [u8]>,
    /// Gzipped.
    pub gzip: Option<Cow<'static, [u8]>>,
    /// Type.
    pub mime: String,
    /// Tag.
    pub etag: String,
    /// Whether it never changes.
    pub immutable: bool,
}
/// Finds a file.
pub fn asset(_path: &str) -> Option<Asset> {
    None
}
