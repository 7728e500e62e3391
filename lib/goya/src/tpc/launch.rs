// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! Launching kernels.

use goya_tpc_isa::asm;
use goya_tpc_kernels::{Index, Kernel, Part, sizes_text};

use super::descriptor::{Descriptor, Tensor, launch_packets};
use crate::{
    CommandBuffer, Commands, Device, DeviceMemory, Error, Fence, FenceCounter, Monitor, Queue, Result,
    Submission, SyncObject,
};

/// What the jobs wait on that tell the end of a launch, and where.
const WAIT_COUNTER: FenceCounter = FenceCounter::OF_LAUNCHES;
/// Room for the packets of a core.
const ROOM: u64 = 0x1000;

/// A kernel's code in the card's memory.
#[derive(Debug, Clone)]
pub struct Program {
    device: Device,
    code: DeviceMemory,
    kernel: Option<&'static Kernel>,
}

impl Program {
    /// Loads a kernel that comes with the library.
    ///
    /// # Errors
    /// If device memory is short.
    pub fn load(device: &Device, kernel: &'static Kernel) -> Result<Self> {
        let program = Self::assemble(device, kernel.text)?;
        Ok(Self { kernel: Some(kernel), ..program })
    }

    /// Loads a kernel from its text.
    ///
    /// # Errors
    /// If the text has some, or device memory is short.
    pub fn assemble(device: &Device, text: &str) -> Result<Self> {
        let program = asm::assemble(text).map_err(|errors| {
            let all: Vec<_> = errors.iter().map(ToString::to_string).collect();
            Error::Invalid(all.join("; "))
        })?;
        Self::from_bytes(device, &program.to_bytes())
    }

    /// Loads a kernel from its code, as a compiler makes it.
    ///
    /// # Errors
    /// If device memory is short.
    pub fn from_bytes(device: &Device, code: &[u8]) -> Result<Self> {
        let memory = device.device_memory(code.len() as u64)?;
        device.put(&memory, code)?;
        Ok(Self { device: device.clone(), code: memory, kernel: None })
    }

    /// Where its code is.
    #[must_use]
    pub fn address(&self) -> u64 {
        self.code.address()
    }

    /// Gives a kernel that comes with the library its arguments, and splits its work between the first `cores` cores.
    ///
    /// # Errors
    /// If the tensors or scalars are not what the kernel takes; for a program whose index space nobody knows: that is for
    /// [`bind_space`](Self::bind_space).
    pub fn bind(&self, tensors: &[Tensor], scalars: &[u32], cores: u32) -> Result<Launch> {
        let kernel = self.kernel.ok_or_else(|| {
            Error::Invalid("this program is not one of the library's: its index space has to be said".into())
        })?;
        for (tensor, wanted) in tensors.iter().zip(kernel.tensors) {
            if wanted.element.size().is_some_and(|size| size != tensor.element()) {
                return Err(Error::Invalid(format!(
                    "tensor {} of {} has elements of {}, not of {} bytes",
                    wanted.name,
                    kernel.name,
                    wanted.element,
                    tensor.element()
                )));
            }
        }
        let sizes: Vec<_> = tensors.iter().map(Tensor::sizes).collect();
        let space = kernel
            .index_space(&sizes, scalars)
            .ok_or_else(|| Error::Invalid(not_taken(kernel, &sizes, scalars.len())))?;
        self.bind_space(tensors, scalars, space, cores)
    }

