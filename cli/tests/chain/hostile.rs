//! Requests that nobody of good will makes: nothing panics, nothing answers 500, nobody else notices.

mod bodies;
mod connections;
mod cross_site;
mod deliveries;
mod headers;
mod http2;
mod payloads;
mod signatures;
mod smuggling;
