// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The device node.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::time::{Duration, Instant};

use goya_uapi::*;

use crate::nodes::Nodes;
use crate::sys::{self, Mapping};

/// How long to wait for the previous user to be gone, or for a reset to end.
const PATIENCE: Duration = Duration::from_secs(20);

/// An open card.
#[derive(Debug)]
pub struct Card(File);

impl From<File> for Card {
    fn from(file: File) -> Self {
        Self(file)
    }
}

impl AsRawFd for Card {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

/// Opens a node once.
pub fn open_node(path: &str) -> io::Result<Card> {
    OpenOptions::new().read(true).write(true).open(path).map(Card)
}

impl Card {
    /// Opens the card to test, as soon as its previous user and any reset are done with.
    pub fn open() -> crate::Result<Self> {
        Self::open_card(Nodes::chosen())
    }

    /// Opens a card, as soon as its previous user and any reset are done with.
    pub fn open_card(nodes: Nodes) -> crate::Result<Self> {
        let node = nodes.compute();
        let end = Instant::now() + PATIENCE;
        loop {
            match open_node(&node) {
                Err(e)
                    if matches!(e.raw_os_error(), Some(libc::EAGAIN | libc::EBUSY))
                        && Instant::now() < end =>
                {
                    std::thread::sleep(Duration::from_millis(20));
                }
                result => return result.map_err(|e| format!("{node}: {e}")),
            }
        }
    }

    /// Opens the control node.
    pub fn open_control() -> crate::Result<Self> {
        let node = Nodes::chosen().control();
        open_node(&node).map_err(|e| format!("{node}: {e}"))
    }

    /// Asks for information into `answer`.
    pub fn info<T>(&self, op: u32, answer: &mut T) -> io::Result<()> {
        let mut args = hl_info_args {
            return_pointer: std::ptr::from_mut(answer) as u64,
            return_size: size_of::<T>() as u32,
            op,
            ..Default::default()
        };
        sys::ioctl(self, HL_IOCTL_INFO, &mut args)
    }

    /// Asks for information into `size` bytes at any address, where memory may be missing.
    pub fn info_at(&self, op: u32, address: u64, size: u32) -> io::Result<()> {
        let mut args = hl_info_args { return_pointer: address, return_size: size, op, ..Default::default() };
        sys::ioctl(self, HL_IOCTL_INFO, &mut args)
    }

    /// Asks for information with a parameter (period, PLL, ...).
    pub fn info_of<T>(&self, op: u32, parameter: u32, answer: &mut T) -> io::Result<()> {
        let mut args = hl_info_args {
            return_pointer: std::ptr::from_mut(answer) as u64,
            return_size: size_of::<T>() as u32,
            op,
            ..Default::default()
        };
        args.__bindgen_anon_1.ctx_id = parameter;
        sys::ioctl(self, HL_IOCTL_INFO, &mut args)
    }

    /// What the card is.
    pub fn hw_ip(&self) -> crate::Result<hl_info_hw_ip_info> {
        // SAFETY: the structure is plain numbers, for which zero is valid.
        let mut info: hl_info_hw_ip_info = unsafe { std::mem::zeroed() };
        self.info(HL_INFO_HW_IP_INFO, &mut info).map_err(|e| format!("HW_IP_INFO: {e}"))?;
        Ok(info)
    }

    /// State of the card (`hl_device_status`).
    pub fn status(&self) -> crate::Result<u32> {
        let mut status = hl_info_device_status::default();
        self.info(HL_INFO_DEVICE_STATUS, &mut status).map_err(|e| format!("DEVICE_STATUS: {e}"))?;
        Ok(status.status)
    }

    /// Hard and soft resets so far.
    pub fn resets(&self) -> crate::Result<(u32, u32)> {
        let mut count = hl_info_reset_count::default();
        self.info(HL_INFO_RESET_COUNT, &mut count).map_err(|e| format!("RESET_COUNT: {e}"))?;
        Ok((count.hard_reset_cnt, count.soft_reset_cnt))
    }

