//! How durations spread, in little room: sketches can be added up and taken away again.

use jiff::SignedDuration;

use super::{Durations, tally::Spread};

/// How many bins an octave has, as a power of two.
const BITS: u32 = 7;
const SECOND: i64 = 1_000_000;
/// How many times as many bins make it worth to look for each place.
const FEW: usize = 8;
/// More than any two times are apart, in microseconds.
const LONGEST: u64 = 1 << 60;

/// Durations by their number, sum and spread. The sum is exact to the microsecond;
/// what is read from the spread is off by less than 1 in 128, and for whole seconds
/// below two minutes by nothing.
///
/// Adding is all that happens to it, so that no order and no repetition of adding
/// and taking away makes a difference. Hence a sum that is too large goes round: one
/// that stopped at the largest number would not come back from there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sketch {
    /// In microseconds.
    pub(crate) sum: i64,
    /// How many durations each bin has, in order, without those that have none.
    pub(crate) bins: Vec<(u16, i64)>,
}

impl Spread for Sketch {
    fn count(&mut self, duration: SignedDuration, times: i64) {
        let micros = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
        let bin = bin(micros.unsigned_abs());
        self.sum = self.sum.wrapping_add(micros.wrapping_mul(times));
        self.add_to_bin(bin, times);
    }

    fn durations(&self) -> Durations {
        let count: i64 = self.bins.iter().map(|(_, count)| count).sum();
        if count <= 0 {
            return Durations::default();
        }
        Durations {
            count: usize::try_from(count).unwrap_or_default(),
            mean: SignedDuration::from_nanos_i128(i128::from(self.sum) * 1000 / i128::from(count)),
            p50: self.percentile(count, 50),
            p95: self.percentile(count, 95),
        }
    }
}

impl Sketch {
    /// Adds all of another one `times` times.
    pub(crate) fn add(&mut self, other: &Self, times: i64) {
        if other.bins.len() * FEW < self.bins.len() {
            return self.add_few(other, times);
        }
        self.sum = self.sum.wrapping_add(other.sum.wrapping_mul(times));
        let mut merged = Vec::with_capacity(self.bins.len().max(other.bins.len()));
        let mut mine = self.bins.iter().copied().peekable();
        let theirs = other.bins.iter();
        for (bin, count) in theirs.map(|(bin, count)| (*bin, count * times)) {
            merged.extend(std::iter::from_fn(|| mine.next_if(|next| next.0 < bin)));
            let both = count + mine.next_if(|next| next.0 == bin).map_or(0, |next| next.1);
            if both != 0 {
                merged.push((bin, both));
            }
        }
        merged.extend(mine);
        self.bins = merged;
    }

    /// The same, bin by bin: faster where there are few to be added to many.
    fn add_few(&mut self, other: &Self, times: i64) {
        self.sum = self.sum.wrapping_add(other.sum.wrapping_mul(times));
        for (bin, count) in &other.bins {
            self.add_to_bin(*bin, count * times);
        }
    }

    fn add_to_bin(&mut self, bin: u16, count: i64) {
        match self.bins.binary_search_by_key(&bin, |(bin, _)| *bin) {
            Ok(place) => {
                self.bins[place].1 += count;
                if self.bins[place].1 == 0 {
                    self.bins.remove(place);
                }
            }
            Err(place) => self.bins.insert(place, (bin, count)),
        }
    }

    /// Whether nothing is left in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.sum == 0 && self.bins.is_empty()
    }

    /// The value of the bin that holds the smallest duration with at least that
    /// share of all at or below it.
    fn percentile(&self, count: i64, percent: i64) -> SignedDuration {
        let rank = (count * percent + 99) / 100;
        let mut below = 0;
        let mut bins = self.bins.iter();
        let bin = bins.find(|(_, count)| {
            below += count;
            below >= rank
        });
        let micros = bin.map_or(0, |(bin, _)| value(*bin));
        SignedDuration::from_micros(micros)
    }
}

/// Whether there is such a bin.
pub(crate) fn is_bin(number: u32) -> bool {
    number <= u32::from(bin(LONGEST))
}

/// Which bin holds a number of microseconds: up to 255 each has its own, above that
/// each power of two is cut into 128 equal ones.
fn bin(micros: u64) -> u16 {
    let micros = micros.min(LONGEST);
    let shift = shift(micros);
    let bin = (u64::from(shift) << BITS) + (micros >> shift);
    u16::try_from(bin).unwrap_or(u16::MAX)
}

