// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! From a card that was reset to one that takes work (upstream `hl_device_init()`, `goya_hw_init()`,
//! `goya_late_init()`). What comes before and after at probe, PCI and the nodes, is in [`crate::driver`].

use kernel::device::{Bound, Device};
use kernel::pci;
use kernel::prelude::*;
use kernel::sync::atomic::Relaxed;
use kernel::sync::Arc;

use crate::abstractions::{name, pci_power, vec};
use crate::card::{Card, Firmware};
use crate::fw::boot;
use crate::fw::capabilities::Capabilities;
use crate::fw::clocks::Numbering;
use crate::fw::text::Text;
use crate::fw::{info, messages};
use crate::hw::events::{id, unmask_after_reset};
use crate::hw::reset::Unreachable;
use crate::hw::{self, golden, iatu, idle, map, mmu, pll, qman, reset, security, timestamp, tpc};
use crate::mem::tables;
use crate::monitor::interrupts;
use crate::queue::{driver_job, fill};

/// Makes sure that nobody has used the card since its last reset, and looks for preboot.
pub(crate) fn early(card: &Card, pdev: &pci::Device<Bound>) -> Result<boot::Preboot> {
    let dev: &Device = card.dev.as_ref();
    let bars = &*card.bars;
    // Before preboot is waited for: firmware that another kernel has left running never goes back to it by itself.
    if reset::is_dirty(bars) {
        dev_dbg!(dev, "H/W state is dirty, must reset before initializing\n");
        hard_reset(card, pdev).inspect_err(|error| {
            dev_err!(
                dev,
                "failed to reset HW in dirty state ({})\n",
                error.to_errno()
            );
        })?;
    }
    let preboot = boot::read_preboot(dev, bars, bars, card.params.boot_error_mask)?;
    reset::check_straps(dev, bars);
    Ok(preboot)
}

/// Wakes a card that was put to sleep.
pub(crate) fn wake(card: &Card, pdev: &pci::Device<Bound>) -> Result {
    let _step = card.power_steps.lock();
    pci_power::wake(pdev)
}

/// Resets the whole card, awake or not. Nothing of what was set up is left.
pub(crate) fn hard_reset(card: &Card, pdev: &pci::Device<Bound>) -> Result<Unreachable> {
    let bars = &*card.bars;
    // What other devices reach will be other memory, or none.
    card.memory.exports.revoke();
    wake(card, pdev)?;
    // A reset by anybody else has closed them. A failure is logged by the callee, and the reset below fails then, too.
    let _ = bars.open_windows(pdev);
    reset::stop_cpu(bars);
    // As upstream, whether that works or not: the reset needs no window.
    let _ = bars.window().move_to(pdev, map::DRAM_BASE);
    reset::hard(card.dev.as_ref(), bars)
}

/// Boots the firmware and sets up everything that a reset takes away.
///
/// An error leaves a card that needs a hard reset; what the host has of it is unchanged.
pub(crate) fn hardware(
    card: &Arc<Card>,
    pdev: &pci::Device<Bound>,
    capabilities: &mut Capabilities,
) -> Result<Text> {
    let dev: &Device = card.dev.as_ref();
    let bars = &*card.bars;
    // Only now: what the card did before its reset can no longer reach the host.
    pci_power::connect(pdev);
    reset::mark_dirty(bars);
    bars.window().move_to(pdev, map::DRAM_BASE).map_err(|_| {
        dev_err!(dev, "failed to map DDR bar to DRAM base address\n");
        EIO
    })?;
    let loader = boot::start(dev, bars, bars, card.params.boot_error_mask, capabilities)
        .inspect_err(|_| dev_err!(dev, "failed to initialize CPU\n"))?;
    tpc::initialize_memories(dev, bars);
    golden::initialize(bars);
    let tables = iatu::page_table_window(bars.dram_window());
    bars.window().move_to(pdev, tables).map_err(|_| {
        dev_err!(dev, "failed to map DDR bar to MMU page tables\n");
        EIO
    })?;
    mmu::start(dev, bars, tables::first_tables(), map::CACHE_MANAGEMENT)?;
    security::protect(bars);
    engines(card)?;
    timestamp::start(bars);
    interrupts::enable(card, pdev)?;
    hw::flush(bars);
    Ok(loader)
}

/// Sets up all queue managers.
pub(crate) fn engines(card: &Card) -> Result {
    let bars = &*card.bars;
    let mut rings = [0; hw::dma::COUNT as usize];
    for (ring, queue) in rings.iter_mut().zip(card.queues.externals()) {
        *ring = queue.ring_address();
    }
    let stop_on_error = card.settings.stop_on_error.load(Relaxed) != 0;
    qman::start_dma(bars, &rings, stop_on_error);
    qman::start_mme(bars);
    qman::start_tpcs(bars);
    Ok(())
}