    /// How often event `id` came since the driver was loaded.
    pub fn events(&self, id: usize) -> crate::Result<u32> {
        let mut counts = [0u32; 1024];
        self.info(HL_INFO_HW_EVENTS_AGGREGATE, &mut counts).map_err(|e| format!("HW_EVENTS: {e}"))?;
        Ok(counts[id])
    }

    /// Waits until event `id` has come more than `before` times.
    pub fn wait_event(&self, id: usize, before: u32) -> crate::Result {
        self.poll(&format!("event {id}"), |card| Ok(card.events(id)? > before))
    }

    /// Waits until the card is operational.
    pub fn wait_operational(&self) -> crate::Result {
        self.poll("an operational card", |card| {
            Ok(card.status()? == hl_device_status::HL_DEVICE_STATUS_OPERATIONAL)
        })
    }

    /// Waits until nobody has the compute node, nor is being cleaned up after.
    pub fn wait_unused(&self) -> crate::Result {
        self.poll("an unused card", |card| {
            let mut stats = hl_open_stats_info::default();
            card.info(HL_INFO_OPEN_STATS, &mut stats).map_err(|e| format!("OPEN_STATS: {e}"))?;
            Ok(stats.is_compute_ctx_active == 0 && stats.compute_ctx_in_release == 0)
        })
    }

    /// Which engines are at work.
    pub fn hw_idle(&self) -> crate::Result<hl_info_hw_idle> {
        let mut idle = hl_info_hw_idle::default();
        self.info(HL_INFO_HW_IDLE, &mut idle).map_err(|e| e.to_string())?;
        Ok(idle)
    }

    /// Waits until `condition` holds.
    pub fn poll(&self, what: &str, mut condition: impl FnMut(&Self) -> crate::Result<bool>) -> crate::Result {
        let end = Instant::now() + PATIENCE;
        while !condition(self)? {
            if Instant::now() > end {
                return Err(format!("waited {PATIENCE:?} for {what}"));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// Makes a command buffer of `size` bytes.
    pub fn create_cb(&self, size: u32) -> io::Result<u64> {
        let mut args = hl_cb_args::default();
        args.in_ = hl_cb_in { op: HL_CB_OP_CREATE, cb_size: size, ..Default::default() };
        sys::ioctl(self, HL_IOCTL_CB, &mut args)?;
        // SAFETY: the ioctl succeeded, so it has filled in the answer; all its readings are numbers.
        Ok(unsafe { args.out.__bindgen_anon_1.cb_handle })
    }

    /// Destroys a command buffer.
    pub fn destroy_cb(&self, handle: u64) -> io::Result<()> {
        let mut args = hl_cb_args::default();
        args.in_ = hl_cb_in { op: HL_CB_OP_DESTROY, cb_handle: handle, ..Default::default() };
        sys::ioctl(self, HL_IOCTL_CB, &mut args)
    }

    /// How many submissions use a command buffer.
    pub fn cb_usage(&self, handle: u64) -> io::Result<u32> {
        let mut args = hl_cb_args::default();
        args.in_ = hl_cb_in { op: HL_CB_OP_INFO, cb_handle: handle, ..Default::default() };
        sys::ioctl(self, HL_IOCTL_CB, &mut args)?;
        // SAFETY: as above.
        Ok(unsafe { args.out.__bindgen_anon_1.__bindgen_anon_1.__bindgen_anon_1.usage_cnt })
    }

    /// Maps a command buffer.
    pub fn map_cb(&self, handle: u64, size: usize) -> io::Result<Mapping> {
        Mapping::of_file(self, size, handle)
    }

    /// Does a memory operation; the answer is a device address or a handle.
    pub fn memory(&self, op: u32, flags: u32, fill: impl FnOnce(&mut hl_mem_in)) -> io::Result<u64> {
        let mut input = hl_mem_in { op, flags, ..Default::default() };
        fill(&mut input);
        let mut args = hl_mem_args::default();
        args.in_ = input;
        sys::ioctl(self, HL_IOCTL_MEMORY, &mut args)?;
        // SAFETY: as above.
        Ok(unsafe { args.out.__bindgen_anon_1.device_virt_addr })
    }
}
