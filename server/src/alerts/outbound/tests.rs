//! What is refused, and what is not; and a receiver on loopback that acts out what receivers do.

pub(in crate::alerts) mod double;
mod ssrf;
mod tls;
mod wire;
