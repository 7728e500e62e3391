// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! The sync manager: 1024 sync objects of 16 bits, and 256 monitors that wait for them.
//!
//! Layouts are those of `goya_regs.h` and, bit by bit, of Documentation/card-packets.rst: this card
//! has no monitor groups and no masks, one monitor watches one sync object.

use std::collections::{BTreeMap, VecDeque};

use serde::Serialize;

use crate::access::Origin;
use crate::chip::Chip;

/// Sync objects.
pub const OBJECTS: usize = 1024;
/// Monitors.
pub const MONITORS: usize = 256;

const OBJECT: u32 = 0x11_2000;
const PAYLOAD_LOW: u32 = 0x11_3000;
const PAYLOAD_HIGH: u32 = 0x11_3400;
const PAYLOAD_DATA: u32 = 0x11_3800;
const ARM: u32 = 0x11_3C00;
const STATUS: u32 = 0x11_4000;
const END: u32 = 0x11_4400;

/// Messages sent in one go.
const BURST: usize = 2 * MONITORS;

/// A write to a sync object adds instead of setting.
const OBJECT_ADD: u32 = 1 << 31;

/// One monitor.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Monitor {
    /// Where its message goes: the device address of a register.
    pub address: u64,
    /// What the message says.
    pub data: u32,
    /// The last value written to its arm register.
    pub arm: u32,
    /// Whether it still waits.
    pub armed: bool,
}

impl Monitor {
    /// The sync object it watches (arm 9:0).
    pub fn object(self) -> usize {
        (self.arm & 0x3FF) as usize
    }

    /// The value it waits for (arm 31:16).
    pub fn value(self) -> u16 {
        (self.arm >> 16) as u16
    }

    /// Whether it wants just that value (arm bit 15), not at least that value.
    pub fn equal(self) -> bool {
        self.arm & 1 << 15 != 0
    }

    fn satisfied(self, object: u16) -> bool {
        if self.equal() { object == self.value() } else { object >= self.value() }
    }
}

/// State of the sync manager.
#[derive(Debug)]
pub struct SyncManager {
    objects: Box<[u16; OBJECTS]>,
    monitors: Box<[Monitor; MONITORS]>,
    /// Armed monitors of each object, as bits; most objects have none.
    waiting: BTreeMap<u16, [u64; MONITORS / 64]>,
    /// Monitors that have fired but whose message is still to be sent.
    fired: VecDeque<usize>,
    /// Messages are being sent: a payload that comes back here only adds to `fired`.
    sending: bool,
}

impl Default for SyncManager {
    fn default() -> Self {
        Self {
            objects: Box::new([0; OBJECTS]),
            monitors: Box::new([Monitor::default(); MONITORS]),
            waiting: BTreeMap::new(),
            fired: VecDeque::new(),
            sending: false,
        }
    }
}

impl SyncManager {
    /// Values of all sync objects.
    pub fn objects(&self) -> &[u16; OBJECTS] {
        &self.objects
    }

    /// All monitors.
    pub fn monitors(&self) -> &[Monitor; MONITORS] {
        &self.monitors
    }

    /// Reads a register.
    pub(crate) fn register_read(&self, offset: u32) -> u32 {
        let monitor = &self.monitors[monitor_index(offset)];
        match offset {
            OBJECT..PAYLOAD_LOW => u32::from(self.objects[object_index(offset)]),
            PAYLOAD_LOW..PAYLOAD_HIGH => monitor.address as u32,
            PAYLOAD_HIGH..PAYLOAD_DATA => (monitor.address >> 32) as u32,
            PAYLOAD_DATA..ARM => monitor.data,
            ARM..STATUS => monitor.arm,
            STATUS..END => u32::from(monitor.armed),
            _ => 0,
        }
    }

    /// Takes a write to a register of a sync object or a monitor. Whether a monitor's time may have come.
    fn register_write(&mut self, offset: u32, value: u32) -> bool {
        let index = monitor_index(offset);
        let monitor = &mut self.monitors[index];
        let object = match offset {
            OBJECT..PAYLOAD_LOW => {
                self.set_object(object_index(offset), value);
                object_index(offset)
            }
            PAYLOAD_LOW..PAYLOAD_HIGH => {
                monitor.address = monitor.address & !0xFFFF_FFFF | u64::from(value);
                return false;
            }
            PAYLOAD_HIGH..PAYLOAD_DATA => {
                monitor.address = monitor.address & 0xFFFF_FFFF | u64::from(value) << 32;
                return false;
            }
            PAYLOAD_DATA..ARM => {
                monitor.data = value;
                return false;
            }
            ARM..STATUS => {
                self.arm(index, false);
                self.monitors[index].arm = value;
                self.arm(index, true);
                self.monitors[index].object()
            }
            // Clearing the status takes back an armed monitor: `goya_clear_sm_regs()` does so.
            STATUS..END => {
                if value == 0 {
                    self.arm(index, false);
                }
                return false;
            }
            _ => return false,
        };
        self.collect(object);
        true
    }

