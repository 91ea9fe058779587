//! The figures as a table in Markdown, a server a column.

use std::fmt::Write as _;
use std::time::Duration;

use crate::round::{Figures, LoadSize, PACE};
use crate::statistics::Spread;
use crate::subject::Kind;
use crate::yardstick::Bare;

/// What was measured of all servers.
pub(crate) struct Results {
    /// By server, then by round.
    pub(crate) figures: Vec<(Kind, Vec<Figures>)>,
    /// The bare cost of a delivery, by round.
    pub(crate) bare_costs: Vec<Bare>,
}

/// Under what circumstances.
pub(crate) struct Circumstances {
    pub(crate) commit: Option<String>,
    pub(crate) machine: String,
    pub(crate) load: LoadSize,
}

type Pick = fn(&Figures, Duration) -> Option<f64>;

/// The table's rows: what each is called, and how it is picked from a round's
/// figures and bare cost.
const ROWS: [(&str, Pick); 15] = [
    ("Deliveries a second", |f, _| Some(f.rate)),
    ("CPU-seconds per 1,000 deliveries", |f, _| {
        Some(f.cpu.as_secs_f64() * 1000.0)
    }),
    ("of it in PostgreSQL", |f, _| {
        (!f.cpu_postgres.is_zero()).then_some(f.cpu_postgres.as_secs_f64() * 1000.0)
    }),
    ("the same, in bare costs", |f, bare| {
        Some(f.cpu.as_secs_f64() / bare.as_secs_f64())
    }),
    ("Latency at full load, p50 (ms)", |f, _| Some(f.closed.p50)),
    ("Latency at full load, p95 (ms)", |f, _| Some(f.closed.p95)),
    ("Latency at full load, p99 (ms)", |f, _| Some(f.closed.p99)),
    ("Latency at 500 a second, p50 (ms)", |f, _| {
        Some(f.paced.p50)
    }),
    ("Latency at 500 a second, p95 (ms)", |f, _| {
        Some(f.paced.p95)
    }),
    ("Latency at 500 a second, p99 (ms)", |f, _| {
        Some(f.paced.p99)
    }),
    ("Memory idle (MiB)", |f, _| Some(mebi(f.idle_kib * 1024))),
    ("Memory at its peak (MiB)", |f, _| {
        Some(mebi(f.peak_kib * 1024))
    }),
    ("From start to ready (ms)", |f, _| {
        Some(f.startup.as_secs_f64() * 1000.0)
    }),
    ("Binary, the UI in it (MiB)", |f, _| {
        f.binary_bytes.map(mebi)
    }),
    ("Cores that the driver took", |f, _| Some(f.driver)),
];

impl Results {
    /// Those of servers that are still to be measured.
    pub(crate) fn new(kinds: impl Iterator<Item = Kind>) -> Self {
        Self {
            figures: kinds.map(|kind| (kind, Vec::new())).collect(),
            bare_costs: Vec::new(),
        }
    }

    /// The table of some servers, the first of which the others are set against.
    pub(crate) fn table(&self, kinds: &[Kind]) -> String {
        let mut text = String::from("| |");
        for kind in kinds {
            let _ = write!(text, " {} |", kind.title());
        }
        let _ = writeln!(text, "\n|---|{}", "---|".repeat(kinds.len()));
        for (name, pick) in ROWS {
            let cells = kinds
                .iter()
                .map(|kind| self.cell(*kind, kinds.first(), pick));
            let cells: Vec<String> = cells.collect();
            if cells.iter().any(|cell| !cell.is_empty()) {
                let _ = writeln!(text, "| {name} | {} |", cells.join(" | "));
            }
        }
        text
    }

    /// Whether one of these was measured.
    pub(crate) fn has(&self, kinds: &[Kind]) -> bool {
        self.figures.iter().any(|(kind, _)| kinds.contains(kind))
    }

    fn cell(&self, kind: Kind, against: Option<&Kind>, pick: Pick) -> String {
        let Some(figure) = self.spread(kind, pick) else {
            return String::new();
        };
        let figure_of_ours = against.and_then(|ours| self.spread(*ours, pick));
        let ratio = figure_of_ours
            .filter(|_| Some(&kind) != against)
            .map(|ours| format!(", **{} ×**", number(figure.median / ours.median)));
        format!("{}{}", with_range(figure), ratio.unwrap_or_default())
    }

