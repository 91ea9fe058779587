//! Steps as they are stored: most of a job, so what is usual takes no room.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::{Conclusion, Status, Step};

/// What almost all steps are.
const USUAL: (&str, &str) = ("completed", "success");
const SECOND: i64 = 1_000_000;

/// All steps of a job: how many microseconds the unit of its times is, the time that
/// the first one counts from, and the steps.
#[derive(Serialize, Deserialize)]
struct Packed<'a>(i64, i64, #[serde(borrow)] Vec<PackedStep<'a>>);

/// A step: its name; its start since the end of the one before, and its end since its
/// start; unless it succeeded, its status and conclusion; and its number, unless it
/// is one more than that of the one before.
#[derive(Serialize, Deserialize)]
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

/// Writes steps.
pub(super) fn write(steps: &[Step]) -> String {
    let times = || {
        let times = steps
            .iter()
            .flat_map(|step| [step.start_time, step.end_time]);
        times.flatten().map(Timestamp::as_microsecond)
    };
    let unit = if times().all(|time| time % SECOND == 0) {
        SECOND
    } else {
        1
    };
    let base = times().next().unwrap_or_default() / unit;
    let (mut place, mut expected) = (base, 1);
    let packed = steps.iter().map(|step| {
        let at = |time: Option<Timestamp>| time.map(|time| time.as_microsecond() / unit);
        let (start, end) = (at(step.start_time), at(step.end_time));
        let gap = start.map(|start| start - place);
        let length = end.map(|end| end - start.unwrap_or(place));
        let conclusion = step.status.conclusion().map(Conclusion::word);
        let is_usual = (step.status.word(), conclusion) == (USUAL.0, Some(USUAL.1));
        let is_usual = is_usual && step.number == expected;
        place = end.or(start).unwrap_or(place);
        expected = step.number.saturating_add(1);
        match (gap, length) {
            (Some(gap), Some(length)) if is_usual => {
                PackedStep::Usual(step.name.as_str().into(), gap, length)
            }
            _ => PackedStep::Other(
                step.name.as_str().into(),
                gap,
                length,
                step.status.word().into(),
                conclusion.map(Into::into),
                step.number,
            ),
        }
    });
    let packed = Packed(unit, base, packed.collect());
    serde_json::to_string(&packed).expect("numbers and texts make JSON")
}

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
    use proptest::prelude::*;

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
    fn what_is_usual_takes_little_room() {
        let steps = [
            step(1, "Set up job", "success", (Some(0), Some(2))),
            step(2, "Test", "success", (Some(2), Some(90))),
            step(3, "Report", "failure", (Some(90), Some(91))),
            step(9, "Post", "queued", (None, None)),
        ];
        let json = write(&steps);
        let expected = r#"[1000000,1772442000,[["Set up job",0,2],["Test",0,88],["Report",0,1,"completed","failure",3],["Post",null,null,"queued",null,9]]]"#;
        assert_eq!(json, expected);
        assert_eq!(read(&json).unwrap(), steps);
    }

    #[test]
    fn what_was_stored_before_is_read() {
        let json = r#"[[1,"Test","completed","success",1772442000000000,null]]"#;
        let mut expected = step(1, "Test", "success", (Some(0), None));
        expected.end_time = None;
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

    fn any_time() -> impl Strategy<Value = Option<Timestamp>> {
        let seconds = (-200_000_000_000_i64..200_000_000_000).prop_map(|it| it * SECOND);
        let micros = prop_oneof![seconds, -9_000_000_000_000_000..9_000_000_000_000_000_i64];
        let time = micros.prop_map(|it| Timestamp::from_microsecond(it).unwrap());
        proptest::option::of(time)
    }

    fn any_step() -> impl Strategy<Value = Step> {
        let words = prop_oneof!["success", "failure", "queued", "in_progress", "other"];
        (any::<i32>(), ".*", words, any_time(), any_time()).prop_map(
            |(number, name, word, start_time, end_time)| Step {
                number,
                name,
                status: status(&word),
                start_time,
                end_time,
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn steps_come_back_as_they_were(steps in prop::collection::vec(any_step(), 0..9)) {
            prop_assert_eq!(read(&write(&steps)).unwrap(), steps);
        }
    }
}
