//! When steps ran, and how they ended: what of them differs from job to job.

use super::words;
use crate::model::{Conclusion, Status, Step};

pub(super) const SECOND: i64 = 1_000_000;

/// The times of some steps as small numbers, and their statuses.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Course {
    /// Of each step its start since the end of the one before, and its end since its
    /// start; see `Clock`.
    pub(super) times: Vec<u64>,
    /// Their numbers (`words`). Empty if all succeeded.
    pub(super) statuses: Vec<u32>,
}

/// How many microseconds the unit of times is: a second, if all of them are whole.
pub(super) fn unit(times: impl IntoIterator<Item = Option<i64>>) -> i64 {
    let whole = |time: i64| time % SECOND == 0;
    if times.into_iter().flatten().all(whole) {
        SECOND
    } else {
        1
    }
}

/// Times as what passed since the time before: 0 for none, and else one more than
/// twice the distance, of which the last bit is the sign.
#[derive(Clone, Copy)]
pub(super) struct Clock {
    pub(super) unit: i64,
    /// The time before, in units.
    pub(super) now: i64,
}

impl Clock {
    /// One that starts at a time, or in 1970.
    pub(super) fn at(time: Option<jiff::Timestamp>, unit: i64) -> Self {
        let micros = time.map(jiff::Timestamp::as_microsecond);
        Self {
            unit,
            now: micros.unwrap_or_default() / unit,
        }
    }

    fn write(&mut self, time: Option<i64>) -> u64 {
        let Some(time) = time else { return 0 };
        let time = time / self.unit;
        let passed = time.wrapping_sub(self.now);
        self.now = time;
        ((passed << 1) ^ (passed >> 63)).cast_unsigned() + 1
    }

    fn read(&mut self, number: u64) -> Result<Option<i64>, &'static str> {
        let Some(number) = number.checked_sub(1) else {
            return Ok(None);
        };
        let sign = -(number & 1).cast_signed();
        let passed = (number >> 1).cast_signed() ^ sign;
        let time = self.now.checked_add(passed).ok_or("a time is too far")?;
        self.now = time;
        let micros = time.checked_mul(self.unit).ok_or("a time is too far")?;
        Ok(Some(micros))
    }
}

/// Writes when steps ran and how they ended.
pub(super) fn write(steps: &[Step], mut clock: Clock, others: &mut Vec<String>) -> Course {
    let micros = |time: Option<jiff::Timestamp>| time.map(jiff::Timestamp::as_microsecond);
    let mut course = Course::default();
    for step in steps {
        course.times.push(clock.write(micros(step.start_time)));
        course.times.push(clock.write(micros(step.end_time)));
    }
    let success = Status::Completed(Conclusion::Success);
    if steps.iter().any(|step| step.status != success) {
        let statuses = steps.iter().map(|step| words::write(&step.status, others));
        course.statuses = statuses.collect();
    }
    course
}

/// Reads steps of which the names and numbers are known.
pub(super) fn read(
    names: impl ExactSizeIterator<Item = (i32, String)>,
    course: &Course,
    mut clock: Clock,
    others: &mut impl Iterator<Item = String>,
) -> Result<Vec<Step>, String> {
    if course.times.len() != 2 * names.len() {
        return Err("its times are not those of its steps".to_owned());
    }
    let mut statuses = course.statuses.iter();
    let mut steps = Vec::with_capacity(names.len());
    for ((number, name), times) in names.zip(course.times.chunks_exact(2)) {
        let mut times = times.iter().map(|time| clock.read(*time));
        let mut time = || -> Result<_, String> {
            let micros = times.next().transpose()?.flatten();
            let time = micros.map(jiff::Timestamp::from_microsecond).transpose();
            time.map_err(|error| error.to_string())
        };
        steps.push(Step {
            number,
            name,
            start_time: time()?,
            end_time: time()?,
            status: match statuses.next() {
                Some(number) => words::read(*number, others)?,
                None => Status::Completed(Conclusion::Success),
            },
        });
    }
    Ok(steps)
}
