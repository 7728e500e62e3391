// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! The messages of the CPU queue (`enum cpucp_packet_id`, `cpucp_if.h`): everything that the
//! upstream driver can send to a Goya.

use std::collections::BTreeMap;

use super::info;
use super::queue::PACKET;
use super::sensors::{Kind, SensorView};
use crate::chip::Chip;
use crate::config::ChipConfig;

/// PLLs that the driver names: CPU, IC, MC, MME, PCI, EMMC, TPC (`enum hl_goya_pll_index`).
const PLLS: usize = 7;
/// Frequencies after power-on in Hz, by PLL.
const FREQUENCIES: [u64; PLLS] =
    [1_000_000_000, 50_000_000, 1_200_000_000, 50_000_000, 500_000_000, 200_000_000, 50_000_000];
/// `MAX_POWER_DEFAULT` (`goyaP.h`), in mW.
const MAX_POWER: u64 = 200_000;
/// Registers of I2C devices that were written.
const I2C_MAX: usize = 4096;
/// The card's power sensor and its input.
const CARD_POWER: (Kind, u16, u16) = (Kind::Power, 0, 8);

/// `enum cpucp_packet_rc`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rc {
    Fault = 2,
    UnknownMessage = 3,
    InvalidParameters = 4,
}

/// The firmware's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reply {
    Ok(u64),
    Error(Rc),
}

impl Reply {
    fn of(value: Option<i64>) -> Self {
        value.map_or(Self::Error(Rc::InvalidParameters), |v| Self::Ok(v as u64))
    }

    fn done(value: Option<()>) -> Self {
        value.map_or(Self::Error(Rc::InvalidParameters), |()| Self::Ok(0))
    }
}

/// What messages can set.
#[derive(Debug)]
pub(crate) struct Settings {
    config: ChipConfig,
    frequencies: [u64; PLLS],
    max_power: u64,
    leds: BTreeMap<u32, u64>,
    i2c: BTreeMap<(u8, u8, u8), u8>,
    /// Counted by the PCIe core; an emulated link never replays of itself.
    pcie_replays: u64,
    /// Time and DMA bytes of the last question about throughput.
    throughput_base: (u64, u64),
    pci_access: bool,
}

impl Settings {
    pub(super) fn new(config: &ChipConfig) -> Self {
        Self {
            config: config.clone(),
            frequencies: FREQUENCIES,
            max_power: MAX_POWER,
            leds: BTreeMap::new(),
            i2c: BTreeMap::new(),
            pcie_replays: 0,
            throughput_base: (0, 0),
            pci_access: false,
        }
    }

    /// The firmware starts anew: what is not on the board's buses is as at first.
    pub(super) fn forget(&mut self) {
        let leds = std::mem::take(&mut self.leds);
        let i2c = std::mem::take(&mut self.i2c);
        *self = Self { leds, i2c, ..Self::new(&self.config) };
    }
}

/// The fields of `struct cpucp_packet` that messages use.
struct Message<'a> {
    value: u64,
    opcode: u32,
    /// Sensor index, PLL type.
    index16: u16,
    /// Sensor attribute.
    kind16: u16,
    /// The same two as one: PLL, LED or size.
    index: u32,
    array: &'a [u8],
}

impl<'a> Message<'a> {
    fn parse(bytes: &'a [u8]) -> Option<Self> {
        let word = |at: usize| bytes.get(at..at + 4)?.try_into().ok().map(u32::from_le_bytes);
        Some(Self {
            value: u64::from(word(0)?) | u64::from(word(4)?) << 32,
            opcode: word(8)? >> 16 & 0x1FFF,
            index16: word(16)? as u16,
            kind16: (word(16)? >> 16) as u16,
            index: word(16)?,
            array: bytes.get(24..)?,
        })
    }

