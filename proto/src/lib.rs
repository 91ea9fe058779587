//! The contract: Lampboard's protos, compiled, and the ways to reach what serves them.

pub mod transport;

/// The messages, clients and servers of `lampboard.v1`.
pub mod v1 {
    #![expect(
        clippy::all,
        clippy::allow_attributes,
        clippy::pedantic,
        reason = "generated; the protos are documented, and linted for it"
    )]
    tonic::include_proto!("lampboard.v1");
}

/// The compiled protos with their comments, for reflection.
pub const FILE_DESCRIPTOR_SET: &[u8] = tonic::include_file_descriptor_set!("lampboard_descriptor");
