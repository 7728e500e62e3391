// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Starting the firmware: the handshake with the loaders on the card, for firmware that is loaded by
//! fixed registers (upstream's static loader).
//!
//! The first-stage loader (preboot) asks for the boot FIT; the driver puts that image into SRAM and
//! says so; it becomes the second-stage loader, for which the driver puts the firmware itself into DRAM.
//! What can be undone is the message to the processor, and [`ImageReady`] always does; an interrupted boot
//! cannot, and leaves a card that needs a hard reset.
//!
//! Facts: `hl_fw_read_preboot_status()` and `hl_fw_static_init_cpu()` with their callees in
//! `common/firmware_if.c`, `goya_init_firmware_loader()` and its neighbours.

use kernel::{device::Device, prelude::*, time::Delta};

use super::{
    boot_report::{self, signed, Progress},
    capabilities::Capabilities,
    image,
    text::{Text, VERSION_LEN},
};
use crate::hw::{
    map::SRAM_SIZE,
    poll_at,
    regs::cpu::{
        BOOT_DEV_STS0,
        BOOT_STATUS,
        CMD_STATUS_TO_HOST,
        KMD_MSG_TO_CPU,
        PREBOOT_VER_OFFSET,
        UBOOT_VER_OFFSET, //
    },
    window::Memories,
    Io,
    Location,
    Pauses, //
};

/// How long preboot may take, and an image to be acknowledged.
const BOOT_FIT_TIMEOUT: Delta = Delta::from_secs(1);
/// How long a loader, or the firmware, may take.
const CPU_TIMEOUT: Delta = Delta::from_secs(15);
/// Pauses between two looks at a register.
const PAUSES: Pauses = Pauses {
    first: 100,
    longest: 10_000,
};

/// Where the boot FIT goes in SRAM.
const BOOT_FIT_OFFSET: u64 = 0x20_0000;
/// Where the firmware goes in DRAM.
const LINUX_ADDRESS: u64 = 0x80_0000;
/// Takes SRAM's base off an address in it.
const SRAM_OFFSET_MASK: u32 = 0x0FFF_FFFF;

/// A message to the device's processor that an image is in place, taken back when dropped.
struct ImageReady<'a, I: Io>(&'a I);

impl<'a, I: Io> ImageReady<'a, I> {
    fn new(io: &'a I) -> Self {
        io.write_reg(KMD_MSG_TO_CPU::FIT_RDY);
        Self(io)
    }
}

impl<I: Io> Drop for ImageReady<'_, I> {
    fn drop(&mut self) {
        self.0.write_reg(KMD_MSG_TO_CPU::NA);
    }
}

/// Waits for one of several states of the boot. `Err` has what was read last.
fn wait(io: &impl Io, timeout: Delta, wanted: &[Progress]) -> Result<u32, u32> {
    let reached = |status: BOOT_STATUS| {
        wanted
            .iter()
            .any(|&progress| progress as u32 == status.into_raw())
    };
    poll_at(io, BOOT_STATUS, timeout, PAUSES, reached)
        .map(BOOT_STATUS::into_raw)
        .map_err(BOOT_STATUS::into_raw)
}

/// What preboot says of itself.
pub(crate) struct Preboot {
    pub(crate) capabilities: Capabilities,
    /// Shown to users as it is.
    pub(crate) version: Text,
}

/// Waits for preboot and reads what it says.
///
/// `error_mask` is the module parameter `boot_error_status_mask`.
///
/// Errors: `EIO` if preboot does not get ready, reports an error that counts, or has no version;
/// `EOPNOTSUPP` for firmware that wants the dynamic loader, which no Goya has; `ENOMEM`. The card then
/// needs a hard reset.
pub(crate) fn read_preboot(
    dev: &Device,
    io: &impl Io,
    window: &impl Memories,
    error_mask: u64,
) -> Result<Preboot> {
    let wanted = [
        Progress::NicFirmwareReady,
        Progress::ReadyToBoot,
        Progress::WaitingForBootFit,
    ];
    let waited = wait(io, BOOT_FIT_TIMEOUT, &wanted);
    let (Ok(status) | Err(status)) = waited;
    // A card that is gone has no errors to tell.
    let errors = if status == u32::MAX {
        Ok(())
    } else {
        boot_report::errors(dev, io, error_mask)
    };
    if waited.is_err() || errors.is_err() {
        boot_report::progress(dev, status);
        dev_err!(
            dev,
            "CPU boot {} (status = {})\n",
            if errors.is_err() {
                "failed due to an error"
            } else {
                "ready timeout"
            },
            signed(status)
        );
        return Err(EIO);
    }

    let status = io.read(BOOT_DEV_STS0).into_raw();
    let capabilities = Capabilities::new(status);
    if capabilities.dynamic_loader() {
        dev_err!(dev, "Dynamic FW load is not supported\n");
        return Err(EOPNOTSUPP);
    }
    dev_dbg!(dev, "Firmware preboot boot device status0 {:#x}\n", status);

    let version = read_version(dev, io, window, PREBOOT_VER_OFFSET, "Preboot")?;
    if let Some(loader) = version.loader_version() {
        dev_info!(dev, "{}\n", loader);
    }
    if let Some(release) = version.firmware_version() {
        dev_info!(dev, "preboot version {}\n", release);
    }
    Ok(Preboot {
        capabilities,
        version,
    })
}

