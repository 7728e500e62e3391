// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Pages that are pinned for devices.

use std::time::{Duration, Instant};

use crate::Result;
use crate::kernel_memory::{read, refresh_counters};

/// How long the last of them may stay after its user has gone: a card that is reset keeps them until then.
const PATIENCE: Duration = Duration::from_secs(20);

/// Pages that are pinned in the whole system.
pub fn pinned() -> Result<i64> {
    refresh_counters()?;
    count(&read("/proc/vmstat")?)
}

/// Waits until no more pages are pinned than `before`.
pub fn released(before: i64) -> Result {
    let end = Instant::now() + PATIENCE;
    loop {
        let more = pinned()? - before;
        if more <= 0 {
            return Ok(());
        }
        if Instant::now() > end {
            return Err(format!("{more} pages stay pinned"));
        }
        // Nobody tells of it.
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// What `/proc/vmstat` says.
fn count(stat: &str) -> Result<i64> {
    let value = |name: &str| {
        let line = stat.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.and_then(|number| number.parse::<i64>().ok()).ok_or_else(|| format!("no {name} in vmstat"))
    };
    Ok(value("nr_foll_pin_acquired")? - value("nr_foll_pin_released")?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_released_is_not_pinned() {
        let stat = "nr_free 9\nnr_foll_pin_acquired 517\nnr_foll_pin_released 500\n";
        assert_eq!(count(stat), Ok(17));
        assert!(count("nr_foll_pin_acquired 1\n").is_err());
    }
}
