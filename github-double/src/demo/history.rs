//! The month before: when everything in it happens.

use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::cast::Origin;
use super::chance::{activity, around, between, happens};
use super::organization::On;
use super::story::{Move, Story};
use crate::event::Event;
use crate::github::change::Change;

/// As far back from now everything is told; before, only how it ended.
const RECENT: SignedDuration = SignedDuration::from_hours(4);
/// How long nothing breaks before the present, but what is meant to.
const CALM: SignedDuration = SignedDuration::from_hours(36);
const MINUTE: SignedDuration = SignedDuration::from_mins(1);
const DAY: SignedDuration = SignedDuration::from_hours(24);
/// What is broken when the present begins, and for how long it has been.
const STILL_BROKEN: [(&str, &str, SignedDuration); 2] = [
    ("pocket", "Build", SignedDuration::from_mins(310)),
    ("almanac", "Nightly", SignedDuration::from_hours(44)),
];

/// The webhooks of the days before `now`, the newest first.
pub fn history(seed: u64, now: Timestamp, days: u16) -> impl Iterator<Item = Event> {
    let (_, changes) = Story::begin(seed, now, days);
    changes.into_iter().rev().map(|change| change.event())
}

impl Story {
    /// A story that is in its present, and what happened in the days before, oldest first.
    pub fn begin(seed: u64, now: Timestamp, days: u16) -> (Self, Vec<Change>) {
        let mut story = Self::new(seed, now - DAY * i32::from(days), now);
        story.plan_work();
        story.plan_clock();
        story.plan_breaks();
        story.plan_outage();
        let (mut changes, recent) = (Vec::new(), now - RECENT);
        while let Some(next) = story.play_next(now) {
            let told = |change: &Change| change.time >= recent || is_final(change);
            changes.extend(next.into_iter().filter(told));
        }
        story.plan_present();
        (story, changes)
    }

    fn plan_work(&mut self) {
        let outage = self.outage_time();
        let mut minute = self.begin;
        while minute < self.present {
            let slow = if outage.is_some_and(|outage| outage.contains(minute)) {
                0.35
            } else {
                1.0
            };
            for project in 0..self.cast.projects.len() {
                let pushes = self.cast.projects[project].spec.pushes / 60.0;
                if happens(pushes * slow * activity(minute), &mut self.rng) {
                    let time = minute + between(0..60, &mut self.rng);
                    let what = self.some_work(project);
                    self.agenda.add(time, what);
                }
            }
            minute += MINUTE;
        }
    }

    /// Something that people do to a project, each as often as in real life.
    pub(super) fn some_work(&mut self, project: usize) -> Move {
        let private = self.cast.projects[project].spec.private;
        let buttons = self.cast.places_of(project, On::Dispatch);
        let propose = |origin| Move::Propose { project, origin };
        match (self.rng.u8(..100), buttons.first()) {
            (0..26, _) => Move::Merge { project },
            (26..33, _) => propose(Origin::Bot),
            (33..40, _) if !private => propose(Origin::Fork),
            (40..44, Some(place)) => Move::Dispatch(*place),
            _ => propose(Origin::Team),
        }
    }

    fn plan_clock(&mut self) {
        for hour in 0..24 {
            for place in self.cast.places_on(On::Daily(hour)) {
                let mut time = first_at(self.begin, hour) + between(60..900, &mut self.rng);
                while time < self.present {
                    self.agenda.add(time, Move::Clock(place));
                    time += DAY;
                }
            }
        }
    }

    /// Every default branch breaks every few days, and is mended within hours.
    fn plan_breaks(&mut self) {
        for place in self.cast.places_on(On::Push) {
            let mut time = self.begin;
            loop {
                let pause = around(DAY * 6, 0.7, &mut self.rng);
                time = working_time(time + pause);
                let length = around(SignedDuration::from_mins(150), 0.9, &mut self.rng);
                let mended = time + length.min(DAY);
                if mended > self.present - CALM {
                    break;
                }
                self.agenda.add(time, Move::Break(place));
                self.agenda.add(mended, Move::Mend(place));
                time = mended;
            }
        }
        for (repository, workflow, since) in STILL_BROKEN {
            let place = self.cast.find(repository, workflow);
            let place = place.expect("it is one of the organisation's workflows");
            self.agenda.add(self.present - since, Move::Break(place));
        }
    }

    fn plan_outage(&mut self) {
        if let Some(outage) = self.outage_time() {
            self.agenda.add(outage.from, Move::Outage(true));
            self.agenda.add(outage.until, Move::Outage(false));
        }
    }

    /// One working day, two thirds into the month, if it is a month.
    fn outage_time(&self) -> Option<Span> {
        let length = self.present.duration_since(self.begin);
        if length < DAY * 14 {
            return None;
        }
        let mut from = first_at(self.begin + length.mul_f64(0.6), 7);
        while is_weekend(from) {
            from += DAY;
        }
        Some(Span {
            from,
            until: from + SignedDuration::from_hours(10),
        })
    }
}

#[derive(Clone, Copy)]
struct Span {
    from: Timestamp,
    until: Timestamp,
}

impl Span {
    fn contains(self, time: Timestamp) -> bool {
        self.from <= time && time < self.until
    }
}

/// Whether it says how something ended.
fn is_final(change: &Change) -> bool {
    match change.job() {
        Some(job) => job.conclusion.is_some(),
        None => change.attempt().conclusion.is_some(),
    }
}

fn is_weekend(time: Timestamp) -> bool {
    let day = time.to_zoned(TimeZone::UTC).weekday();
    matches!(day, Weekday::Saturday | Weekday::Sunday)
}

/// The first time from then on when people work.
fn working_time(mut time: Timestamp) -> Timestamp {
    while activity(time) < 0.5 {
        time += MINUTE * 37;
    }
    time
}

/// The first full hour from then on that is this hour of the day, UTC.
fn first_at(time: Timestamp, hour: i8) -> Timestamp {
    let day = time.as_second().div_euclid(86_400) * 86_400;
    let day = Timestamp::from_second(day).expect("the start of a day is a time");
    let today = day + SignedDuration::from_hours(i64::from(hour));
    if today >= time { today } else { today + DAY }
}
