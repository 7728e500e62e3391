// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! The boot firmware, as the driver's static loader knows it (`hl_fw_static_init_cpu()`,
//! `firmware_if.c`; `hl_boot_if.h`).

use serde::Serialize;

use crate::chip::{Chip, Reset};
use crate::fault::BootStage;
use crate::map::{SRAM_BASE, SRAM_SIZE};
use crate::psoc::{SCRATCHPAD, UBOOT_MAGIC, WARM_REBOOT};
use crate::regs::PCIE_DBI;

const fn scratchpad(n: u32) -> u32 {
    SCRATCHPAD + 4 * n
}

const BOOT_DEV_STS0: u32 = scratchpad(20);
const CMD_STATUS_TO_HOST: u32 = scratchpad(23);
const BOOT_ERR0: u32 = scratchpad(24);
const BOOT_ERR1: u32 = scratchpad(25);
const PREBOOT_VER_OFFSET: u32 = scratchpad(28);
const UBOOT_VER_OFFSET: u32 = scratchpad(29);

/// `CPU_BOOT_DEV_STS0_ENABLED`, and `MAP_HWMON_EN`: sensors are numbered as `cpucp_if.h` does.
const DEV_STS0: u32 = 1 << 31 | 1 << 26;
/// `FW_IATU_CONF_EN`: preboot has set up the iATU.
const DEV_STS0_FW_IATU: u32 = 1 << 17;
/// `CPU_BOOT_ERR0_ENABLED`: the error bits mean something.
const ERR_ENABLED: u32 = 1 << 31;
const ERR_FIT_CORRUPTED: u32 = 1 << 1;

const STATUS_IN_WFE: u32 = 1;
const STATUS_DRAM_RDY: u32 = 2;
const STATUS_SRAM_AVAIL: u32 = 3;
const STATUS_IN_PREBOOT: u32 = 5;
const STATUS_WAITING_FOR_BOOT_FIT: u32 = 16;

const MSG_GOTO_WFE: u32 = 1;
const MSG_FIT_RDY: u32 = 2;
const MSG_RST_DEV: u32 = 5;
const ACK_OK: u32 = 1;
const ACK_ERROR: u32 = 2;

/// Bytes of a version string (`VERSION_MAX_LEN`).
const VERSION: usize = 128;
/// Where the version strings lie in SRAM; upstream accepts anything below the last 128 bytes.
const PREBOOT_VERSION_AT: u64 = SRAM_SIZE - 0x1000;
const UBOOT_VERSION_AT: u64 = SRAM_SIZE - 0x800;

/// How far the firmware is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Preboot: waits for a boot fit.
    Preboot,
    /// Boot fit (U-Boot): waits for Linux.
    BootFit,
    /// Linux: serves the CPU queue.
    Linux,
    /// Waits for an event that only a reset brings.
    Halted,
}

/// A firmware image that the driver has loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Image {
    /// Device address of its first byte.
    pub address: u64,
    /// Bytes written through a BAR; zero when the client wrote through its own mapping.
    pub size: u64,
}

/// The bytes that a BAR wrote since the firmware last looked: first and one past last.
type Extent = Option<(u64, u64)>;

/// State of the boot firmware.
#[derive(Debug)]
pub(crate) struct Boot {
    stage: Stage,
    boot_fit: Option<Image>,
    linux: Option<Image>,
    sram: Extent,
    dram: Extent,
}

/// What the boot firmware knows.
#[derive(Debug, Clone, Serialize)]
pub struct BootView {
    /// How far it is.
    pub stage: Stage,
    /// The boot fit it was given.
    pub boot_fit: Option<Image>,
    /// The Linux image it was given.
    pub linux: Option<Image>,
}

impl Default for Boot {
    fn default() -> Self {
        Self { stage: Stage::Preboot, boot_fit: None, linux: None, sram: None, dram: None }
    }
}

impl Boot {
    pub(super) fn stage(&self) -> Stage {
        self.stage
    }
}

fn grow(extent: &mut Extent, at: u64, len: u64) {
    let (first, end) = extent.unwrap_or((at, at));
    *extent = Some((first.min(at), end.max(at.saturating_add(len))));
}

fn image(base: u64, extent: &mut Extent) -> Image {
    let (first, end) = extent.take().unwrap_or_default();
    Image { address: base + first, size: end - first }
}

