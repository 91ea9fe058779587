//! The REST API.

mod access_token;
mod answer;
mod app;
mod asked;
mod call;
mod caller;
mod created;
mod damage;
mod deliveries;
mod etag;
mod gate;
mod headers;
mod hook_config;
mod installation;
mod jobs;
mod json;
mod jwt;
pub(crate) mod limit;
pub(crate) mod log;
mod misc;
mod page;
pub(crate) mod points;
mod query;
mod refusal;
mod repository;
mod route;
mod runs;
mod serve;
mod shift;
mod slowly;
pub(crate) mod switches;
pub(crate) mod tokens;
mod user;
mod workflows;

pub use jwt::Claims;
pub(crate) use serve::serve;
