// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! How much memory the program may have pinned for a card: to find out by trying would fill the kernel's log.

use std::fs;

/// `CAP_IPC_LOCK`, with which there is no limit.
const IPC_LOCK: u32 = 14;

/// Bytes that may be pinned; all where nobody says.
pub fn pinnable() -> u64 {
    let read = |file: &str| fs::read_to_string(format!("/proc/self/{file}")).unwrap_or_default();
    parse(&read("status"), &read("limits"))
}

fn parse(status: &str, limits: &str) -> u64 {
    let capabilities = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
    let capabilities = capabilities.and_then(|text| u64::from_str_radix(text.trim(), 16).ok());
    if capabilities.is_some_and(|all| all >> IPC_LOCK & 1 != 0) {
        return u64::MAX;
    }
    let limit = limits.lines().find_map(|line| line.strip_prefix("Max locked memory"));
    let soft = limit.and_then(|text| text.split_whitespace().next());
    // "unlimited" is no number.
    soft.and_then(|text| text.parse().ok()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_soft_limit_counts_unless_there_is_the_right() {
        let limits = "Max processes             100   100   processes\nMax locked memory         8388608   16777216   bytes\n";
        assert_eq!(parse("CapPrm:\t0\nCapEff:\t0000000000000000\n", limits), 8 << 20);
        assert_eq!(parse("CapEff:\t000001ffffffffff\n", limits), u64::MAX);
        assert_eq!(parse("CapEff:\t000001ffffffbfff\n", limits), 8 << 20);
        assert_eq!(parse("", "Max locked memory         unlimited  unlimited  bytes\n"), u64::MAX);
        assert_eq!(parse("", ""), u64::MAX);
    }
}
