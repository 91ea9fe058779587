//! What a row of rollups holds: the sums of its day and of each half hour, as bytes.
//!
//! Protocol buffers that nobody else reads: numbers take as many bytes as they need,
//! and what is zero takes none.

use std::{collections::BTreeMap, fmt::Display};

use jiff::Timestamp;
use prost::Message;

use super::{DAY, SLOT};
use crate::{
    Result,
    model::{Conclusion, Ended, Rollup, Sketch, is_bin},
    store::bad_value,
};

/// The sums of a day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Content {
    pub(super) total: Rollup,
    /// By the half hours of the day that have any.
    pub(super) slots: BTreeMap<u32, Rollup>,
}

/// Which half hour of its day a time is in.
fn slot(time: Timestamp) -> u32 {
    let in_day = time.as_microsecond().rem_euclid(DAY);
    u32::try_from(in_day / SLOT).unwrap_or_default()
}

impl Content {
    /// Adds a build that ended on the day `times` times.
    pub(super) fn count(&mut self, build: &Ended, times: i64) {
        self.total.count(&build.finished, times);
        let slot = self.slots.entry(slot(build.time)).or_default();
        slot.count(&build.finished, times);
    }

    /// Adds all of another one `times` times.
    pub(super) fn add(&mut self, other: &Self, times: i64) {
        self.total.add(&other.total, times);
        for (number, sums) in &other.slots {
            self.slots.entry(*number).or_default().add(sums, times);
        }
        self.slots.retain(|_, sums| !sums.is_empty());
    }

    /// Whether nothing is left in it.
    pub(super) fn is_empty(&self) -> bool {
        self.total.is_empty() && self.slots.is_empty()
    }

    /// The total and the slots as bytes. When all of the day is in one slot, it is
    /// not written twice.
    pub(super) fn encode(&self) -> (Vec<u8>, Vec<u8>) {
        let of_slot = |(number, sums): (&u32, &Rollup)| SlotBytes {
            number: *number,
            sums: (self.slots.len() > 1).then(|| SumsBytes::of(sums)),
        };
        let slots = SlotsBytes {
            slots: self.slots.iter().map(of_slot).collect(),
        };
        (
            SumsBytes::of(&self.total).encode_to_vec(),
            slots.encode_to_vec(),
        )
    }

    /// Reads both.
    pub(super) fn decode(total: &[u8], slots: &[u8]) -> Result<Self> {
        let total = decode_total(total)?;
        let bytes = SlotsBytes::decode(slots).map_err(|error| bad("slots", &error))?;
        let of_slot = |slot: SlotBytes| {
            let sums = match slot.sums {
                Some(sums) => sums.try_into().map_err(|error| bad("slots", &error))?,
                None => total.clone(),
            };
            Ok((slot.number, sums))
        };
        let slots = bytes.slots.into_iter().map(of_slot);
        Ok(Self {
            slots: slots.collect::<Result<_>>()?,
            total,
        })
    }
}

/// Reads the total alone.
pub(super) fn decode_total(total: &[u8]) -> Result<Rollup> {
    let bytes = SumsBytes::decode(total).map_err(|error| bad("total", &error))?;
    bytes.try_into().map_err(|error| bad("total", &error))
}

/// A sketch has a bin that there is not.
#[derive(Debug, thiserror::Error)]
#[error("it has a duration beyond all bins")]
struct NoBin;

fn bad(column: &'static str, error: &dyn Display) -> crate::Error {
    bad_value("rollup", column, &"a day", error)
}

#[derive(Clone, PartialEq, Message)]
struct SlotsBytes {
    #[prost(message, repeated, tag = "1")]
    slots: Vec<SlotBytes>,
}

#[derive(Clone, PartialEq, Message)]
struct SlotBytes {
    #[prost(uint32, tag = "1")]
    number: u32,
    /// Unset where it is the total.
    #[prost(message, optional, tag = "2")]
    sums: Option<SumsBytes>,
}

#[derive(Clone, PartialEq, Message)]
struct SumsBytes {
    #[prost(sint64, tag = "1")]
    replaced: i64,
    #[prost(sint64, tag = "2")]
    first_try_successes: i64,
    #[prost(sint64, tag = "3")]
    first_try_failures: i64,
    /// By the place of the conclusion in `WORDS`.
    #[prost(sint64, repeated, tag = "4")]
    conclusions: Vec<i64>,
    #[prost(message, repeated, tag = "5")]
    other_conclusions: Vec<OtherBytes>,
    #[prost(message, optional, tag = "6")]
    wall_times: Option<SketchBytes>,
    #[prost(message, optional, tag = "7")]
    queue_times: Option<SketchBytes>,
    #[prost(message, optional, tag = "8")]
    run_times: Option<SketchBytes>,
}

