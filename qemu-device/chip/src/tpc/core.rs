// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! A core: registers, memories and descriptors, and the execution of words.

use goya_tpc_isa::{RawWord, Slot};

use super::attention;
use super::cause::Cause;
use super::choices;
use super::code::Code;
use super::control::Control;
use super::effect::{Change, Condition, Effect};
use super::float::Rounding;
use super::local::{Local, SMALL_VLM_SIZE, VLM_SIZE};
use super::memory::Memory;
use super::op::{Op, Step};
use super::pipeline::Pipeline;
use super::registers::Registers;
use super::stop::{End, Stop};
use super::tensor::{DESCRIPTOR_SIZE, TENSORS, Tensor};
use super::vector::Vector;
use super::vectors::Place;
use super::{load, spu, store, vpu};

/// Offsets in a core's configuration block (`tpc0_cfg_regs.h`).
mod offset {
    pub const TENSORS: u32 = 0x400;
    pub const KERNEL_BASE: u32 = 0x660;
    pub const TID_BASE: u32 = 0x668;
    pub const SRF: u32 = 0x690;
    pub const CONFIG: u32 = 0x710;
    pub const ROUND_CSR: u32 = 0x7FC;
    pub const TABLES: u32 = 0x800;
    pub const TABLES_HIGH: u32 = 0x804;
    pub const SEMAPHORE: u32 = 0x808;
    pub const LFSR_POLYNOM: u32 = 0x818;
    pub const COMMAND: u32 = 0x830;
    pub const MSS_CONFIG: u32 = 0x854;
    pub const INTR_MASK: u32 = 0x85C;
}

const DESCRIPTOR_WORDS: usize = TENSORS * DESCRIPTOR_SIZE as usize / 4;

/// What a kernel works on beside its registers.
#[derive(Debug)]
pub struct Surroundings {
    /// Local memories.
    pub local: Local,
    /// The descriptors, decoded.
    pub tensors: [Tensor; TENSORS],
    /// Their registers.
    descriptors: [u32; DESCRIPTOR_WORDS],
    /// What `aso` counts.
    pub semaphore: u32,
    /// Virtual address of the tables of special functions.
    pub tables: u64,
    /// How what says no rounding of its own rounds.
    pub round: Rounding,
    /// Whether the kernel has dropped its own code.
    code_dropped: bool,
}

/// Whether byte `offset` of the configuration block belongs to a descriptor.
pub fn is_descriptor(offset: u32) -> bool {
    (offset::TENSORS..offset::KERNEL_BASE).contains(&offset)
}

impl Surroundings {
    fn new() -> Self {
        Self {
            local: Local::default(),
            tensors: [Tensor::from_registers(|_| 0); TENSORS],
            descriptors: [0; DESCRIPTOR_WORDS],
            semaphore: 0,
            tables: 0,
            round: Rounding::NearestEven,
            code_dropped: false,
        }
    }

    /// Tensor `number`.
    #[must_use]
    pub fn tensor(&self, number: u8) -> &Tensor {
        &self.tensors[usize::from(number) % TENSORS]
    }

    /// A register that the core itself has; `None` if it has no such.
    #[must_use]
    pub fn register(&self, at: u32) -> Option<u32> {
        if at == offset::SEMAPHORE {
            return Some(self.semaphore);
        }
        let at = at.checked_sub(offset::TENSORS)?;
        self.descriptors.get(at as usize / 4).copied()
    }

    /// Writes a register that the core itself has; whether it has it.
    pub fn set_register(&mut self, at: u32, value: u32) -> bool {
        if at == offset::SEMAPHORE {
            self.semaphore = value;
            return true;
        }
        let word = at.checked_sub(offset::TENSORS).map(|at| at as usize / 4);
        let Some(register) = word.and_then(|word| self.descriptors.get_mut(word)) else { return false };
        *register = value;
        self.decode((at - offset::TENSORS) / DESCRIPTOR_SIZE);
        true
    }

    /// Sees that the kernel has written a register that is elsewhere, but that the core obeys.
    pub fn register_written(&mut self, at: u32, value: u32, registers: &mut Registers) {
        match at {
            offset::COMMAND => self.code_dropped |= value & 1 != 0,
            offset::ROUND_CSR => self.set_round(value),
            offset::TABLES => self.tables = self.tables >> 32 << 32 | u64::from(value),
            offset::TABLES_HIGH => self.tables = u64::from(value) << 32 | self.tables & 0xFFFF_FFFF,
            offset::LFSR_POLYNOM => set_polynom(value, registers),
            _ => {}
        }
    }