    /// The words behind the packet: a count, then as many.
    fn words(&self) -> Option<impl Iterator<Item = u32> + 'a> {
        let words =
            |bytes: &'a [u8]| bytes.chunks_exact(4).map(|w| u32::from_le_bytes([w[0], w[1], w[2], w[3]]));
        let count = words(self.array.get(..4)?).next()? as usize;
        Some(words(self.array.get(4..4usize.checked_add(count.checked_mul(4)?)?)?))
    }
}

impl Chip {
    /// Serves one message of at least 24 bytes.
    pub(super) fn message_serve(&mut self, bytes: &[u8]) -> Reply {
        debug_assert!(bytes.len() >= PACKET);
        let Some(m) = Message::parse(bytes) else { return Reply::Error(Rc::Fault) };
        let sensors = &mut self.cpu.sensors;
        let settings = &mut self.cpu.settings;
        let get = |kind| Reply::of(sensors.read(kind, m.index16, m.kind16));
        match m.opcode {
            // DISABLE_PCI_ACCESS, ENABLE_PCI_ACCESS
            1 | 2 => {
                settings.pci_access = m.opcode == 2;
                Reply::Ok(0)
            }
            3 => get(Kind::Temp),
            4 => get(Kind::In),
            5 => get(Kind::Curr),
            6 => get(Kind::Fan),
            7 => get(Kind::Pwm),
            8 => Reply::done(sensors.write(Kind::Pwm, m.index16, m.kind16, m.value as i64)),
            // FREQUENCY_SET, FREQUENCY_GET, FREQUENCY_CURR_GET
            9 => Reply::done(settings.frequencies.get_mut(m.index as usize).map(|f| *f = m.value)),
            10 | 19 => Reply::of(settings.frequencies.get(m.index as usize).map(|&f| f as i64)),
            // LED_SET
            11 => {
                if m.index > 2 {
                    return Reply::Error(Rc::InvalidParameters);
                }
                settings.leds.insert(m.index, m.value);
                Reply::Ok(0)
            }
            // I2C_WR, I2C_RD
            12 => Reply::done(settings.i2c_write(&m)),
            13 => settings.i2c_read(&m),
            14 => {
                let data = info::info(&self.cpu.settings.config, &self.cpu.sensors);
                self.message_data(&m, &data)
            }
            16 => {
                self.event_unmask(m.value as u16);
                Reply::Ok(0)
            }
            17 => {
                let Some(ids) = m.words() else { return Reply::Error(Rc::InvalidParameters) };
                ids.for_each(|id| self.event_unmask(id as u16));
                Reply::Ok(0)
            }
            // TEST, which is the heartbeat too
            18 => Reply::Ok(m.value),
            20 => Reply::Ok(settings.max_power),
            21 => {
                settings.max_power = m.value;
                Reply::Ok(0)
            }
            22 => {
                let data = info::eeprom(&self.cpu.settings.config);
                self.message_data(&m, &data)
            }
            24 => Reply::done(sensors.write(Kind::Temp, m.index16, m.kind16, m.value as i64)),
            25 => Reply::done(sensors.write(Kind::In, m.index16, m.kind16, m.value as i64)),
            26 => Reply::done(sensors.write(Kind::Curr, m.index16, m.kind16, m.value as i64)),
            27 => self.pcie_throughput(),
            28 => Reply::Ok(settings.pcie_replays),
            29 => Reply::Ok(self.energy()),
            30 => match settings.frequencies.get(usize::from(m.index16)) {
                // Four outputs of 16 bits, in MHz.
                Some(&f) => Reply::Ok((f / 1_000_000 & 0xFFFF) * 0x1_0001_0001_0001),
                None => Reply::Error(Rc::InvalidParameters),
            },
            // POWER_GET; upstream resets the history with it on this card
            32 if m.kind16 == 11 => Reply::done(sensors.write(Kind::Power, m.index16, m.kind16, 0)),
            32 => self.power(m.index16, m.kind16),
            45 => Reply::done(sensors.write(Kind::Power, m.index16, m.kind16, m.value as i64)),
            // SOFT_RESET, INTS_REGISTER: nothing beyond the acknowledgement
            64 | 65 => Reply::Ok(0),
            _ => Reply::Error(Rc::UnknownMessage),
        }
    }