    fn set_object(&mut self, index: usize, value: u32) {
        let object = &mut self.objects[index];
        // Values 15:0; an addition keeps to the counter's 16 bits.
        *object = if value & OBJECT_ADD != 0 { object.wrapping_add(value as u16) } else { value as u16 };
    }

    fn arm(&mut self, index: usize, armed: bool) {
        let monitor = &mut self.monitors[index];
        monitor.armed = armed;
        let object = monitor.object() as u16;
        let set = self.waiting.entry(object).or_default();
        let bit = 1u64 << (index % 64);
        if armed {
            set[index / 64] |= bit;
        } else {
            set[index / 64] &= !bit;
        }
        if *set == [0; MONITORS / 64] {
            self.waiting.remove(&object);
        }
    }

    /// Disarms every monitor of `object` whose condition holds; its message is to be sent.
    fn collect(&mut self, object: usize) {
        let Some(&set) = self.waiting.get(&(object as u16)) else { return };
        let value = self.objects[object];
        for index in (0..MONITORS).filter(|&i| set[i / 64] & 1 << (i % 64) != 0) {
            if self.monitors[index].satisfied(value) {
                self.arm(index, false);
                self.fired.push_back(index);
            }
        }
    }

    /// Whether messages wait to be sent.
    pub(crate) fn busy(&self) -> bool {
        !self.fired.is_empty()
    }
}

fn object_index(offset: u32) -> usize {
    (offset >> 2) as usize % OBJECTS
}

fn monitor_index(offset: u32) -> usize {
    (offset >> 2) as usize % MONITORS
}

impl Chip {
    /// Writes a sync object or monitor register, and lets every monitor fire whose time has come.
    pub(crate) fn sync_register_write(&mut self, offset: u32, value: u32) {
        if self.sync.register_write(offset, value) {
            self.sync_send();
        }
    }

    /// Sends the messages of monitors that have fired: at most [`BURST`], since payloads that arm
    /// monitors again can go on for ever. What is left goes with the next [`Chip::run`].
    pub(crate) fn sync_send(&mut self) {
        if std::mem::replace(&mut self.sync.sending, true) {
            return;
        }
        for _ in 0..BURST {
            let Some(index) = self.sync.fired.pop_front() else { break };
            self.fire(index);
        }
        self.sync.sending = false;
    }

