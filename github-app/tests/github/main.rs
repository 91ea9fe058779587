//! The GitHub client against a server that answers as a test wants it to, and by a
//! clock that the test steps.
#![expect(clippy::unwrap_used, reason = "a test that can not go on has failed")]

mod app;
mod credentials;
mod doctor;
mod failures;
mod hosts;
mod limits;
mod manifest;
mod observe;
mod pages;
mod permits;
mod recorded;
mod secrets;
mod support;
mod tls;
