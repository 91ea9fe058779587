//! Logs: lines for people on a terminal, an object a line for programs.

use std::io::{self, IsTerminal as _};

use tracing_subscriber::EnvFilter;

use crate::args::{LogArgs, LogFormat};

/// Starts logging, on standard error: standard output is for results.
pub(crate) fn init(args: &LogArgs) {
    let filter = EnvFilter::try_new(&args.log).unwrap_or_else(|error| {
        eprintln!("LAMPBOARD_LOG is not a filter ({error}); logging at info");
        EnvFilter::new("info")
    });
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr);
    match args.log_format.unwrap_or_else(default_format) {
        LogFormat::Text => subscriber
            .with_target(false)
            .with_ansi(io::stderr().is_terminal())
            .init(),
        LogFormat::Json => subscriber.json().flatten_event(true).init(),
    }
}

fn default_format() -> LogFormat {
    if io::stderr().is_terminal() {
        LogFormat::Text
    } else {
        LogFormat::Json
    }
}
