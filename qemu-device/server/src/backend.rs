// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! vfio-user requests, turned into accesses to the card.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::path::PathBuf;
use std::sync::Arc;

use goya_chip::{
    CONFIG_SIZE, Chip, DRAM_BAR, MSIX_BAR, MSIX_BAR_SIZE, Reset, SRAM_CFG_BAR, SRAM_CFG_BAR_SIZE, VECTORS,
};
use vfio_bindings::bindings::vfio::{
    VFIO_IRQ_INFO_EVENTFD, VFIO_IRQ_SET_ACTION_TRIGGER, VFIO_IRQ_SET_DATA_EVENTFD, VFIO_IRQ_SET_DATA_NONE,
    VFIO_PCI_CONFIG_REGION_INDEX, VFIO_PCI_ERR_IRQ_INDEX, VFIO_PCI_MSIX_IRQ_INDEX, VFIO_PCI_NUM_IRQS,
    VFIO_PCI_NUM_REGIONS, VFIO_PCI_REQ_IRQ_INDEX, VFIO_REGION_INFO_FLAG_CAPS, VFIO_REGION_INFO_FLAG_MMAP,
    VFIO_REGION_INFO_FLAG_READ, VFIO_REGION_INFO_FLAG_WRITE, vfio_region_info, vfio_region_sparse_mmap_area,
};
use vfio_user::{DmaMapFlags, DmaUnmapFlags, IrqInfo, ServerBackend, ServerRegion, SparseArea};

use crate::ahead::Lookout;
use crate::machine::Machine;
use crate::shared::Shared;

/// The most that one access may move; the protocol allows no more.
const ACCESS_MAX: usize = 1 << 20;

/// One client's view of the card.
pub struct Backend {
    shared: Arc<Shared>,
    /// Whether this client has asked for anything: one that only knocked has switched nothing on.
    used: bool,
    /// Where the client is connected, and what looks for its next request.
    socket: Option<PathBuf>,
    lookout: Option<Lookout>,
}

impl Backend {
    /// A view of `shared`. Who connects at `socket`, if that is given, posts writes, as QEMU does unless there is something that
    /// it can map.
    pub fn new(shared: Arc<Shared>, socket: Option<PathBuf>) -> Self {
        Self { shared, used: false, socket, lookout: None }
    }

    /// The client asks for something.
    fn asked(&mut self) {
        if !std::mem::replace(&mut self.used, true) {
            self.lookout = self.socket.as_deref().and_then(Lookout::new);
        }
    }

    /// Looks for the next request. After what is answered nobody should: the answer goes out when the backend returns.
    fn look_ahead(&self) {
        if let Some(lookout) = &self.lookout {
            lookout.look();
        }
    }

    /// The client has gone: the machine it was is switched off.
    pub fn client_gone(&mut self) {
        self.lookout = None;
        if !std::mem::take(&mut self.used) {
            return;
        }
        self.shared.with(|chip| {
            chip.power_cycle();
            if let Some(machine) = machine(chip) {
                machine.clear();
            }
        });
    }
}

fn machine(chip: &mut Chip) -> Option<&mut Machine> {
    chip.host_mut().as_any_mut().downcast_mut()
}

fn invalid(what: String) -> io::Error {
    tracing::warn!("client: {what}");
    io::Error::new(io::ErrorKind::InvalidInput, what)
}

/// The BAR behind a region index.
fn bar(region: u32) -> Option<u8> {
    u8::try_from(region).ok().filter(|&b| [SRAM_CFG_BAR, MSIX_BAR, DRAM_BAR].contains(&b))
}

/// What the client is told of the regions.
pub fn regions(chip: &Chip) -> Vec<ServerRegion> {
    let region = |index: u32| {
        let size = match (bar(index), index) {
            (Some(SRAM_CFG_BAR), _) => SRAM_CFG_BAR_SIZE,
            (Some(MSIX_BAR), _) => MSIX_BAR_SIZE,
            (Some(DRAM_BAR), _) => chip.config().bar4_size,
            (_, VFIO_PCI_CONFIG_REGION_INDEX) => CONFIG_SIZE as u64,
            _ => 0,
        };
        let mapping = bar(index).and_then(|b| chip.mappable(b));
        let mut flags = if size > 0 { VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE } else { 0 };
        if mapping.is_some() {
            flags |= VFIO_REGION_INFO_FLAG_MMAP | VFIO_REGION_INFO_FLAG_CAPS;
        }
        ServerRegion {
            region_info: vfio_region_info {
                argsz: size_of::<vfio_region_info>() as u32,
                flags,
                index,
                cap_offset: 0,
                size,
                offset: mapping.map_or(0, |memory| memory.file().1),
            },
            sparse_areas: mapping
                .iter()
                .map(|memory| SparseArea {
                    area: vfio_region_sparse_mmap_area { offset: 0, size: memory.size() },
                })
                .collect(),
            mmap_fd: mapping.map(|memory| memory.file().0.as_raw_fd()),
        }
    };
    (0..VFIO_PCI_NUM_REGIONS).map(region).collect()
}

