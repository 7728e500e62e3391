// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! What the firmware can do, by its device status register.
//!
//! Each stage of the boot writes that register anew; only firmware that sets its top bit in preboot
//! writes it at all. Facts: `hl_fw_read_preboot_caps()`, `hl_fw_preboot_update_state()` and the other
//! `_update_state()` in `common/firmware_if.c`; `include/linux/habanalabs/hl_boot_if.h`.

use kernel::{bits::bit_u32, prelude::*};

use crate::hw::{regs::cpu::BOOT_DEV_STS0, Io};

const SECURITY: u32 = bit_u32(0);
const PACKET_INDEX_ACK: u32 = bit_u32(15);
const DYNAMIC_LOADER: u32 = bit_u32(16);
const IATU_CONFIGURED: u32 = bit_u32(17);
const COMMON_PLL_NUMBERS: u32 = bit_u32(19);
const EVENT_INDEX: u32 = bit_u32(21);
const OWN_SENSOR_NUMBERS: u32 = bit_u32(26);
const VALID: u32 = bit_u32(31);

/// Whether the firmware has set up the PCIe core's address translation, by [`BOOT_DEV_STS0`]'s value.
pub(crate) fn iatu_configured(status: u32) -> bool {
    status & VALID != 0 && status & IATU_CONFIGURED != 0
}

/// What the firmware can do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Capabilities {
    /// Preboot's register, or 0 if it is not valid.
    preboot: u32,
    /// The running firmware's register; 0 before it runs, or if it is not valid.
    application: u32,
}

impl Capabilities {
    /// By preboot's register.
    pub(super) fn new(status: u32) -> Self {
        let preboot = if status & VALID != 0 { status } else { 0 };
        Self {
            preboot,
            application: 0,
        }
    }

    fn is_valid(&self) -> bool {
        self.preboot & VALID != 0
    }

    /// Reads the running firmware's register, when it has come up and later.
    pub(super) fn refresh(&mut self, io: &impl Io) {
        if self.is_valid() {
            self.application = io.read(BOOT_DEV_STS0).into_raw();
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
    use crate::hw::Offset;
    use core::cell::Cell;

    struct Register(Cell<u32>);

    impl Io for Register {
        fn read32(&self, _offset: Offset) -> u32 {
            self.0.get()
        }

        fn write32(&self, _offset: Offset, _value: u32) {}
    }

    #[test]
    fn old_firmware_can_nothing() {
        let register = Register(Cell::new(u32::MAX));
        let mut old = Capabilities::new(u32::MAX & !VALID);
        old.refresh(&register);
        assert!(!old.security() && !old.packet_index_ack());
        assert!(!iatu_configured(IATU_CONFIGURED));
        assert!(iatu_configured(VALID | IATU_CONFIGURED));
    }

    #[test]
    fn each_stage_is_noted() {
        let register = Register(Cell::new(VALID | PACKET_INDEX_ACK));
        let mut new = Capabilities::new(VALID | SECURITY);
        assert!(new.security() && !new.packet_index_ack());
        new.refresh(&register);
        assert!(new.packet_index_ack() && new.security());
        register.0.set(VALID | EVENT_INDEX);
        new.refresh(&register);
        assert!(new.event_index() && !new.packet_index_ack() && new.security());
    }
}
