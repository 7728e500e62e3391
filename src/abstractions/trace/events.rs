// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The driver's trace points, `events/goya` in tracefs.
//!
//! What of them is where is in `Documentation/ABI/testing/tracepoints-goya`.

use kernel::ffi::c_int;

use super::declare::declare_device_traces;

// SAFETY: `goya_trace.h` has each of these, with these arguments, all of them numbers, and `goya_trace.c` makes them.
declare_device_traces! {
    /// A submission goes to its queues: context, number, jobs on external and on internal queues.
    unsafe fn goya_cs_submit(ctx: u32, seq: u64, external_jobs: u32, internal_jobs: u32);
    /// It has ended: context, number, error number or 0.
    unsafe fn goya_cs_complete(ctx: u32, seq: u64, error: c_int);
    /// A job is the oldest on its queue: context, number of the submission, number of the job, queue.
    unsafe fn goya_job_start(ctx: u32, seq: u64, job: u32, queue: u32);
    /// It has ended: as above.
    unsafe fn goya_job_complete(ctx: u32, seq: u64, job: u32, queue: u32);
    /// Memory was mapped: context, address, where the first page is, bytes, bytes of a page.
    unsafe fn goya_mmu_map(ctx: u32, virt_addr: u64, phys_addr: u64, size: u64, page_size: u32);
    /// It is mapped no more, and the card knows: as above.
    unsafe fn goya_mmu_unmap(ctx: u32, virt_addr: u64, phys_addr: u64, size: u64, page_size: u32);
    /// The card was told to forget translations: error number, or 0 when it has.
    unsafe fn goya_mmu_invalidate(error: c_int);
    /// A reset begins: of all of the card, or of its engines; 0.
    unsafe fn goya_reset_start(hard: bool, error: c_int);
    /// It is over: error number, or 0 if the card works again.
    unsafe fn goya_reset_done(hard: bool, error: c_int);
    /// The card has told of an event: its number.
    unsafe fn goya_event(event_id: u32);
    /// Firmware has answered a message, or not in time: opcode, argument, result, error number or 0, and how long it took.
    unsafe fn goya_fw_message(opcode: u32, argument: u32, result: u64, error: c_int, ns: u64);
}