/// Reads a version from SRAM; a register says where it is. Errors: `EIO` outside of SRAM; `ENOMEM`.
fn read_version<R: From<u32> + Into<u32>>(
    dev: &Device,
    io: &impl Io,
    window: &impl Memories,
    place: impl Location<R>,
    name: &'static str,
) -> Result<Text> {
    const LIMIT: u32 = SRAM_SIZE as u32 - VERSION_LEN as u32;

    let offset = io.read(place).into() & SRAM_OFFSET_MASK;
    if offset >= LIMIT {
        dev_err!(
            dev,
            "{} version offset ({:#x}) is above SRAM\n",
            name,
            offset
        );
        return Err(EIO);
    }
    let mut field = [0; VERSION_LEN];
    window
        .read_sram(u64::from(offset), &mut field)
        .map_err(|_| EIO)?;
    Text::from_field(&field)
}

/// Starts the firmware on a card that [`read_preboot`] has found well, and waits until it runs.
///
/// Returns the second-stage loader's version, shown to users as it is, and brings `capabilities` up to
/// date.
///
/// Errors: those of [`image::request`]; `ETIMEDOUT` if the boot FIT is not acknowledged; `EIO` if the
/// loader or the firmware does not come up or reports an error that counts; `ENOMEM`. The card then
/// needs a hard reset.
pub(crate) fn start(
    dev: &Device,
    io: &impl Io,
    window: &impl Memories,
    error_mask: u64,
    capabilities: &mut Capabilities,
) -> Result<Text> {
    dev_info!(
        dev,
        "Going to wait for device boot (up to {}s)\n",
        CPU_TIMEOUT.as_millis() / 1000
    );

    let loaded = load_boot_fit(dev, io, window).and_then(|()| {
        let (status, version) = wait_for_loader(dev, io, window)?;
        let alone = status == Progress::SramAvailable as u32;
        if !alone {
            load_linux(dev, io, window)?;
        }
        Ok((alone, version))
    });
    let errors = boot_report::errors(dev, io, error_mask);
    let (alone, version) = loaded?;
    // A loader that is the firmware itself, for debugging, may report what it likes.
    if !alone {
        errors?;
        capabilities.refresh(io);
        dev_info!(dev, "Successfully loaded firmware to device\n");
    }
    Ok(version)
}

/// Gives preboot the boot FIT, if it asks for it: old preboot has a loader in flash.
fn load_boot_fit(dev: &Device, io: &impl Io, window: &impl Memories) -> Result {
    if let Err(status) = wait(io, BOOT_FIT_TIMEOUT, &[Progress::WaitingForBootFit]) {
        dev_dbg!(
            dev,
            "No boot fit request received (status = {}), resuming boot\n",
            signed(status)
        );
        return Ok(());
    }

    let image = image::request(dev, image::BOOT_FIT)?;
    window.copy_to_sram(BOOT_FIT_OFFSET, image.data())?;
    drop(image);

    io.write_reg(CMD_STATUS_TO_HOST::UNDEF);
    let _ready = ImageReady::new(io);
    poll_at(io, CMD_STATUS_TO_HOST, BOOT_FIT_TIMEOUT, PAUSES, |status| {
        status == CMD_STATUS_TO_HOST::OK
    })
    .map(|_| ())
    .map_err(|status| {
        dev_err!(
            dev,
            "Timeout waiting for boot fit load ack (status = {})\n",
            signed(status.into_raw())
        );
        ETIMEDOUT
    })
}

/// Waits for the second-stage loader; returns the boot's status and the loader's version.
fn wait_for_loader(dev: &Device, io: &impl Io, window: &impl Memories) -> Result<(u32, Text)> {
    let wanted = [
        Progress::DramReady,
        Progress::NicFirmwareReady,
        Progress::ReadyToBoot,
        Progress::SramAvailable,
    ];
    let waited = wait(io, CPU_TIMEOUT, &wanted);
    let (Ok(status) | Err(status)) = waited;
    dev_dbg!(dev, "uboot status = {}\n", signed(status));

    // The version helps to understand a boot that goes wrong, and its lack is no reason to stop.
    let version = match read_version(dev, io, window, UBOOT_VER_OFFSET, "Boot-fit") {
        Ok(version) => version,
        Err(_) => Text::from_field(b"unavailable")?,
    };
    if let Some(release) = version.firmware_version() {
        dev_info!(dev, "boot-fit version {}\n", release);
    }
    if waited.is_err() {
        boot_report::progress(dev, status);
        return Err(EIO);
    }
    Ok((status, version))
}

