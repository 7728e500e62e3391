// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! `goyactl copy`, and the copies that others do, too.

use std::time::{Duration, Instant};

use goya::{Commands, Device, DeviceMemory, HostMemory, Place, Queue, Submission};
use indicatif::{ProgressBar, ProgressStyle};
use schemars::JsonSchema;
use serde::Serialize;

use crate::chosen;
use crate::failure::{Failure, Result};
use crate::options::Copy;
use crate::output::{BAD, Format, GOOD, Output, bytes, paint};
use crate::signals;
use crate::system::limits;

/// The most that is copied at a time: SRAM has no room for much more.
const PIECE: u64 = 16 << 20;

/// From where to where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    HostToDram,
    HostToSram,
    DramToSram,
    SramToDram,
    DramToDram,
    DramToHost,
    SramToHost,
}

impl Way {
    /// All.
    pub const ALL: [Self; 7] = [
        Self::HostToDram,
        Self::HostToSram,
        Self::DramToSram,
        Self::SramToDram,
        Self::DramToDram,
        Self::DramToHost,
        Self::SramToHost,
    ];
    /// There and back.
    pub const ROUND: [Self; 3] = [Self::HostToDram, Self::DramToSram, Self::SramToHost];

    /// What it is called.
    pub const fn name(self) -> &'static str {
        match self {
            Self::HostToDram => "host_to_dram",
            Self::HostToSram => "host_to_sram",
            Self::DramToSram => "dram_to_sram",
            Self::SramToDram => "sram_to_dram",
            Self::DramToDram => "dram_to_dram",
            Self::DramToHost => "dram_to_host",
            Self::SramToHost => "sram_to_host",
        }
    }

    /// The queue that has this work by custom; only the first may read host memory.
    const fn queue(self) -> Queue {
        match self {
            Self::HostToDram | Self::HostToSram => Queue::Dma1,
            Self::DramToHost | Self::SramToHost => Queue::Dma2,
            Self::DramToSram | Self::DramToDram => Queue::Dma3,
            Self::SramToDram => Queue::Dma4,
        }
    }
}

/// Memory to copy between.
#[derive(Debug)]
pub struct Places {
    device: Device,
    /// What is copied to the card.
    pub source: HostMemory,
    /// What comes back.
    pub target: HostMemory,
    dram: DeviceMemory,
    other: DeviceMemory,
    sram: Place,
    size: u32,
}

impl Places {
    /// Places of so many bytes each.
    pub fn new(device: &Device, size: u64) -> Result<Self> {
        let most = goya::SRAM.end - goya::SRAM.start;
        let len = u32::try_from(size).ok().filter(|_| size <= most);
        let len = len.ok_or_else(|| {
            Failure::usage(format!("{} do not fit into SRAM, which has {}", bytes(size), bytes(most)))
        })?;
        Ok(Self {
            device: device.clone(),
            source: device.host_memory(len as usize)?,
            target: device.host_memory(len as usize)?,
            dram: device.device_memory(size)?,
            other: device.device_memory(size)?,
            sram: goya::sram(0, size)?,
            size: len,
        })
    }

    /// The same of as many bytes as this user may pin, `most` at most.
    pub fn up_to(device: &Device, most: u64) -> Result<Self> {
        Self::new(device, most.min(limits::pinnable() / 4).max(1))
    }

    /// Bytes of each.
    pub fn size(&self) -> u64 {
        self.size.into()
    }

    /// Copies all of it; says how long that took, from the submission to the end.
    pub fn copy(&self, way: Way) -> Result<Duration> {
        let (source, target) = (Place::from(&self.source), Place::from(&self.target));
        let (dram, other) = (Place::from(&self.dram), Place::from(&self.other));
        let (from, to) = match way {
            Way::HostToDram => (&source, &dram),
            Way::HostToSram => (&source, &self.sram),
            Way::DramToSram => (&dram, &self.sram),
            Way::SramToDram => (&self.sram, &dram),
            Way::DramToDram => (&dram, &other),
            Way::DramToHost => (&dram, &target),
            Way::SramToHost => (&self.sram, &target),
        };
        let mut commands = Commands::new();
        commands.copy(from, to, self.size)?;
        let buffer = self.device.command_buffer(&commands)?;
        let start = Instant::now();
        self.device.submit(Submission::new().job(way.queue(), &buffer))?.wait()?;
        Ok(start.elapsed())
    }

