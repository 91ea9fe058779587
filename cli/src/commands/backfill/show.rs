//! Progress on standard error: bars on a terminal, else a line now and then.

use std::{
    collections::HashMap,
    io::{self, IsTerminal as _},
    time::Duration,
};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use lampboard_proto::v1::Backfill;
use tokio::time::Instant;

use super::progress::{self, WHOLE};

/// How often a line is written at most, unless something ended.
const LINE_INTERVAL: Duration = Duration::from_secs(5);

/// Shows how far backfills are.
pub(super) enum Show {
    Bars(Vec<ProgressBar>),
    Lines(Lines),
}

/// What was last written of each backfill, and when.
#[derive(Default)]
pub(super) struct Lines {
    written: HashMap<String, String>,
    last: Option<Instant>,
}

impl Show {
    /// Bars if somebody looks, lines if a file does.
    pub(super) fn new(backfills: &[Backfill]) -> Self {
        if io::stderr().is_terminal() {
            Self::Bars(bars(backfills))
        } else {
            Self::Lines(Lines::default())
        }
    }

    /// Shows how far they are now: the same ones each time, in the same order.
    pub(super) fn update(&mut self, backfills: &[Backfill]) {
        match self {
            Self::Bars(bars) => {
                for (bar, backfill) in bars.iter().zip(backfills) {
                    update(bar, backfill);
                }
            }
            Self::Lines(lines) => {
                for line in lines.due(backfills, Instant::now()) {
                    eprintln!("{line}");
                }
            }
        }
    }

    /// Leaves the bars as they are, for what is written below them.
    pub(super) fn leave(&self) {
        if let Self::Bars(bars) = self {
            bars.iter().for_each(ProgressBar::abandon);
            // The last bar ends without its line.
            eprintln!();
        }
    }
}

impl Lines {
    /// The lines that are to be written now: of what has changed.
    fn due(&mut self, backfills: &[Backfill], now: Instant) -> Vec<String> {
        let is_time = self
            .last
            .is_none_or(|last| now.duration_since(last) >= LINE_INTERVAL);
        let mut lines = Vec::new();
        for backfill in backfills {
            let line = line(backfill);
            let is_news = self.written.get(&backfill.id) != Some(&line);
            if is_news && (is_time || progress::is_over(backfill)) {
                self.written.insert(backfill.id.clone(), line.clone());
                lines.push(line);
            }
        }
        if is_time {
            self.last = Some(now);
        }
        lines
    }
}

fn line(backfill: &Backfill) -> String {
    format!(
        "{}: {} %, {}",
        backfill.repository,
        progress::parts(backfill) * 100 / WHOLE,
        progress::words(backfill)
    )
}

fn bars(backfills: &[Backfill]) -> Vec<ProgressBar> {
    let style = ProgressStyle::with_template("{prefix}  {bar:30}  {percent:>3} %  {wide_msg}")
        .expect("the template is right")
        .progress_chars("=> ");
    let width = backfills.iter().map(|it| it.repository.len()).max();
    let width = width.unwrap_or_default();
    let group = MultiProgress::new();
    let bar = |backfill: &Backfill| {
        let bar = group.add(ProgressBar::new(WHOLE).with_style(style.clone()));
        bar.set_prefix(format!("{:<width$}", backfill.repository));
        bar
    };
    backfills.iter().map(bar).collect()
}

fn update(bar: &ProgressBar, backfill: &Backfill) {
    bar.set_position(progress::parts(backfill));
    bar.set_message(progress::words(backfill));
    if progress::is_over(backfill) && !bar.is_finished() {
        bar.abandon();
    }
}

#[cfg(test)]
mod tests {
    use lampboard_proto::v1::BackfillStatus;

    use super::*;

    fn backfill(id: &str, status: BackfillStatus, run_count: i32) -> Backfill {
        Backfill {
            id: id.to_owned(),
            repository: format!("acme/{id}"),
            status: status.into(),
            run_count,
            ..Backfill::default()
        }
    }

    #[test]
    fn lines_come_now_and_then_and_ends_at_once() {
        let mut lines = Lines::default();
        let start = Instant::now();
        let running = |count| backfill("a", BackfillStatus::Running, count);
        let first = lines.due(&[running(1)], start);
        assert_eq!(first, ["acme/a: 0 %, 1 run by 0 requests"]);
        let soon = start + Duration::from_secs(1);
        assert!(lines.due(&[running(2)], soon).is_empty());
        let done = backfill("b", BackfillStatus::Done, 3);
        let both = lines.due(&[running(2), done.clone()], soon);
        assert_eq!(both, ["acme/b: 100 %, done, 3 runs by 0 requests"]);
        let later = start + LINE_INTERVAL;
        let both = lines.due(&[running(2), done.clone()], later);
        assert_eq!(both, ["acme/a: 0 %, 2 runs by 0 requests"]);
        assert!(
            lines
                .due(&[running(2), done], later + LINE_INTERVAL)
                .is_empty()
        );
    }

    #[test]
    fn a_bar_shows_parts_and_words() {
        let mut running = backfill("a", BackfillStatus::Running, 7);
        let at = |seconds| Some(prost_types::Timestamp { seconds, nanos: 0 });
        (running.create_time, running.since_time) = (at(100), at(0));
        running.cursor_time = at(25);
        let bar = bars(&[running.clone()]).remove(0);
        update(&bar, &running);
        assert_eq!(bar.position(), 750);
        assert_eq!(bar.message(), "7 runs by 0 requests");
        assert!(!bar.is_finished());
        update(&bar, &backfill("a", BackfillStatus::Failed, 7));
        assert!(bar.is_finished());
    }
}