    /// Writes `data` where message `m` wants it, as much as fits; answers how much there was.
    fn message_data(&mut self, m: &Message<'_>, data: &[u8]) -> Reply {
        let size = data.len().min(m.index as usize);
        match self.cpu_write(m.value, &data[..size]) {
            Ok(()) => Reply::Ok(size as u64),
            Err(_) => Reply::Error(Rc::Fault),
        }
    }

    /// KiB a second that went over PCIe since the last question, in either direction: what the DMA
    /// channels moved.
    fn pcie_throughput(&mut self) -> Reply {
        let (now, moved) = (self.host.now_ns(), self.counters.dma_bytes);
        let (then, before) = std::mem::replace(&mut self.cpu.settings.throughput_base, (now, moved));
        let ns = u128::from(now.saturating_sub(then)).max(1);
        let bytes = u128::from(moved.saturating_sub(before));
        Reply::Ok((bytes * 1_000_000_000 / ns / 1024).min(u128::from(u32::MAX)) as u64)
    }

    /// A power sensor, in mW: the driver takes the answer to `POWER_GET` for a share of `max_power`
    /// (`hl_device_utilization()`). What the card draws grows with its load, up to the most that it may.
    fn power(&self, index: u16, attribute: u16) -> Reply {
        let (kind, card, input) = CARD_POWER;
        let value = self.cpu.sensors.read(kind, index, attribute).map(|microwatts| microwatts / 1000);
        if (index, attribute) != (card, input) {
            return Reply::of(value);
        }
        let most = i64::try_from(self.cpu.settings.max_power).unwrap_or(i64::MAX);
        Reply::of(value.map(|idle| idle.saturating_add(self.load_of(most.saturating_sub(idle)))))
    }

    /// mJ since power-on: the card's power now, times its age.
    fn energy(&self) -> u64 {
        let (kind, index, input) = CARD_POWER;
        let microwatts = self.cpu.sensors.read(kind, index, input).unwrap_or(0).max(0) as u128;
        (microwatts * u128::from(self.host.now_ns()) / 1_000_000_000_000) as u64
    }

    /// All sensors.
    pub fn sensors_view(&self) -> Vec<SensorView> {
        self.cpu.sensors.view()
    }

    /// Makes a sensor measure a value, or sets one of its limits; says what is wrong otherwise.
    pub fn set_sensor(&mut self, kind: Kind, index: u16, attribute: &str, value: i64) -> Result<(), String> {
        self.cpu.sensors.set(kind, index, attribute, value)
    }
}

impl Settings {
    /// Bytes in an I2C transfer; zero is the old spelling of one.
    fn i2c_range(m: &Message<'_>) -> Option<impl Iterator<Item = (u8, u8, u8)> + use<>> {
        let [bus, device, register, length] = m.index.to_le_bytes();
        let length = length.max(1);
        (length <= 8).then_some((0..length).map(move |i| (bus, device, register.wrapping_add(i))))
    }

    fn i2c_write(&mut self, m: &Message<'_>) -> Option<()> {
        for (at, byte) in Self::i2c_range(m)?.zip(m.value.to_le_bytes()) {
            if self.i2c.len() >= I2C_MAX && !self.i2c.contains_key(&at) {
                return None;
            }
            self.i2c.insert(at, byte);
        }
        Some(())
    }

    fn i2c_read(&self, m: &Message<'_>) -> Reply {
        let Some(range) = Self::i2c_range(m) else { return Reply::Error(Rc::InvalidParameters) };
        let mut bytes = [0; 8];
        for (byte, at) in bytes.iter_mut().zip(range) {
            *byte = self.i2c.get(&at).copied().unwrap_or(0);
        }
        Reply::Ok(u64::from_le_bytes(bytes))
    }
}
