// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Work for the card: buffers, memory, submissions.

use std::io;

use goya_uapi::hl_goya_dma_direction as direction;
use goya_uapi::*;

use crate::Result;
use crate::card::Card;
use crate::packet::Packets;
use crate::sys::{self, Mapping};

/// How long a job may take, in microseconds.
pub const JOB_US: u64 = 20_000_000;
/// The first byte of SRAM that users have.
pub const SRAM: u64 = 0x7F_F000_0000 + GOYA_KMD_SRAM_RESERVED_SIZE_FROM_START as u64;
/// Where tests keep command buffers for internal queues.
pub const SRAM_COMMANDS: u64 = SRAM + 0x10_0000;

/// What a wait said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waited {
    /// `HL_WAIT_CS_STATUS_*`.
    pub status: u32,
    /// `HL_WAIT_CS_STATUS_FLAG_*`.
    pub flags: u32,
    /// Time of completion in ns, if it was asked for.
    pub time: i64,
}

/// Host memory that the card can reach.
#[derive(Debug)]
pub struct HostMemory<'a> {
    card: &'a Card,
    /// The memory.
    pub memory: Mapping,
    /// Its device address.
    pub device: u64,
}

impl Drop for HostMemory<'_> {
    fn drop(&mut self) {
        let _ = self.card.unmap(self.device);
    }
}

/// Device memory that is mapped.
#[derive(Debug)]
pub struct DeviceMemory<'a> {
    card: &'a Card,
    handle: u64,
    /// Its device address.
    pub device: u64,
}

impl Drop for DeviceMemory<'_> {
    fn drop(&mut self) {
        let _ = self.card.unmap(self.device);
        let _ = self.card.free(self.handle);
    }
}

