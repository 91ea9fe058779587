//! What tokens look like.

use fastrand::Rng;
use serde::{Deserialize, Serialize};

/// Which of GitHub's two forms an installation token has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenFormat {
    /// `ghs_` and 36 letters and digits.
    Opaque40,
    /// `ghs_`, the App's id and a JSON web token: about 520 characters.
    #[default]
    Stateless520,
    /// The one and the other in turn.
    Mixed,
}

impl TokenFormat {
    pub(super) fn installation_token(self, app: u64, number: u64, rng: &mut Rng) -> String {
        match self {
            Self::Opaque40 => letters("ghs_", 36, rng),
            Self::Mixed if number.is_multiple_of(2) => letters("ghs_", 36, rng),
            Self::Stateless520 | Self::Mixed => stateless(app, rng),
        }
    }
}

/// Of the length and the alphabet of the real ones; nobody but GitHub reads what is in them.
fn stateless(app: u64, rng: &mut Rng) -> String {
    let mut token = letters(&format!("ghs_{app}_eyJ"), 60, rng);
    token = letters(&format!("{token}.eyJ"), 100, rng);
    letters(&format!("{token}."), 342, rng)
}

pub(super) fn letters(prefix: &str, count: usize, rng: &mut Rng) -> String {
    let mut text = prefix.to_owned();
    text.extend((0..count).map(|_| rng.alphanumeric()));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_as_long_as_the_real_ones() {
        let mut rng = Rng::with_seed(1);
        let mut length = |format: TokenFormat, number| {
            format.installation_token(1_234_567, number, &mut rng).len()
        };
        assert_eq!(length(TokenFormat::Opaque40, 1), 40);
        assert!((500..540).contains(&length(TokenFormat::Stateless520, 1)));
        assert!(length(TokenFormat::Mixed, 1) > 500);
        assert_eq!(length(TokenFormat::Mixed, 2), 40);
    }
}
