//! Compressing, with whatever dictionary is in use.

use std::{
    cell::RefCell,
    io,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
};

use zstd::bulk::Compressor;

use super::Dictionary;

/// The level: a higher one costs more than it saves once there is a dictionary.
pub(super) const LEVEL: i32 = 1;

thread_local! {
    // With the id of its dictionary, 0 for none. Making one costs more than a payload.
    static COMPRESSOR: RefCell<Option<(i64, Compressor<'static>)>> = const { RefCell::new(None) };
}

/// Compresses payloads, and measures how well.
#[derive(Default)]
pub(in crate::store) struct Packer {
    dictionary: RwLock<Option<Arc<Dictionary>>>,
    count: AtomicU64,
    plain: AtomicU64,
    packed: AtomicU64,
}

/// How well a dictionary does, since it is in use here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Measured {
    pub(super) count: u64,
    pub(super) per_mille: u64,
}

impl Packer {
    pub(super) fn dictionary(&self) -> Option<Arc<Dictionary>> {
        let dictionary = self.dictionary.read();
        dictionary.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Uses a dictionary from now on.
    pub(super) fn adopt(&self, dictionary: Dictionary) {
        let mut current = self
            .dictionary
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        if current.as_ref().is_none_or(|it| it.id != dictionary.id) {
            *current = Some(Arc::new(dictionary));
            for counter in [&self.count, &self.plain, &self.packed] {
                counter.store(0, Ordering::Relaxed);
            }
        }
    }

    pub(super) fn measured(&self) -> Measured {
        let plain = self.plain.load(Ordering::Relaxed).max(1);
        Measured {
            count: self.count.load(Ordering::Relaxed),
            per_mille: self.packed.load(Ordering::Relaxed) * 1000 / plain,
        }
    }

    pub(super) fn pack(&self, body: &[u8]) -> io::Result<Vec<u8>> {
        let dictionary = self.dictionary();
        let id = dictionary.as_ref().map_or(0, |it| it.id);
        let packed = COMPRESSOR.with_borrow_mut(|kept| match kept {
            Some((its, compressor)) if *its == id => compressor.compress(body),
            _ => {
                let bytes = dictionary.as_ref().map_or(&[][..], |it| &it.bytes);
                let new = Compressor::with_dictionary(LEVEL, bytes)?;
                kept.insert((id, new)).1.compress(body)
            }
        })?;
        self.count.fetch_add(1, Ordering::Relaxed);
        let add = |counter: &AtomicU64, bytes: usize| {
            counter.fetch_add(bytes.try_into().unwrap_or(u64::MAX), Ordering::Relaxed);
        };
        add(&self.plain, body.len());
        add(&self.packed, packed.len());
        Ok(packed)
    }
}