    /// Copies new data there and back; says whether the same came back, and how long each way took.
    pub fn round(&self, seed: u64) -> Result<(bool, [Duration; 3])> {
        let data = noise(seed, self.size as usize);
        self.source.write(0, &data)?;
        self.target.write(0, &vec![0; data.len()])?;
        let mut times = [Duration::ZERO; 3];
        for (time, way) in times.iter_mut().zip(Way::ROUND) {
            *time = self.copy(way)?;
        }
        Ok((self.target.to_vec(0, data.len())? == data, times))
    }
}

/// Bytes that look like nothing else (xorshift64*).
pub fn noise(seed: u64, len: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = || {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        state.wrapping_mul(0x2545_F491_4F6C_DD1D).to_le_bytes()
    };
    let mut data: Vec<u8> = std::iter::repeat_with(&mut next).take(len.div_ceil(8)).flatten().collect();
    data.truncate(len);
    data
}

/// A bar of bytes on standard error, if that is a terminal.
pub fn progress(len: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:40} {bytes}/{total_bytes}  {bytes_per_sec}  {eta}");
    ProgressBar::new(len).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// Bytes a second, in GB/s.
pub fn rate(bytes: u64, time: Duration) -> f64 {
    bytes as f64 / time.as_secs_f64().max(1e-9) / 1e9
}

#[derive(JsonSchema, Serialize)]
pub struct Answer {
    bytes: u64,
    rounds: u32,
    same: bool,
    ways: Vec<Rate>,
}

#[derive(JsonSchema, Serialize)]
struct Rate {
    name: &'static str,
    gb_per_s: f64,
}

/// Copies and compares.
pub fn run(name: Option<&str>, what: &Copy, output: &Output) -> Result {
    let all = what.size.checked_mul(what.count.into());
    let all = all.ok_or_else(|| Failure::usage("nobody has the time for so many bytes"))?;
    signals::watch()?;
    let device = chosen::open(&chosen::card(name)?)?;
    let bar = progress(all);
    let mut times = [Duration::ZERO; 3];
    let mut places = Places::up_to(&device, what.size.min(PIECE))?;
    let most = places.size();
    let mut same = true;
    for round in 0..what.count {
        let mut offset = 0;
        while offset < what.size {
            signals::check()?;
            let piece = most.min(what.size - offset);
            if piece != places.size() {
                // The others go first: both together may be too much.
                drop(places);
                places = Places::new(&device, piece)?;
            }
            let (good, spent) = places.round(offset + u64::from(round) + 1)?;
            same &= good;
            times.iter_mut().zip(spent).for_each(|(time, spent)| *time += spent);
            bar.inc(piece);
            offset += piece;
        }
    }
    bar.finish_and_clear();
    let ways = Way::ROUND.iter().zip(times);
    let ways: Vec<_> = ways.map(|(way, time)| Rate { name: way.name(), gb_per_s: rate(all, time) }).collect();
    match output.format() {
        Format::Json => output.json("copy", &Answer { bytes: what.size, rounds: what.count, same, ways })?,
        Format::Csv => output.csv(&ways)?,
        Format::Text => {
            for way in &ways {
                output.line(format_args!("{:<14}{:>8.3} GB/s", way.name, way.gb_per_s))?;
            }
            let verdict = if same { paint(GOOD, "the same") } else { paint(BAD, "not the same") };
            output.line(format_args!("{} came back: {verdict}", bytes(all)))?;
        }
    }
    if same { Ok(()) } else { Err(Failure::failed("what came back is not what was sent; dmesg may say why")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_is_its_seeds() {
        assert_eq!(noise(1, 13).len(), 13);
        assert_eq!(noise(1, 13), noise(1, 16)[..13]);
        assert_ne!(noise(1, 16), noise(2, 16));
        assert_ne!(noise(1, 16)[..8], noise(1, 16)[8..]);
    }

    #[test]
    fn rates_are_decimal() {
        assert!((rate(2_000_000_000, Duration::from_secs(1)) - 2.0).abs() < 1e-9);
    }

    #[test]
    fn ways_go_by_the_queue_that_may() {
        let reads_host = Way::ALL.into_iter().filter(|way| way.name().starts_with("host"));
        assert!(reads_host.into_iter().all(|way| way.queue() == Queue::Dma1));
    }
}