fn shift(micros: u64) -> u32 {
    (u64::BITS - micros.leading_zeros()).saturating_sub(BITS + 1)
}

/// What stands for a bin: a whole second, where one is in it, for GitHub tells time
/// in seconds; else its middle.
fn value(bin: u16) -> i64 {
    let shift = (u32::from(bin) >> BITS).saturating_sub(1);
    let lowest = (i64::from(bin) - (i64::from(shift) << BITS)) << shift;
    let width = 1i64 << shift;
    let middle = lowest + width / 2;
    let seconds = [
        (middle + SECOND / 2) / SECOND * SECOND,
        (lowest + SECOND - 1) / SECOND * SECOND,
    ];
    let in_bin = |value: &i64| (lowest..lowest + width).contains(value);
    seconds.into_iter().find(in_bin).unwrap_or(middle)
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    fn sketch(micros: &[i64]) -> Sketch {
        let mut sketch = Sketch::default();
        for micros in micros {
            sketch.count(SignedDuration::from_micros(*micros), 1);
        }
        sketch
    }

    /// From microseconds to months, each order of magnitude as often.
    fn micros() -> impl Strategy<Value = i64> {
        (0..42u32, any::<i64>()).prop_map(|(bits, value)| value & ((1 << bits) - 1))
    }

    #[test]
    fn what_was_added_can_be_taken_away_however_much_it_was() {
        let mut sketch = sketch(&[5_000_000]);
        let ages = SignedDuration::from_hours(9_998 * 366 * 24);
        for times in [40, -40] {
            sketch.count(ages, times);
        }
        assert_eq!(sketch, self::sketch(&[5_000_000]));
        sketch.count(SignedDuration::from_secs(5), -1);
        assert!(sketch.is_empty());
    }

    proptest! {
        #[test]
        fn bins_are_in_order_and_narrow(micros in micros()) {
            let micros = u64::try_from(micros).unwrap();
            prop_assert!(bin(micros) <= bin(micros + 1));
            let off = value(bin(micros)).abs_diff(i64::try_from(micros).unwrap());
            prop_assert!(off * 128 <= micros, "{micros} became {}", value(bin(micros)));
        }

        #[test]
        fn percentiles_are_off_by_less_than_one_in_a_hundred(durations in vec(micros(), 1..300)) {
            let sketched = sketch(&durations).durations();
            let exact = durations.iter().copied().map(SignedDuration::from_micros);
            let exact = Durations::of(exact.collect());
            prop_assert_eq!(sketched.count, exact.count);
            prop_assert_eq!(sketched.mean, exact.mean);
            for (sketched, exact) in [(sketched.p50, exact.p50), (sketched.p95, exact.p95)] {
                let off = (sketched - exact).abs();
                prop_assert!(off * 100 <= exact, "{sketched:?} is not {exact:?}");
            }
        }

        #[test]
        fn what_is_taken_away_leaves_no_trace(
            some in vec(micros(), 0..50),
            others in vec(micros(), 0..50),
        ) {
            let mut sum = sketch(&some);
            sum.add(&sketch(&others), 1);
            let together: Vec<i64> = some.iter().chain(&others).copied().collect();
            prop_assert_eq!(&sum, &sketch(&together));
            sum.add(&sketch(&some), -1);
            prop_assert_eq!(&sum, &sketch(&others));
            for micros in &others {
                sum.count(SignedDuration::from_micros(*micros), -1);
            }
            prop_assert!(sum.is_empty());
        }
    }

    #[test]
    fn few_are_added_to_many_as_many_to_few() {
        let few = sketch(&[5 * SECOND, 700 * SECOND, 701 * SECOND]);
        let all: Vec<i64> = (0..300).map(|number| number * 3 * SECOND).collect();
        let many = sketch(&all);
        let (mut some, mut others) = (few.clone(), many.clone());
        some.add(&many, 1);
        others.add(&few, 1);
        assert_eq!(some, others);
        others.add(&few, -1);
        assert_eq!(others, many);
    }

    #[test]
    fn whole_seconds_below_two_minutes_are_exact() {
        for seconds in 0..128 {
            let durations = sketch(&[seconds * SECOND]).durations();
            assert_eq!(durations.p50, SignedDuration::from_secs(seconds));
        }
    }
}