    /// The same with an index space.
    ///
    /// # Errors
    /// If there are too many tensors, scalars or cores, or none of these, or a tensor is larger than its place.
    pub fn bind_space(
        &self,
        tensors: &[Tensor],
        scalars: &[u32],
        space: Index,
        cores: u32,
    ) -> Result<Launch> {
        if cores == 0 || cores > super::CORES {
            return Err(Error::Invalid(format!("{cores} cores: there are 1 to {}", super::CORES)));
        }
        if !tensors.iter().all(Tensor::is_in_reach) {
            return Err(Error::Invalid("a tensor is in the card's memory, not in host memory".into()));
        }
        let (object, monitor) = (self.device.sync_object()?, self.device.monitor()?);
        let packets = self.device.device_memory(ROOM * u64::from(cores))?;
        let mut all = vec![0; (ROOM * u64::from(cores)) as usize];
        let (mut uses, mut sizes) = (Commands::new(), Vec::new());
        for (core, room) in (0..cores).zip(all.chunks_exact_mut(ROOM as usize)) {
            let descriptor = Descriptor {
                code: self.address(),
                tensors,
                scalars,
                part: Part::of(space, core, cores),
                message: object.completion_message()?,
            };
            let commands = launch_packets(&descriptor)?;
            let bytes = commands.bytes();
            // A descriptor has one size, and room for it there is.
            room[..bytes.len()].copy_from_slice(bytes);
            sizes.push(bytes.len());
            uses.append(&commands);
        }
        self.device.put(&packets, &all)?;
        uses.keep(&self.code);
        // Who waits leaves the object at zero for the next time.
        let mut wait = Commands::new();
        wait.wait_for(&monitor, &object, cores as u16, WAIT_COUNTER).set(&object, 0);
        let wait = self.device.command_buffer(&wait)?;
        let mut launch = Launch {
            program: self.clone(),
            packets,
            sizes,
            uses,
            object,
            _monitor: monitor,
            wait,
            last: None,
            dirty: true,
        };
        launch.reset()?;
        Ok(launch)
    }
}

/// What a kernel takes, and that these tensors and scalars are something else.
fn not_taken(kernel: &Kernel, sizes: &[Index], scalars: usize) -> String {
    let tensors: Vec<_> = kernel.tensors.iter().map(ToString::to_string).collect();
    let given: Vec<_> = sizes.iter().map(sizes_text).collect();
    let (name, tensors, wanted) = (kernel.name, tensors.join(", "), kernel.scalars.len());
    format!(
        "{name} takes {tensors} and {wanted} scalars, not tensors of {} and {scalars} scalars",
        given.join(", ")
    )
}

/// A kernel with all it needs, to be started any number of times.
#[derive(Debug)]
pub struct Launch {
    program: Program,
    packets: DeviceMemory,
    /// Bytes of packets of each core.
    sizes: Vec<usize>,
    /// What these use.
    uses: Commands,
    object: SyncObject,
    _monitor: Monitor,
    wait: CommandBuffer,
    last: Option<Fence>,
    /// Some cores may have said that they are done, and others not.
    dirty: bool,
}

impl Launch {
    /// Sets the count of cores that are done to zero.
    fn reset(&mut self) -> Result {
        let mut commands = Commands::new();
        commands.set(&self.object, 0);
        self.program.device.run(WAIT_COUNTER.queue(), &commands)?;
        self.dirty = false;
        Ok(())
    }

    /// Starts the kernel. If it is still running from the last time, waits for that end first; two launches of a program run
    /// side by side.
    ///
    /// The fence signals when all cores have said that they are done. A kernel that goes wrong never says so, and the
    /// submission is late then ([`Error::Overdue`]); [`Info::events`](crate::Info::events) counts such failures.
    ///
    /// # Errors
    /// If the last start has not ended well; as [`Device::submit`].
    pub fn start(&mut self) -> Result<Fence> {
        self.start_with(|submission| submission)
    }

    /// The same with what else a submission can have: a time-out, say.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn start_with(
        &mut self,
        options: impl for<'a> FnOnce(Submission<'a>) -> Submission<'a>,
    ) -> Result<Fence> {
        if let Some(last) = &self.last {
            if let Err(error) = last.wait() {
                if !last.has_ended() {
                    return Err(error);
                }
                self.dirty = true;
            }
            self.last = None;
        }
        if self.dirty {
            self.reset()?;
        }
        let mut submission = Submission::new().keep_all(self.uses.kept());
        for ((core, &size), queue) in self.sizes.iter().enumerate().zip(Queue::TPC) {
            submission = submission.internal_job(queue, self.packets.at(core as u64 * ROOM, ROOM)?, size);
        }
        let fence = self.program.device.submit(options(submission.job(WAIT_COUNTER.queue(), &self.wait)))?;
        self.last = Some(fence.clone());
        Ok(fence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_kernel_takes_is_told_in_words() {
        let kernel = goya_tpc_kernels::find("row_sum_f32").unwrap();
        let text = not_taken(kernel, &[[64, 2, 1, 1, 1], [1; 5]], 1);
        assert!(text.starts_with("row_sum_f32 takes a[") && text.contains("->"), "{text}");
        assert!(text.ends_with("and 0 scalars, not tensors of 64x2, 1 and 1 scalars"), "{text}");
    }
}