impl Chip {
    /// Boot as far as preboot.
    pub(super) fn boot_start(&mut self) {
        self.cpu.boot = Boot::default();
        let status = if self.faults.boot_fails(BootStage::Preboot) {
            STATUS_IN_PREBOOT
        } else {
            STATUS_WAITING_FOR_BOOT_FIT
        };
        let device_status = DEV_STS0 | self.faults.boot_status();
        if device_status & DEV_STS0_FW_IATU != 0 {
            self.pci.open_windows();
        }
        self.put_version(PREBOOT_VERSION_AT, "GOYA BTL 1.2 Preboot version hl-goya-fw-1.9.0 (emulated)");
        for (register, value) in [
            (BOOT_DEV_STS0, device_status),
            (BOOT_ERR0, ERR_ENABLED),
            (BOOT_ERR1, ERR_ENABLED),
            (PREBOOT_VER_OFFSET, (SRAM_BASE + PREBOOT_VERSION_AT) as u32),
            (WARM_REBOOT, status),
            // What the PCIe core says of itself; read to flush writes.
            (PCIE_DBI, 0x0001_1DA3),
        ] {
            self.regs.set(register, value);
        }
        tracing::debug!(target: "goya::boot", status, "preboot");
    }

    /// The driver stops the CPU before it resets the card.
    pub(super) fn boot_halt(&mut self) {
        self.cpu.boot.stage = Stage::Halted;
        self.regs.set(WARM_REBOOT, STATUS_IN_WFE);
        tracing::debug!(target: "goya::boot", "halted");
    }

    /// A scratchpad or boot register was written: perhaps a message to the firmware.
    pub(crate) fn cpu_scratchpad_written(&mut self, offset: u32, value: u32) {
        match (offset, value, self.cpu.boot.stage) {
            (UBOOT_MAGIC, MSG_FIT_RDY, Stage::Preboot) => self.boot_fit_ready(),
            (UBOOT_MAGIC, MSG_FIT_RDY, Stage::BootFit) => self.boot_linux_ready(),
            (UBOOT_MAGIC, MSG_GOTO_WFE, _) => self.boot_halt(),
            (UBOOT_MAGIC, MSG_RST_DEV, _) => self.reset(Reset::Hard),
            (EVENT_QUEUE_CI, _, Stage::Linux) => self.events_send(),
            _ => {}
        }
    }

    fn boot_fit_ready(&mut self) {
        if self.faults.boot_fails(BootStage::Preboot) {
            return;
        }
        let image = image(SRAM_BASE, &mut self.cpu.boot.sram);
        tracing::debug!(target: "goya::boot", address = %format_args!("{:#x}", image.address), size = image.size, "boot fit");
        if self.faults.boot_fails(BootStage::BootFit) {
            self.regs.set(BOOT_ERR0, ERR_ENABLED | ERR_FIT_CORRUPTED);
            self.regs.set(CMD_STATUS_TO_HOST, ACK_ERROR);
            return;
        }
        self.cpu.boot.boot_fit = Some(image);
        self.cpu.boot.stage = Stage::BootFit;
        self.put_version(UBOOT_VERSION_AT, "U-Boot 2018.11 hl-goya-fw-1.9.0 (emulated)");
        self.regs.set(UBOOT_VER_OFFSET, (SRAM_BASE + UBOOT_VERSION_AT) as u32);
        self.regs.set(CMD_STATUS_TO_HOST, ACK_OK);
        self.regs.set(WARM_REBOOT, STATUS_DRAM_RDY);
    }

    fn boot_linux_ready(&mut self) {
        let image = image(0, &mut self.cpu.boot.dram);
        tracing::debug!(target: "goya::boot", address = %format_args!("{:#x}", image.address), size = image.size, "Linux");
        if self.faults.boot_fails(BootStage::Linux) {
            return;
        }
        self.cpu.boot.linux = Some(image);
        self.cpu.boot.stage = Stage::Linux;
        self.regs.set(WARM_REBOOT, STATUS_SRAM_AVAIL);
    }

    /// A BAR wrote `len` bytes of card memory: before Linux runs, that is firmware.
    pub(crate) fn boot_note_write(&mut self, addr: u64, len: u64) {
        let boot = &mut self.cpu.boot;
        match boot.stage {
            Stage::Preboot if addr >= SRAM_BASE => grow(&mut boot.sram, addr - SRAM_BASE, len),
            Stage::BootFit if addr < SRAM_BASE => grow(&mut boot.dram, addr, len),
            _ => {}
        }
    }

    /// What the boot firmware knows.
    pub fn boot_view(&self) -> BootView {
        let Boot { stage, boot_fit, linux, .. } = self.cpu.boot;
        BootView { stage, boot_fit, linux }
    }

    fn put_version(&mut self, at: u64, text: &str) {
        let mut bytes = [0; VERSION];
        for (to, from) in bytes.iter_mut().zip(text.bytes()) {
            *to = from;
        }
        if let Some(slice) = self.sram.slice(at, VERSION) {
            slice.copy_from(&bytes[..]);
        }
    }
}

/// Consumer index of the event queue (`CPU_EQ_CI`, `goya_reg_map.h`).
const EVENT_QUEUE_CI: u32 = scratchpad(6);
