//! What processes spent, read from `/proc`.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::ops::AddAssign;
use std::time::Duration;

/// What a process and its descendants spent so far.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Usage {
    pub(crate) cpu: Duration,
    /// Memory in use now. Pages that processes share count for each.
    pub(crate) resident_kib: u64,
    /// The most memory that was in use.
    pub(crate) peak_kib: u64,
}

impl AddAssign for Usage {
    fn add_assign(&mut self, other: Self) {
        self.cpu += other.cpu;
        self.resident_kib += other.resident_kib;
        self.peak_kib += other.peak_kib;
    }
}

impl Usage {
    /// Reads them for the tree below `root`, itself included.
    pub(crate) fn of_tree(root: u32) -> io::Result<Self> {
        let processes = processes()?;
        let mut usage = Self::default();
        for (&pid, stat) in &processes {
            if !descends(pid, root, &processes) {
                continue;
            }
            usage.cpu += ticks(stat.ticks);
            // A process that ended just now has no memory any more.
            if let Ok(status) = fs::read_to_string(format!("/proc/{pid}/status")) {
                usage.resident_kib += kib(&status, "VmRSS").unwrap_or(0);
                usage.peak_kib += kib(&status, "VmHWM").unwrap_or(0);
            }
        }
        Ok(usage)
    }
}

/// The process that started another one.
pub(crate) fn parent(pid: u32) -> io::Result<u32> {
    let line = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let stat = parse_stat(&line).ok_or(io::ErrorKind::InvalidData)?;
    Ok(stat.parent)
}

/// How long all cores of the machine together have been busy.
pub(crate) fn machine_busy() -> io::Result<Duration> {
    let text = fs::read_to_string("/proc/stat")?;
    let busy = parse_machine(&text).ok_or(io::ErrorKind::InvalidData)?;
    Ok(ticks(busy))
}

/// The processor's name, as the kernel gives it.
pub(crate) fn processor() -> Option<String> {
    parse_processor(&fs::read_to_string("/proc/cpuinfo").ok()?).map(str::to_owned)
}

/// How much memory the machine has.
pub(crate) fn memory_kib() -> Option<u64> {
    kib(&fs::read_to_string("/proc/meminfo").ok()?, "MemTotal")
}

#[derive(Debug, PartialEq)]
struct Stat {
    parent: u32,
    ticks: u64,
}

fn processes() -> io::Result<HashMap<u32, Stat>> {
    let mut found = HashMap::new();
    for entry in fs::read_dir("/proc")? {
        let entry = entry?;
        let Some(pid) = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok())
        else {
            continue;
        };
        let stat = fs::read_to_string(entry.path().join("stat")).ok();
        if let Some(stat) = stat.as_deref().and_then(parse_stat) {
            found.insert(pid, stat);
        }
    }
    Ok(found)
}

fn descends(mut pid: u32, root: u32, processes: &HashMap<u32, Stat>) -> bool {
    // The list was not read in one instant, so it might hold a circle.
    for _ in 0..processes.len() {
        if pid == root {
            return true;
        }
        match processes.get(&pid) {
            Some(stat) => pid = stat.parent,
            None => return false,
        }
    }
    false
}

/// Reads `/proc/PID/stat`. The name in it may hold spaces and brackets, so
/// fields are counted from its end, where the third one follows. The children
/// counted are those already waited for: they are no processes any more.
fn parse_stat(line: &str) -> Option<Stat> {
    let (_, after_name) = line.rsplit_once(')')?;
    let fields: Vec<&str> = after_name.split_ascii_whitespace().collect();
    let spent = fields.get(11..15)?;
    Some(Stat {
        parent: fields.get(1)?.parse().ok()?,
        ticks: sum(spent)?,
    })
}

/// Reads the line for all cores of `/proc/stat`: user, nice, system, idle,
/// waiting for disks, interrupts. The time of guests is in user's already.
fn parse_machine(text: &str) -> Option<u64> {
    let line = text.lines().next()?.strip_prefix("cpu ")?;
    let fields: Vec<&str> = line.split_ascii_whitespace().collect();
    Some(sum(fields.get(0..3)?)? + sum(fields.get(5..7)?)?)
}

fn sum(fields: &[&str]) -> Option<u64> {
    fields.iter().map(|field| field.parse::<u64>().ok()).sum()
}

fn parse_processor(text: &str) -> Option<&str> {
    let line = text.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim())
}

fn kib(status: &str, field: &str) -> Option<u64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix(field)?.strip_prefix(':'))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

fn ticks(count: u64) -> Duration {
    let per_second = rustix::param::clock_ticks_per_second();
    Duration::from_millis(count * 1000 / per_second)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_times_of_a_process_with_any_name() {
        let line = "7 (a) b (c) S 3 7 7 0 -1 4 100 200 1 2 11 22 33 44 20 0 1 0 5 900 80";
        assert_eq!(
            parse_stat(line),
            Some(Stat {
                parent: 3,
                ticks: 110
            })
        );
        assert_eq!(parse_stat("7 (cut off) S 3 7"), None);
    }

    #[test]
    fn leaves_out_idle_disks_and_guests() {
        let text = "cpu  10 20 30 4000 500 6 7 8 9 9\ncpu0 1 1 1 1 1 1 1 1 1 1\n";
        assert_eq!(parse_machine(text), Some(73));
    }

    #[test]
    fn reads_memory_by_its_whole_name() {
        let status = "Name:\tx\nVmHWMs:\t1 kB\nVmHWM:\t  2048 kB\nVmRSS:\t    1024 kB\n";
        assert_eq!(kib(status, "VmHWM"), Some(2048));
        assert_eq!(kib(status, "VmRSS"), Some(1024));
        assert_eq!(kib(status, "VmSwap"), None);
    }

    #[test]
    fn reads_the_name_of_the_processor() {
        let text = "processor\t: 0\nmodel name\t: Acme CPU @ 2.0 GHz\nmodel name\t: other\n";
        assert_eq!(parse_processor(text), Some("Acme CPU @ 2.0 GHz"));
    }

    #[test]
    fn a_tree_holds_grandchildren_and_no_strangers() {
        let parents = [(2, 1), (3, 2), (4, 3), (5, 1)];
        let processes = parents.map(|(pid, parent)| (pid, Stat { parent, ticks: 0 }));
        let processes = HashMap::from(processes);
        let below = |pid| descends(pid, 2, &processes);
        assert_eq!([2, 3, 4, 5, 6].map(below), [true, true, true, false, false]);
    }

    #[test]
    fn sees_this_process() {
        let usage = Usage::of_tree(std::process::id()).unwrap();
        assert!(usage.resident_kib > 0 && usage.peak_kib >= usage.resident_kib);
    }
}