    fn set_round(&mut self, value: u32) {
        let reset = || Rounding::from_code(choices::ROUND_CSR_RESET).unwrap_or(Rounding::NearestEven);
        self.round = Rounding::from_code(value & 7).unwrap_or_else(reset);
    }

    /// Decodes the descriptor of tensor `number`.
    fn decode(&mut self, number: u32) {
        let first = number * DESCRIPTOR_SIZE / 4;
        let register = |at: u32| self.descriptors.get((first + at / 4) as usize).copied().unwrap_or(0);
        let tensor = Tensor::from_registers(register);
        self.tensors[number as usize % TENSORS] = tensor;
    }
}

fn set_polynom(value: u32, registers: &mut Registers) {
    let polynom = if value == 0 { choices::LFSR_POLYNOM } else { value };
    registers.lfsr.polynom = polynom;
    registers.s_lfsr.polynom = polynom;
}

/// Whether a kernel goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// Its words were not all executed.
    Running,
    /// It has halted, and all it wrote is written.
    Halted,
    /// It was stopped.
    Stopped(Box<Stop>),
}

/// A tensor processing core.
#[derive(Debug)]
pub struct Core {
    code: Code,
    /// The registers that the program sees.
    pub registers: Registers,
    /// Local memories and descriptors.
    pub around: Surroundings,
    control: Control,
    exposed: bool,
    pipeline: Pipeline,
    scratch: Scratch,
    /// Interrupt causes, but for those that stop a kernel, until somebody takes them.
    pub causes: u32,
    /// Those of arithmetic that are looked for.
    watched: u32,
    /// Words executed since the start.
    pub words: u64,
    /// What they did beside that.
    pub profile: Profile,
}

/// What a kernel has done since its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Profile {
    /// Loads from memory, by tensors or addresses.
    pub loads: u64,
    /// Stores to it.
    pub stores: u64,
    /// Words for which results were not there yet that were read: for so many a pipeline would have stood still that waits, by the
    /// tables of latencies. Of a core whose results are seen by the next word, none.
    pub stalls: u64,
}

/// Room for what is between reading and writing.
#[derive(Debug, Default)]
struct Scratch {
    /// Of each instruction of a word.
    changes: [Change; 4],
    sources: [Vector; 4],
    /// Vectors that are made, and change places with those of registers.
    vpu: [Place; 4],
    load: [Place; 4],
}

impl Default for Core {
    fn default() -> Self {
        Self::new(true)
    }
}

impl Core {
    /// A core. If its pipeline is `exposed`, a result is seen when the tables of latencies say so; otherwise by
    /// the next word, as if the hardware waited. A kernel can also be told to wait by its configuration (bit
    /// EXPOSED_PIPE_DIS of MSS_CONFIG).
    #[must_use]
    pub fn new(exposed: bool) -> Self {
        Self {
            code: Code::default(),
            registers: Registers::default(),
            around: Surroundings::new(),
            control: Control::default(),
            exposed,
            pipeline: Pipeline::new(exposed),
            scratch: Scratch::default(),
            causes: 0,
            watched: 0,
            words: 0,
            profile: Profile::default(),
        }
    }

    /// Starts the kernel that the registers of the configuration block, by their offset in it, describe. Local
    /// memories and the semaphore stay as they are.
    pub fn start(&mut self, register: impl Fn(u32) -> u32) {
        let pair = |at: u32| u64::from(register(at)) | u64::from(register(at + 4)) << 32;
        self.code.begin(pair(offset::KERNEL_BASE));
        self.registers.clear();
        for (i, scalar) in (0..).zip(self.registers.s.iter_mut().take(32)) {
            *scalar = register(offset::SRF + 4 * i);
        }
        for d in 0..5 {
            self.registers.i[0][d as usize] = register(offset::TID_BASE + 8 * d) as i32;
            self.registers.i[1][d as usize] = register(offset::TID_BASE + 8 * d + 4) as i32;
        }
        set_polynom(register(offset::LFSR_POLYNOM), &mut self.registers);
        for (at, word) in (offset::TENSORS..).step_by(4).zip(&mut self.around.descriptors) {
            *word = register(at);
        }
        (0..TENSORS as u32).for_each(|tensor| self.around.decode(tensor));
        let small = register(offset::CONFIG) & 1 != 0;
        self.around.local.vlm_size = if small { SMALL_VLM_SIZE } else { VLM_SIZE };
        self.around.set_round(register(offset::ROUND_CSR));
        self.control = Control::default();
        let waits = register(offset::MSS_CONFIG) >> 10 & 1 != 0;
        self.pipeline.restart(self.exposed && !waits);
        self.around.tables = pair(offset::TABLES);
        self.causes = 0;
        let masked = if choices::MASKED_CAUSES_ARE_RECORDED { 0 } else { register(offset::INTR_MASK) };
        self.watched = Cause::ARITHMETIC & !masked;
        self.words = 0;
        self.profile = Profile::default();
    }

