//! What nobody searches by, as bytes: protocol buffers that nobody else reads, in which numbers
//! take as many bytes as they need, and what is usual takes none.

mod build;
pub(super) mod commit;
mod job;
mod steps;
mod words;

pub(super) use build::{PackedBuild, UnpackedBuild, pack as pack_build, unpack as unpack_build};
pub(super) use job::{PackedJob, pack as pack_job, unpack as unpack_job};
