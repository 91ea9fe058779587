//! Steps as schema 8 and before had them, as JSON.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::Deserialize;

use crate::model::{Status, Step};

/// What almost all steps are.
const USUAL: (&str, &str) = ("completed", "success");

/// All steps of a job: how many microseconds the unit of its times is, the time that
/// the first one counts from, and the steps.
#[derive(Deserialize)]
struct Packed<'a>(i64, i64, #[serde(borrow)] Vec<PackedStep<'a>>);

/// A step: its name; its start since the end of the one before, and its end since its
/// start; unless it succeeded, its status and conclusion; and its number, unless it
/// is one more than that of the one before.
#[derive(Deserialize)]
#[serde(untagged)]
enum PackedStep<'a> {
    Usual(#[serde(borrow)] Cow<'a, str>, i64, i64),
    Other(
        #[serde(borrow)] Cow<'a, str>,
        Option<i64>,
        Option<i64>,
        #[serde(borrow)] Cow<'a, str>,
        #[serde(borrow)] Option<Cow<'a, str>>,
        i32,
    ),
}

/// A step as it was stored before: number, name, status, conclusion, start and end.
#[derive(Deserialize)]
struct Plain<'a>(
    i32,
    #[serde(borrow)] Cow<'a, str>,
    #[serde(borrow)] Cow<'a, str>,
    #[serde(borrow)] Option<Cow<'a, str>>,
    Option<i64>,
    Option<i64>,
);

/// Reads steps. What is wrong with them is an error.
pub(super) fn read(json: &str) -> Result<Vec<Step>, String> {
    if json.starts_with("[[") || json == "[]" {
        return read_plain(json);
    }
    let Packed(unit, base, packed) = serde_json::from_str(json).map_err(|it| it.to_string())?;
    let (mut place, mut expected) = (base, 1_i32);
    let mut steps = Vec::with_capacity(packed.len());
    for step in packed {
        let (name, gap, length, status, number) = match step {
            PackedStep::Usual(name, gap, length) => {
                let status = Status::from_words(USUAL.0, Some(USUAL.1));
                (name, Some(gap), Some(length), status, expected)
            }
            PackedStep::Other(name, gap, length, status, conclusion, number) => {
                let status = Status::from_words(&status, conclusion.as_deref());
                (name, gap, length, status, number)
            }
        };
        let start = gap.map(|gap| place.saturating_add(gap));
        let end = length.map(|length| start.unwrap_or(place).saturating_add(length));
        place = end.or(start).unwrap_or(place);
        expected = number.saturating_add(1);
        steps.push(Step {
            number,
            name: name.into_owned(),
            status,
            start_time: time(start.map(|time| time.saturating_mul(unit)))?,
            end_time: time(end.map(|time| time.saturating_mul(unit)))?,
        });
    }
    Ok(steps)
}

fn read_plain(json: &str) -> Result<Vec<Step>, String> {
    let plain: Vec<Plain<'_>> = serde_json::from_str(json).map_err(|it| it.to_string())?;
    let step = |Plain(number, name, status, conclusion, start, end): Plain<'_>| {
        Ok(Step {
            number,
            name: name.into_owned(),
            status: Status::from_words(&status, conclusion.as_deref()),
            start_time: time(start)?,
            end_time: time(end)?,
        })
    };
    plain.into_iter().map(step).collect()
}

fn time(micros: Option<i64>) -> Result<Option<Timestamp>, String> {
    let time = micros.map(Timestamp::from_microsecond).transpose();
    time.map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{at, status};

    fn step(number: i32, name: &str, word: &str, span: (Option<i64>, Option<i64>)) -> Step {
        Step {
            number,
            name: name.to_owned(),
            status: status(word),
            start_time: span.0.map(at),
            end_time: span.1.map(at),
        }
    }

    #[test]
    fn what_was_stored_before_is_read() {
        let steps = [
            step(1, "Set up job", "success", (Some(0), Some(2))),
            step(2, "Test", "success", (Some(2), Some(90))),
            step(3, "Report", "failure", (Some(90), Some(91))),
            step(9, "Post", "queued", (None, None)),
        ];
        let json = r#"[1000000,1772442000,[["Set up job",0,2],["Test",0,88],["Report",0,1,"completed","failure",3],["Post",null,null,"queued",null,9]]]"#;
        assert_eq!(read(json).unwrap(), steps);
        let json = r#"[[1,"Test","completed","success",1772442000000000,null]]"#;
        let expected = step(1, "Test", "success", (Some(0), None));
        assert_eq!(read(json).unwrap(), [expected]);
        assert_eq!(read("[]").unwrap(), []);
        for bad in [
            "",
            "{}",
            "[1]",
            "[[1]]",
            "[1,2,[[3]]]",
            "[1000000,9223372036854775807,[[\"\",1,1]]]",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
