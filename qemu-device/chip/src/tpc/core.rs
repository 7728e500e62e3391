// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! A core: registers, memories and descriptors, and the execution of words.

use goya_tpc_isa::{File, RawWord, Slot};

use super::attention;
use super::cause::Cause;
use super::choices;
use super::code::{Cached, Code};
use super::control::{Control, Next};
use super::effect::{Condition, Effect};
use super::float::Rounding;
use super::local::{Local, SMALL_VLM_SIZE, VLM_SIZE};
use super::memory::Memory;
use super::op::{Op, Step};
use super::pipeline::Pipeline;
use super::random::ScalarRandom;
use super::registers::Registers;
use super::stop::Stop;
use super::tensor::{DESCRIPTOR_SIZE, TENSORS, Tensor};
use super::vector::Vector;
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
    pub const SEMAPHORE: u32 = 0x808;
    pub const LFSR_POLYNOM: u32 = 0x818;
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
        if at & !3 == offset::SEMAPHORE {
            return Some(self.semaphore);
        }
        let at = at.checked_sub(offset::TENSORS)?;
        self.descriptors.get(at as usize / 4).copied()
    }

    /// Writes a register that the core itself has; whether it has it.
    pub fn set_register(&mut self, at: u32, value: u32) -> bool {
        if at & !3 == offset::SEMAPHORE {
            self.semaphore = value;
            return true;
        }
        let word = at.checked_sub(offset::TENSORS).map(|at| at as usize / 4);
        let Some(register) = word.and_then(|word| self.descriptors.get_mut(word)) else { return false };
        *register = value;
        self.decode((at - offset::TENSORS) / DESCRIPTOR_SIZE);
        true
    }

    /// Decodes the descriptor of tensor `number`.
    fn decode(&mut self, number: u32) {
        let first = number * DESCRIPTOR_SIZE / 4;
        let register = |at: u32| self.descriptors.get((first + at / 4) as usize).copied().unwrap_or(0);
        let tensor = Tensor::from_registers(register);
        self.tensors[number as usize % TENSORS] = tensor;
    }
}

/// Whether a kernel goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// Its words were not all executed.
    Running,
    /// It has halted, and all it wrote is written.
    Halted,
    /// It was stopped.
    Stopped(Stop),
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
    round: Rounding,
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
#[derive(Debug)]
struct Scratch {
    effects: [(Effect, Condition); 4],
    sources: [Vector; 4],
    vpu: [Vector; 4],
    load: [Vector; 4],
}

impl Default for Scratch {
    fn default() -> Self {
        Self {
            effects: [(Effect::Nothing, Condition::Never); 4],
            sources: Default::default(),
            vpu: Default::default(),
            load: Default::default(),
        }
    }
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
            round: Rounding::NearestEven,
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
        self.registers = Registers::default();
        for (i, scalar) in (0..).zip(self.registers.s.iter_mut().take(32)) {
            *scalar = register(offset::SRF + 4 * i);
        }
        for d in 0..5 {
            self.registers.i[0][d as usize] = register(offset::TID_BASE + 8 * d) as i32;
            self.registers.i[1][d as usize] = register(offset::TID_BASE + 8 * d + 4) as i32;
        }
        let polynom =
            Some(register(offset::LFSR_POLYNOM)).filter(|&p| p != 0).unwrap_or(choices::LFSR_POLYNOM);
        self.registers.lfsr.polynom = polynom;
        self.registers.s_lfsr.polynom = polynom;
        for (at, word) in (offset::TENSORS..).step_by(4).zip(&mut self.around.descriptors) {
            *word = register(at);
        }
        (0..TENSORS as u32).for_each(|tensor| self.around.decode(tensor));
        let small = register(offset::CONFIG) & 1 != 0;
        self.around.local.vlm_size = if small { SMALL_VLM_SIZE } else { VLM_SIZE };
        let code = register(offset::ROUND_CSR) & 7;
        let reset = || Rounding::from_code(choices::ROUND_CSR_RESET).unwrap_or(Rounding::NearestEven);
        self.round = Rounding::from_code(code).unwrap_or_else(reset);
        self.control = Control::default();
        let waits = register(offset::MSS_CONFIG) >> 10 & 1 != 0;
        self.pipeline = Pipeline::new(self.exposed && !waits);
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
        while self.words < end {
            match self.step(memory, end - self.words) {
                Ok(Next::Word) => {}
                Ok(Next::Halt) => return Progress::Halted,
                Err(stop) => return Progress::Stopped(Stop { word: self.control.word(), ..stop }),
            }
        }
        Progress::Running
    }

    /// Executes a word, or several that do nothing, but not more than `budget`.
    fn step(&mut self, memory: &mut impl Memory, budget: u64) -> Result<Next, Stop> {
        let cached = self.code.fetch(self.control.word(), memory);
        let Some(Cached { step, idle }) = cached else { return Err(Cause::HbwRead.into()) };
        if *idle > 0 {
            let words = self.control.idle(u64::from(*idle).min(budget));
            self.words += words;
            self.pipeline.pass(words);
            return self.control.advance(&mut self.registers);
        }
        self.words += 1;
        self.pipeline.pass(1);
        match step {
            Step::Ops(ops) => {
                let mut parts = Parts {
                    registers: &mut self.registers,
                    around: &mut self.around,
                    pipeline: &mut self.pipeline,
                    scratch: &mut self.scratch,
                    round: self.round,
                    causes: &mut self.causes,
                    watched: self.watched,
                    profile: &mut self.profile,
                };
                parts.execute(ops, &mut self.control, memory)
            }
            Step::Loop(l) => {
                let stall = self.pipeline.patch_loop(l, &mut self.registers);
                self.profile.stalls += u64::from(stall);
                let entered = self.control.begin_loop(l, &mut self.registers);
                self.pipeline.unpatch_scalars(&mut self.registers);
                entered
            }
            Step::Illegal(reason) => Err(Stop::because(Cause::IllegalInstruction, reason.as_str())),
            Step::Unreadable => Err(Stop::because(Cause::HbwRead, "code")),
        }
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
    pipeline: &'a mut Pipeline,
    scratch: &'a mut Scratch,
    round: Rounding,
    causes: &'a mut u32,
    watched: u32,
    profile: &'a mut Profile,
}

