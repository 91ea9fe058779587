//! RSA keys that anybody can work out: worth nothing, and in no file.

use jsonwebtoken::DecodingKey;
use num_bigint::BigUint;
use sha2::{Digest as _, Sha256};

use super::der;

const EXPONENT: u32 = 65_537;

pub(crate) struct Key {
    p: BigUint,
    q: BigUint,
}

/// The key that the App signs with.
pub(crate) fn first() -> Key {
    Key {
        p: prime("one", 1630),
        q: prime("two", 4),
    }
}

/// A key that is not the App's.
pub(crate) fn second() -> Key {
    Key {
        p: prime("four", 1026),
        q: prime("three", 770),
    }
}

/// A prime: so far above the number that a name stands for.
fn prime(name: &str, above: u32) -> BigUint {
    let bytes: Vec<u8> = (0..4_u8)
        .flat_map(|part| {
            Sha256::new()
                .chain_update(name)
                .chain_update([part])
                .finalize()
        })
        .collect();
    let mut number = BigUint::from_bytes_be(&bytes);
    for bit in [1023, 1022, 0] {
        number.set_bit(bit, true);
    }
    number + above
}

impl Key {
    /// The form that GitHub hands out.
    pub(crate) fn pkcs1_pem(&self) -> String {
        der::pem("RSA PRIVATE KEY", &self.der())
    }

    /// The form that other tools make of it.
    pub(crate) fn pkcs8_pem(&self) -> String {
        let rsa = der::sequence(&[
            vec![0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1],
            vec![0x05, 0],
        ]);
        let key = der::value(der::OCTET_STRING, &self.der());
        let der = der::sequence(&[der::integer(&[0]), rsa, key]);
        der::pem("PRIVATE KEY", &der)
    }

    /// What verifies what the key signed.
    pub(crate) fn public(&self) -> DecodingKey {
        let numbers = [&self.p * &self.q, EXPONENT.into()];
        DecodingKey::from_rsa_der(&sequence(&numbers))
    }

    fn der(&self) -> Vec<u8> {
        let Self { p, q } = self;
        let exponent = BigUint::from(EXPONENT);
        let (p_less_one, q_less_one) = (p - 1_u32, q - 1_u32);
        let private = exponent.modinv(&(&p_less_one * &q_less_one)).unwrap();
        sequence(&[
            BigUint::ZERO,
            p * q,
            exponent,
            private.clone(),
            p.clone(),
            q.clone(),
            &private % p_less_one,
            private % q_less_one,
            q.modinv(p).unwrap(),
        ])
    }
}

fn sequence(numbers: &[BigUint]) -> Vec<u8> {
    let numbers: Vec<_> = numbers
        .iter()
        .map(|number| der::integer(&number.to_bytes_be()))
        .collect();
    der::sequence(&numbers)
}
