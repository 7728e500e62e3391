// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! What the kernel tells of an open file: `Documentation/gpu/drm-usage-stats.rst`.

use std::collections::BTreeMap;
use std::os::fd::AsRawFd;

use crate::Result;

/// The keys of a file of this process's, and their values.
#[derive(Debug, Clone)]
pub struct FdInfo(BTreeMap<String, String>);

impl FdInfo {
    /// What is told of `file` now.
    pub fn of(file: &impl AsRawFd) -> Result<Self> {
        let path = format!("/proc/self/fdinfo/{}", file.as_raw_fd());
        let text = std::fs::read_to_string(&path).map_err(|e| format!("{path}: {e}"))?;
        let pair = |line: &str| {
            let (key, value) = line.split_once(':').ok_or_else(|| format!("{path}: {line:?}"))?;
            Ok((key.to_owned(), value.trim().to_owned()))
        };
        text.lines().map(pair).collect::<Result<_>>().map(Self)
    }

    /// The value of `key`, if it is there.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    /// All keys that begin with `drm-`.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str).filter(|key| key.starts_with("drm-"))
    }

    /// A number with its unit: `ns`, or a multiple of bytes.
    pub fn number(&self, key: &str) -> Result<u64> {
        let value = self.get(key).ok_or_else(|| format!("no {key}"))?;
        let (number, unit) = value.split_once(' ').unwrap_or((value, ""));
        let factor = match unit {
            "" | "ns" => 1,
            "KiB" => 1 << 10,
            "MiB" => 1 << 20,
            _ => return Err(format!("{key}: {value:?}")),
        };
        Ok(number.parse::<u64>().map_err(|e| format!("{key}: {value:?}: {e}"))? * factor)
    }

    /// How long engine `name` was busy, in nanoseconds.
    pub fn busy(&self, name: &str) -> Result<u64> {
        let value = self.get(&format!("drm-engine-{name}")).unwrap_or_default();
        if !value.ends_with(" ns") {
            return Err(format!("engine {name}: {value:?}"));
        }
        self.number(&format!("drm-engine-{name}"))
    }
}