impl Parts<'_> {
    /// Executes the instructions of a word: all read their operands before any changes a register.
    fn execute(&mut self, ops: &[Op], control: &mut Control, memory: &mut impl Memory) -> Result<Next, Stop> {
        let mut flow = Flow::default();
        if let [op] = ops {
            // What one alone changes is not moved about before it is changed. Nor is the effect: its parts have just been written
            // one by one, and to read it as a whole stalls a processor until all of them are in its cache.
            let (mut condition, drawn) = self.begin(op, &mut flow);
            let effect = self.instruction(op, memory, &mut flow, condition == Condition::Never);
            self.end(op, drawn, &mut condition);
            match &effect {
                Ok(effect) => self.apply(op, effect, &condition),
                Err(_) => return effect.map(|_| Next::Word),
            }
        } else {
            for (i, op) in ops.iter().enumerate().take(4) {
                let (mut condition, drawn) = self.begin(op, &mut flow);
                let effect = self.instruction(op, memory, &mut flow, condition == Condition::Never);
                self.end(op, drawn, &mut condition);
                self.scratch.effects[i] = (effect?, condition);
            }
            for (i, op) in ops.iter().enumerate().take(4) {
                let (effect, condition) = self.scratch.effects[i];
                self.apply(op, &effect, &condition);
            }
        }
        // The slots of a word wait together.
        self.profile.stalls += u64::from(flow.stall);
        match flow.jump {
            _ if flow.halts => Ok(Next::Halt),
            Some((relative, distance)) => control.jump(relative, distance),
            None => control.advance(self.registers),
        }
    }

    /// What is before an instruction: registers are as it sees them. Its condition, and the random numbers that it may draw from.
    #[inline(always)]
    fn begin(&mut self, op: &Op, flow: &mut Flow) -> (Condition, ScalarRandom) {
        flow.stall = flow.stall.max(self.pipeline.patch(&op.reads, &op.read_set, self.registers));
        (Condition::of(op, self.registers), self.registers.s_lfsr)
    }

    /// What is behind it, whether or not it stopped the kernel: the causes that it gives, and registers as they were.
    #[inline(always)]
    fn end(&mut self, op: &Op, drawn: ScalarRandom, condition: &mut Condition) {
        if self.watched != 0 && *condition != Condition::Never {
            let causes = attention::of(op, self.registers, &self.scratch.sources, drawn, condition);
            *self.causes |= causes & self.watched;
        }
        self.pipeline.unpatch(self.registers);
    }

    /// Changes registers as an instruction does.
    #[inline(always)]
    fn apply(&mut self, op: &Op, effect: &Effect, condition: &Condition) {
        self.pipeline.record(op, effect, self.registers);
        let results = if op.slot == Slot::Load { &self.scratch.load } else { &self.scratch.vpu };
        effect.apply(condition, results, self.registers);
    }

    fn instruction(
        &mut self,
        op: &Op,
        memory: &mut impl Memory,
        flow: &mut Flow,
        never: bool,
    ) -> Result<Effect, Stop> {
        match (op.slot, op.opcode) {
            _ if never => return Ok(Effect::Nothing),
            (Slot::Spu, 32) => {
                flow.halts = true;
                return Ok(Effect::Nothing);
            }
            (Slot::Vpu, 32) => {
                flow.halts |= choices::VPU_HALT_ENDS;
                return Ok(Effect::Nothing);
            }
            (Slot::Spu, 36 | 37) => {
                flow.jump = Some((op.opcode == 36, self.registers.scalar(op.a)));
                return Ok(Effect::Nothing);
            }
            (Slot::Load, 12 | 17..=19) => self.profile.loads += 1,
            (Slot::Store, 6 | 11..=13) => self.profile.stores += 1,
            _ => {}
        }
        match op.slot {
            Slot::Load => load::execute(op, self.registers, self.around, memory, &mut self.scratch.load),
            Slot::Spu => Ok(spu::execute(op, self.registers, self.round, self.causes)),
            Slot::Vpu => {
                let scratch = &mut *self.scratch;
                vpu::execute(op, self.registers, &mut scratch.sources, &mut scratch.vpu, self.round)
            }
            Slot::Store => store::execute(op, self.registers, self.around, memory),
        }
    }
}

/// Whether a register of `file` is one that results reach later than the next word.
pub fn is_exposed(file: File) -> bool {
    matches!(file, File::V | File::S | File::I | File::Ad | File::Sp | File::Vp)
}
