// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The card's own clock: packets have it written down where they are in their queue.

use std::time::{Duration, Instant};

use goya::packet::{Kind, MessageFlags};
use goya::{Commands, Device, DeviceMemory, Result};

use crate::timeline::Span;

/// How long the two looks at the clock are apart that tell how fast it is, at least.
const APART: Duration = Duration::from_millis(20);

/// Places for times, one after the other.
pub struct Stamps {
    memory: DeviceMemory,
    used: u64,
}

/// A time that will be written down.
#[derive(Debug, Clone, Copy)]
pub struct Stamp(u64);

impl Stamps {
    /// Room for so many.
    pub fn new(device: &Device, count: usize) -> Result<Self> {
        Ok(Self { memory: device.device_memory(4 * count as u64)?, used: 0 })
    }

    /// Has the queue write down when all before is done.
    pub fn stamp(&mut self, commands: &mut Commands) -> Result<Stamp> {
        let place = self.memory.at(4 * self.used, 4)?;
        let (address, flags) = (place.address(), MessageFlags::TIME_STAMP);
        commands.keep(place).packet(Kind::MessageLong { address, value: 0, flags });
        self.used += 1;
        Ok(Stamp(self.used - 1))
    }

    /// All that was written down.
    pub fn read(&self, device: &Device) -> Result<Times> {
        let mut bytes = vec![0; 4 * self.used as usize];
        device.get(&self.memory, &mut bytes)?;
        let word = |b: &[u8]| u32::from_le_bytes([b[0], b[1], b[2], b[3]]);
        Ok(Times(bytes.chunks_exact(4).map(word).collect()))
    }
}

/// The low words of the clock.
pub struct Times(Vec<u32>);

impl Times {
    fn at(&self, stamp: Stamp) -> u32 {
        self.0.get(stamp.0 as usize).copied().unwrap_or_default()
    }

    /// The time between two, counted from a first one.
    pub fn span(&self, rate: Rate, first: Stamp, (mark, start, end): (char, Stamp, Stamp)) -> Span {
        let since = |stamp| rate.nanoseconds(self.at(stamp).wrapping_sub(self.at(first)));
        Span { mark, start: since(start), end: since(end) }
    }
}

/// How fast the clock is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    nanoseconds: u64,
    ticks: u64,
}

impl Rate {
    fn nanoseconds(self, ticks: u32) -> u64 {
        (u128::from(ticks) * u128::from(self.nanoseconds) / u128::from(self.ticks)) as u64
    }

    /// Whether the clock's low word may have come round in such a time.
    pub fn comes_round(self, time: Duration) -> bool {
        time.as_nanos() >= u128::from(self.nanoseconds(u32::MAX))
    }
}

/// A look at the card's clock and the host's.
pub struct Look {
    card: u64,
    host: u64,
    when: Instant,
}

impl Look {
    /// Now.
    pub fn now(device: &Device) -> Result<Self> {
        let sync = device.info().time_sync()?;
        Ok(Self { card: sync.device_time, host: sync.host_time, when: Instant::now() })
    }

    /// How fast the clock has been since then; nothing if it stands still.
    pub fn rate(self, device: &Device) -> Result<Option<Rate>> {
        std::thread::sleep(APART.saturating_sub(self.when.elapsed()));
        let now = Self::now(device)?;
        let (ticks, nanoseconds) = (now.card.wrapping_sub(self.card), now.host.wrapping_sub(self.host));
        Ok((ticks > 0 && nanoseconds > 0).then_some(Rate { nanoseconds, ticks }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_counted_from_the_first_over_the_end_of_a_word() {
        let times = Times(vec![u32::MAX - 9, 40, 90]);
        let rate = Rate { nanoseconds: 2000, ticks: 1000 };
        let span = times.span(rate, Stamp(0), ('x', Stamp(1), Stamp(2)));
        assert_eq!(span, Span { mark: 'x', start: 100, end: 200 });
        assert!(rate.comes_round(Duration::from_secs(9)) && !rate.comes_round(Duration::from_secs(8)));
    }
}
