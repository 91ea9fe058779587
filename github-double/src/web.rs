//! The pages of the simulated GitHub: registering and installing Apps, signing in.
//!
//! Plain HTML: a browser needs no scripts for them, and a test needs no browser.

mod access_token;
mod address;
mod authorize;
mod configure;
mod conversion;
mod desk;
mod fields;
mod html;
mod install;
mod manifest;
pub(crate) mod options;
pub(crate) mod outbox;
mod page;
mod persona;
mod pkce;
mod register;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;

use crate::api::tokens::Tokens;
use crate::double::Double;
use crate::github::GitHub;
use desk::Desk;
use options::WebOptions;

/// The pages and what they remember.
struct Web {
    double: Double,
    desk: Mutex<Desk>,
}

impl Web {
    fn act<R>(&self, act: impl FnOnce(&mut GitHub, &mut Tokens) -> R) -> R {
        let double = &self.double;
        double.github(|github| double.tokens(|tokens| act(github, tokens)))
    }

    fn github<R>(&self, act: impl FnOnce(&mut GitHub) -> R) -> R {
        self.double.github(act)
    }

    fn options(&self) -> &WebOptions {
        &self.double.options().web
    }

    fn desk(&self) -> MutexGuard<'_, Desk> {
        // Nothing at the desk stops halfway, so that a poisoned one is as good as any.
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is to be served.
pub(crate) struct Routers {
    /// What people look at, and the exchange of OAuth codes.
    pub(crate) web: Router<Double>,
    /// The conversion of manifests, to be served where the API is.
    pub(crate) api: Router<Double>,
}

/// The pages of a GitHub.
pub(crate) fn routers(double: &Double) -> Routers {
    let web = Arc::new(Web {
        double: double.clone(),
        desk: Mutex::default(),
    });
    let pages = Router::new()
        .merge(register::routes())
        .merge(install::routes())
        .merge(configure::routes())
        .merge(authorize::routes())
        .merge(access_token::routes())
        .merge(persona::routes());
    Routers {
        web: pages.with_state(Arc::clone(&web)),
        api: conversion::routes().with_state(web),
    }
}
