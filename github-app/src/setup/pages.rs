//! The pages: what each says. All text goes through `maud`, which escapes it.

mod create;
mod existing;
mod form;
mod frame;
mod install;
mod message;
mod welcome;

pub(super) use self::{
    create::create,
    existing::existing,
    install::{data, install, requested},
    message::{
        broken, closed, code_refused, failed, finished, foreign_form, no_access, not_found,
        state_refused, too_slow, unfinished, unreadable_form,
    },
    welcome::welcome,
};
