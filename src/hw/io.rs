// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! How registers are reached: where one is, and what can be done with it.
//!
//! It is the `kernel` crate's [`kernel::io::Io`] in small, for a card that may be gone, or be an array in a test, and whose
//! blocks of registers are many of a kind. [`register!`](kernel::io::register!) defines the registers, in [`super::regs`].

use core::marker::PhantomData;
use kernel::{
    io::register::{
        Array,
        FixedRegister,
        FixedRegisterLoc,
        RegisterArray,
        RelativeRegister,
        RelativeRegisterArray,
        WithBase, //
    },
    prelude::*,
    time::{
        delay::fsleep,
        Delta, //
    },
};

use crate::abstractions::time::Moment;

/// Where a register is, in bytes from the beginning of the configuration space, as upstream's `mm*` names have it; or
/// from the beginning of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Offset(u32);

impl Offset {
    /// Of a register `bytes` after the beginning.
    pub(crate) const fn new(bytes: u32) -> Self {
        Self(bytes)
    }

    /// Of a register that there is only one of.
    pub(crate) const fn of<R: FixedRegister>() -> Self {
        Self(R::OFFSET as u32)
    }

    /// In bytes.
    pub(crate) const fn bytes(self) -> u32 {
        self.0
    }

    /// Of what is at `offset` in the block that is here: no block is so large that this wraps.
    pub(crate) const fn plus(self, offset: Self) -> Self {
        Self(self.0.wrapping_add(offset.0))
    }

    /// Of number `n` of a kind, each `step` bytes after the one before. The first is here; those of no card are so large
    /// that this wraps.
    pub(crate) const fn nth(self, n: u32, step: u32) -> Self {
        Self(nth(self.0, n, step))
    }
}

/// Where number `n` of a kind is if the first is at `first`, each `step` after the one before: those of no card are so
/// large that this wraps.
pub(crate) const fn nth(first: u32, n: u32, step: u32) -> u32 {
    first.wrapping_add(n.wrapping_mul(step))
}

/// Bits 31:0.
pub(crate) const fn lower_half(value: u64) -> u32 {
    (value & 0xffff_ffff) as u32
}

/// Bits 63:32.
pub(crate) const fn upper_half(value: u64) -> u32 {
    (value >> 32) as u32
}

/// A place that holds an `R`: what a register is read from and written to.
pub(crate) trait Location<R> {
    /// Where it is.
    fn offset(self) -> Offset;
}

impl Location<u32> for Offset {
    #[inline(always)]
    fn offset(self) -> Offset {
        self
    }
}

impl<R: FixedRegister> Location<R> for FixedRegisterLoc<R> {
    #[inline(always)]
    fn offset(self) -> Offset {
        Offset::of::<R>()
    }
}

/// Where a register is that there are several of.
pub(crate) struct At<R>(Offset, PhantomData<R>);

impl<R> At<R> {
    /// Where that is.
    pub(crate) const fn offset(&self) -> Offset {
        self.0
    }
}

impl<R: RegisterArray + Array> At<R> {
    /// Where number `n` of the registers `R` is; those of no card are so large that this wraps.
    pub(crate) const fn nth(n: u32) -> Self {
        let first = Offset(R::OFFSET as u32);
        Self(first.nth(n, R::STRIDE as u32), PhantomData)
    }

    /// Where all of the registers `R` are, in order.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        (0..R::SIZE as u32).map(Self::nth)
    }
}

impl<R> Location<R> for At<R> {
    #[inline(always)]
    fn offset(self) -> Offset {
        self.0
    }
}

/// A block of registers of the family `F`, of which the card has several.
pub(crate) struct Block<F>(Offset, PhantomData<F>);

impl<F> Clone for Block<F> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<F> Copy for Block<F> {}

impl<F> Block<F> {
    /// The block that begins at `offset`.
    pub(crate) const fn new(offset: Offset) -> Self {
        Self(offset, PhantomData)
    }

    /// Where it begins.
    pub(crate) const fn offset(self) -> Offset {
        self.0
    }

    /// Where its register `R` is.
    #[inline(always)]
    pub(crate) fn at<R: RelativeRegister + WithBase<BaseFamily = F>>(self) -> At<R> {
        At(self.0.plus(Offset(R::OFFSET as u32)), PhantomData)
    }

    /// Where all of its registers `R` are, in order.
    #[inline(always)]
    pub(crate) fn all<R: RelativeRegisterArray + WithBase<BaseFamily = F>>(
        self,
    ) -> impl Iterator<Item = At<R>> {
        let first = self.0.plus(Offset(R::OFFSET as u32));
        (0..R::SIZE as u32).map(move |n| At(first.nth(n, R::STRIDE as u32), PhantomData))
    }

    /// Reads its register `R`.
    #[inline(always)]
    pub(crate) fn read<R>(self, io: &impl Io) -> R
    where
        R: RelativeRegister + WithBase<BaseFamily = F> + From<u32>,
    {
        io.read(self.at::<R>())
    }

