// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! Building command buffers.

use std::sync::Arc;

use crate::packet::{CommandDmaFlags, Direction, DmaFlags, Kind, MessageFlags, Packet, text};
use crate::place::{Keep, Place};
use crate::sync::{FenceCounter, Monitor, SyncObject};
use crate::{Error, Result};

/// Packets in a row, and the memory that they use, which lives as long as they do, and until they are executed.
///
/// Methods append a packet, and can be chained. A packet waits for what it usually has to (see
/// [`Kind::usual_barriers`]); [`packet`](Self::packet) appends one with any.
#[derive(Debug, Default, Clone)]
pub struct Commands {
    bytes: Vec<u8>,
    keep: Vec<Arc<dyn Keep>>,
}

impl Commands {
    /// No packets.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The packets of a text, see [`text`].
    ///
    /// # Errors
    /// If the text has some.
    pub fn assemble(text: &str) -> Result<Self> {
        Ok(Self { bytes: text::assemble(text)?, keep: Vec::new() })
    }

    /// The text of the packets.
    #[must_use]
    pub fn disassemble(&self) -> String {
        text::disassemble(&self.bytes)
    }

    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// What has to live until they are executed.
    pub(crate) fn kept(&self) -> &[Arc<dyn Keep>] {
        &self.keep
    }

    /// Has `place` live as long as the packets, although none of them names it by itself.
    pub fn keep(&mut self, place: impl Into<Place>) -> &mut Self {
        self.used(&place.into());
        self
    }

    fn used(&mut self, place: &Place) {
        if let Some(keep) = place.keep() {
            self.hold(keep);
        }
    }

    fn hold(&mut self, keep: &Arc<dyn Keep>) {
        if !self.keep.iter().any(|known| Arc::ptr_eq(known, keep)) {
            self.keep.push(keep.clone());
        }
    }

    /// Any packet.
    pub fn packet(&mut self, packet: impl Into<Packet>) -> &mut Self {
        packet.into().encode(&mut self.bytes);
        self
    }

    /// Any bytes.
    pub fn raw(&mut self, bytes: &[u8]) -> &mut Self {
        self.bytes.extend_from_slice(bytes);
        self
    }

    /// All packets of `others`.
    pub fn append(&mut self, others: &Self) -> &mut Self {
        self.bytes.extend_from_slice(&others.bytes);
        others.keep.iter().for_each(|keep| self.hold(keep));
        self
    }

    /// Does nothing.
    pub fn nop(&mut self) -> &mut Self {
        self.packet(Kind::Nop)
    }

    /// Stops the queue. Only for internal queues.
    pub fn stop(&mut self) -> &mut Self {
        self.packet(Kind::Stop)
    }

    /// Copies `size` bytes.
    ///
    /// # Errors
    /// If one of the places has not so much.
    pub fn copy(&mut self, from: impl Into<Place>, to: impl Into<Place>, size: u32) -> Result<&mut Self> {
        self.copy_with(from, to, size, DmaFlags::default())
    }

    /// The same with other flags.
    ///
    /// # Errors
    /// If one of the places has not so much, or `flags` say that this is no copy.
    pub fn copy_with(
        &mut self,
        from: impl Into<Place>,
        to: impl Into<Place>,
        size: u32,
        flags: DmaFlags,
    ) -> Result<&mut Self> {
        let (from, to) = (from.into(), to.into());
        if flags.contains(DmaFlags::FILL) {
            return Err(Error::Invalid(
                "these flags are a fill's, not a copy's: to fill is a function of its own".into(),
            ));
        }
        let held = |flag| flags.contains(flag);
        from.holds(if held(DmaFlags::HOLD_SOURCE) { 1 } else { size.into() })?;
        to.holds(if held(DmaFlags::HOLD_DESTINATION) { 1 } else { size.into() })?;
        self.used(&from);
        self.used(&to);
        let (source, destination) = (from.address(), to.address());
        let direction = Direction::between(source, destination);
        Ok(self.packet(Kind::LinearDma { source, destination, size, direction, flags, control: 0 }))
    }

    /// Fills `size` bytes with a value of eight.
    ///
    /// # Errors
    /// If the place has not so much.
    pub fn fill(&mut self, to: impl Into<Place>, value: u64, size: u32) -> Result<&mut Self> {
        let to = to.into();
        to.holds(size.into())?;
        self.used(&to);
        let destination = to.address();
        // The driver takes the value of a fill for an address, so this is what it says of the place alone.
        let direction = Direction::between(0, destination);
        let flags = DmaFlags::default() | DmaFlags::FILL;
        Ok(self.packet(Kind::LinearDma { source: value, destination, size, direction, flags, control: 0 }))
    }