    /// What the page says beside what is promised.
    pub(crate) fn seen(&self) -> Vec<(&'static str, String)> {
        let mut seen = Vec::new();
        let mut add = |id, kinds: &[Kind], pick: Pick| {
            let titled = |kind: &Kind| {
                let cell = self.cell(*kind, kinds.first(), pick);
                (!cell.is_empty()).then(|| format!("{}: {cell}", kind.title()))
            };
            let texts: Vec<String> = kinds.iter().filter_map(titled).collect();
            if !texts.is_empty() {
                seen.push((id, texts.join("; ")));
            }
        };
        let cpu: Pick = |f, _| Some(f.cpu.as_secs_f64() * 1000.0);
        let bare: Pick = |f, bare| Some(f.cpu.as_secs_f64() / bare.as_secs_f64());
        let rate: Pick = |f, _| Some(f.rate);
        let files = &Kind::ON_FILES;
        add("cpu", files, cpu);
        add("bare", &[Kind::Lampboard], bare);
        add("rate", files, rate);
        add("rate-postgres", &Kind::ON_POSTGRES, rate);
        add("latency", files, |f, _| Some(f.paced.p99));
        add("idle", files, |f, _| Some(mebi(f.idle_kib * 1024)));
        add("peak", files, |f, _| Some(mebi(f.peak_kib * 1024)));
        seen
    }

    /// What a figure was over the rounds.
    fn spread(&self, kind: Kind, pick: Pick) -> Option<Spread> {
        let (_, rounds) = self.figures.iter().find(|(of, _)| *of == kind)?;
        let values = rounds.iter().zip(&self.bare_costs);
        Spread::of(
            values
                .map(|(figures, bare)| pick(figures, bare.total()))
                .collect::<Option<_>>()?,
        )
    }

    /// What each step of taking a delivery in costs, and what is not in these.
    pub(crate) fn steps(&self) -> String {
        let ours = self.spread(Kind::Lampboard, |f, _| Some(f.cpu.as_secs_f64() * 1e6));
        let (Some(ours), Some(bare)) = (ours, self.bare(Bare::total)) else {
            return String::new();
        };
        let steps = [
            ("signature: HMAC-SHA256", self.bare(|bare| bare.signature)),
            ("one scan of the JSON", self.bare(|bare| bare.scan)),
            ("compression: zstd", self.bare(|bare| bare.compression)),
            (
                "one row, and its share of a durable commit",
                self.bare(|bare| bare.row),
            ),
        ];
        let mut text = String::from("| step | CPU-µs a delivery |\n|---|---|\n");
        for (step, cost) in steps {
            let _ = writeln!(
                text,
                "| {step} | {} |",
                cost.map(with_range).unwrap_or_default()
            );
        }
        let rest = number(ours.median - bare.median);
        let _ = writeln!(text, "| all else: HTTP, reading, merging, SQL | {rest} |");
        let _ = writeln!(text, "| in all | {} |", with_range(ours));
        text
    }

    /// A bare cost over the rounds, in microseconds.
    fn bare(&self, pick: impl Fn(&Bare) -> Duration) -> Option<Spread> {
        let micros = |bare: &Bare| pick(bare).as_secs_f64() * 1e6;
        Spread::of(self.bare_costs.iter().map(micros).collect())
    }

    /// How they came about.
    pub(crate) fn explain(&self, about: &Circumstances) -> String {
        let bare = self.bare(Bare::total);
        let others = self.figures.iter().flat_map(|(_, rounds)| rounds);
        let others = others.map(|figures| figures.others).fold(0.0, f64::max);
        format!(
            "Measured at commit {commit}; {machine}, shared with the load driver. Rounds: \
             {rounds}, the servers turn about, each time with a new process and a new database. \
             Figures are medians, with the lowest and the highest in brackets; × says how many \
             times Lampboard's figure. A round sends {deliveries} different signed deliveries of \
             {bytes} bytes over {connections} connections as fast as they are answered (full \
             load), then others at {PACE} a second. All are stored and synced to disk before the answer; \
             every one that was acknowledged was looked for and found. The bare cost of a delivery \
             is the CPU time of its HMAC, one scan of its JSON, its compression and one row in a \
             durable commit of 32, and of nothing else: {bare} µs. Other processes used up to {others} \
             cores meanwhile.\n",
            commit = about.commit.as_deref().unwrap_or("unknown"),
            machine = about.machine,
            rounds = self.bare_costs.len(),
            deliveries = about.load.deliveries,
            bytes = about.load.bytes,
            connections = about.load.connections,
            bare = bare.map(with_range).unwrap_or_default(),
            others = number(others),
        )
    }
}