/// What the client is told of the interrupts: MSI-X, errors (which never come), and the wish to leave.
pub fn interrupts() -> Vec<IrqInfo> {
    (0..VFIO_PCI_NUM_IRQS)
        .map(|index| {
            let count = match index {
                VFIO_PCI_MSIX_IRQ_INDEX => u32::from(VECTORS),
                VFIO_PCI_ERR_IRQ_INDEX | VFIO_PCI_REQ_IRQ_INDEX => 1,
                _ => 0,
            };
            IrqInfo { index, flags: VFIO_IRQ_INFO_EVENTFD, count }
        })
        .collect()
}

impl ServerBackend for Backend {
    fn region_read(&mut self, region: u32, offset: u64, data: &mut [u8]) -> Result<(), io::Error> {
        self.asked();
        if data.len() > ACCESS_MAX {
            return Err(invalid(format!("a read of {} bytes", data.len())));
        }
        match (bar(region), region) {
            (Some(bar), _) => self.shared.lock().bar_read(bar, offset, data),
            (_, VFIO_PCI_CONFIG_REGION_INDEX) => self.shared.lock().config_read(offset, data),
            _ => data.fill(0xFF),
        }
        Ok(())
    }

    fn region_write(&mut self, region: u32, offset: u64, data: &[u8]) -> Result<(), io::Error> {
        self.asked();
        match (bar(region), region) {
            (Some(bar), _) => {
                let ((), working) = self.shared.start(|chip| chip.bar_write(bar, offset, data));
                // QEMU posts writes, but those to the vectors' table. The engines need a processor more than this does.
                if bar != MSIX_BAR && !working {
                    self.look_ahead();
                }
            }
            (_, VFIO_PCI_CONFIG_REGION_INDEX) => self.shared.with(|chip| chip.config_write(offset, data)),
            _ => {}
        }
        Ok(())
    }

    fn dma_map(
        &mut self,
        flags: DmaMapFlags,
        offset: u64,
        address: u64,
        size: u64,
        fd: Option<File>,
    ) -> Result<(), io::Error> {
        self.asked();
        // ROM and other devices' BARs come without a file or without write access: no DMA goes there.
        let Some(file) = fd.filter(|_| flags.contains(DmaMapFlags::READ_WRITE)) else { return Ok(()) };
        let mut chip = self.shared.lock();
        let result = machine(&mut chip).map_or(Ok(()), |m| m.memory.map(address, size, file, offset));
        result.inspect_err(|error| tracing::warn!("client: {error}"))
    }

    fn dma_unmap(&mut self, flags: DmaUnmapFlags, address: u64, size: u64) -> Result<(), io::Error> {
        let mut chip = self.shared.lock();
        if let Some(machine) = machine(&mut chip) {
            if flags.contains(DmaUnmapFlags::UNMAP_ALL) {
                machine.memory.clear();
            } else {
                machine.memory.unmap(address, size);
            }
        }
        Ok(())
    }

    fn reset(&mut self) -> Result<(), io::Error> {
        self.asked();
        self.shared.with(|chip| {
            chip.reset(Reset::Function);
            if let Some(machine) = machine(chip) {
                machine.withdraw();
            }
        });
        Ok(())
    }

    fn set_irqs(
        &mut self,
        index: u32,
        flags: u32,
        start: u32,
        count: u32,
        fds: Vec<File>,
    ) -> Result<(), io::Error> {
        self.asked();
        if flags & VFIO_IRQ_SET_ACTION_TRIGGER == 0 {
            // Masks are the client's own business: it keeps the vectors' table.
            return Ok(());
        }
        let (start, count) = (start as usize, count as usize);
        let eventfds = flags & VFIO_IRQ_SET_DATA_EVENTFD != 0;
        if !eventfds && flags & VFIO_IRQ_SET_DATA_NONE == 0 {
            return Err(invalid(format!("interrupt request with flags {flags:#x}")));
        }
        let mut chip = self.shared.lock();
        let Some(machine) = machine(&mut chip) else { return Ok(()) };
        match index {
            VFIO_PCI_REQ_IRQ_INDEX if eventfds || count == 0 => machine.connect_eject(fds.into_iter().next()),
            VFIO_PCI_MSIX_IRQ_INDEX => match (eventfds, fds.is_empty(), count) {
                // As many eventfds as vectors connect them, none disconnects them.
                (true, false, _) => machine.connect(start, fds),
                (true, true, _) => machine.disconnect(start, count),
                (false, _, 0) => machine.disconnect_all(),
                (false, _, _) => machine.trigger(start, count),
            },
            // This card reports no errors to the client, and has no other interrupts.
            _ => {}
        }
        Ok(())
    }
}
