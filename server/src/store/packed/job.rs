//! A job as bytes: its shape, which others of its repository have too, and its own facts.

use jiff::Timestamp;
use prost::Message;

use super::{
    steps::{self, Clock, Course},
    words,
};
use crate::model::{Job, JobFacts, Status, Step};

/// What GitHub calls its own runners, before a number.
const HOSTED: &str = "GitHub Actions ";

/// A job as it is stored, without its key and the times that are searched by.
pub(in crate::store) struct PackedJob {
    pub(in crate::store) shape: Vec<u8>,
    pub(in crate::store) facts: Vec<u8>,
}

/// What the jobs of one name in a workflow have in common.
#[derive(Clone, PartialEq, Message)]
struct Shape {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, repeated, tag = "2")]
    labels: Vec<String>,
    /// What comes before `page` in its URL, if that ends with it.
    #[prost(string, optional, tag = "3")]
    site: Option<String>,
    #[prost(string, repeated, tag = "4")]
    steps: Vec<String>,
    /// Empty where they count from 1.
    #[prost(int32, repeated, tag = "5")]
    numbers: Vec<i32>,
}

/// What a job has for itself.
#[derive(Clone, PartialEq, Message)]
struct Facts {
    #[prost(uint32, tag = "1")]
    status: u32,
    /// The number after `HOSTED`.
    #[prost(uint64, optional, tag = "2")]
    hosted: Option<u64>,
    #[prost(string, tag = "3")]
    runner: String,
    #[prost(string, tag = "4")]
    url: String,
    /// Whether the unit of times is the microsecond, not the second.
    #[prost(bool, tag = "5")]
    fine: bool,
    /// Since its start, or since 1970.
    #[prost(sint64, tag = "6")]
    create: i64,
    #[prost(uint64, repeated, tag = "7")]
    times: Vec<u64>,
    #[prost(uint32, repeated, tag = "8")]
    statuses: Vec<u32>,
    /// Words that have no number: that of its status, then those of its steps.
    #[prost(string, repeated, tag = "9")]
    others: Vec<String>,
}

/// Writes a job.
pub(in crate::store) fn pack(job: &Job) -> PackedJob {
    let facts = &job.facts;
    let site = facts.url.strip_suffix(&page(job.build.run.0, job.id.0));
    let names = facts.steps.iter().map(|step| step.name.clone());
    let numbers = facts.steps.iter().map(|step| step.number);
    let shape = Shape {
        name: facts.name.clone(),
        labels: facts.labels.clone(),
        site: site.map(str::to_owned),
        steps: names.collect(),
        numbers: if numbers.clone().eq(1..=count(&facts.steps)) {
            Vec::new()
        } else {
            numbers.collect()
        },
    };
    let hosted = hosted(&facts.runner);
    let clock = clock(facts);
    let mut others = Vec::new();
    let status = words::write(&facts.status, &mut others);
    let course = steps::write(&facts.steps, clock, &mut others);
    let own = Facts {
        status,
        hosted,
        runner: if hosted.is_some() {
            String::new()
        } else {
            facts.runner.clone()
        },
        url: if site.is_some() {
            String::new()
        } else {
            facts.url.clone()
        },
        fine: clock.unit == 1,
        create: facts.create_time.as_microsecond() / clock.unit - clock.now,
        times: course.times,
        statuses: course.statuses,
        others,
    };
    PackedJob {
        shape: shape.encode_to_vec(),
        facts: own.encode_to_vec(),
    }
}

