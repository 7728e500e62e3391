// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! Cores that run a kernel without a card around them.

use std::collections::HashMap;

use goya_chip::tpc::{Core, Progress};
use goya_tpc_isa::RawWord;
use goya_tpc_kernels::Part;

use super::memory::Surroundings;
use super::options::RunOptions;
use super::tensor::Tensor;

/// Where the code is.
const CODE: u64 = 0x10_0000_0000;
/// Where the tables of special functions are.
const TABLES: u64 = 0x18_0000_0000;
/// Where tensor 0 is; each is so far behind the one before.
const TENSORS: u64 = 0x20_0000_0000;
const DISTANCE: u64 = 1 << 32;

/// Registers of a core, by their offset in its configuration block (`tpc0_cfg_regs.h`).
mod offset {
    pub const TENSOR: u32 = 0x400;
    pub const TENSOR_SIZE: u32 = 0x4C;
    pub const KERNEL_BASE: u32 = 0x660;
    pub const TID_BASE: u32 = 0x668;
    pub const SRF: u32 = 0x690;
    pub const CONFIG: u32 = 0x710;
    pub const TABLES: u32 = 0x800;
    pub const INTR_MASK: u32 = 0x85C;

    /// What a core has: the kernel's description, and from ROUND_CSR on what it computes with and its state. The tensors and
    /// the semaphore, which are between them, are the core's own.
    pub fn all() -> impl Iterator<Item = u32> {
        (KERNEL_BASE..=0x714).chain(0x7FC..INTR_MASK).filter(|at| at % 4 == 0)
    }
}

const MAX_TENSORS: usize = 8;
const MAX_SCALARS: usize = 32;
/// Words that a core executes before it is the next one's turn.
const SLICE: u64 = 4096;

/// A core and how far it is.
#[derive(Debug)]
pub struct Running {
    /// The core.
    pub core: Core,
    /// Whether it goes on.
    pub progress: Progress,
    /// More about a fault than the core knows.
    pub fault: Option<String>,
    registers: HashMap<u32, u32>,
}

/// The cores, the program, and the memory that they share.
#[derive(Debug)]
pub struct Machine {
    /// The cores, by their number.
    pub cores: Vec<Running>,
    /// The program.
    pub program: Vec<RawWord>,
    around: Surroundings,
    budget: u64,
}

impl Machine {
    /// Cores that are about to execute the first word of `program`.
    pub fn new(
        options: &RunOptions,
        program: Vec<RawWord>,
        tensors: &[Tensor],
        tables: Option<Vec<u8>>,
    ) -> Result<Self, String> {
        if tensors.len() > MAX_TENSORS {
            return Err(format!("a kernel has {MAX_TENSORS} tensors at most"));
        }
        if options.scalars.len() > MAX_SCALARS {
            return Err(format!("a kernel has {MAX_SCALARS} scalars at most"));
        }
        let code = program.iter().flat_map(|word| word.to_bytes()).collect();
        let mut around = Surroundings { regions: vec![(CODE, code)], ..Surroundings::default() };
        let mut registers: HashMap<_, _> = offset::all().map(|at| (at, 0)).collect();
        registers.extend(pair(offset::KERNEL_BASE, CODE));
        for (i, tensor) in (0..).zip(tensors) {
            let base = TENSORS + DISTANCE * u64::from(i);
            let at = offset::TENSOR + offset::TENSOR_SIZE * i;
            registers.extend(tensor.descriptor(base).into_iter().map(|(offset, value)| (at + offset, value)));
            around.regions.push((base, tensor.bytes.clone()));
        }
        registers.extend((offset::SRF..).step_by(4).zip(options.scalars.iter().map(|scalar| scalar.0)));
        let scalars = (options.scalars.len() as u32) << 8;
        registers.insert(offset::CONFIG, scalars | u32::from(tables.is_some()));
        if let Some(tables) = tables {
            registers.extend(pair(offset::TABLES, TABLES));
            around.regions.push((TABLES, tables));
        }
        let cores =
            (0..options.cores).map(|number| Running::new(options, number, registers.clone())).collect();
        Ok(Self { cores, program, around, budget: options.words })
    }

    /// Runs all cores until each has halted, was stopped, or has executed as many words as it may.
    pub fn run(&mut self) {
        while (0..self.cores.len()).map(|number| self.advance(number, SLICE)).fold(false, |a, b| a | b) {}
    }

    /// Lets a core execute some words. Whether it may execute more.
    pub fn advance(&mut self, number: usize, words: u64) -> bool {
        let Some(running) = self.cores.get_mut(number) else { return false };
        if !running.may_go_on(self.budget) {
            return false;
        }
        std::mem::swap(&mut running.registers, &mut self.around.registers);
        let words = words.min(self.budget - running.core.words);
        running.progress = running.core.run(&mut self.around, words);
        std::mem::swap(&mut running.registers, &mut self.around.registers);
        let fault = self.around.fault.take();
        running.fault = fault.filter(|_| matches!(running.progress, Progress::Stopped(_)));
        running.may_go_on(self.budget)
    }

    /// Takes the tensors' bytes out of memory.
    pub fn collect(&mut self, tensors: &mut [Tensor]) {
        for (tensor, (_, bytes)) in tensors.iter_mut().zip(self.around.regions.iter_mut().skip(1)) {
            tensor.bytes.clone_from(bytes);
        }
    }
}

impl Running {
    fn new(options: &RunOptions, number: u32, mut registers: HashMap<u32, u32>) -> Self {
        let part = Part::of(options.space.or(1), number, options.cores);
        let first = options.offset.or(0);
        for (d, ((first, offset), size)) in (0..).zip(first.into_iter().zip(part.offset).zip(part.size)) {
            let at = offset::TID_BASE + 8 * d;
            registers.extend([(at, first.wrapping_add(offset)), (at + 4, size)]);
        }
        let mut core = Core::new(!options.wait);
        // The driver masks interrupt causes; the program cannot read that.
        let mask = |at| if at == offset::INTR_MASK { u32::MAX } else { 0 };
        core.start(|at| registers.get(&at).copied().unwrap_or_else(|| mask(at)));
        Self { core, progress: Progress::Running, fault: None, registers }
    }

    fn may_go_on(&self, budget: u64) -> bool {
        self.progress == Progress::Running && self.core.words < budget
    }

    /// Whether the kernel has come to its end.
    pub fn is_good(&self) -> bool {
        self.progress == Progress::Halted
    }
}

/// The two registers of an address.
fn pair(at: u32, address: u64) -> [(u32, u32); 2] {
    [(at, address as u32), (at + 4, (address >> 32) as u32)]
}
