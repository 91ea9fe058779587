//! Which calls answer with a stream: what the descriptors say, so that a new one counts by itself.

use std::{collections::HashSet, sync::LazyLock};

use lampboard_proto::FILE_DESCRIPTOR_SET;
use prost::Message as _;
use prost_types::{FileDescriptorSet, MethodDescriptorProto};

static STREAMS: LazyLock<HashSet<String>> = LazyLock::new(|| {
    [
        FILE_DESCRIPTOR_SET,
        tonic_health::pb::FILE_DESCRIPTOR_SET,
        tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET,
        tonic_reflection::pb::v1alpha::FILE_DESCRIPTOR_SET,
    ]
    .into_iter()
    .flat_map(paths)
    .collect()
});

/// Whether the call of this path answers with a stream.
pub(crate) fn is_stream(path: &str) -> bool {
    STREAMS.contains(path)
}

fn paths(descriptors: &[u8]) -> Vec<String> {
    let set = FileDescriptorSet::decode(descriptors).unwrap_or_default();
    let services = set.file.into_iter().flat_map(|file| {
        let package = file.package().to_owned();
        file.service
            .into_iter()
            .map(move |service| (package.clone(), service))
    });
    let methods = services.flat_map(|(package, service)| {
        let name = format!("{package}.{}", service.name());
        let streams = service
            .method
            .into_iter()
            .filter(MethodDescriptorProto::server_streaming);
        streams
            .map(move |method| format!("/{name}/{}", method.name()))
            .collect::<Vec<_>>()
    });
    methods.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_known_by_their_paths() {
        for path in [
            "/lampboard.v1.BuildService/WatchBuilds",
            "/lampboard.v1.AppService/WatchRequests",
            "/grpc.health.v1.Health/Watch",
            "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
            "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
        ] {
            assert!(is_stream(path), "{path}");
        }
        for path in ["/lampboard.v1.BuildService/ListBuilds", "/", ""] {
            assert!(!is_stream(path), "{path}");
        }
    }
}
