//! Reports that are committed together: so many that the flush to disk is shared, so few that the
//! first one does not wait long.

use super::{super::PreparedReport, Answer};
use crate::model::Recorded;

/// How many reports one commit takes.
const REPORTS: usize = 64;
/// How much of them.
const SIZE: Size = Size {
    rows: 1000,
    bytes: 8 << 20,
};

/// What a report brings.
#[derive(Clone, Copy, Default)]
pub(in crate::store) struct Size {
    /// How many builds and jobs.
    pub(in crate::store) rows: usize,
    /// How much payload.
    pub(in crate::store) bytes: usize,
}

impl Size {
    fn plus(self, other: Self) -> Self {
        Self {
            rows: self.rows + other.rows,
            bytes: self.bytes + other.bytes,
        }
    }

    fn fits(self) -> bool {
        self.rows <= SIZE.rows && self.bytes <= SIZE.bytes
    }
}

#[derive(Default)]
pub(super) struct Batch {
    pub(super) reports: Vec<PreparedReport>,
    pub(super) answers: Vec<Answer<Recorded>>,
    size: Size,
}

impl Batch {
    pub(super) fn add(&mut self, report: PreparedReport, answer: Answer<Recorded>) {
        // If nobody waits for it any more, it was not acknowledged, and will
        // come again.
        if !answer.is_closed() {
            self.size = self.size.plus(report.size());
            self.reports.push(report);
            self.answers.push(answer);
        }
    }

    /// The first one is always taken, however large it is.
    pub(super) fn has_room_for(&self, report: &PreparedReport) -> bool {
        let fits = self.size.plus(report.size()).fits();
        self.reports.is_empty() || (self.reports.len() < REPORTS && fits)
    }
}