/// Reads what `pack` wrote. What is wrong with it is an error.
pub(in crate::store) fn unpack(
    (run, job): (i64, i64),
    (start_time, end_time): (Option<Timestamp>, Option<Timestamp>),
    shape: &[u8],
    facts: &[u8],
) -> Result<JobFacts, String> {
    let shape = Shape::decode(shape).map_err(|error| error.to_string())?;
    let own = Facts::decode(facts).map_err(|error| error.to_string())?;
    let unit = if own.fine { 1 } else { steps::SECOND };
    let clock = Clock::at(start_time, unit);
    let create = clock.now.checked_add(own.create);
    let create = create.and_then(|time| time.checked_mul(unit));
    let create = create.ok_or("its creation is too far")?;
    let mut others = own.others.into_iter();
    let status: Status = words::read(own.status, &mut others)?;
    let course = Course {
        times: own.times,
        statuses: own.statuses,
    };
    let mut numbers = shape.numbers.into_iter();
    let names = (1..).zip(shape.steps);
    let names: Vec<_> = names
        .map(|(place, name)| (numbers.next().unwrap_or(place), name))
        .collect();
    Ok(JobFacts {
        status,
        end_time,
        start_time,
        create_time: Timestamp::from_microsecond(create).map_err(|error| error.to_string())?,
        name: shape.name,
        labels: shape.labels,
        runner: match own.hosted {
            Some(number) => format!("{HOSTED}{number}"),
            None => own.runner,
        },
        url: match shape.site {
            Some(site) => site + &page(run, job),
            None => own.url,
        },
        steps: steps::read(names.into_iter(), &course, clock, &mut others)?,
    })
}

/// Where GitHub shows a job, from its repository on.
fn page(run: i64, job: i64) -> String {
    format!("/actions/runs/{run}/job/{job}")
}

/// The number of one of GitHub's runners.
fn hosted(runner: &str) -> Option<u64> {
    let number = runner.strip_prefix(HOSTED)?.parse().ok()?;
    (format!("{HOSTED}{number}") == runner).then_some(number)
}

fn count(steps: &[Step]) -> i32 {
    i32::try_from(steps.len()).unwrap_or(i32::MAX)
}