    /// The word that is executed next, counted from the kernel's first; of a core that was stopped, the last.
    #[must_use]
    pub const fn word(&self) -> u32 {
        self.control.word()
    }

    /// The bits of word `word`, if it is near the one that is executed.
    #[must_use]
    pub fn bits_of(&self, word: u32) -> Option<RawWord> {
        self.code.bits(word)
    }

    /// Takes code from memory again, as bit 0 of TPC_CMD wants. Starting a kernel does so too.
    pub fn invalidate_code(&mut self) {
        self.code.invalidate();
    }

    /// Executes at most `budget` words.
    pub fn run(&mut self, memory: &mut impl Memory, budget: u64) -> Progress {
        let end = self.words.saturating_add(budget);
        let mut parts = Parts {
            registers: &mut self.registers,
            around: &mut self.around,
            control: &mut self.control,
            pipeline: &mut self.pipeline,
            scratch: &mut self.scratch,
            causes: &mut self.causes,
            watched: self.watched,
            profile: &mut self.profile,
        };
        while self.words < end {
            let Some(cached) = self.code.fetch(parts.control.word(), memory) else {
                return parts.stopped(Cause::HbwRead.into());
            };
            let executed = if cached.idle > 0 {
                self.words += parts.idle(u64::from(cached.idle).min(end - self.words));
                parts.control.advance(parts.registers).map_err(End::Stop)
            } else {
                let word = parts.control.word();
                self.words += 1;
                let executed = parts.step(&cached.step, memory);
                let behind = cached.idle_behind;
                if std::mem::take(&mut parts.around.code_dropped) {
                    self.code.invalidate();
                } else if behind > 0 && u64::from(behind) <= end - self.words && parts.skip(word, behind) {
                    self.words += u64::from(behind);
                }
                executed
            };
            match executed {
                Ok(()) => {}
                Err(End::Halt) => return Progress::Halted,
                Err(End::Stop(stop)) => return parts.stopped(stop),
            }
        }
        Progress::Running
    }
}

/// Where the instructions of a word lead.
#[derive(Default)]
struct Flow {
    /// A jump: whether it is relative, and how far it is.
    jump: Option<(bool, u32)>,
    halts: bool,
    stall: u8,
}

/// What the instructions of a word work on.
struct Parts<'a> {
    registers: &'a mut Registers,
    around: &'a mut Surroundings,
    control: &'a mut Control,
    pipeline: &'a mut Pipeline,
    scratch: &'a mut Scratch,
    causes: &'a mut u32,
    watched: u32,
    profile: &'a mut Profile,
}

