// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! Submissions: jobs for queues.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use goya_uapi::*;

use crate::error::Call;
use crate::fence::{Fence, Tracked, will_go_on};
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
    timeout: Option<Duration>,
    keep: Vec<Arc<dyn Keep>>,
}

#[derive(Debug)]
struct Job<'a> {
    queue: Queue,
    what: What<'a>,
}

#[derive(Debug)]
enum What<'a> {
    /// Lives until the driver has copied it.
    Buffer(&'a CommandBuffer),
    /// So many bytes of packets there.
    Packets(Place, usize),
}

impl<'a> Submission<'a> {
    /// No jobs.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A command buffer for a DMA queue; submitting one to another is an error.
    #[must_use]
    pub fn job(mut self, queue: Queue, buffer: &'a CommandBuffer) -> Self {
        let job = self.external(queue, buffer);
        self.execute.push(job);
        self
    }

    /// `size` bytes of packets, a multiple of eight, in the card's memory, for the queue of a tensor core or of the matrix
    /// engine. For any other queue, and in host memory, it is an error to submit that.
    ///
    /// A submission ends with its jobs of DMA queues, and lets go of its memory then: see there how others are waited for.
    #[must_use]
    pub fn internal_job(mut self, queue: Queue, packets: impl Into<Place>, size: usize) -> Self {
        let place = packets.into();
        self.keep.extend(place.keep().cloned());
        self.execute.push(Job { queue, what: What::Packets(place, size) });
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
        Job { queue, what: What::Buffer(buffer) }
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

    /// Has the command buffers of [`restore`](Self::restore) executed in any case: once. If there turns out to be no room for
    /// the rest after that, [`Error::NoRoom`] says so, even where one waits for room.
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

    /// How long it may take from when no older one is in flight, in whole seconds, rounded up, and 46 days at most; else half a
    /// minute, or what the driver was loaded with. It is an error to submit something that may take no time.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.flags |= HL_CS_FLAGS_CUSTOM_TIMEOUT;
        self.timeout = Some(timeout);
        self
    }

    /// Has a time-out told, but the card not reset for it.
    #[must_use]
    pub fn go_on_after_timeout(mut self) -> Self {
        self.flags |= HL_CS_FLAGS_SKIP_RESET_ON_TIMEOUT;
        self
    }

    /// Fails unless all is of this node, and jobs are what their queues take.
    fn check(&self, node: &Node) -> Result {
        let ours = |other: *const Node| std::ptr::eq(other, node);
        let mut all = self.restore.iter().chain(&self.execute);
        let buffers =
            all.clone().all(|job| !matches!(job.what, What::Buffer(buffer) if !ours(buffer.node())));
        if !buffers || !self.keep.iter().all(|keep| ours(keep.node())) {
            return Err(Error::Invalid(
                "something that the submission uses is of another device: memory, a command buffer, a sync object, or a monitor"
                    .into(),
            ));
        }
        if self.timeout.is_some_and(|timeout| timeout.is_zero()) {
            return Err(Error::Invalid("a time-out of zero: a submission takes some time".into()));
        }
        all.try_for_each(Job::check)
    }

    /// Submits; if that fails, the second answer is the number of the jobs to restore the state, if these may be running.
    fn submit(&self, node: &Node) -> (io::Result<u64>, Option<u64>) {
        let chunks = |jobs: &[Job<'_>]| jobs.iter().map(Job::chunk).collect::<Vec<_>>();
        let (restore, execute) = (chunks(&self.restore), chunks(&self.execute));
        let mut input = hl_cs_in {
            num_chunks_restore: restore.len() as u32,
            num_chunks_execute: execute.len() as u32,
            cs_flags: self.flags,
            timeout: self.timeout.map_or(0, seconds),
            ..Default::default()
        };
        input.__bindgen_anon_1.__bindgen_anon_1.chunks_restore = restore.as_ptr() as u64;
        input.__bindgen_anon_1.__bindgen_anon_1.chunks_execute = execute.as_ptr() as u64;
        let mut args = hl_cs_args::default();
        args.in_ = input;
        let result = node.ioctl(HL_IOCTL_CS, &mut args);
        // SAFETY: all readings of question and answer are numbers.
        let seq = unsafe { args.out.__bindgen_anon_1.seq };
        let question = restore.as_ptr() as u64;
        match result {
            Ok(()) => (Ok(seq), None),
            Err(e) => (Err(e), Some(seq).filter(|&seq| !restore.is_empty() && is_number(seq, question))),
        }
    }
}

/// Whether what a failed submission has left is a number. Some failures leave the question, which had an address there.
fn is_number(seq: u64, question: u64) -> bool {
    const NONE: u64 = u64::MAX;
    seq != NONE && seq != question
}

/// Whole seconds, as many as the driver can count in milliseconds.
fn seconds(timeout: Duration) -> u32 {
    const MOST: u64 = 4_000_000;
    let seconds = timeout.as_secs().saturating_add(u64::from(timeout.subsec_nanos() > 0));
    seconds.min(MOST) as u32
}

impl Job<'_> {
    /// Fails unless it is what its queue takes.
    fn check(&self) -> Result {
        let queue = self.queue;
        let wrong = |what: String| Err(Error::Invalid(what));
        match &self.what {
            What::Buffer(_) if !queue.is_external() => wrong(format!(
                "queue {queue} takes packets that are in the card's memory, not command buffers"
            )),
            What::Packets(..) if queue.is_external() => {
                wrong(format!("queue {queue} takes command buffers, not packets in the card's memory"))
            }
            What::Packets(place, _) if place.is_host() => wrong(format!(
                "queue {queue} does not fetch packets from host memory: put them into the card's"
            )),
            What::Packets(_, size) if size % 8 != 0 || u32::try_from(*size).is_err() => {
                wrong(format!("{size} bytes of packets: a multiple of 8, less than 4 GiB"))
            }
            What::Packets(place, size) => place.holds(*size as u64),
            What::Buffer(_) => Ok(()),
        }
    }

