//! The private key of an App: RSA, 2048 bits.

mod der;
mod prime;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fastrand::Rng;
use num_bigint::BigUint;
use secrecy::SecretString;

/// How long each of the two primes is.
const PRIME_BITS: u64 = 1024;
const EXPONENT: u32 = 65_537;

/// What a made-up App signs its tokens with.
///
/// Made by a generator that anyone can repeat: it is worth nothing outside of tests.
#[derive(Clone)]
pub struct AppKey(Arc<LazyLock<Rsa, Box<dyn FnOnce() -> Rsa + Send>>>);

/// The numbers of a key.
#[derive(Clone)]
struct Rsa {
    modulus: BigUint,
    private_exponent: BigUint,
    primes: [BigUint; 2],
}

impl AppKey {
    /// A new key.
    pub fn generate(rng: &mut Rng) -> Self {
        let rsa = Rsa::generate(rng);
        Self(Arc::new(LazyLock::new(Box::new(move || rsa))))
    }

    /// The key of this number, always the same. It is made when it is first looked at, which takes
    /// a while, and then kept for as long as the process runs.
    pub fn numbered(number: u64) -> Self {
        static MADE: LazyLock<Mutex<HashMap<u64, AppKey>>> = LazyLock::new(Mutex::default);
        // An insertion either happened or did not, so that a poisoned map is as good as any.
        let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
        let key = made.entry(number).or_insert_with(|| {
            let generate = move || Rsa::generate(&mut Rng::with_seed(number));
            Self(Arc::new(LazyLock::new(Box::new(generate))))
        });
        key.clone()
    }

    /// The private key as GitHub hands it out: PKCS#1 in PEM.
    pub fn pem(&self) -> SecretString {
        const LABEL: &str = "RSA PRIVATE KEY";
        let base64 = STANDARD.encode(self.0.private_der());
        let mut pem = format!("-----BEGIN {LABEL}-----\n");
        for line in base64.as_bytes().chunks(64) {
            pem.extend(line.iter().map(|byte| char::from(*byte)));
            pem.push('\n');
        }
        pem.extend(["-----END ", LABEL, "-----\n"]);
        pem.into()
    }

    /// The public key as PKCS#1 in DER, which verifies what the private key signed.
    pub fn public_key_der(&self) -> Vec<u8> {
        der::sequence(&[&self.0.modulus, &EXPONENT.into()])
    }
}

impl fmt::Debug for AppKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AppKey(..)")
    }
}

impl Rsa {
    fn generate(rng: &mut Rng) -> Self {
        loop {
            let mut primes = [0; 2].map(|_| prime::generate(PRIME_BITS, rng));
            primes.sort_by(|a, b| b.cmp(a));
            if let Some(rsa) = Self::of(primes) {
                return rsa;
            }
        }
    }

    /// The key of two primes, unless these make none.
    fn of(primes: [BigUint; 2]) -> Option<Self> {
        let [p, q] = &primes;
        let (p_less_one, q_less_one) = (p - 1_u32, q - 1_u32);
        let private_exponent = BigUint::from(EXPONENT).modinv(&(&p_less_one * &q_less_one))?;
        let modulus = p * q;
        (p != q && modulus.bits() == 2 * PRIME_BITS).then_some(Self {
            modulus,
            private_exponent,
            primes,
        })
    }

    fn private_der(&self) -> Vec<u8> {
        let [p, q] = &self.primes;
        let d = &self.private_exponent;
        let coefficient = q
            .modinv(p)
            .expect("different primes have no common divisor");
        der::sequence(&[
            &BigUint::ZERO,
            &self.modulus,
            &EXPONENT.into(),
            d,
            p,
            q,
            &(d % (p - 1_u32)),
            &(d % (q - 1_u32)),
            &coefficient,
        ])
    }
}

#[cfg(test)]
mod tests {
    use ring::rand::SystemRandom;
    use ring::signature::{
        RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, UnparsedPublicKey,
    };
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn what_the_private_key_signs_the_public_key_verifies() {
        let key = AppKey::numbered(0);
        let pair = RsaKeyPair::from_der(&key.0.private_der()).unwrap();
        let mut signature = vec![0; pair.public().modulus_len()];
        pair.sign(
            &RSA_PKCS1_SHA256,
            &SystemRandom::new(),
            b"claims",
            &mut signature,
        )
        .unwrap();
        let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key.public_key_der());
        assert!(public.verify(b"claims", &signature).is_ok());
        assert!(public.verify(b"other claims", &signature).is_err());
        let other = AppKey::numbered(1).public_key_der();
        let other = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, other);
        assert!(other.verify(b"claims", &signature).is_err());
    }

    #[test]
    fn the_same_seed_makes_the_same_key() {
        let (a, b) = (
            AppKey::numbered(0),
            AppKey::generate(&mut Rng::with_seed(0)),
        );
        assert_eq!(a.pem().expose_secret(), b.pem().expose_secret());
    }

    #[test]
    fn the_pem_is_that_of_a_pkcs1_key() {
        let pem = AppKey::numbered(0).pem();
        let lines: Vec<_> = pem.expose_secret().lines().collect();
        let (first, last) = (lines[0], lines[lines.len() - 1]);
        assert!(first.contains("BEGIN RSA PRIVATE KEY"), "{first}");
        assert!(last.contains("END RSA PRIVATE KEY"), "{last}");
        assert!(lines.iter().all(|line| line.len() <= 64));
        let der = STANDARD.decode(lines[1..lines.len() - 1].concat()).unwrap();
        assert_eq!(der, AppKey::numbered(0).0.private_der());
    }

    #[test]
    fn a_key_is_shown_to_nobody() {
        assert_eq!(format!("{:?}", AppKey::numbered(0)), "AppKey(..)");
    }
}
