//! Compiles the protos, without a protoc, and keeps their descriptors for reflection.

use std::{env, error::Error, fs, path::PathBuf};

use prost::Message as _;

const PROTOS: [&str; 15] = [
    "lampboard/v1/admin_service.proto",
    "lampboard/v1/alert.proto",
    "lampboard/v1/alert_service.proto",
    "lampboard/v1/app_service.proto",
    "lampboard/v1/backfill.proto",
    "lampboard/v1/build.proto",
    "lampboard/v1/build_service.proto",
    "lampboard/v1/ingest_service.proto",
    "lampboard/v1/job.proto",
    "lampboard/v1/metrics_service.proto",
    "lampboard/v1/repository.proto",
    "lampboard/v1/repository_service.proto",
    "lampboard/v1/status.proto",
    "lampboard/v1/system_service.proto",
    // Last, so that the list fails to compile when a file is forgotten: it is
    // counted below.
    "google/protobuf/field_mask.proto",
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=lampboard");
    let own = fs::read_dir("lampboard/v1")?.count();
    assert_eq!(own, PROTOS.len() - 1, "a proto is missing from the list");

    let descriptors = protox::compile(PROTOS, ["."])?;
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?);
    fs::write(
        out.join("lampboard_descriptor.bin"),
        descriptors.encode_to_vec(),
    )?;
    tonic_prost_build::configure()
        .bytes(".lampboard.v1.Delivery.payload")
        .compile_fds(descriptors)?;
    Ok(())
}