    /// Writes a word to any place.
    ///
    /// # Errors
    /// If the place has no room for it.
    pub fn write(&mut self, to: impl Into<Place>, value: u32) -> Result<&mut Self> {
        let to = to.into();
        to.holds(4)?;
        self.used(&to);
        Ok(self.packet(Kind::MessageLong { address: to.address(), value, flags: MessageFlags::empty() }))
    }

    /// Writes a register of the engine. A DMA queue's jobs may write 0x1020 alone.
    pub fn write_register(&mut self, register: u16, value: u32) -> &mut Self {
        self.packet(Kind::WriteRegister { register, value, command_queue: false })
    }

    /// Writes registers of the engine that follow each other, an even number of them. Only for internal queues.
    ///
    /// # Errors
    /// If the number is odd, or more than a packet can have.
    pub fn write_registers(&mut self, register: u16, values: &[u32]) -> Result<&mut Self> {
        if values.len() % 2 != 0 || values.len() > 2 * 0xFFFF {
            return Err(Error::Invalid(format!(
                "{} registers cannot be written by a packet: an even number, 131070 at most",
                values.len()
            )));
        }
        let values = values.chunks_exact(2).map(|two| u64::from(two[1]) << 32 | u64::from(two[0])).collect();
        Ok(self.packet(Kind::WriteRegisters { register, values }))
    }

    /// Has the command queue execute packets that are elsewhere. Only for internal queues.
    ///
    /// # Errors
    /// If the place has not so much.
    pub fn command_dma(&mut self, from: impl Into<Place>, size: u32) -> Result<&mut Self> {
        let from = from.into();
        from.holds(size.into())?;
        self.used(&from);
        Ok(self.packet(Kind::CommandDma { source: from.address(), size, flags: CommandDmaFlags::empty() }))
    }

    /// Waits until a counter of this queue's is at least `gate`, then takes `gate` from it: 15 at most.
    pub fn wait(&mut self, counter: FenceCounter, gate: u8) -> &mut Self {
        self.packet(Kind::Fence { id: counter.id(), gate, decrement: gate.min(15) })
    }

    /// Sets a sync object.
    pub fn set(&mut self, object: &SyncObject, value: u16) -> &mut Self {
        self.object(object, value.into())
    }

    /// Adds to a sync object.
    pub fn add(&mut self, object: &SyncObject, value: u16) -> &mut Self {
        self.object(object, 1 << 31 | u32::from(value))
    }

    fn object(&mut self, object: &SyncObject, value: u32) -> &mut Self {
        self.hold(&object.keep());
        let offset = object.number() * 4;
        self.packet(Kind::MessageShort { base: 1, offset, value, flags: MessageFlags::empty() })
    }

    /// Has `monitor` raise `counter` by one once `object` is at least `value`: once, at once if it is already.
    pub fn monitor(
        &mut self,
        monitor: &Monitor,
        object: &SyncObject,
        value: u16,
        counter: FenceCounter,
    ) -> &mut Self {
        self.monitor_to(monitor, object, Condition::AtLeast(value), counter.address(), 1)
    }

    /// Has `monitor` write `data` to an address of the card's registers once a condition holds for `object`.
    pub fn monitor_to(
        &mut self,
        monitor: &Monitor,
        object: &SyncObject,
        condition: Condition,
        address: u64,
        data: u32,
    ) -> &mut Self {
        self.hold(&object.keep());
        self.hold(&monitor.keep());
        let arm = match condition {
            Condition::AtLeast(value) => u32::from(value) << 16,
            Condition::Equal(value) => u32::from(value) << 16 | 1 << 15,
        } | u32::from(object.number());
        let at = u16::from(monitor.number()) * 4;
        // It is armed last.
        let registers = [(0, address as u32), (0x400, (address >> 32) as u32), (0x800, data), (0xC00, arm)];
        for (register, value) in registers {
            let (offset, flags) = (register + at, MessageFlags::empty());
            self.packet(Kind::MessageShort { base: 0, offset, value, flags });
        }
        self
    }

    /// Arms `monitor` for `object`, and waits for it: goes on once `object` is at least `value`. `counter` has to be one of
    /// the queue that the packets are for.
    pub fn wait_for(
        &mut self,
        monitor: &Monitor,
        object: &SyncObject,
        value: u16,
        counter: FenceCounter,
    ) -> &mut Self {
        self.monitor(monitor, object, value, counter).wait(counter, 1)
    }
}

/// What a monitor waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// The sync object is this, or more.
    AtLeast(u16),
    /// The sync object is exactly this.
    Equal(u16),
}
