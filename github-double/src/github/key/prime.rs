//! Large primes: numbers that pass the test of Miller and Rabin.

use fastrand::Rng;
use num_bigint::BigUint;

/// A number of 1,024 bits that passes so many rounds is composite less often than once in 2^100.
const ROUNDS: usize = 6;
/// Most composites have a divisor below this, which is faster to find than to test.
const SMALL: u32 = 2_000;

/// A prime of so many bits, the two highest of which are set.
pub(super) fn generate(bits: u64, rng: &mut Rng) -> BigUint {
    let small = small_primes();
    loop {
        let mut candidate = number_of_bytes(bits / 8, rng);
        candidate.set_bit(bits - 1, true);
        candidate.set_bit(bits - 2, true);
        candidate.set_bit(0, true);
        let divided = small
            .iter()
            .any(|prime| &candidate % prime == BigUint::ZERO);
        if !divided && is_probably_prime(&candidate, rng) {
            return candidate;
        }
    }
}

/// Whether an odd number above 3 passes the test.
fn is_probably_prime(number: &BigUint, rng: &mut Rng) -> bool {
    let less_one = number - 1_u32;
    let twos = less_one.trailing_zeros().expect("it is not zero");
    let odd = &less_one >> twos;
    let bytes = number.bits().div_ceil(8);
    (0..ROUNDS).all(|_| {
        let base = number_of_bytes(bytes, rng) % (number - 3_u32) + 2_u32;
        let mut power = base.modpow(&odd, number);
        if power == BigUint::from(1_u32) || power == less_one {
            return true;
        }
        (1..twos).any(|_| {
            power = &power * &power % number;
            power == less_one
        })
    })
}

fn number_of_bytes(count: u64, rng: &mut Rng) -> BigUint {
    let bytes: Vec<u8> = (0..count).map(|_| rng.u8(..)).collect();
    BigUint::from_bytes_be(&bytes)
}

fn small_primes() -> Vec<u32> {
    let mut primes: Vec<u32> = Vec::new();
    for number in 2..SMALL {
        if primes.iter().all(|prime| number % prime != 0) {
            primes.push(number);
        }
    }
    primes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_prime(number: &str) -> bool {
        is_probably_prime(&number.parse().unwrap(), &mut Rng::with_seed(1))
    }

    #[test]
    fn primes_are_told_from_composites() {
        let primes = [
            "5",
            "104729",
            "2305843009213693951",
            "170141183460469231731687303715884105727",
        ];
        for prime in primes {
            assert!(is_prime(prime), "{prime}");
        }
        // Carmichael numbers, which deceive Fermat's test, and the product of two large primes.
        let composites = [
            "9",
            "561",
            "41041",
            "825265",
            "4759123141",
            "5316911983139663487003542222693990401",
        ];
        for composite in composites {
            assert!(!is_prime(composite), "{composite}");
        }
    }

    #[test]
    fn a_generated_prime_has_its_length() {
        let prime = generate(128, &mut Rng::with_seed(1));
        assert_eq!(prime.bits(), 128);
        assert!(prime.bit(126));
    }
}
