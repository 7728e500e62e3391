// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! Submissions: jobs for queues.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use goya_uapi::*;

use crate::error::Call;
use crate::fence::{Fence, Tracked};
use crate::flight::Flight;
use crate::node::Node;
use crate::place::{Keep, Place};
use crate::queue::Queue;
use crate::{CommandBuffer, Error, Result};

/// Jobs that are submitted together: all of them or none.
///
/// Queues work side by side. A submission has ended when its jobs of DMA queues have; one at least has to be there. If
/// others are to have ended too, let a job of a DMA queue wait for them
/// ([`Commands::wait_for`](crate::Commands::wait_for)).
#[derive(Debug, Default)]
pub struct Submission<'a> {
    restore: Vec<Job<'a>>,
    execute: Vec<Job<'a>>,
    flags: u32,
    timeout: u32,
    keep: Vec<Arc<dyn Keep>>,
}

#[derive(Debug)]
struct Job<'a> {
    queue: Queue,
    /// A handle of a command buffer, or an address.
    what: u64,
    size: usize,
    /// Lives until the driver has copied it.
    _buffer: Option<&'a CommandBuffer>,
}

impl<'a> Submission<'a> {
    /// No jobs.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A command buffer for a DMA queue.
    #[must_use]
    pub fn job(mut self, queue: Queue, buffer: &'a CommandBuffer) -> Self {
        let job = self.external(queue, buffer);
        self.execute.push(job);
        self
    }

    /// `size` bytes of packets in the card's memory, for the queue of a tensor core or of the matrix engine.
    #[must_use]
    pub fn internal_job(mut self, queue: Queue, packets: impl Into<Place>, size: usize) -> Self {
        let place = packets.into();
        self.keep.extend(place.keep().cloned());
        self.execute.push(Job { queue, what: place.address(), size, _buffer: None });
        self
    }

    /// A command buffer that is executed before all others, if the card's state was lost: in a device's first submission,
    /// and after a reset.
    #[must_use]
    pub fn restore(mut self, queue: Queue, buffer: &'a CommandBuffer) -> Self {
        let job = self.external(queue, buffer);
        self.restore.push(job);
        self
    }

    fn external(&mut self, queue: Queue, buffer: &'a CommandBuffer) -> Job<'a> {
        self.keep.extend(buffer.kept().iter().cloned());
        Job { queue, what: buffer.handle(), size: buffer.len(), _buffer: Some(buffer) }
    }

    /// Has `place` live until the submission has ended, although no packet names it by itself.
    #[must_use]
    pub fn keep(mut self, place: impl Into<Place>) -> Self {
        self.keep.extend(place.into().keep().cloned());
        self
    }

    pub(crate) fn keep_all(mut self, all: &[Arc<dyn Keep>]) -> Self {
        self.keep.extend(all.iter().cloned());
        self
    }

    /// Has the command buffers of [`restore`](Self::restore) executed in any case.
    #[must_use]
    pub fn force_restore(mut self) -> Self {
        self.flags |= HL_CS_FLAGS_FORCE_RESTORE;
        self
    }

    /// Has the time of the end kept, and how it has ended for longer.
    #[must_use]
    pub fn timestamp(mut self) -> Self {
        self.flags |= HL_CS_FLAGS_TIMESTAMP;
        self
    }

    /// How long it may take from when no older one is in flight, in whole seconds; else half a minute, or what the driver
    /// was loaded with.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.flags |= HL_CS_FLAGS_CUSTOM_TIMEOUT;
        let seconds = timeout.as_secs() + u64::from(timeout.subsec_nanos() > 0);
        self.timeout = u32::try_from(seconds).unwrap_or(u32::MAX);
        self
    }

    /// Has a time-out told, but the card not reset for it.
    #[must_use]
    pub fn go_on_after_timeout(mut self) -> Self {
        self.flags |= HL_CS_FLAGS_SKIP_RESET_ON_TIMEOUT;
        self
    }

    fn submit(&self, node: &Node) -> io::Result<u64> {
        let chunks = |jobs: &[Job<'_>]| jobs.iter().map(Job::chunk).collect::<Vec<_>>();
        let (restore, execute) = (chunks(&self.restore), chunks(&self.execute));
        let mut input = hl_cs_in {
            num_chunks_restore: restore.len() as u32,
            num_chunks_execute: execute.len() as u32,
            cs_flags: self.flags,
            timeout: self.timeout,
            ..Default::default()
        };
        input.__bindgen_anon_1.__bindgen_anon_1.chunks_restore = restore.as_ptr() as u64;
        input.__bindgen_anon_1.__bindgen_anon_1.chunks_execute = execute.as_ptr() as u64;
        let mut args = hl_cs_args::default();
        args.in_ = input;
        node.ioctl(HL_IOCTL_CS, &mut args)?;
        // SAFETY: the call has succeeded, so there is an answer; all readings of it are numbers.
        Ok(unsafe { args.out.__bindgen_anon_1.seq })
    }
}

impl Job<'_> {
    fn chunk(&self) -> hl_cs_chunk {
        let flags = if self.queue.is_external() { 0 } else { HL_CS_CHUNK_FLAGS_USER_ALLOC_CB };
        let mut chunk =
            hl_cs_chunk { queue_index: self.queue.number(), cs_chunk_flags: flags, ..Default::default() };
        chunk.__bindgen_anon_1.cb_handle = self.what;
        chunk.__bindgen_anon_2.cb_size = u32::try_from(self.size).unwrap_or(u32::MAX);
        chunk
    }
}

/// Submits; waits for room, if it may, as long as there is none.
pub(crate) fn submit(flight: &Arc<Flight>, submission: Submission<'_>, wait: bool) -> Result<Fence> {
    /// How often is looked for room that other ways than the oldest's end can bring.
    const ROUND: Duration = Duration::from_millis(50);
    flight.tidy();
    let seq = loop {
        match submission.submit(flight.node()).map_err(|e| (e.raw_os_error(), e)) {
            Ok(seq) => break seq,
            // Another thread's restore phase was interrupted.
            Err((Some(libc::EINTR), _)) => {}
            Err((Some(libc::EAGAIN), _)) if wait => {
                // Nothing of ours may be in flight: then it is others' that has to end.
                if !flight.wait_for_oldest(ROUND) {
                    std::thread::sleep(Duration::from_millis(1));
                }
            }
            Err((Some(libc::EAGAIN), _)) => return Err(Error::NoRoom),
            Err((_, e)) => {
                let jobs = submission.execute.len();
                return Err(Call::Submit.failed(format!("submit {jobs} jobs"), e));
            }
        }
    };
    let tracked = Arc::new(Tracked::new(seq, submission.keep));
    flight.launched(tracked.clone());
    Ok(Fence { flight: flight.clone(), tracked })
}
