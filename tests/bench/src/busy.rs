// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Whether the machine has other things to do, which makes times worthless.

use std::fs;
use std::thread::sleep;
use std::time::Duration;

/// How long the machine is looked at.
const LOOK: Duration = Duration::from_secs(1);
/// The busy share that is too much.
const TOO_BUSY: f64 = 0.2;

/// What to tell the user, if the machine is busy; nobody of ours runs yet.
pub fn warning() -> Option<String> {
    let before = ticks(&fs::read_to_string("/proc/stat").ok()?)?;
    sleep(LOOK);
    let after = ticks(&fs::read_to_string("/proc/stat").ok()?)?;
    let share = busy(before, after)?;
    let percent = (share * 100.0).round();
    let text = format!(
        "the machine is {percent}% busy with other things: believe instructions and counts, not times"
    );
    (share > TOO_BUSY).then_some(text)
}

/// Ticks of all processors that were idle, and all ticks.
fn ticks(stat: &str) -> Option<(u64, u64)> {
    let line = stat.lines().find_map(|line| line.strip_prefix("cpu "))?;
    let ticks: Vec<u64> = line.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    // user, nice, system, idle, iowait, irq, softirq, steal; guests' ticks are in the first two already.
    let idle = ticks.get(3)?.checked_add(*ticks.get(4)?)?;
    Some((idle, ticks.iter().take(8).sum()))
}

/// The share between two looks that was not idle.
fn busy(before: (u64, u64), after: (u64, u64)) -> Option<f64> {
    let (idle, all) = (after.0.checked_sub(before.0)?, after.1.checked_sub(before.1)?);
    (all > 0).then(|| 1.0 - idle as f64 / all as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_busy_share_is_what_is_not_idle() {
        let before = ticks("cpu  10 0 10 70 10 0 0 0 5 0\ncpu0 1 2 3 4").unwrap();
        let after = ticks("cpu  30 0 20 130 10 0 10 0 15 0\n").unwrap();
        assert_eq!((before, after), ((80, 100), (140, 200)));
        assert_eq!(busy(before, after), Some(0.4));
        assert_eq!(busy(after, after), None);
    }
}