    /// Writes its register `R`.
    #[inline(always)]
    pub(crate) fn write<R>(self, io: &impl Io, value: R)
    where
        R: RelativeRegister + WithBase<BaseFamily = F> + Into<u32>,
    {
        io.write(self.at::<R>(), value);
    }

    /// Writes a number to two of its registers.
    #[inline(always)]
    pub(crate) fn write_pair<L, H>(self, io: &impl Io, value: u64)
    where
        L: RelativeRegister + WithBase<BaseFamily = F> + From<u32> + Into<u32>,
        H: RelativeRegister + WithBase<BaseFamily = F> + From<u32> + Into<u32>,
    {
        io.write_pair(self.at::<L>(), self.at::<H>(), value);
    }
}

/// Blocks of the family `F` at regular distances.
pub(crate) struct Blocks<F> {
    first: Block<F>,
    count: u32,
    step: u32,
}

impl<F> Blocks<F> {
    /// `count` blocks, the first at `first`, each `step` bytes after the one before.
    pub(crate) const fn new(first: Offset, count: u32, step: u32) -> Self {
        Self {
            first: Block::new(first),
            count,
            step,
        }
    }

    /// Where the first one is, how many there are, and how far apart.
    pub(crate) const fn places(&self) -> (Offset, u32, u32) {
        (self.first.0, self.count, self.step)
    }

    /// The first one.
    pub(crate) const fn first(&self) -> Block<F> {
        self.first
    }

    /// Number `n` of them, if there is one.
    pub(crate) fn get(&self, n: u32) -> Option<Block<F>> {
        (n < self.count).then_some(self.nth(n))
    }

    /// All of them, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Block<F>> + '_ {
        (0..self.count).map(|n| self.nth(n))
    }

    /// Number `n` of them; those of no card are so large that this wraps.
    pub(super) fn nth(&self, n: u32) -> Block<F> {
        Block::new(self.first.0.nth(n, self.step))
    }
}

/// Registers of a card.
///
/// The first two functions are total: a card that is gone reads as all ones and swallows what is written.
pub(crate) trait Io {
    /// Reads what is at `offset`.
    fn read32(&self, offset: Offset) -> u32;

    /// Writes `value` at `offset`.
    fn write32(&self, offset: Offset, value: u32);

    /// Reads a register.
    #[inline(always)]
    fn read<R: From<u32>>(&self, place: impl Location<R>) -> R {
        self.read32(place.offset()).into()
    }

    /// Writes a register.
    #[inline(always)]
    fn write<R: Into<u32>>(&self, place: impl Location<R>, value: R) {
        self.write32(place.offset(), value.into());
    }

    /// Writes a register that there is only one of.
    #[inline(always)]
    fn write_reg<R: FixedRegister + Into<u32>>(&self, value: R) {
        self.write(FixedRegisterLoc::new(), value);
    }

    /// Changes a register: one read, one write.
    #[inline(always)]
    fn update<R: From<u32> + Into<u32>>(
        &self,
        place: impl Location<R>,
        change: impl FnOnce(R) -> R,
    ) {
        let place = place.offset();
        self.write32(place, change(self.read32(place).into()).into());
    }

    /// Writes a number to two registers, bits 31:0 first.
    #[inline(always)]
    fn write_pair<L, H>(&self, low: impl Location<L>, high: impl Location<H>, value: u64)
    where
        L: From<u32> + Into<u32>,
        H: From<u32> + Into<u32>,
    {
        self.write(low, L::from(lower_half(value)));
        self.write(high, H::from(upper_half(value)));
    }
}

/// Pauses of [`poll`] in microseconds: a card that is quick is not waited for longer than needed.
const PAUSES: Pauses = Pauses {
    first: 2,
    longest: 500,
};

/// Microseconds between two looks at a register; each pause is twice the one before.
pub(crate) struct Pauses {
    pub(crate) first: i64,
    pub(crate) longest: i64,
}

/// Reads a register until `done` likes its value, and returns that value. Sleeps between reads.
///
/// # Errors
///
/// `ETIMEDOUT` if that has not happened after `timeout`.
pub(crate) fn poll<R: From<u32> + Copy>(
    io: &impl Io,
    place: impl Location<R>,
    timeout: Delta,
    done: impl Fn(R) -> bool,
) -> Result<R> {
    poll_at(io, place, timeout, PAUSES, done).map_err(|_| ETIMEDOUT)
}

/// As [`poll`], with pauses of the caller's.
///
/// # Errors
///
/// What was read last, if `done` has not liked it after `timeout`.
pub(crate) fn poll_at<R: From<u32> + Copy>(
    io: &impl Io,
    place: impl Location<R>,
    timeout: Delta,
    pauses: Pauses,
    done: impl Fn(R) -> bool,
) -> Result<R, R> {
    let offset = place.offset();
    let start = Moment::now();
    let mut pause = pauses.first;
    loop {
        // The clock before the register: whoever is scheduled away in between must not miss what the card did.
        let late = start.elapsed() > timeout;
        let value = R::from(io.read32(offset));
        if done(value) {
            return Ok(value);
        }
        if late {
            return Err(value);
        }
        fsleep(Delta::from_micros(pause));
        pause = pause.saturating_mul(2).min(pauses.longest);
    }
}
