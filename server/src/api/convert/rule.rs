//! Alert rules.

use jiff::{SignedDuration, civil::Time, tz::TimeZone};
use lampboard_proto::v1::{self, alert_rule, duration_trigger};

use super::{
    Check, filter,
    time::{duration, duration_to_proto, timestamp_to_proto},
};
use crate::{
    api::etag,
    model::{AlertRule, Filter, Limit, QuietHours, RuleContent, RuleFilter, Trigger},
};

/// The longest name that people give.
pub(super) const LONGEST_DISPLAY_NAME: usize = 100;
const MOST_CHANNELS: usize = 20;
const MOST_FAILURES: i32 = 100;
const MOST_PER_HOUR: i32 = 1000;
/// What GitHub gives a run.
const LONGEST_RUN: SignedDuration = SignedDuration::from_hours(35 * 24);
const LONGEST_RED: SignedDuration = SignedDuration::from_hours(30 * 24);
const LONGEST_WAIT: SignedDuration = SignedDuration::from_hours(24);
const MINUTE: SignedDuration = SignedDuration::from_mins(1);
const SECOND: SignedDuration = SignedDuration::from_secs(1);
const TIMES_USUAL: std::ops::RangeInclusive<f64> = 1.1..=100.0;

/// Reads what a rule says.
pub(in crate::api) fn rule(check: &mut Check, rule: v1::AlertRule) -> RuleContent {
    let (name, ids) = (rule.display_name.clone(), rule.channel_ids.clone());
    let read = unsent_rule(check, rule);
    check.within("rule", |check| RuleContent {
        display_name: display_name(check, &name),
        channels: channels(check, ids),
        ..read
    })
}

/// Reads what a rule says that sends nothing: it needs no name, and no channels.
pub(in crate::api) fn unsent_rule(check: &mut Check, rule: v1::AlertRule) -> RuleContent {
    check.within("rule", |check| RuleContent {
        display_name: String::new(),
        filter: rule_filter(check, rule.filter),
        trigger: check.within("trigger", |check| trigger(check, rule.trigger)),
        channels: Vec::new(),
        quiet_hours: rule
            .quiet_hours
            .map(|quiet| check.within("quiet_hours", |check| quiet_hours(check, quiet))),
        max_per_hour: within(check, "max_per_hour", rule.max_per_hour, 0..=MOST_PER_HOUR),
        disabled: rule.disabled,
    })
}

/// Writes a rule.
pub(in crate::api) fn rule_to_proto(rule: &AlertRule) -> v1::AlertRule {
    let content = &rule.content;
    v1::AlertRule {
        id: rule.id.clone(),
        display_name: content.display_name.clone(),
        filter: Some(filter_to_proto(&content.filter)),
        trigger: Some(trigger_to_proto(content.trigger)),
        channel_ids: content.channels.clone(),
        quiet_hours: content.quiet_hours.as_ref().map(quiet_hours_to_proto),
        max_per_hour: content.max_per_hour,
        disabled: content.disabled,
        create_time: Some(timestamp_to_proto(rule.create_time)),
        update_time: Some(timestamp_to_proto(rule.update_time)),
        etag: etag::write(rule.version),
    }
}

/// A name that people give.
pub(super) fn display_name(check: &mut Check, name: &str) -> String {
    let name = name.trim().to_owned();
    if name.is_empty() {
        check.refuse("display_name", "must not be empty");
    }
    if name.chars().any(char::is_control) {
        check.refuse("display_name", "must not contain control characters");
    }
    check.text("display_name", name, LONGEST_DISPLAY_NAME)
}

fn rule_filter(check: &mut Check, asked: Option<v1::BuildFilter>) -> RuleFilter {
    let all = filter(check, asked);
    let rule = RuleFilter {
        repositories: all.repositories.clone(),
        workflows: all.workflows.clone(),
        workflow_ids: all.workflow_ids.iter().map(|id| id.0).collect(),
        branches: all.branches.clone(),
        actors: all.actors.clone(),
        events: all.events.clone(),
        default_branch_only: all.default_branch_only,
    };
    if Filter::from(rule.clone()) != all {
        let problem = "must select by repositories, workflows, workflow_ids, branches, actors, events \
             and default_branch_only alone: the trigger says the rest";
        check.refuse("filter", problem);
    }
    rule
}

fn trigger(check: &mut Check, trigger: Option<alert_rule::Trigger>) -> Trigger {
    match trigger {
        Some(alert_rule::Trigger::Failure(_)) => Trigger::Failure,
        Some(alert_rule::Trigger::Change(change)) => Trigger::Change {
            failures: within(check, "failures", change.failures, 0..=MOST_FAILURES).max(1),
        },
        Some(alert_rule::Trigger::StaysRed(red)) => Trigger::StaysRed {
            longer_than: span(check, "longer_than", red.longer_than, (MINUTE, LONGEST_RED)),
        },
        Some(alert_rule::Trigger::Duration(long)) => Trigger::Duration(limit(check, long.limit)),
        Some(alert_rule::Trigger::Queue(queue)) => Trigger::Queue {
            longer_than: span(
                check,
                "longer_than",
                queue.longer_than,
                (MINUTE, LONGEST_WAIT),
            ),
        },
        None => {
            check.refuse("", "must be set");
            Trigger::Failure
        }
    }
}

