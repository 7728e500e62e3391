// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! PLLs and their frequencies.
//!
//! Old firmware numbers PLLs as the user API does; new firmware has one numbering for all cards, and a
//! map of those that there are. Facts: `get_used_pll_index()` and its callers in
//! `common/firmware_if.c`, `goya_map_pll_idx_to_fw_idx()`, `enum pll_index` in `cpucp_if.h`.

use kernel::{device::Device, prelude::*};

use super::{
    capabilities::Capabilities,
    info::{CpuInfo, PLL_MAP_LEN},
    mailbox::{Mailbox, TIMEOUT, TIMEOUT_LONG},
    message::{Opcode, Packet},
};
use crate::abstractions::ratelimit::dev_err_ratelimited;

codes! {
    /// A PLL by the user API's number (`enum hl_goya_pll_index`).
    Pll: u32 {
        Cpu = 0,
        Ic = 1,
        Mc = 2,
        Mme = 3,
        Pci = 4,
        Emmc = 5,
        Tpc = 6,
    }
}

impl Pll {
    /// Its number in firmware that has one numbering for all cards.
    fn common(self) -> u8 {
        match self {
            Self::Cpu => 0,
            Self::Pci => 1,
            Self::Mme => 5,
            Self::Tpc => 6,
            Self::Ic => 16,
            Self::Mc => 17,
            Self::Emmc => 18,
        }
    }
}

/// Which numbers the firmware gives to PLLs.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Numbering {
    /// Those of the user API.
    Card,
    /// One numbering for all cards; a bit for each PLL that there is.
    Common([u8; PLL_MAP_LEN]),
}

impl Numbering {
    /// The numbering of the running firmware.
    pub(crate) fn new(capabilities: &Capabilities, info: &CpuInfo) -> Self {
        if capabilities.common_pll_numbers() {
            Self::Common(info.pll_map)
        } else {
            Self::Card
        }
    }

    /// The firmware's number of the user's PLL `index`.
    ///
    /// Firmware with this card's numbering judges for itself. Errors: `EINVAL`.
    fn index(&self, dev: &Device, index: u32) -> Result<u32> {
        let Self::Common(map) = self else {
            return Ok(index);
        };
        let number = Pll::try_from(index).map(Pll::common).inspect_err(|error| {
            dev_err_ratelimited!(
                dev,
                "Invalid PLL index ({}) error {}\n",
                index,
                error.to_errno()
            );
        })?;
        let byte = map.get(usize::from(number / 8)).copied().unwrap_or(0);
        if byte & 1 << (number % 8) == 0 {
            dev_err_ratelimited!(dev, "PLL index {} is not supported\n", number);
            return Err(EINVAL);
        }
        Ok(u32::from(number))
    }
}

/// Frequencies of the four outputs of the user's PLL `index`, in MHz.
///
/// Errors: `EINVAL` for a PLL that there is not; those of [`Mailbox::send`].
pub(crate) fn outputs(
    dev: &Device,
    mailbox: &impl Mailbox,
    numbering: &Numbering,
    index: u32,
) -> Result<[u16; 4]> {
    // The packet has 16 bits for it, as upstream's: what is above is lost.
    let [low, high, ..] = numbering.index(dev, index)?.to_le_bytes();
    let packet = Packet::new(Opcode::PllInfoGet).halves(u16::from_le_bytes([low, high]), 0);
    let reply = mailbox.send(&packet, TIMEOUT_LONG).inspect_err(|&error| {
        if error != EAGAIN {
            dev_err_ratelimited!(dev, "Failed to read PLL info, error {}\n", error.to_errno());
        }
    })?;
    let [a, b, c, d, e, f, g, h] = reply.result.to_le_bytes();
    Ok([[a, b], [c, d], [e, f], [g, h]].map(u16::from_le_bytes))
}

/// Frequency of the user's PLL `index` in Hz: the one asked for, or with `current` the one it has.
///
/// Errors: `EINVAL` for a PLL that there is not; those of [`Mailbox::send`].
pub(crate) fn frequency(
    dev: &Device,
    mailbox: &impl Mailbox,
    numbering: &Numbering,
    index: u32,
    current: bool,
) -> Result<u64> {
    let number = numbering.index(dev, index)?;
    let opcode = if current {
        Opcode::FrequencyCurrentGet
    } else {
        Opcode::FrequencyGet
    };
    let packet = Packet::new(opcode).argument(number);
    let reply = mailbox.send(&packet, TIMEOUT).inspect_err(|&error| {
        if error != EAGAIN {
            dev_err_ratelimited!(
                dev,
                "Failed to get frequency of PLL {}, error {}\n",
                number,
                error.to_errno()
            );
        }
    })?;
    Ok(reply.result)
}

/// Sets the frequency of the user's PLL `index`, in Hz.
///
/// Errors: `EINVAL` for a PLL that there is not; those of [`Mailbox::send`]. Upstream ignores them all.
pub(crate) fn set_frequency(
    dev: &Device,
    mailbox: &impl Mailbox,
    numbering: &Numbering,
    index: u32,
    hertz: u64,
) -> Result {
    let number = numbering.index(dev, index)?;
    let packet = Packet::new(Opcode::FrequencySet)
        .argument(number)
        .value(hertz);
    mailbox
        .send(&packet, TIMEOUT)
        .map(|_| ())
        .inspect_err(|&error| {
            if error != EAGAIN {
                dev_err_ratelimited!(
                    dev,
                    "Failed to set frequency to PLL {}, error {}\n",
                    number,
                    error.to_errno()
                );
            }
        })
}

#[kunit_tests(goya_fw_clocks)]
mod tests {
    use super::*;
    use crate::fw::fake::{device, Fake};

    #[test]
    fn splits_the_outputs() -> Result {
        let device = device()?;
        let fake = Fake::answering(0x0004_0003_0002_0001);
        let outputs = outputs(device.as_ref().as_ref(), &fake, &Numbering::Card, 4)?;
        assert_eq!(outputs, [1, 2, 3, 4]);
        assert_eq!(fake.opcode(), Some(30));
        assert_eq!(fake.argument(), Some(4));
        Ok(())
    }

    #[test]
    fn translates_numbers_for_common_firmware() -> Result {
        let device = device()?;
        let dev = device.as_ref().as_ref();
        let fake = Fake::answering(50_000_000);
        let mut map = [0; PLL_MAP_LEN];
        map[2] = 1;
        let common = Numbering::Common(map);
        assert_eq!(
            frequency(dev, &fake, &common, Pll::Ic as u32, true)?,
            50_000_000
        );
        assert_eq!(fake.opcode(), Some(19));
        assert_eq!(fake.argument(), Some(16));
        assert!(frequency(dev, &fake, &common, Pll::Mc as u32, true).is_err());
        assert!(frequency(dev, &fake, &common, 7, true).is_err());
        assert_eq!(fake.count.get(), 1);
        Ok(())
    }
}