    fn chunk(&self) -> hl_cs_chunk {
        let (what, size, flags) = match &self.what {
            What::Buffer(buffer) => (buffer.handle(), buffer.len(), 0),
            What::Packets(place, size) => (place.address(), *size, HL_CS_CHUNK_FLAGS_USER_ALLOC_CB),
        };
        let mut chunk =
            hl_cs_chunk { queue_index: self.queue.number(), cs_chunk_flags: flags, ..Default::default() };
        chunk.__bindgen_anon_1.cb_handle = what;
        // It is no more: a command buffer is smaller, and others are checked.
        chunk.__bindgen_anon_2.cb_size = size as u32;
        chunk
    }
}

/// Numbers that may be between the oldest in flight and the newest, so that there is room for two more.
const SPAN: u64 = 62;

/// Submits; waits for room, if it may, as long as there is none.
pub(crate) fn submit(flight: &Arc<Flight>, submission: Submission<'_>, wait: bool) -> Result<Fence> {
    /// How often is looked for room that other ways than the oldest's end can bring.
    const ROUND: Duration = Duration::from_millis(50);
    let node = flight.node();
    submission.check(node)?;
    flight.tidy();
    node.undo_again();
    let failed = |e| Call::Submit.failed(format!("submit {} jobs", submission.execute.len()), e);
    let forced = submission.flags & HL_CS_FLAGS_FORCE_RESTORE != 0 && !submission.restore.is_empty();
    // Who is told that there is no room does not know whether the state was restored before. So room is made first: each
    // attempt would do that again.
    while forced && flight.span() > SPAN {
        if !wait {
            return Err(Error::NoRoom);
        }
        if !flight.wait_for_oldest(ROUND) && !will_go_on(node) {
            break;
        }
    }
    let seq = loop {
        let (result, restoring) = submission.submit(node);
        let error = match result {
            Ok(seq) => break seq,
            Err(error) => error,
        };
        if let Some(seq) = restoring {
            // It runs, or has run: what it uses stays until it has ended.
            flight.launched(Arc::new(Tracked::new(seq, submission.keep.clone())));
            return Err(failed(error));
        }
        match error.raw_os_error() {
            // Another thread's restore phase was interrupted for a signal of ours.
            Some(libc::EINTR) => {}
            Some(libc::EAGAIN) if wait && !forced => {
                // Nothing of ours may be in flight: then it is others' that has to end.
                if !flight.wait_for_oldest(ROUND) {
                    std::thread::sleep(Duration::from_millis(1));
                }
            }
            Some(libc::EAGAIN) => return Err(Error::NoRoom),
            _ => return Err(failed(error)),
        }
    };
    let tracked = Arc::new(Tracked::new(seq, submission.keep));
    flight.launched(tracked.clone());
    Ok(Fence { flight: flight.clone(), tracked })
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Weak;

    use super::*;
    use crate::sync::{Pool, SyncObject};
    use crate::{Commands, DRAM, HOST, SRAM};

    #[test]
    fn timeouts_are_whole_seconds_that_the_driver_can_count() {
        assert_eq!(seconds(Duration::from_millis(1)), 1);
        assert_eq!(seconds(Duration::from_millis(1001)), 2);
        assert_eq!(seconds(Duration::MAX), 4_000_000);
        assert!(seconds(Duration::MAX).checked_mul(1000).is_some());
    }

    #[test]
    fn failures_tell_whether_something_runs() {
        assert!(is_number(1, 0x1000) && is_number(0, 0x1000));
        assert!(!is_number(u64::MAX, 0x1000) && !is_number(0x1000, 0x1000));
    }

    #[test]
    fn jobs_are_for_their_queues() {
        let node = Node::of_file(Path::new("/dev/null"));
        let check = |queue, at: u64, len: u64, size| {
            let place = Place::from(at).at(0, len).unwrap();
            Submission::new().internal_job(queue, place, size).check(&node)
        };
        let error = check(Queue::Dma1, SRAM.start, 64, 64).unwrap_err().to_string();
        assert!(error.starts_with("queue dma1 takes command buffers"), "{error}");
        assert!(
            check(Queue::Tpc0, SRAM.start, 64, 64).is_ok() && check(Queue::Mme, DRAM.start, 8, 8).is_ok()
        );
        assert!(check(Queue::Tpc0, HOST.start, 64, 64).is_err(), "packets in host memory");
        assert!(check(Queue::Tpc0, SRAM.start, 64, 72).is_err(), "more than there is");
        assert!(check(Queue::Tpc0, SRAM.start, 64, 12).is_err(), "half a packet");
        assert!(check(Queue::Tpc0, 0, 1 << 33, 1 << 32).is_err(), "4 GiB");
        assert!(Submission::new().timeout(Duration::ZERO).check(&node).is_err());
        assert!(Submission::new().timeout(Duration::MAX).check(&node).is_ok());
    }

    #[test]
    fn what_is_of_another_device_is_refused() {
        let (ours, other) = (Node::of_file(Path::new("/dev/null")), Node::of_file(Path::new("/dev/null")));
        let uses = |node: Weak<Node>| {
            let mut commands = Commands::new();
            commands.set(&SyncObject::new(&Pool::new(node, 1, &[])).unwrap(), 1);
            Submission::new().keep_all(commands.kept())
        };
        assert!(uses(Arc::downgrade(&ours)).check(&ours).is_ok());
        assert!(uses(Arc::downgrade(&other)).check(&ours).is_err());
    }
}
