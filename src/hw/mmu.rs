// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The MMU: start, invalidation, ASIDs of the engines, page faults.
//!
//! Facts from upstream's `goya_mmu_init()`, `goya_mmu_update_asid_hop0_addr()`, `goya_mmu_invalidate_cache()`,
//! `goya_mmu_prepare()`, `goya_mmu_regs` and `goya_print_mmu_error_info()`.

use super::{
    lower_half, modify, nth, poll,
    qman::Block,
    regs::{cpu_if, mme, mmu as regs, pcie, qm, tpc as tpc_regs},
    tpc, Io,
};
use core::iter::once;
use kernel::{
    device::Device,
    // Not all of it: iterators would have two `chain`s.
    prelude::{dev_crit, dev_err, Result, EINVAL},
    time::Delta,
};

/// How long the MMU may take for a change of its configuration.
const CONFIG_TIMEOUT: Delta = Delta::from_millis(2);
/// All causes of interrupts are masked: faults come as events of the device CPU.
const SPI_MASK_ALL: u32 = 0xf;

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
    for (asid, table) in (0..=qm::PROPS_ASID).zip(hop0_tables) {
        set_hop0(dev, io, asid, table).inspect_err(|_| {
            dev_err!(dev, "failed to set hop0 addr for asid {}\n", asid);
        })?;
    }

    io.write(regs::CACHE_INV_BASE_39_8, lower_half(cache_management >> 8));
    io.write(
        regs::CACHE_INV_BASE_49_40,
        lower_half(cache_management >> 40),
    );
    // It makes translation slower, not faster.
    modify(io, regs::FEATURE_EN, regs::FEATURE_FOLLOWER, 0);

    // There is nothing stale yet that would matter, so upstream goes on, too.
    if let Err(error) = invalidate(io) {
        dev_err!(
            dev,
            "HMMU cache invalidation failed, rc={}\n",
            error.to_errno()
        );
    }
    io.write(regs::ENABLE, 1);
    io.write(regs::SPI_MASK, SPI_MASK_ALL);
    Ok(())
}

/// Tells the MMU the card address of an ASID's first-level table. Sleeps.
///
/// # Errors
///
/// `ETIMEDOUT` if it does not take it.
pub(crate) fn set_hop0(dev: &Device, io: &impl Io, asid: u32, table: u64) -> Result {
    io.write(regs::HOP0_PA43_12, lower_half(table >> 12));
    io.write(regs::HOP0_PA49_44, lower_half(table >> 44));
    io.write(regs::ASID_BUSY, regs::BUSY | asid);

    let idle = |status| status & regs::BUSY == 0;
    poll(io, regs::ASID_BUSY, CONFIG_TIMEOUT, idle).inspect_err(|_| {
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
    io.write(regs::INV_ALL_START, 1);
    poll(io, regs::INV_ALL_START, CONFIG_TIMEOUT, |status| {
        status == 0
    })?;
    Ok(())
}

/// Tells the MMU how large DRAM is, which must be a power of two: accesses behind its end then don't wrap around.
pub(crate) fn set_dram_size(io: &impl Io, bytes: u64) {
    if let Some(log2) = bytes.checked_ilog2() {
        io.write(regs::LOG2_DDR_SIZE, log2);
    }
}

/// Lets all engines run under `asid`, and through the MMU.
///
/// # Errors
///
/// `EINVAL` if the card has no such ASID.
pub(crate) fn set_asid(dev: &Device, io: &impl Io, asid: u32) -> Result {
    if asid & !qm::PROPS_ASID != 0 {
        dev_crit!(dev, "asid {} is too big\n", asid);
        return Err(EINVAL);
    }
    for register in asid_registers() {
        modify(io, register, qm::PROPS_MASK, asid);
    }
    Ok(())
}

/// All registers that say as whom an engine accesses memory. Of a DMA queue manager, only what isn't trusted goes
/// through the MMU.
pub(super) fn asid_registers() -> impl Iterator<Item = u32> {
    let dma = Block::dma_qms().map(|block| block.register(qm::GLBL_NON_SECURE_PROPS));
    let blocks = Block::tpc_qms()
        .chain(Block::tpc_cmdqs())
        .chain(once(Block::MME_QM))
        .chain(once(Block::MME_CMDQ));
    let blocks = blocks.flat_map(|block| {
        [qm::GLBL_SECURE_PROPS, qm::GLBL_NON_SECURE_PROPS].map(|register| block.register(register))
    });
    let tpcs = tpc::bases().flat_map(|base| {
        [tpc_regs::CFG_ARUSER, tpc_regs::CFG_AWUSER].map(|register| base.wrapping_add(register))
    });
    let mme = (0..4).map(|buffer| nth(mme::SBA_CONTROL_DATA, buffer, 4));
    let pcie = [pcie::WRAP_ARUSER, pcie::WRAP_AWUSER];
    dma.chain(blocks).chain(tpcs).chain(mme).chain(pcie)
}

/// Lets the device CPU run through the MMU, under the kernel's ASID 0. Its memory must be mapped there already.
pub(crate) fn translate_cpu(io: &impl Io) {
    modify(io, cpu_if::ARUSER_OVR, qm::PROPS_MASK, 0);
    modify(io, cpu_if::AWUSER_OVR, qm::PROPS_MASK, 0);
    io.write(cpu_if::ARUSER_OVR_EN, qm::PROPS_MASK);
    io.write(cpu_if::AWUSER_OVR_EN, qm::PROPS_MASK);
    // What comes next may be an order to the CPU.
    io.read(cpu_if::AWUSER_OVR_EN);
}

/// Takes the device CPU out of the MMU again, before its mappings go away.
pub(crate) fn bypass_cpu(io: &impl Io) {
    io.write(cpu_if::ARUSER_OVR_EN, 0);
    io.write(cpu_if::AWUSER_OVR_EN, 0);
}

/// The address of the page fault that the MMU has caught, if any, and makes room for the next one.
///
/// Upstream's message for it is `"MMU page fault on va 0x%llx"`, rate-limited.
pub(crate) fn take_page_fault(io: &impl Io) -> Option<u64> {
    let capture = io.read(regs::PAGE_ERROR_CAPTURE);
    if capture & regs::CAPTURE_VALID == 0 {
        return None;
    }
    let high = u64::from(capture & regs::CAPTURE_VA_49_32);
    let low = u64::from(io.read(regs::PAGE_ERROR_CAPTURE_VA));
    io.write(regs::PAGE_ERROR_CAPTURE, 0);
    Some(high << 32 | low)
}
