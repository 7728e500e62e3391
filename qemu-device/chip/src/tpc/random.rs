// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! The random numbers of the pipes: shift registers with feedback. The polynomial is that of register
//! LFSR_POLYNOM; how the card's bits follow from it is not known.

use super::choices;
use super::vector::Vector;

/// One step of a shift register.
fn step(state: u32, polynom: u32) -> u32 {
    let feedback = if state & 1 != 0 { polynom } else { 0 };
    state >> 1 ^ feedback
}

/// The scalar pipe's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScalarRandom {
    state: u32,
    /// The feedback.
    pub polynom: u32,
}

impl Default for ScalarRandom {
    fn default() -> Self {
        Self { state: choices::LFSR_SEED, polynom: choices::LFSR_POLYNOM }
    }
}

impl ScalarRandom {
    /// The number, which is another the next time.
    pub fn advance(&mut self) -> u32 {
        let value = self.state;
        self.state = (0..32).fold(self.state, |state, _| step(state, self.polynom));
        value
    }

    /// The number.
    #[must_use]
    pub const fn peek(&self) -> u32 {
        self.state
    }

    /// Begins with `seed`.
    pub fn seed(&mut self, seed: u32) {
        self.state = seed;
    }
}

/// The vector pipe's: a shift register for each 32 bits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VectorRandom {
    state: Vector,
    /// The feedback.
    pub polynom: u32,
}

impl Default for VectorRandom {
    fn default() -> Self {
        let lane = |i: usize| choices::LFSR_SEED ^ (i as u32).wrapping_mul(0x9E37_79B9);
        Self { state: Vector::from_fn(lane), polynom: choices::LFSR_POLYNOM }
    }
}

impl VectorRandom {
    /// The numbers, which are others the next time.
    pub fn advance(&mut self) -> Vector {
        let polynom = self.polynom;
        let next = self.state.map(|state: u32| (0..32).fold(state, |state, _| step(state, polynom)));
        std::mem::replace(&mut self.state, next)
    }

    /// The numbers.
    #[must_use]
    pub const fn peek(&self) -> &Vector {
        &self.state
    }

    /// Begins with `seed`.
    pub fn seed(&mut self, seed: &Vector) {
        self.state = *seed;
    }
}
