// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The MMU: start, invalidation, ASIDs of the engines, page faults.
//!
//! Facts from upstream's `goya_mmu_init()`, `goya_mmu_update_asid_hop0_addr()`, `goya_mmu_invalidate_cache()`,
//! `goya_mmu_prepare()`, `goya_mmu_regs` and `goya_print_mmu_error_info()`.

use super::{
    lower_half, poll,
    regs::{
        cpu::{IF_ARUSER_OVR, IF_ARUSER_OVR_EN, IF_AWUSER_OVR, IF_AWUSER_OVR_EN},
        mme::{SBA_CONTROL_DATA, SBB_CONTROL_DATA, SBC_CONTROL_DATA, WBC_CONTROL_DATA},
        mmu::*,
        pcie::{WRAP_PSOC_ARUSER, WRAP_PSOC_AWUSER},
        qm::{self, GLBL_NON_SECURE_PROPS, GLBL_SECURE_PROPS},
        tpc::{ARUSER, AWUSER, TPC_CFG},
        User,
    },
    Block, Io, Location, Offset,
};
use kernel::{
    device::Device,
    // Not all of it: iterators would have two `chain`s.
    prelude::{dev_crit, dev_err, Result, Zeroable, EINVAL},
    time::Delta,
};

/// How long the MMU may take for a change of its configuration.
const CONFIG_TIMEOUT: Delta = Delta::from_millis(2);
/// All causes of interrupts are masked: faults come as events of the device CPU.
const SPI_MASK_ALL: SPI_MASK = SPI_MASK::from_raw(0xf);
/// Translation is on.
const ENABLE: MMU_ENABLE = MMU_ENABLE::from_raw(0).with_const_r::<1>();
/// Starts an invalidation of everything.
const INVALIDATE: INV_ALL_START = INV_ALL_START::from_raw(0).with_const_r::<1>();

/// Starts translation: an ASID for each address of `hop0_tables` (card addresses of first-level tables), from 0 up.
///
/// `cache_management` is the card address of a page that the MMU keeps notes in, see
/// [`super::map::CACHE_MANAGEMENT`]. Sleeps.
///
/// # Errors
///
/// `ETIMEDOUT` if the MMU does not take a table.
pub(crate) fn start(
    dev: &Device,
    io: &impl Io,
    hop0_tables: impl IntoIterator<Item = u64>,
    cache_management: u64,
) -> Result {
    for (asid, table) in (0..=User::ASID_MASK).zip(hop0_tables) {
        set_hop0(dev, io, asid, table).inspect_err(|_| {
            dev_err!(dev, "failed to set hop0 addr for asid {}\n", asid);
        })?;
    }

    io.write_reg(CACHE_INV_BASE_39_8::from(lower_half(cache_management >> 8)));
    io.write_reg(CACHE_INV_BASE_49_40::from(lower_half(
        cache_management >> 40,
    )));
    // It makes translation slower, not faster.
    io.update(STLB_FEATURE_EN, |features| {
        features.with_const_follower_en::<0>()
    });

    // There is nothing stale yet that would matter, so upstream goes on, too.
    if let Err(error) = invalidate(io) {
        dev_err!(
            dev,
            "HMMU cache invalidation failed, rc={}\n",
            error.to_errno()
        );
    }
    io.write_reg(ENABLE);
    io.write_reg(SPI_MASK_ALL);
    Ok(())
}

/// Tells the MMU the card address of an ASID's first-level table. Sleeps.
///
/// # Errors
///
/// `ETIMEDOUT` if it does not take it.
pub(crate) fn set_hop0(dev: &Device, io: &impl Io, asid: u32, table: u64) -> Result {
    io.write_reg(HOP0_PA43_12::from(lower_half(table >> 12)));
    io.write_reg(HOP0_PA49_44::from(lower_half(table >> 44)));
    io.write_reg(ASID_BUSY::from(asid).with_busy(true));

    let idle = |status: ASID_BUSY| !status.busy();
    poll(io, ASID_BUSY, CONFIG_TIMEOUT, idle).inspect_err(|_| {
        dev_err!(dev, "Timeout during MMU hop0 config of asid {}\n", asid);
    })?;
    Ok(())
}

