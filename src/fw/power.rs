// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Clocks and power: what the administrator has set, and what the firmware is told of it (upstream
//! `goya_hwmgr.c`, `goya_set_frequency()`, `hl_fw_set_max_power()`).
//!
//! The profile is `auto` when a card comes up: its clocks are low, and nobody but the driver changes
//! them. Upstream once raised them when a compute context was opened; 7.3 does not any more.

use kernel::device::Device;
use kernel::prelude::*;
use kernel::sync::atomic::{Atomic, Relaxed};
use kernel::sync::{new_mutex, Mutex};

use super::clocks::{self, Numbering, Pll};
use super::mailbox::Mailbox;
use super::messages;

/// The clocks' low rate (`GOYA_PLL_FREQ_LOW`), in Hz.
const LOW: u64 = 50_000_000;
/// The clocks' high rate at first (`PLL_HIGH_DEFAULT`), in Hz.
const HIGH: u32 = 1_575_000_000;
/// The most power that a card may take at first (`MAX_POWER_DEFAULT`), in mW.
const MAX_POWER: u64 = 200_000;
/// What has a clock that can be set, in the order in which that is done.
const CLOCKS: [Pll; 3] = [Pll::Mme, Pll::Tpc, Pll::Ic];

/// Who chooses the clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PmProfile {
    /// The driver: low when no compute context is open.
    Auto,
    /// The user, through sysfs.
    Manual,
}

/// What the administrator has set.
#[pin_data]
pub(crate) struct Power {
    /// Held while the driver changes clocks.
    #[pin]
    profile: Mutex<PmProfile>,
    high: Atomic<u32>,
    max: Atomic<u64>,
}

impl Power {
    /// What holds at first.
    pub(crate) fn new() -> impl PinInit<Self> {
        pin_init!(Self {
            profile <- new_mutex!(PmProfile::Auto),
            high: Atomic::new(HIGH),
            max: Atomic::new(MAX_POWER),
        })
    }

    /// The firmware has started: the profile is `auto` again, the clocks are low, and their high rate is as at first.
    pub(crate) fn restart(&self, dev: &Device, mailbox: &impl Mailbox, numbering: &Numbering) {
        let mut profile = self.profile.lock();
        *profile = PmProfile::Auto;
        self.set_high(HIGH);
        lower(dev, mailbox, numbering);
    }

    /// Who chooses the clocks.
    pub(crate) fn profile(&self) -> PmProfile {
        *self.profile.lock()
    }

    /// Changes who chooses the clocks, unless `busy` says that somebody computes with them.
    ///
    /// Errors: `EPERM` if so.
    pub(crate) fn set_profile(
        &self,
        dev: &Device,
        mailbox: &impl Mailbox,
        numbering: &Numbering,
        new: PmProfile,
        busy: impl FnOnce() -> bool,
    ) -> Result {
        let mut profile = self.profile.lock();
        if busy() {
            return Err(EPERM);
        }
        if *profile != new {
            *profile = new;
            if new == PmProfile::Auto {
                dev_dbg!(dev, "Changing device frequency to low\n");
                lower(dev, mailbox, numbering);
            }
        }
        Ok(())
    }

    /// The clocks' high rate, in Hz.
    pub(crate) fn high(&self) -> u32 {
        self.high.load(Relaxed)
    }

    /// Changes the clocks' high rate, in Hz.
    pub(crate) fn set_high(&self, hz: u32) {
        self.high.store(hz, Relaxed);
    }

    /// The most power that the card may take, in mW, as the administrator wants it.
    pub(crate) fn max(&self) -> u64 {
        self.max.load(Relaxed)
    }

    /// Changes the most power that the card may take, in mW; the firmware does not know it yet.
    pub(crate) fn set_max(&self, milliwatts: u64) {
        self.max.store(milliwatts, Relaxed);
    }

    /// Tells the firmware the most power that the card may take. What fails is logged, no more.
    ///
    /// To be done at probe and after every hard reset, if the firmware is not secure.
    pub(crate) fn send_max(&self, dev: &Device, mailbox: &impl Mailbox) {
        let _ = messages::set_max_power(dev, mailbox, self.max.load(Relaxed));
    }
}

/// Sets all clocks to low. What fails is logged, no more.
fn lower(dev: &Device, mailbox: &impl Mailbox, numbering: &Numbering) {
    for pll in CLOCKS {
        // CAST: The number of a variant.
        let _ = clocks::set_frequency(dev, mailbox, numbering, pll as u32, LOW);
    }
}

#[kunit_tests(goya_power)]
mod tests {
    use super::*;
    use crate::fw::fake::{device, Fake};
    use kernel::sync::Arc;

    #[test]
    fn only_a_change_to_auto_lowers_the_clocks() -> Result {
        let device = device()?;
        let dev = device.as_ref().as_ref();
        let fake = Fake::answering(0);
        let power = Arc::pin_init(Power::new(), GFP_KERNEL)?;
        let set = |profile, busy| power.set_profile(dev, &fake, &Numbering::Card, profile, || busy);
        assert_eq!(set(PmProfile::Auto, false), Ok(()));
        assert_eq!(set(PmProfile::Manual, true), Err(EPERM));
        assert_eq!(power.profile(), PmProfile::Auto);
        assert_eq!(set(PmProfile::Manual, false), Ok(()));
        assert_eq!(fake.count.get(), 0);
        assert_eq!(set(PmProfile::Auto, false), Ok(()));
        assert_eq!(fake.count.get(), 3);
        assert_eq!(fake.argument(), Some(Pll::Ic as u32));
        assert_eq!(fake.value(), Some(LOW));
        Ok(())
    }

    #[test]
    fn a_restart_takes_the_profile_back_but_not_the_power() -> Result {
        let device = device()?;
        let dev = device.as_ref().as_ref();
        let fake = Fake::answering(0);
        let power = Arc::pin_init(Power::new(), GFP_KERNEL)?;
        power.set_profile(dev, &fake, &Numbering::Card, PmProfile::Manual, || false)?;
        power.set_max(150_000);
        power.set_high(1_000_000_000);
        power.restart(dev, &fake, &Numbering::Card);
        assert_eq!(power.profile(), PmProfile::Auto);
        assert_eq!(power.high(), HIGH);
        power.send_max(dev, &fake);
        assert_eq!(fake.value(), Some(150_000));
        assert_eq!(fake.count.get(), 4);
        Ok(())
    }
}