fn with_range(figure: Spread) -> String {
    let Spread {
        median,
        lowest,
        highest,
    } = figure;
    let (median, lowest, highest) = (number(median), number(lowest), number(highest));
    if lowest == highest {
        return median;
    }
    format!("{median} ({lowest} to {highest})")
}

/// Three digits that mean something, which is what a benchmark can tell.
pub(crate) fn number(value: f64) -> String {
    match value {
        100.0.. => thousands(value),
        10.0.. => format!("{value:.1}"),
        1.0.. => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

pub(crate) fn thousands(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[expect(
    clippy::cast_precision_loss,
    reason = "no file and no memory is so large that it matters"
)]
fn mebi(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::Latency;

    fn figures(rate: f64, cpu: u64, binary_bytes: Option<u64>) -> Figures {
        let latency = Latency {
            p50: 1.0,
            p95: 20.0,
            p99: 300.0,
        };
        Figures {
            rate,
            cpu: Duration::from_micros(cpu),
            cpu_postgres: Duration::ZERO,
            closed: latency,
            paced: latency,
            idle_kib: 20 * 1024,
            peak_kib: 80 * 1024,
            startup: Duration::from_millis(40),
            binary_bytes,
            driver: 0.5,
            others: 0.25,
        }
    }

    fn render(figures: Vec<(Kind, Vec<Figures>)>) -> String {
        let results = Results {
            figures,
            bare_costs: vec![
                Bare {
                    row: Duration::from_micros(50),
                    ..Bare::default()
                };
                2
            ],
        };
        let about = Circumstances {
            commit: Some("abc1234".to_owned()),
            machine: "Acme CPU, 2 cores".to_owned(),
            load: LoadSize {
                deliveries: 100,
                bytes: 19_400,
                connections: 32,
            },
        };
        results.table(&Kind::ON_FILES) + &results.explain(&about)
    }

    fn row<'a>(table: &'a str, name: &str) -> &'a str {
        let start = format!("| {name} |");
        table
            .lines()
            .find_map(|line| line.strip_prefix(&start))
            .unwrap()
    }

    #[test]
    fn sets_references_against_lampboard() {
        let table = render(vec![
            (
                Kind::Lampboard,
                vec![
                    figures(4000.0, 100, Some(10 << 20)),
                    figures(6000.0, 120, Some(10 << 20)),
                ],
            ),
            (
                Kind::Probot,
                vec![figures(1500.0, 550, None), figures(1000.0, 550, None)],
            ),
        ]);
        assert_eq!(
            row(&table, "Deliveries a second"),
            " 5,000 (4,000 to 6,000) |  | 1,250 (1,000 to 1,500), **0.250 ×** |"
        );
        assert_eq!(
            row(&table, "CPU-seconds per 1,000 deliveries"),
            " 0.110 (0.100 to 0.120) |  | 0.550, **5.00 ×** |"
        );
        assert_eq!(
            row(&table, "the same, in bare costs"),
            " 2.20 (2.00 to 2.40) |  | 11.0, **5.00 ×** |"
        );
        assert_eq!(row(&table, "Binary, the UI in it (MiB)"), " 10.0 |  |  |");
        assert!(table.contains("at commit abc1234; Acme CPU, 2 cores"));
        assert!(table.contains("bare cost of a delivery is the CPU time of its HMAC"));
        assert!(table.contains("nothing else: 50.0 µs"));
    }

    #[test]
    fn without_lampboard_there_are_no_ratios() {
        let table = render(vec![(Kind::Fastapi, vec![figures(580.0, 1360, None); 2])]);
        assert_eq!(row(&table, "Deliveries a second"), "  | 580 |  |");
    }

    #[test]
    fn numbers_have_three_digits() {
        let texts = [0.0543, 1.364, 21.97, 580.4, 1_234_567.0].map(number);
        assert_eq!(texts, ["0.054", "1.36", "22.0", "580", "1,234,567"]);
    }
}
