//! Draws from the distributions that builds have.

use std::f64::consts::TAU;

use fastrand::Rng;

/// Draws places of a list, each with its own weight.
pub(super) struct Weighted {
    /// The sums of the weights up to each place.
    sums: Vec<f64>,
}

impl Weighted {
    pub(super) fn new(weights: impl IntoIterator<Item = f64>) -> Self {
        let sums = weights.into_iter().scan(0.0, |sum, weight| {
            *sum += weight;
            Some(*sum)
        });
        Self {
            sums: sums.collect(),
        }
    }

    /// The place at a share, from 0 to 1, of all weight.
    pub(super) fn place(&self, share: f64) -> usize {
        let sought = share * self.total();
        let place = self.sums.partition_point(|sum| *sum <= sought);
        place.min(self.sums.len().saturating_sub(1))
    }

    pub(super) fn draw(&self, rng: &mut Rng) -> usize {
        self.place(rng.f64())
    }

    /// How far into a place a share of all weight lies, from 0 to 1.
    pub(super) fn within(&self, place: usize, share: f64) -> f64 {
        let before = place.checked_sub(1).map_or(0.0, |before| self.sums[before]);
        let width = self.sums[place] - before;
        ((share * self.total() - before) / width).clamp(0.0, 1.0)
    }

    fn total(&self) -> f64 {
        self.sums.last().copied().unwrap_or_default()
    }
}

/// A few of many: the weight of the place after `place` others, as in Zipf's law.
pub(super) fn rank_weight(place: usize) -> f64 {
    let place = u32::try_from(place).unwrap_or(u32::MAX);
    1.0 / (f64::from(place) + 2.0)
}

/// Half of what is drawn is below `median`; the greater `spread` is, the heavier
/// is the tail.
pub(super) fn heavy_tailed(rng: &mut Rng, median: f64, spread: f64) -> f64 {
    median * (spread * normal(rng)).exp()
}

fn normal(rng: &mut Rng) -> f64 {
    // Box and Muller's way. Not 0, of which there is no logarithm.
    let uniform = 1.0 - rng.f64();
    (-2.0 * uniform.ln()).sqrt() * (TAU * rng.f64()).cos()
}

/// Any of a list that is not empty.
pub(super) fn one_of<'a, T>(rng: &mut Rng, all: &'a [T]) -> &'a T {
    &all[rng.usize(..all.len())]
}

/// True as often in a hundred.
pub(super) fn in_hundred(rng: &mut Rng, percent: f64) -> bool {
    rng.f64() * 100.0 < percent
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_drawn_by_their_weight() {
        let weighted = Weighted::new([1.0, 0.0, 3.0]);
        let mut rng = Rng::with_seed(1);
        let mut drawn = [0; 3];
        for _ in 0..4000 {
            drawn[weighted.draw(&mut rng)] += 1;
        }
        assert_eq!(drawn[1], 0);
        assert!((900..1100).contains(&drawn[0]), "{drawn:?}");
        assert!((weighted.within(2, 0.625) - 0.5).abs() < 1e-9);
        assert_eq!(weighted.place(1.0), 2);
    }

    #[test]
    fn tails_are_as_heavy_as_asked_for() {
        let mut rng = Rng::with_seed(1);
        let mut drawn: Vec<f64> = (0..10_000)
            .map(|_| heavy_tailed(&mut rng, 420.0, 0.68))
            .collect();
        drawn.sort_unstable_by(f64::total_cmp);
        assert!((400.0..440.0).contains(&drawn[5000]), "{}", drawn[5000]);
        assert!((960.0..1080.0).contains(&drawn[9000]), "{}", drawn[9000]);
    }
}
