// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! What the firmware can do, by its device status register.
//!
//! Each stage of the boot writes that register anew; only firmware that sets its top bit in preboot
//! writes it at all. Facts: `hl_fw_read_preboot_caps()`, `hl_fw_preboot_update_state()` and the other
//! `_update_state()` in `common/firmware_if.c`; `include/linux/habanalabs/hl_boot_if.h`.

use kernel::{bits::bit_u32, prelude::*};

use super::boot::register;
use crate::hw::Io;

const SECURITY: u32 = bit_u32(0);
const HARD_RESET: u32 = bit_u32(10);
const PACKET_INDEX_ACK: u32 = bit_u32(15);
const DYNAMIC_LOADER: u32 = bit_u32(16);
const IATU_CONFIGURED: u32 = bit_u32(17);
const COMMON_PLL_NUMBERS: u32 = bit_u32(19);
const EVENT_INDEX: u32 = bit_u32(21);
const OWN_SENSOR_NUMBERS: u32 = bit_u32(26);
const VALID: u32 = bit_u32(31);

/// Where the register is in the configuration space: it is read by the ELBI window before anything else.
pub(crate) const DEVICE_STATUS: u32 = register::BOOT_DEV_STS0;

/// Whether the firmware has set up the PCIe core's address translation, by [`DEVICE_STATUS`]'s value.
pub(crate) fn iatu_configured(status: u32) -> bool {
    status & VALID != 0 && status & IATU_CONFIGURED != 0
}

/// What the firmware can do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Capabilities {
    /// Preboot's register, or 0 if it is not valid.
    preboot: u32,
    hard_reset: bool,
    /// The running firmware's register; 0 before it runs, or if it is not valid.
    application: u32,
}

impl Capabilities {
    /// By preboot's register.
    pub(super) fn new(status: u32) -> Self {
        let preboot = if status & VALID != 0 { status } else { 0 };
        Self {
            preboot,
            hard_reset: preboot & HARD_RESET != 0,
            application: 0,
        }
    }

    fn is_valid(&self) -> bool {
        self.preboot & VALID != 0
    }

    /// Takes note of the second-stage loader's register.
    pub(super) fn loader_runs(&mut self, io: &impl Io) {
        if self.is_valid() {
            self.hard_reset = io.read(DEVICE_STATUS) & HARD_RESET != 0;
        }
    }

    /// Takes note of the firmware's register when it has come up.
    pub(super) fn firmware_runs(&mut self, io: &impl Io) {
        self.refresh(io);
        if self.is_valid() {
            self.hard_reset = self.application & HARD_RESET != 0;
        }
    }

    /// Reads the running firmware's register again.
    pub(super) fn refresh(&mut self, io: &impl Io) {
        if self.is_valid() {
            self.application = io.read(DEVICE_STATUS);
        }
    }

    /// Whether preboot wants the loader that Goya has not.
    pub(super) fn dynamic_loader(&self) -> bool {
        self.preboot & DYNAMIC_LOADER != 0
    }

    /// Whether the firmware keeps the host from registers.
    pub(crate) fn security(&self) -> bool {
        self.preboot & SECURITY != 0
    }

    /// Whether the firmware itself does hard resets.
    pub(crate) fn hard_reset(&self) -> bool {
        self.hard_reset
    }

    /// Whether a packet's fence will read the ring's producer index.
    pub(crate) fn packet_index_ack(&self) -> bool {
        self.application & PACKET_INDEX_ACK != 0
    }

    /// Whether the firmware has one numbering of PLLs for all cards.
    pub(crate) fn common_pll_numbers(&self) -> bool {
        self.application & COMMON_PLL_NUMBERS != 0
    }

    /// Whether the firmware has numbers of its own for the attributes of sensors.
    pub(crate) fn own_sensor_numbers(&self) -> bool {
        self.application & OWN_SENSOR_NUMBERS != 0
    }

    /// Whether entries of the event queue have an index that the driver should check.
    pub(crate) fn event_index(&self) -> bool {
        self.application & EVENT_INDEX != 0
    }
}

#[kunit_tests(goya_fw_capabilities)]
mod tests {
    use super::*;
    use core::cell::Cell;

    struct Register(Cell<u32>);

    impl Io for Register {
        fn read(&self, _offset: u32) -> u32 {
            self.0.get()
        }

        fn write(&self, _offset: u32, _value: u32) {}
    }

    #[test]
    fn old_firmware_can_nothing() {
        let register = Register(Cell::new(u32::MAX));
        let mut old = Capabilities::new(u32::MAX & !VALID);
        old.loader_runs(&register);
        old.firmware_runs(&register);
        assert!(!old.hard_reset() && !old.security() && !old.packet_index_ack());
        assert!(!iatu_configured(IATU_CONFIGURED));
        assert!(iatu_configured(VALID | IATU_CONFIGURED));
    }

    #[test]
    fn each_stage_is_noted() {
        let register = Register(Cell::new(VALID | PACKET_INDEX_ACK));
        let mut new = Capabilities::new(VALID | HARD_RESET | SECURITY);
        assert!(new.hard_reset() && new.security());
        new.loader_runs(&register);
        assert!(!new.hard_reset() && !new.packet_index_ack());
        register.0.set(VALID | PACKET_INDEX_ACK | HARD_RESET);
        new.firmware_runs(&register);
        assert!(new.hard_reset() && new.packet_index_ack() && new.security());
        register.0.set(VALID | EVENT_INDEX);
        new.refresh(&register);
        // Asking for the card's description changes no decision about resets.
        assert!(new.hard_reset() && new.event_index() && !new.packet_index_ack());
    }
}
