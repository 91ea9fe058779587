//! `grpcurl`, which knows the API from reflection alone.

use std::{
    env,
    io::Write as _,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::Value;

/// Calls a server that it knows nothing of.
pub(crate) struct Grpcurl {
    program: PathBuf,
    address: SocketAddr,
}

impl Grpcurl {
    pub(crate) fn new(address: SocketAddr) -> Self {
        let program = find();
        Self { program, address }
    }

    /// Calls a method of `lampboard.v1`; gives its answer with every field, set
    /// or not.
    pub(crate) fn call(&self, method: &str, request: &Value) -> Value {
        self.try_call(method, request)
            .unwrap_or_else(|error| panic!("{method} {request}: {error}"))
    }

    /// The same, or what went wrong.
    pub(crate) fn try_call(&self, method: &str, request: &Value) -> Result<Value, String> {
        let mut call = Command::new(&self.program)
            .args(["-plaintext", "-emit-defaults", "-d", "@"])
            .arg(self.address.to_string())
            .arg(format!("lampboard.v1.{method}"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = call.stdin.take().unwrap();
        input.write_all(request.to_string().as_bytes()).unwrap();
        drop(input);
        let output = call.wait_with_output().unwrap();
        if output.status.success() {
            Ok(serde_json::from_slice(&output.stdout).unwrap())
        } else {
            Err(String::from_utf8(output.stderr).unwrap())
        }
    }
}

/// On the PATH, or where `make tools` puts it.
fn find() -> PathBuf {
    let path = env::var_os("PATH").unwrap_or_default();
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.tools/bin");
    let mut places = env::split_paths(&path).chain([tools]);
    let found = places.find_map(|place| {
        let program = place.join("grpcurl");
        program.is_file().then_some(program)
    });
    found.expect("grpcurl is missing: `make tools` installs it")
}