/// Makes the MMU forget all translations: this card can't forget less. Sleeps, much less than a millisecond.
///
/// # Errors
///
/// `ETIMEDOUT` if it has not finished after 2 ms. Upstream's message for that is
/// `"%s: %s cache invalidation failed, rc=%d"` with the PCI device's name and `PMMU` or `HMMU`; it is rate-limited,
/// and the caller's, who knows both.
pub(crate) fn invalidate(io: &impl Io) -> Result {
    io.write_reg(INVALIDATE);
    let done = |status: INV_ALL_START| status.into_raw() == 0;
    poll(io, INV_ALL_START, CONFIG_TIMEOUT, done)?;
    Ok(())
}

/// Tells the MMU how large DRAM is, which must be a power of two: accesses past its end then don't wrap around.
pub(crate) fn set_dram_size(io: &impl Io, bytes: u64) {
    if let Some(log2) = bytes.checked_ilog2() {
        io.write_reg(LOG2_DDR_SIZE::from(log2));
    }
}

/// Lets all engines run under `asid`, and through the MMU.
///
/// # Errors
///
/// `EINVAL` if the card has no such ASID.
pub(crate) fn set_asid(dev: &Device, io: &impl Io, asid: u32) -> Result {
    let user = User::zeroed().try_with_asid(asid).map_err(|_| {
        dev_crit!(dev, "asid {} is too big\n", asid);
        EINVAL
    })?;
    for register in asid_registers() {
        io.update(register, |value| run_as(value, user));
    }
    Ok(())
}

/// A register's value that says that an engine runs as `user`.
fn run_as(value: u32, user: User) -> u32 {
    (value & !User::MASK) | user.into_raw()
}

/// All registers that say as whom an engine accesses memory. Of a DMA queue manager, only what isn't trusted goes
/// through the MMU.
pub(super) fn asid_registers() -> impl Iterator<Item = Offset> {
    let untrusted = |block: Block<_>| block.at::<GLBL_NON_SECURE_PROPS>().offset();
    let trusted = |block: Block<_>| block.at::<GLBL_SECURE_PROPS>().offset();
    let dma = qm::DMA_QM.iter().map(untrusted);
    let blocks = qm::TPC_QM
        .iter()
        .chain(qm::TPC_CMDQ.iter())
        .chain([qm::MME_QM, qm::MME_CMDQ]);
    let blocks = blocks.flat_map(move |block| [trusted(block), untrusted(block)]);
    let tpcs = TPC_CFG
        .iter()
        .flat_map(|core| [core.at::<ARUSER>().offset(), core.at::<AWUSER>().offset()]);
    let mme = [
        SBA_CONTROL_DATA.offset(),
        SBB_CONTROL_DATA.offset(),
        SBC_CONTROL_DATA.offset(),
        WBC_CONTROL_DATA.offset(),
    ];
    let pcie = [WRAP_PSOC_ARUSER.offset(), WRAP_PSOC_AWUSER.offset()];
    dma.chain(blocks).chain(tpcs).chain(mme).chain(pcie)
}

/// Lets the device CPU run through the MMU, under the kernel's ASID 0. Its memory must be mapped there already.
pub(crate) fn translate_cpu(io: &impl Io) {
    let kernel = User::zeroed();
    for register in [IF_ARUSER_OVR.offset(), IF_AWUSER_OVR.offset()] {
        io.update(register, |value| run_as(value, kernel));
    }
    io.write_reg(IF_ARUSER_OVR_EN::from(User::MASK));
    io.write_reg(IF_AWUSER_OVR_EN::from(User::MASK));
    // What comes next may be an order to the CPU.
    io.read(IF_AWUSER_OVR_EN);
}

/// Takes the device CPU out of the MMU again, before its mappings go away.
pub(crate) fn bypass_cpu(io: &impl Io) {
    io.write_reg(IF_ARUSER_OVR_EN::from(0));
    io.write_reg(IF_AWUSER_OVR_EN::from(0));
}

/// The address of the page fault that the MMU has caught, if any, and makes room for the next one.
///
/// Upstream's message for it is `"MMU page fault on va 0x%llx"`, rate-limited.
pub(crate) fn take_page_fault(io: &impl Io) -> Option<u64> {
    let capture = io.read(PAGE_ERROR_CAPTURE);
    if !capture.entry_valid() {
        return None;
    }
    let high = u64::from(capture.va_49_32().get());
    let low = u64::from(io.read(PAGE_ERROR_CAPTURE_VA).into_raw());
    io.write_reg(PAGE_ERROR_CAPTURE::from(0));
    Some(high << 32 | low)
}