/// The conclusions by how often they are seen, of which the order never changes.
const WORDS: [Conclusion; 9] = [
    Conclusion::Success,
    Conclusion::Failure,
    Conclusion::Cancelled,
    Conclusion::Skipped,
    Conclusion::TimedOut,
    Conclusion::StartupFailure,
    Conclusion::ActionRequired,
    Conclusion::Neutral,
    Conclusion::Stale,
];

#[derive(Clone, PartialEq, Message)]
struct OtherBytes {
    #[prost(string, tag = "1")]
    word: String,
    #[prost(sint64, tag = "2")]
    count: i64,
}

#[derive(Clone, PartialEq, Message)]
struct SketchBytes {
    #[prost(sint64, tag = "1")]
    sum: i64,
    /// How far each bin is from the one before.
    #[prost(uint32, repeated, tag = "2")]
    steps: Vec<u32>,
    /// Empty if each has one.
    #[prost(sint64, repeated, tag = "3")]
    counts: Vec<i64>,
}

impl SumsBytes {
    fn of(sums: &Rollup) -> Self {
        let count = |conclusion| {
            sums.conclusions
                .get(conclusion)
                .copied()
                .unwrap_or_default()
        };
        let mut conclusions: Vec<i64> = WORDS.iter().map(count).collect();
        let used = conclusions.iter().rposition(|count| *count != 0);
        conclusions.truncate(used.map_or(0, |last| last + 1));
        let others = sums.conclusions.iter();
        let others = others.filter(|(conclusion, _)| !WORDS.contains(conclusion));
        Self {
            replaced: sums.replaced,
            first_try_successes: sums.first_try_successes,
            first_try_failures: sums.first_try_failures,
            conclusions,
            other_conclusions: others
                .map(|(conclusion, count)| OtherBytes {
                    word: conclusion.word().to_owned(),
                    count: *count,
                })
                .collect(),
            wall_times: SketchBytes::of(&sums.wall_times),
            queue_times: SketchBytes::of(&sums.queue_times),
            run_times: SketchBytes::of(&sums.run_times),
        }
    }
}

impl TryFrom<SumsBytes> for Rollup {
    type Error = NoBin;

    fn try_from(bytes: SumsBytes) -> Result<Self, NoBin> {
        let known = WORDS.iter().cloned().zip(bytes.conclusions);
        let others = bytes.other_conclusions.into_iter();
        let others = others.map(|other| (Conclusion::from_word(&other.word), other.count));
        let conclusions = known.chain(others).filter(|(_, count)| *count != 0);
        let sketch =
            |bytes: Option<SketchBytes>| bytes.map_or(Ok(Sketch::default()), Sketch::try_from);
        Ok(Self {
            conclusions: conclusions.collect(),
            replaced: bytes.replaced,
            first_try_successes: bytes.first_try_successes,
            first_try_failures: bytes.first_try_failures,
            wall_times: sketch(bytes.wall_times)?,
            queue_times: sketch(bytes.queue_times)?,
            run_times: sketch(bytes.run_times)?,
        })
    }
}

impl SketchBytes {
    fn of(sketch: &Sketch) -> Option<Self> {
        let mut before = 0;
        let step = |(bin, _): &(u16, i64)| u32::from(*bin - std::mem::replace(&mut before, *bin));
        let counts = sketch.bins.iter().map(|(_, count)| *count);
        (!sketch.is_empty()).then(|| Self {
            sum: sketch.sum,
            steps: sketch.bins.iter().map(step).collect(),
            counts: if counts.clone().all(|count| count == 1) {
                Vec::new()
            } else {
                counts.collect()
            },
        })
    }
}

impl TryFrom<SketchBytes> for Sketch {
    type Error = NoBin;

    fn try_from(bytes: SketchBytes) -> Result<Self, NoBin> {
        let mut bin = 0u32;
        let bins = bytes.steps.into_iter().map(|step| {
            bin = bin.saturating_add(step);
            let known = is_bin(bin).then_some(bin).ok_or(NoBin)?;
            u16::try_from(known).map_err(|_| NoBin)
        });
        let bins = bins.collect::<Result<Vec<u16>, NoBin>>()?;
        let counts = bytes.counts.into_iter().chain(std::iter::repeat(1));
        Ok(Self {
            sum: bytes.sum,
            bins: bins.into_iter().zip(counts).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_beyond_all_bins_is_refused() {
        let total = |steps: &[u32]| SumsBytes {
            wall_times: Some(SketchBytes {
                sum: 1,
                steps: steps.to_vec(),
                counts: Vec::new(),
            }),
            ..SumsBytes::default()
        };
        let decode = |steps: &[u32]| decode_total(&total(steps).encode_to_vec());
        decode(&[6900, 12]).unwrap();
        for steps in [[6900, 13], [1, u32::MAX]] {
            let refused = decode(&steps);
            let refused = refused.expect_err("there is no such bin").to_string();
            assert!(refused.contains("beyond all bins"), "{refused}");
        }
    }
}