/// Gives the second-stage loader the firmware, and waits until it runs.
fn load_linux(dev: &Device, io: &impl Io, window: &impl Memories) -> Result {
    dev_info!(dev, "Loading firmware to device, may take some time...\n");
    let image = image::request(dev, image::LINUX)?;
    window.copy_to_dram(LINUX_ADDRESS, image.data())?;
    drop(image);

    let _ready = ImageReady::new(io);
    wait(io, CPU_TIMEOUT, &[Progress::SramAvailable])
        .map(|_| ())
        .map_err(|status| {
            if status == Progress::FitCorrupted as u32 {
                dev_err!(dev, "Device reports FIT image is corrupted\n");
            } else {
                dev_err!(
                    dev,
                    "Failed to load firmware to device (status = {})\n",
                    signed(status)
                );
            }
            EIO
        })
}

#[kunit_tests(goya_fw_boot)]
mod tests {
    use super::*;
    use crate::fw::fake::device;
    use crate::hw::{regs::cpu::BOOT_ERR0, Offset};
    use core::cell::Cell;

    /// Preboot, waiting for a boot FIT.
    struct Card {
        status0: u32,
        errors0: u32,
        version_at: u32,
        asked: Cell<Option<u32>>,
    }

    const CARD: fn() -> Card = || Card {
        status0: 1 << 31 | 1 << 10,
        errors0: 0,
        version_at: 0xF000_0100,
        asked: Cell::new(None),
    };

    impl Io for Card {
        fn read32(&self, offset: Offset) -> u32 {
            if offset == Offset::of::<BOOT_STATUS>() {
                16
            } else if offset == Offset::of::<BOOT_DEV_STS0>() {
                self.status0
            } else if offset == Offset::of::<BOOT_ERR0>() {
                self.errors0
            } else if offset == Offset::of::<PREBOOT_VER_OFFSET>() {
                self.version_at
            } else {
                0
            }
        }

        fn write32(&self, offset: Offset, value: u32) {
            if offset == Offset::of::<KMD_MSG_TO_CPU>() {
                self.asked.set(Some(value));
            }
        }
    }

    impl Memories for Card {
        fn copy_to_sram(&self, _offset: u64, _data: &[u8]) -> Result {
            Err(EINVAL)
        }

        fn copy_to_dram(&self, _address: u64, _data: &[u8]) -> Result {
            Err(EINVAL)
        }

        fn read_sram(&self, offset: u64, out: &mut [u8]) -> Result {
            let text = b"BTL 1 Preboot fw-2.0 x";
            assert_eq!(offset, 0x100);
            for (to, from) in out.iter_mut().zip(text) {
                *to = *from;
            }
            Ok(())
        }
    }

    #[test]
    fn reads_what_preboot_says() -> Result {
        let device = device()?;
        let card = CARD();
        let preboot = read_preboot(device.as_ref().as_ref(), &card, &card, u64::MAX)?;
        assert!(!preboot.capabilities.security());
        // Nothing is known of the firmware before it runs.
        assert!(!preboot.capabilities.packet_index_ack());
        assert_eq!(preboot.version.bytes().len(), 22);
        Ok(())
    }

    #[test]
    fn refuses_what_can_not_boot() -> Result {
        let device = device()?;
        let dev = device.as_ref().as_ref();
        let refused = |card: Card, mask| read_preboot(dev, &card, &card, mask).err();
        let broken = || Card {
            errors0: 1 << 31 | 1,
            ..CARD()
        };
        assert_eq!(refused(broken(), u64::MAX), Some(EIO));
        assert_eq!(refused(broken(), 0), None);
        let lost = Card {
            version_at: SRAM_SIZE as u32 - 128,
            ..CARD()
        };
        assert_eq!(refused(lost, u64::MAX), Some(EIO));
        let dynamic = Card {
            status0: 1 << 31 | 1 << 16,
            ..CARD()
        };
        assert_eq!(refused(dynamic, u64::MAX), Some(EOPNOTSUPP));
        Ok(())
    }

    #[test]
    fn requests_are_taken_back() {
        let card = CARD();
        let ready = ImageReady::new(&card);
        assert_eq!(card.asked.get(), Some(2));
        drop(ready);
        assert_eq!(card.asked.get(), Some(0));
    }
}
