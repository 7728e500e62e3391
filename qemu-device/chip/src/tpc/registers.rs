// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! The register files of a core.

use goya_tpc_isa::{File, Operand, Register};

use super::random::{ScalarRandom, VectorRandom};
use super::vector::{Mask, Vector};
use super::vectors::VectorFile;

/// The five integers of an index register.
pub type Index = [i32; 5];

/// An address register: where `gen_addr` pointed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Address {
    /// A virtual address of the device.
    pub address: u64,
    /// Bytes of the tensor's elements.
    pub element: u8,
}

/// The registers that a program sees.
#[derive(Debug, Clone)]
pub struct Registers {
    /// V0 to V39.
    pub v: VectorFile,
    /// S0 to S35; the last four are the loop counters.
    pub s: [u32; 36],
    /// I0 to I31.
    pub i: [Index; 32],
    /// AD0 to AD7.
    pub ad: [Address; 8],
    /// SP0 to SP15, a bit each; the first reads true.
    pub sp: u16,
    /// VP0 to VP15; the first reads all true.
    pub vp: [Mask; 16],
    /// Random numbers of the vector pipe.
    pub lfsr: VectorRandom,
    /// Random numbers of the scalar pipe.
    pub s_lfsr: ScalarRandom,
}

/// Vector predicates of which only the first is true.
const FALSE: [Mask; 16] = {
    let mut vp = [Mask([0; 4]); 16];
    vp[0] = Mask::ALL;
    vp
};

impl Default for Registers {
    fn default() -> Self {
        Self {
            v: VectorFile::default(),
            s: [0; 36],
            i: [[0; 5]; 32],
            ad: [Address::default(); 8],
            sp: 1,
            vp: FALSE,
            lfsr: VectorRandom::default(),
            s_lfsr: ScalarRandom::default(),
        }
    }
}

/// A register's index into its file of `N`; the decoder lets no number pass that is not.
#[inline]
fn index<const N: usize>(number: u8) -> usize {
    usize::from(number).min(N - 1)
}

impl Registers {
    /// Makes all as they are at first.
    pub fn clear(&mut self) {
        let Self { v, s, i, ad, sp, vp, lfsr, s_lfsr } = self;
        v.iter_mut().for_each(|v| *v = Vector::default());
        (*s, *i, *ad) = ([0; 36], [[0; 5]; 32], [Address::default(); 8]);
        (*sp, *vp) = (1, FALSE);
        (*lfsr, *s_lfsr) = Default::default();
    }

    /// V `number`.
    #[inline]
    #[must_use]
    pub fn v(&self, number: u8) -> &Vector {
        &self.v[index::<40>(number)]
    }

    /// S `number`.
    #[inline]
    #[must_use]
    pub fn s(&self, number: u8) -> u32 {
        self.s[index::<36>(number)]
    }

    /// Writes S `number`.
    #[inline]
    pub fn set_s(&mut self, number: u8, value: u32) {
        self.s[index::<36>(number)] = value;
    }

    /// I `number`.
    #[inline]
    #[must_use]
    pub fn i(&self, number: u8) -> Index {
        self.i[index::<32>(number)]
    }

    /// I `number`, to write.
    #[inline]
    pub fn i_mut(&mut self, number: u8) -> &mut Index {
        &mut self.i[index::<32>(number)]
    }

    /// AD `number`.
    #[inline]
    #[must_use]
    pub fn ad(&self, number: u8) -> Address {
        self.ad[index::<8>(number)]
    }

    /// Writes AD `number`.
    #[inline]
    pub fn set_ad(&mut self, number: u8, value: Address) {
        self.ad[index::<8>(number)] = value;
    }

    /// SP `number`.
    #[inline]
    #[must_use]
    pub fn sp(&self, number: u8) -> bool {
        self.sp >> (number & 15) & 1 != 0
    }

    /// Writes SP `number`; the first stays true.
    #[inline]
    pub fn set_sp(&mut self, number: u8, value: bool) {
        let bit = 1 << (number & 15);
        self.sp = if value { self.sp | bit } else { self.sp & !bit } | 1;
    }

    /// VP `number`.
    #[inline]
    #[must_use]
    pub fn vp(&self, number: u8) -> &Mask {
        &self.vp[index::<16>(number)]
    }

    /// VP `number`, to write; `None` for the first, which stays true.
    #[inline]
    pub fn vp_mut(&mut self, number: u8) -> Option<&mut Mask> {
        self.vp.get_mut(usize::from(number)).filter(|_| number != 0)
    }

    /// The value of a scalar operand.
    #[inline]
    pub fn scalar(&mut self, operand: Operand) -> u32 {
        match operand {
            Operand::Immediate(value) => value,
            Operand::Register(Register { file: File::SLfsr, .. }) => self.s_lfsr.advance(),
            Operand::Register(Register { file: File::SLfsrNoChange, .. }) => self.s_lfsr.peek(),
            Operand::Register(Register { file: File::Sp, number }) => u32::from(self.sp(number)),
            Operand::Register(Register { number, .. }) => self.s(number),
            Operand::Number(_) | Operand::Mask(_) => 0,
        }
    }

    /// The value of an index operand; a scalar is meant for every dimension.
    pub fn index(&mut self, operand: Operand) -> Index {
        match operand {
            Operand::Register(Register { file: File::I, number }) => self.i(number),
            other => [self.scalar(other) as i32; 5],
        }
    }
}