impl Parts<'_> {
    /// That the word that is executed stopped the kernel.
    #[cold]
    fn stopped(&self, mut stop: Box<Stop>) -> Progress {
        stop.word = self.control.word();
        Progress::Stopped(stop)
    }

    /// Passes over words that do nothing, `words` at most: how many they were.
    #[inline]
    fn idle(&mut self, words: u64) -> u64 {
        let words = self.control.idle(words);
        self.pipeline.pass(words);
        words
    }

    /// Passes over the words behind `word` that do nothing, so many, if they are what follows.
    #[inline]
    fn skip(&mut self, word: u32, words: u32) -> bool {
        let skipped = self.control.skip(word.saturating_add(1), words);
        if skipped {
            self.pipeline.pass(words.into());
        }
        skipped
    }

    /// Executes a word.
    fn step(&mut self, step: &Step, memory: &mut impl Memory) -> Result<(), End> {
        self.pipeline.pass(1);
        match step {
            Step::Ops(ops) => self.execute(ops, memory),
            Step::Loop(l, reads) => {
                let stall = self.pipeline.patch(reads, self.registers);
                self.profile.stalls += u64::from(stall);
                let entered = self.control.begin_loop(l, self.registers);
                self.pipeline.unpatch_scalars(self.registers);
                Ok(entered?)
            }
            Step::Illegal(reason) => Err(Stop::because(Cause::IllegalInstruction, reason.as_str()).into()),
            Step::Unreadable => Err(Stop::because(Cause::HbwRead, "code").into()),
        }
    }

    /// Executes the instructions of a word: all read their operands before any changes a register.
    fn execute(&mut self, ops: &[Op], memory: &mut impl Memory) -> Result<(), End> {
        let mut flow = Flow::default();
        for (i, op) in ops.iter().enumerate().take(4) {
            self.read(i, op, memory, &mut flow)?;
        }
        for (i, op) in ops.iter().enumerate().take(4) {
            self.apply(i, op);
        }
        // The slots of a word wait together.
        self.profile.stalls += u64::from(flow.stall);
        match flow.jump {
            _ if flow.halts => Err(End::Halt),
            Some((relative, distance)) => Ok(self.control.jump(relative, distance)?),
            None => Ok(self.control.advance(self.registers)?),
        }
    }

    /// Executes instruction `i` of a word but for what it changes of registers, which are as it sees them meanwhile.
    #[inline]
    fn read(
        &mut self,
        i: usize,
        op: &Op,
        memory: &mut impl Memory,
        flow: &mut Flow,
    ) -> Result<(), Box<Stop>> {
        flow.stall = flow.stall.max(self.pipeline.patch(&op.reads, self.registers));
        let drawn = self.registers.s_lfsr;
        let change = &mut self.scratch.changes[i];
        change.effect = Effect::Nothing;
        change.condition.set(op, self.registers);
        let never = change.condition == Condition::Never;
        let executed = if never { Ok(()) } else { self.instruction(i, op, memory, flow) };
        if self.watched != 0 && !never {
            let condition = &self.scratch.changes[i].condition;
            let causes = attention::of(op, self.registers, &self.scratch.sources, drawn, condition);
            *self.causes |= causes & self.watched;
        }
        self.pipeline.unpatch(self.registers);
        executed
    }

    /// Changes registers as instruction `i` does.
    #[inline]
    fn apply(&mut self, i: usize, op: &Op) {
        let change = &self.scratch.changes[i];
        if matches!(change.effect, Effect::Nothing) {
            return;
        }
        let results = if op.slot == Slot::Load { &mut self.scratch.load } else { &mut self.scratch.vpu };
        self.pipeline.record(&op.writes, self.registers);
        change.apply(results, self.registers);
        if let Effect::V(vectors) = &change.effect {
            let replaced = results.get_mut(..usize::from(vectors.count)).unwrap_or_default();
            self.pipeline.record_vectors(&op.writes, vectors.first, replaced, self.registers);
        }
    }

    fn instruction(
        &mut self,
        i: usize,
        op: &Op,
        memory: &mut impl Memory,
        flow: &mut Flow,
    ) -> Result<(), Box<Stop>> {
        match (op.slot, op.opcode) {
            (Slot::Spu, 32) => {
                flow.halts = true;
                return Ok(());
            }
            (Slot::Vpu, 32) => {
                flow.halts |= choices::VPU_HALT_ENDS;
                return Ok(());
            }
            (Slot::Spu, 36 | 37) => {
                flow.jump = Some((op.opcode == 36, self.registers.scalar(op.a)));
                return Ok(());
            }
            (Slot::Load, 12 | 17..=19) => self.profile.loads += 1,
            (Slot::Store, 6 | 11..=13) => self.profile.stores += 1,
            _ => {}
        }
        let Scratch { changes, sources, vpu, load } = &mut *self.scratch;
        let change = &mut changes[i];
        match op.slot {
            Slot::Load => load::execute(op, self.registers, self.around, memory, load, change)?,
            Slot::Spu => spu::execute(op, self.registers, self.around.round, self.causes, change),
            Slot::Vpu => vpu::execute(op, self.registers, sources, vpu, self.around.round, change)?,
            Slot::Store => store::execute(op, self.registers, self.around, memory, change)?,
        }
        Ok(())
    }
}