impl Card {
    /// Maps host memory for the card.
    pub fn map_host(&self, memory: Mapping) -> Result<HostMemory<'_>> {
        let (address, size) = (memory.address(), memory.len() as u64);
        let device = self
            .map_host_range(address, size)
            .map_err(|e| format!("map {size} bytes of host memory: {e}"))?;
        Ok(HostMemory { card: self, memory, device })
    }

    /// New host memory of `size` bytes, mapped for the card.
    pub fn host_memory(&self, size: usize) -> Result<HostMemory<'_>> {
        self.map_host(Mapping::anonymous(size).map_err(|e| e.to_string())?)
    }

    /// Maps host memory for the card at device address `hint`, or nowhere.
    pub fn map_host_at(&self, memory: Mapping, hint: u64) -> Result<HostMemory<'_>> {
        let (address, size) = (memory.address(), memory.len() as u64);
        let device = self
            .map_host_hint(address, size, hint, HL_MEM_FORCE_HINT)
            .map_err(|e| format!("map {size} bytes of host memory at {hint:#x}: {e}"))?;
        Ok(HostMemory { card: self, memory, device })
    }

    /// Maps any range of the process, whether there is memory or not.
    pub fn map_host_range(&self, address: u64, size: u64) -> io::Result<u64> {
        self.map_host_hint(address, size, 0, 0)
    }

    /// The same with a wish for the device address; `HL_MEM_FORCE_HINT` insists.
    pub fn map_host_hint(&self, address: u64, size: u64, hint: u64, flags: u32) -> io::Result<u64> {
        self.memory(HL_MEM_OP_MAP, HL_MEM_USERPTR | flags, |m| {
            m.__bindgen_anon_1.map_host = hl_mem_in__bindgen_ty_1__bindgen_ty_4 {
                host_virt_addr: address,
                hint_addr: hint,
                mem_size: size,
            };
        })
    }

    /// Takes a mapping away.
    pub fn unmap(&self, device: u64) -> io::Result<u64> {
        self.memory(HL_MEM_OP_UNMAP, 0, |m| {
            m.__bindgen_anon_1.unmap = hl_mem_in__bindgen_ty_1__bindgen_ty_6 { device_virt_addr: device };
        })
    }

    /// Allocates device memory; the answer is a handle.
    pub fn alloc(&self, size: u64, flags: u32) -> io::Result<u64> {
        self.memory(HL_MEM_OP_ALLOC, flags, |m| {
            m.__bindgen_anon_1.alloc = hl_mem_in__bindgen_ty_1__bindgen_ty_1 { mem_size: size, page_size: 0 };
        })
    }

    /// Maps allocated device memory.
    pub fn map_device(&self, handle: u64) -> io::Result<u64> {
        self.memory(HL_MEM_OP_MAP, 0, |m| {
            m.__bindgen_anon_1.map_device = hl_mem_in__bindgen_ty_1__bindgen_ty_3 { hint_addr: 0, handle };
        })
    }

    /// Frees device memory.
    pub fn free(&self, handle: u64) -> io::Result<u64> {
        self.memory(HL_MEM_OP_FREE, 0, |m| {
            m.__bindgen_anon_1.free = hl_mem_in__bindgen_ty_1__bindgen_ty_2 { handle };
        })
    }

    /// Device memory, allocated and mapped.
    pub fn device_memory(&self, size: u64) -> Result<DeviceMemory<'_>> {
        let handle = self.alloc(size, 0).map_err(|e| format!("allocate {size} bytes: {e}"))?;
        let device =
            self.map_device(handle).map_err(|e| format!("map {size} bytes of device memory: {e}"))?;
        Ok(DeviceMemory { card: self, handle, device })
    }

    /// Submits chunks; the answer is the sequence number.
    pub fn submit(&self, chunks: &[hl_cs_chunk], flags: u32, timeout: u32) -> io::Result<u64> {
        self.submit_phases(&[], chunks, flags, timeout)
    }

    /// Submits the chunks of the restore phase and those of the other.
    pub fn submit_phases(
        &self,
        restore: &[hl_cs_chunk],
        execute: &[hl_cs_chunk],
        flags: u32,
        timeout: u32,
    ) -> io::Result<u64> {
        self.submit_input(input(restore, execute, flags, timeout))
    }

    /// Submits whatever `input` says.
    pub fn submit_input(&self, input: hl_cs_in) -> io::Result<u64> {
        let mut args = hl_cs_args::default();
        args.in_ = input;
        sys::ioctl(self, HL_IOCTL_CS, &mut args)?;
        // SAFETY: the ioctl succeeded, so it has filled in the answer, whose readings are numbers.
        Ok(unsafe { args.out.__bindgen_anon_1.seq })
    }

    /// Waits for a submission.
    pub fn wait(&self, seq: u64, timeout_us: u64) -> io::Result<Waited> {
        self.wait_flags(seq, timeout_us, 0)
    }

    /// Waits for a submission, with `HL_WAIT_CS_FLAGS_*`.
    pub fn wait_flags(&self, seq: u64, timeout_us: u64, flags: u32) -> io::Result<Waited> {
        let (result, waited) = self.wait_told(seq, timeout_us, flags);
        result.map(|()| waited)
    }

    /// The same, and what is told beside an error.
    pub fn wait_told(&self, seq: u64, timeout_us: u64, flags: u32) -> (io::Result<()>, Waited) {
        let mut input = hl_wait_cs_in { flags, ..Default::default() };
        input.__bindgen_anon_1.__bindgen_anon_1.seq = seq;
        input.__bindgen_anon_1.__bindgen_anon_1.timeout_us = timeout_us;
        let mut args = hl_wait_cs_args::default();
        args.in_ = input;
        let result = sys::ioctl(self, HL_IOCTL_WAIT_CS, &mut args);
        // SAFETY: all readings of question and answer are numbers.
        let out = unsafe { args.out };
        (result, Waited { status: out.status, flags: out.flags, time: out.timestamp_nsec })
    }

    /// Waits until a submission has completed.
    pub fn finish(&self, seq: u64) -> Result<Waited> {
        let waited = self.wait(seq, JOB_US).map_err(|e| format!("wait for {seq}: {e}"))?;
        if waited.status == HL_WAIT_CS_STATUS_COMPLETED {
            Ok(waited)
        } else {
            Err(format!("{seq}: {waited:?}"))
        }
    }

    /// A command buffer with `packets` for external queue `queue`.
    pub fn job(&self, queue: u32, packets: &Packets) -> Result<Job<'_>> {
        let size = packets.bytes().len();
        let handle = self.create_cb(size as u32).map_err(|e| format!("command buffer: {e}"))?;
        let map = self.map_cb(handle, size.next_multiple_of(4096)).map_err(|e| format!("map: {e}"))?;
        map.write(0, packets.bytes());
        Ok(Job { card: self, handle, chunk: chunk(handle, queue, size, 0) })
    }

    /// Runs packets on an external queue until done.
    pub fn run(&self, queue: u32, packets: &Packets) -> Result<Waited> {
        let job = self.job(queue, packets)?;
        let seq = self.submit(&[job.chunk], 0, 0).map_err(|e| format!("submit to queue {queue}: {e}"))?;
        self.finish(seq)
    }

    /// Puts `data` at device address `to` by way of DMA queue 1.
    pub fn put(&self, to: u64, data: &[u8]) -> Result {
        let host =
            self.map_host(Mapping::anonymous(data.len().next_multiple_of(4096)).map_err(|e| e.to_string())?)?;
        host.memory.write(0, data);
        let copy =
            Packets::default().copy(direction::HL_DMA_HOST_TO_SRAM, host.device, to, data.len() as u32);
        self.run(goya_queue_id::GOYA_QUEUE_ID_DMA_1, &copy).map(drop)
    }

    /// Reads `len` bytes at device address `from` by way of DMA queue 2.
    pub fn get(&self, from: u64, len: usize) -> Result<Vec<u8>> {
        let host =
            self.map_host(Mapping::anonymous(len.next_multiple_of(4096)).map_err(|e| e.to_string())?)?;
        let copy = Packets::default().copy(direction::HL_DMA_SRAM_TO_HOST, from, host.device, len as u32);
        self.run(goya_queue_id::GOYA_QUEUE_ID_DMA_2, &copy)?;
        Ok(host.memory.read(0, len))
    }

    /// Runs packets on an internal queue; they are put into SRAM first.
    pub fn run_internal(&self, queue: u32, packets: &Packets) -> Result<Waited> {
        let seq = self.submit_internal(queue, packets, SRAM_COMMANDS, 0, 0)?;
        self.finish(seq)
    }

    /// Puts packets at device address `at` and submits them to an internal queue. A submission needs
    /// an external job too: only those have completions.
    pub fn submit_internal(
        &self,
        queue: u32,
        packets: &Packets,
        at: u64,
        flags: u32,
        timeout: u32,
    ) -> Result<u64> {
        self.put(at, packets.bytes())?;
        let internal = chunk(at, queue, packets.bytes().len(), HL_CS_CHUNK_FLAGS_USER_ALLOC_CB);
        let nop = self.job(goya_queue_id::GOYA_QUEUE_ID_DMA_3, &Packets::default().nop())?;
        let seq = self.submit(&[internal, nop.chunk], flags, timeout);
        seq.map_err(|e| format!("submit to queue {queue}: {e}"))
    }
}

