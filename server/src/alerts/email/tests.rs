//! Tests of e-mail: what it looks like, what gets through, and what servers make of it.

mod certificates;
mod config;
mod golden;
mod hostile;
mod mail_server;
mod parse;
mod samples;
mod sending;
mod threads;
mod unsubscribe;