    fn fire(&mut self, index: usize) {
        let Monitor { address, data, .. } = self.sync.monitors[index];
        self.counters.monitors_fired += 1;
        tracing::debug!(target: "goya::sync", monitor = index, address = %format_args!("{address:#x}"), data = %format_args!("{data:#x}"), "fires");
        let origin = Origin::Monitor(index as u16);
        let allowed = self.protection_check_monitor(address);
        if allowed.and_then(|()| self.message(address, data, origin)).is_err() {
            tracing::debug!(target: "goya::sync", monitor = index, "its payload address is refused, or nothing answers there");
            self.counters.faults += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::map::{CFG_BASE, HOST_BASE, SRAM_BASE};
    use crate::testing::TestHost;

    fn arm(chip: &mut Chip, monitor: u32, address: u64, data: u32, arm: u32) {
        for (base, value) in [
            (PAYLOAD_LOW, address as u32),
            (PAYLOAD_HIGH, (address >> 32) as u32),
            (PAYLOAD_DATA, data),
            (ARM, arm),
        ] {
            chip.register_write(base + monitor * 4, value, Origin::Host);
        }
    }

    fn status(chip: &mut Chip, monitor: u32) -> u32 {
        chip.register_read(STATUS + monitor * 4, Origin::Host)
    }

    #[test]
    fn objects_set_and_add() {
        let mut sync = SyncManager::default();
        assert!(sync.register_write(OBJECT + 4092, 0xFFFF));
        assert!(sync.register_write(OBJECT + 4092, OBJECT_ADD | 3));
        assert_eq!((sync.register_read(OBJECT + 4092), sync.busy()), (2, false));
    }

    #[test]
    fn a_monitor_is_to_fire_when_it_is_armed_and_its_object_has_the_value() {
        let mut sync = SyncManager::default();
        assert!(!sync.register_write(PAYLOAD_LOW + 28, 0x10));
        assert!(sync.register_write(ARM + 28, 5 << 16 | 3));
        assert!(!sync.busy());
        assert!(sync.register_write(OBJECT + 12, 5));
        assert!(sync.busy() && !sync.monitors()[7].armed);
        assert!(!sync.register_write(STATUS + 28, 0));
    }

    /// A register that keeps what is written to it, of the CoreSight components.
    const PLAIN: u32 = 0x211_3000;
    const PLAIN_AT: u64 = CFG_BASE + PLAIN as u64;

    fn plain(chip: &mut Chip) -> u32 {
        chip.register_read(PLAIN, Origin::Host)
    }

    #[test]
    fn a_monitor_fires_once_when_its_object_reaches_the_value() {
        let mut chip = TestHost::new(4096).chip();
        arm(&mut chip, 7, PLAIN_AT, 0xCAFE, 5 << 16 | 3);
        chip.register_write(OBJECT + 12, 4, Origin::Host);
        assert_eq!((plain(&mut chip), status(&mut chip, 7)), (0, 1));
        chip.register_write(OBJECT + 12, OBJECT_ADD | 2, Origin::Host);
        assert_eq!((plain(&mut chip), status(&mut chip, 7)), (0xCAFE, 0));
        chip.register_write(PLAIN, 0, Origin::Host);
        chip.register_write(OBJECT + 12, 9, Origin::Host);
        assert_eq!(plain(&mut chip), 0);
    }

    #[test]
    fn equal_wants_just_the_value_and_a_true_condition_fires_at_once() {
        let mut chip = TestHost::new(4096).chip();
        arm(&mut chip, 0, PLAIN_AT, 1, 5 << 16 | 1 << 15);
        chip.register_write(OBJECT, 6, Origin::Host);
        assert_eq!(plain(&mut chip), 0);
        chip.register_write(OBJECT, 5, Origin::Host);
        assert_eq!(plain(&mut chip), 1);
        arm(&mut chip, 255, PLAIN_AT, 2, 5 << 16);
        assert_eq!(plain(&mut chip), 2);
    }

    /// Who may program a monitor reaches nothing by it that he does not reach himself.
    #[test]
    fn a_monitor_reaches_no_memory_and_no_register_that_is_protected() {
        let host = TestHost::new(4096);
        let mut chip = host.chip();
        // As the driver closes them: a bit for each register of the block.
        chip.register_write((PLAIN & !0xFFF) + 0xF80, !1, Origin::Host);
        for (monitor, address) in [(0, HOST_BASE + 16), (1, SRAM_BASE), (2, 0x100), (3, PLAIN_AT)] {
            arm(&mut chip, monitor, address, 0xBAD, 0);
            assert_eq!(status(&mut chip, monitor), 0);
        }
        assert_eq!((host.word(16), plain(&mut chip), chip.counters.faults), (0, 0, 4));
        let mut word = [0; 4];
        for at in [SRAM_BASE, 0x100] {
            chip.physical_read(at, &mut word, Origin::Host).unwrap();
            assert_eq!(word, [0; 4], "{at:#x}");
        }
        // The ranges count, too: here that of the interrupt controller.
        for (at, value) in [(0x4B_0000, 0xFFFF), (0x4B_0044, 0x80_0000), (0x4B_0004, 0x3F0_0000)] {
            chip.register_write(at, value, Origin::Host);
        }
        arm(&mut chip, 4, CFG_BASE + 0x80_0040, 484, 0);
        assert_eq!(chip.counters.faults, 5);
    }

    #[test]
    fn monitors_chain_through_objects_and_loops_end() {
        let host = TestHost::new(4096);
        let mut chip = host.chip();
        let object = |n: u64| CFG_BASE + u64::from(OBJECT) + n * 4;
        arm(&mut chip, 1, object(1), 1, 1 << 16);
        arm(&mut chip, 2, object(0), OBJECT_ADD | 1, 1 << 16 | 1);
        chip.register_write(OBJECT, 1, Origin::Host);
        assert_eq!(chip.sync.objects()[..2], [2, 1]);
        assert_eq!(chip.counters.monitors_fired, 2);
        // A payload that arms its own monitor again, with a condition that is always true.
        let own_arm = CFG_BASE + u64::from(ARM) + 12;
        arm(&mut chip, 3, own_arm, 0, 0);
        assert!(chip.sync.busy());
    }

    #[test]
    fn clearing_the_status_disarms() {
        let mut chip = TestHost::new(4096).chip();
        arm(&mut chip, 9, PLAIN_AT, 1, 1 << 16);
        chip.register_write(STATUS + 36, 0, Origin::Host);
        chip.register_write(OBJECT, 1, Origin::Host);
        assert_eq!(plain(&mut chip), 0);
    }
}
