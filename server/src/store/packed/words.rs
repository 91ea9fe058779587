//! Statuses as small numbers, the most usual one as 0.

use crate::model::{Conclusion, Status};

/// Known words, by their numbers. Never to be changed; more may be added at the end.
const KNOWN: [(&str, &str); 14] = [
    ("completed", "success"),
    ("completed", "failure"),
    ("completed", "skipped"),
    ("completed", "cancelled"),
    ("completed", "timed_out"),
    ("completed", "startup_failure"),
    ("completed", "action_required"),
    ("completed", "neutral"),
    ("completed", "stale"),
    ("requested", ""),
    ("queued", ""),
    ("pending", ""),
    ("waiting", ""),
    ("in_progress", ""),
];
/// A status, and a conclusion, that this version does not know: the word follows.
const OTHER_STATUS: u32 = 1000;
const OTHER_CONCLUSION: u32 = 1001;

/// The number of a status. A word that has none is added to others.
pub(super) fn write(status: &Status, others: &mut Vec<String>) -> u32 {
    let words = (
        status.word(),
        status
            .conclusion()
            .map(Conclusion::word)
            .unwrap_or_default(),
    );
    let known = (0..).zip(KNOWN).find(|(_, known)| *known == words);
    known.map_or_else(
        || {
            let (number, word) = match status {
                Status::Completed(_) => (OTHER_CONCLUSION, words.1),
                _ => (OTHER_STATUS, words.0),
            };
            others.push(word.to_owned());
            number
        },
        |(number, _)| number,
    )
}

/// The status of a number. A word that has none is the next of the others.
pub(super) fn read(
    number: u32,
    others: &mut impl Iterator<Item = String>,
) -> Result<Status, &'static str> {
    let mut other = || others.next().ok_or("a word is missing");
    Ok(match number {
        OTHER_STATUS => Status::from_words(&other()?, None),
        OTHER_CONCLUSION => Status::from_words("completed", Some(&other()?)),
        known => {
            let place = usize::try_from(known).unwrap_or(usize::MAX);
            let (status, conclusion) = KNOWN.get(place).ok_or("a word is not known")?;
            Status::from_words(status, Some(conclusion))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::StatusFilter;

    #[test]
    fn known_words_have_numbers() {
        let mut others = Vec::new();
        for word in StatusFilter::CONCLUSION_WORDS {
            let status = Status::from_words("completed", Some(word));
            let number = write(&status, &mut others);
            assert_eq!(read(number, &mut std::iter::empty()), Ok(status));
        }
        for word in ["requested", "queued", "pending", "waiting", "in_progress"] {
            let status = Status::from_words(word, None);
            let number = write(&status, &mut others);
            assert_eq!(read(number, &mut std::iter::empty()), Ok(status));
        }
        assert_eq!(others, [""; 0]);
        let success = Status::Completed(Conclusion::Success);
        assert_eq!(write(&success, &mut others), 0);
    }

    #[test]
    fn other_words_come_back_in_their_order() {
        let statuses = [
            Status::from_words("frozen", None),
            Status::from_words("completed", Some("exploded")),
            Status::from_words("completed", None),
        ];
        let mut others = Vec::new();
        let numbers = statuses.each_ref().map(|it| write(it, &mut others));
        let mut others = others.into_iter();
        for (number, status) in numbers.into_iter().zip(statuses) {
            assert_eq!(read(number, &mut others), Ok(status));
        }
        assert!(read(OTHER_STATUS, &mut others).is_err());
        assert!(read(14, &mut others).is_err());
    }
}