/// What comes once the queues work: page tables, the device CPU's queues, what it knows of the card.
/// `loader` is the version of the second-stage loader.
fn late(
    card: &Arc<Card>,
    dev: &Device<Bound>,
    preboot: boot::Preboot,
    loader: Text,
) -> Result<Firmware> {
    let boot::Preboot {
        mut capabilities,
        version: preboot,
    } = preboot;
    let bars = &*card.bars;
    // That PLL's registers are the firmware's if it is secure, which can't be asked yet.
    *card.pci_pll.lock() = match capabilities.security() {
        true => pll::PciPll::default(),
        false => pll::pci(dev, bars),
    };
    let tables = map::PAGE_TABLES_SIZE + map::DEFAULT_PAGE_SIZE + map::CACHE_MANAGEMENT_SIZE;
    let tables = driver_job::Fill {
        address: map::PAGE_TABLES,
        size: tables,
        value: 0,
        dram: true,
    };
    fill::fill(dev, bars, &card.queues, [tables]).inspect_err(|error| {
        dev_err!(
            dev,
            "Failed to clear MMU page tables range {}\n",
            error.to_errno()
        );
    })?;
    fill::fill(dev, bars, &card.queues, [driver_job::DEFAULT_PAGE]).inspect_err(|error| {
        dev_err!(
            dev,
            "Failed to set DRAM default page {}\n",
            error.to_errno()
        )
    })?;
    card.memory.tables.begin(dev, card.cpu.host_address())?;
    mmu::translate_cpu(bars);
    card.events.reset();
    card.cpu.start(dev)?;
    card.cpu.set_index_ack(capabilities.packet_index_ack());
    messages::test_queue(dev, &*card.cpu)?;
    let info = info::get_info(
        dev,
        &*card.cpu,
        bars,
        card.params.boot_error_mask,
        &mut capabilities,
    )
    .inspect_err(|error| dev_err!(dev, "Failed to get cpucp info {}\n", error.to_errno()))?;
    // Known only now: the firmware says it once more.
    card.events.set_counted(capabilities.event_index());
    let dram_size = info.dram_size(dev);
    mmu::set_dram_size(bars, dram_size);
    let dram_end = map::DRAM_BASE.saturating_add(dram_size);
    card.memory.dram.start(map::DRAM_USER_BASE..dram_end)?;
    card.dram_end.store(dram_end, Relaxed);
    messages::set_pci_access(dev, &*card.cpu, true)?;
    let numbering = Numbering::new(&capabilities, &info);
    card.power.restart(dev, &*card.cpu, &numbering);
    Ok(Firmware {
        preboot,
        loader,
        capabilities,
        info,
        dram_size,
        numbering,
    })
}

/// After a hard reset: everything anew.
pub(crate) fn after_hard_reset(card: &Arc<Card>, pdev: &pci::Device<Bound>) -> Result {
    let dev: &Device<Bound> = pdev.as_ref();
    let bars = &*card.bars;
    let mut preboot = boot::read_preboot(dev, bars, bars, card.params.boot_error_mask)?;
    let loader = hardware(card, pdev, &mut preboot.capabilities)
        .inspect_err(|_| dev_err!(dev, "failed to initialize the H/W after reset\n"))?;
    working(card, dev)?;
    let firmware = late(card, dev, preboot, loader)
        .inspect_err(|_| dev_err!(dev, "Failed late init after hard reset\n"))?;
    *card.firmware.lock() = Some(firmware);
    if !card.is_secure() {
        card.power.send_max(dev, &*card.cpu);
    }
    Ok(())
}

/// After a soft reset: what that takes away. Firmware and page tables have gone on.
pub(crate) fn after_soft_reset(card: &Arc<Card>, pdev: &pci::Device<Bound>) -> Result {
    let dev: &Device<Bound> = pdev.as_ref();
    let bars = &*card.bars;
    reset::mark_dirty(bars);
    golden::initialize(bars);
    security::protect(bars);
    engines(card)?;
    // Upstream forgets that whoever has the card open goes on in his own address space.
    card.users.each(|context| {
        // The callee has logged why not; then the user's accesses fault.
        let _ = mmu::set_asid(dev, bars, context.asid());
    });
    timestamp::start(bars);
    hw::flush(bars);
    working(card, dev)?;
    // Some may have come meanwhile.
    let mut events = KVec::new();
    for event in unmask_after_reset() {
        vec::push(&mut events, event, GFP_KERNEL)?;
    }
    messages::unmask_events(dev, &*card.cpu, &events)
        .inspect_err(|_| dev_err!(dev, "Failed late init after compute reset\n"))
}

/// Whether a card that was reset is idle, and its queues work.
fn working(card: &Card, dev: &Device<Bound>) -> Result {
    let report = idle::engines(&*card.bars, || (), None);
    if !report.is_idle() {
        dev_err!(
            dev,
            "{} device is not idle after reset (mask {:#x})\n",
            name(dev),
            report.busy_mask
        );
        return Err(EIO);
    }
    fill::test_queues(dev, &card.bars, &card.queues)
        .inspect_err(|_| dev_err!(dev, "Failed to detect if device is alive after reset\n"))?;
    card.queues.kernel_queue().start();
    Ok(())
}

/// Lets the firmware send events: the driver can react to them from now on.
pub(crate) fn enable_events(card: &Card) {
    hw::signal_cpu(&*card.bars, id::INTS_REGISTER);
}

/// Brings the card up, all of it.
pub(crate) fn all(card: &Arc<Card>, pdev: &pci::Device<Bound>) -> Result {
    let dev: &Device<Bound> = pdev.as_ref();
    let mut preboot = early(card, pdev)?;
    let loader = hardware(card, pdev, &mut preboot.capabilities)
        .inspect_err(|_| dev_err!(dev, "failed to initialize the H/W\n"))?;
    fill::test_queues(dev, &card.bars, &card.queues)
        .inspect_err(|_| dev_err!(dev, "Failed to detect if device is alive\n"))?;
    card.queues.kernel_queue().start();
    let firmware = late(card, dev, preboot, loader)
        .inspect_err(|_| dev_err!(dev, "Failed late initialization\n"))?;
    dev_info!(
        dev,
        "Found GOYA device with {}GB DRAM\n",
        firmware.dram_size >> 30
    );
    *card.firmware.lock() = Some(firmware);
    Ok(())
}