/// From when its times count.
fn clock(facts: &JobFacts) -> Clock {
    let of_steps = facts
        .steps
        .iter()
        .flat_map(|step| [step.start_time, step.end_time]);
    let times = [Some(facts.create_time), facts.start_time];
    let times = times.into_iter().chain(of_steps);
    let unit = steps::unit(times.map(|time| time.map(Timestamp::as_microsecond)));
    Clock::at(facts.start_time, unit)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        fixtures::{at, build_id, status},
        model::JobId,
    };

    fn step(number: i32, name: &str, word: &str, span: (Option<i64>, Option<i64>)) -> Step {
        Step {
            number,
            name: name.to_owned(),
            status: status(word),
            start_time: span.0.map(at),
            end_time: span.1.map(at),
        }
    }

    fn example() -> Job {
        let mut job = crate::fixtures::job(11, build_id(1, 1), "success", (Some(3), Some(200)));
        job.facts.runner = format!("{HOSTED}1000000");
        job.facts.steps = vec![
            step(1, "Set up job", "success", (Some(3), Some(5))),
            step(2, "Test", "success", (Some(5), Some(190))),
            step(19, "Post", "success", (Some(190), Some(200))),
        ];
        job
    }

    fn read(job: &Job, packed: &PackedJob) -> Result<JobFacts, String> {
        let times = (job.facts.start_time, job.facts.end_time);
        let ids = (job.build.run.0, job.id.0);
        unpack(ids, times, &packed.shape, &packed.facts)
    }

    #[test]
    fn what_is_usual_takes_little_room() {
        let job = example();
        let packed = pack(&job);
        assert_eq!(read(&job, &packed), Ok(job.facts.clone()));
        // The runner 4, the creation 2, the times 9.
        assert_eq!(packed.facts.len(), 15, "{:?}", packed.facts);
    }

    #[test]
    fn jobs_of_one_name_share_their_shape() {
        let mut other = example();
        other.id = JobId(12);
        other.build = build_id(2, 1);
        other.facts.url = "https://github.com/acme/api/actions/runs/2/job/12".to_owned();
        other.facts.runner = "mine".to_owned();
        other.facts.steps[2] = step(19, "Post", "skipped", (Some(7), None));
        let packed = pack(&other);
        assert_eq!(packed.shape, pack(&example()).shape);
        assert_eq!(read(&other, &packed), Ok(other.facts.clone()));
    }

    #[test]
    fn what_is_wrong_is_an_error() {
        let job = example();
        let packed = pack(&job);
        let ids = (1, 11);
        let times = (job.facts.start_time, job.facts.end_time);
        assert!(unpack(ids, times, b"\xff", &packed.facts).is_err());
        assert!(unpack(ids, times, &packed.shape, b"\xff").is_err());
        assert!(unpack(ids, times, &[], &packed.facts).is_err());
        for create in [i64::MAX, i64::MIN, i64::MAX / 2_000_000] {
            let far = Facts {
                create,
                ..Facts::default()
            };
            assert!(unpack(ids, times, &[], &far.encode_to_vec()).is_err());
        }
        for times_of_steps in [[u64::MAX, 0], [1, u64::MAX - 1], [0, u64::MAX / 3]] {
            let far = Facts {
                times: times_of_steps.repeat(3),
                ..Facts::default()
            };
            assert!(unpack(ids, times, &packed.shape, &far.encode_to_vec()).is_err());
        }
    }

    fn any_time() -> impl Strategy<Value = Timestamp> {
        let seconds = (-200_000_000_000_i64..200_000_000_000).prop_map(|it| it * steps::SECOND);
        let last = (Timestamp::MIN.as_microsecond() + 1)..Timestamp::MAX.as_microsecond();
        let near = (0..9_000_i64).prop_map(|it| at(it).as_microsecond());
        let micros = prop_oneof![seconds, last, near.clone(), near];
        micros.prop_map(|it| Timestamp::from_microsecond(it).unwrap())
    }

    fn maybe_time() -> impl Strategy<Value = Option<Timestamp>> {
        proptest::option::of(any_time())
    }

    fn any_status() -> impl Strategy<Value = Status> {
        let known = prop_oneof!["success", "skipped", "queued", "in_progress", "other"];
        let odd = ".*".prop_map(|word| Status::from_words(&word, None));
        prop_oneof![known.prop_map(|word| status(&word)), odd]
    }

    fn any_step() -> impl Strategy<Value = Step> {
        (any::<i32>(), ".*", any_status(), maybe_time(), maybe_time()).prop_map(
            |(number, name, status, start_time, end_time)| Step {
                number,
                name,
                status,
                start_time,
                end_time,
            },
        )
    }

    /// URLs that look like what is left out of them.
    fn any_url() -> impl Strategy<Value = String> {
        let part = prop_oneof![
            "",
            ".*",
            "https://github.com/a/b",
            "/actions/runs/1/job/11",
            "/actions/runs/01/job/11",
            "/actions/runs/1/job/1",
            "/",
        ];
        (part.clone(), part.clone(), part).prop_map(|(a, b, c)| a + &b + &c)
    }

    fn any_runner() -> impl Strategy<Value = String> {
        let number = prop_oneof![
            any::<u64>().prop_map(|it| it.to_string()),
            "[ +-]?0?[0-9]{0,22}",
        ];
        prop_oneof![".*", number.prop_map(|it| format!("{HOSTED}{it}"))]
    }

    fn any_job() -> impl Strategy<Value = Job> {
        let times = (any_time(), maybe_time(), maybe_time());
        let texts = (
            ".*",
            prop::collection::vec(".*", 0..3),
            any_runner(),
            any_url(),
        );
        let steps = prop::collection::vec(any_step(), 0..6);
        (any_status(), times, texts, steps).prop_map(|(status, times, texts, steps)| Job {
            facts: JobFacts {
                status,
                create_time: times.0,
                start_time: times.1,
                end_time: times.2,
                name: texts.0,
                labels: texts.1,
                runner: texts.2,
                url: texts.3,
                steps,
            },
            ..example()
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn jobs_come_back_as_they_were(job in any_job()) {
            prop_assert_eq!(read(&job, &pack(&job)).unwrap(), job.facts);
        }
    }
}