fn limit(check: &mut Check, limit: Option<duration_trigger::Limit>) -> Limit {
    match limit {
        Some(duration_trigger::Limit::LongerThan(longest)) => {
            let longest = span(check, "longer_than", Some(longest), (SECOND, LONGEST_RUN));
            Limit::LongerThan(longest)
        }
        Some(duration_trigger::Limit::TimesUsual(times)) => {
            if !TIMES_USUAL.contains(&times) {
                check.refuse("times_usual", "must be from 1.1 to 100");
            }
            Limit::TimesUsual(times)
        }
        None => {
            check.refuse("limit", "must be set");
            Limit::TimesUsual(*TIMES_USUAL.end())
        }
    }
}

fn span(
    check: &mut Check,
    field: &str,
    asked: Option<prost_types::Duration>,
    (least, most): (SignedDuration, SignedDuration),
) -> SignedDuration {
    let asked = asked.map(duration).unwrap_or_default();
    if asked < least || asked > most {
        let (least, most) = (least.as_secs(), most.as_secs());
        check.refuse(field, format!("must be from {least} to {most} seconds"));
    }
    asked
}

fn within(
    check: &mut Check,
    field: &str,
    number: i32,
    range: std::ops::RangeInclusive<i32>,
) -> i32 {
    if !range.contains(&number) {
        check.refuse(
            field,
            format!("must be from {} to {}", range.start(), range.end()),
        );
    }
    number
}

fn channels(check: &mut Check, ids: Vec<String>) -> Vec<String> {
    if ids.is_empty() {
        check.refuse("channel_ids", "must not be empty");
    }
    let mut channels: Vec<String> = Vec::new();
    for id in check.each("channel_ids", ids, MOST_CHANNELS, |check, id| {
        check.text("", id, LONGEST_DISPLAY_NAME)
    }) {
        if !channels.contains(&id) {
            channels.push(id);
        }
    }
    channels
}

fn quiet_hours(check: &mut Check, quiet: v1::QuietHours) -> QuietHours {
    if TimeZone::get(&quiet.time_zone).is_err() {
        let problem = "must be the IANA name of a time zone, such as Europe/Vienna";
        check.refuse("time_zone", problem);
    }
    let hours = (!quiet.start.is_empty() || !quiet.end.is_empty()).then(|| {
        let start = time_of_day(check, "start", &quiet.start);
        let end = time_of_day(check, "end", &quiet.end);
        if start == end {
            check.refuse("end", "must not be start");
        }
        (start, end)
    });
    let mut days: Vec<i8> = Vec::new();
    for day in check.each("days", quiet.days, 7, |check, day| {
        i8::try_from(within(check, "", day, 1..=7)).unwrap_or_default()
    }) {
        if !days.contains(&day) {
            days.push(day);
        }
    }
    days.sort_unstable();
    if days.len() == 7 {
        check.refuse("days", "must not be all days: disable the rule instead");
    }
    if hours.is_none() && days.is_empty() {
        check.refuse("", "must have hours or days");
    }
    QuietHours {
        time_zone: quiet.time_zone,
        hours,
        days,
    }
}

/// By the minute: a time with seconds would be shown without them, and could not be set again.
fn time_of_day(check: &mut Check, field: &str, text: &str) -> Time {
    let time: Time = text.parse().unwrap_or_else(|_| {
        check.refuse(field, "must be a time of day, such as 22:00");
        Time::midnight()
    });
    if time.second() != 0 || time.subsec_nanosecond() != 0 {
        check.refuse(field, "must have no seconds, such as 22:00");
    }
    time
}

fn filter_to_proto(filter: &RuleFilter) -> v1::BuildFilter {
    let texts = |patterns: &[crate::model::Pattern]| {
        patterns.iter().map(|it| it.as_str().to_owned()).collect()
    };
    v1::BuildFilter {
        repositories: texts(&filter.repositories),
        workflows: texts(&filter.workflows),
        workflow_ids: filter.workflow_ids.clone(),
        branches: texts(&filter.branches),
        actors: texts(&filter.actors),
        events: filter.events.clone(),
        default_branch_only: filter.default_branch_only,
        ..v1::BuildFilter::default()
    }
}

fn trigger_to_proto(trigger: Trigger) -> alert_rule::Trigger {
    match trigger {
        Trigger::Failure => alert_rule::Trigger::Failure(v1::FailureTrigger {}),
        Trigger::Change { failures } => alert_rule::Trigger::Change(v1::ChangeTrigger { failures }),
        Trigger::StaysRed { longer_than } => alert_rule::Trigger::StaysRed(v1::StaysRedTrigger {
            longer_than: Some(duration_to_proto(longer_than)),
        }),
        Trigger::Duration(limit) => alert_rule::Trigger::Duration(v1::DurationTrigger {
            limit: Some(match limit {
                Limit::LongerThan(longest) => {
                    duration_trigger::Limit::LongerThan(duration_to_proto(longest))
                }
                Limit::TimesUsual(times) => duration_trigger::Limit::TimesUsual(times),
            }),
        }),
        Trigger::Queue { longer_than } => alert_rule::Trigger::Queue(v1::QueueTrigger {
            longer_than: Some(duration_to_proto(longer_than)),
        }),
    }
}

fn quiet_hours_to_proto(quiet: &QuietHours) -> v1::QuietHours {
    let text = |time: Time| time.strftime("%H:%M").to_string();
    v1::QuietHours {
        time_zone: quiet.time_zone.clone(),
        start: quiet
            .hours
            .map(|(start, _)| text(start))
            .unwrap_or_default(),
        end: quiet.hours.map(|(_, end)| text(end)).unwrap_or_default(),
        days: quiet.days.iter().map(|day| i32::from(*day)).collect(),
    }
}
