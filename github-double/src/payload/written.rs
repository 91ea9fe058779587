//! JSON that was written before and is still right: most of an event is repositories, and these
//! seldom change.

use std::borrow::Cow;
use std::sync::OnceLock;

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use crate::github::host::Hosts;

/// The JSON of something, kept with it. Whoever changes that must [clear](Self::clear) it; a clone
/// begins without any.
#[derive(Debug, Default)]
pub(crate) struct Written(OnceLock<(Hosts, Box<RawValue>)>);

impl Written {
    /// Forgets it, for what it shows is about to change.
    pub(crate) fn clear(&mut self) {
        self.0.take();
    }

    /// The JSON with links to `hosts`, written unless it was before.
    pub(super) fn get<S: Serialize>(
        &self,
        hosts: &Hosts,
        json: impl Fn() -> S,
    ) -> Cow<'_, RawValue> {
        let write = || to_raw_value(&json()).expect("keys are strings and memory takes all");
        match self.0.get_or_init(|| (hosts.clone(), write())) {
            (of, written) if of == hosts => Cow::Borrowed(written),
            _ => Cow::Owned(write()),
        }
    }
}

impl Clone for Written {
    fn clone(&self) -> Self {
        Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_written_once_for_each_state_and_anew_for_other_hosts() {
        let hosts = Hosts::default();
        let other = Hosts {
            web: "http://127.0.0.1:4000".to_owned(),
            ..hosts.clone()
        };
        let mut written = Written::default();
        let get = |written: &Written, hosts, value: u8| {
            let json = written.get(hosts, || value);
            json.get().to_owned()
        };
        assert_eq!(get(&written, &hosts, 1), "1");
        assert_eq!(get(&written, &hosts, 2), "1");
        assert_eq!(get(&written, &other, 3), "3");
        assert_eq!(get(&written.clone(), &hosts, 4), "4");
        written.clear();
        assert_eq!(get(&written, &hosts, 5), "5");
    }
}