/// What submits chunks of both phases, which must live until it was submitted.
pub fn input(restore: &[hl_cs_chunk], execute: &[hl_cs_chunk], flags: u32, timeout: u32) -> hl_cs_in {
    let mut input = hl_cs_in {
        num_chunks_restore: restore.len() as u32,
        num_chunks_execute: execute.len() as u32,
        cs_flags: flags,
        timeout,
        ..Default::default()
    };
    input.__bindgen_anon_1.__bindgen_anon_1.chunks_restore = restore.as_ptr() as u64;
    input.__bindgen_anon_1.__bindgen_anon_1.chunks_execute = execute.as_ptr() as u64;
    input
}

/// One chunk of a submission.
pub fn chunk(handle: u64, queue: u32, size: usize, flags: u32) -> hl_cs_chunk {
    let mut chunk = hl_cs_chunk { queue_index: queue, cs_chunk_flags: flags, ..Default::default() };
    chunk.__bindgen_anon_1.cb_handle = handle;
    chunk.__bindgen_anon_2.cb_size = size as u32;
    chunk
}

/// A command buffer with its chunk; destroyed when dropped.
pub struct Job<'a> {
    card: &'a Card,
    /// The buffer's handle.
    pub handle: u64,
    /// What to submit.
    pub chunk: hl_cs_chunk,
}

impl Drop for Job<'_> {
    fn drop(&mut self) {
        let _ = self.card.destroy_cb(self.handle);
    }
}
