// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! The STORE slot. What it writes to memory is written at once: the word's loads have been executed before.

use goya_tpc_isa::{File, Operand, Register};

use super::cause::Cause;
use super::core::Surroundings;
use super::effect::{Change, Effect};
use super::load;
use super::memory::Memory;
use super::op::{self, Op};
use super::registers::Registers;
use super::stop::Stop;
use super::tensor::Part;

/// Executes `op`; `change` is what it changes of registers, if it does.
pub fn execute(
    op: &Op,
    registers: &mut Registers,
    around: &mut Surroundings,
    memory: &mut impl Memory,
    change: &mut Change,
) -> Result<(), Box<Stop>> {
    let dest = op.dest_number();
    match op.opcode {
        0 => change.effect = Effect::Ad(dest, load::address(op, registers, around)),
        3 => *change.index(dest, load::ALL_DIMENSIONS) = load::permuted(op, registers),
        4 => *change.index(dest, op::mask(op.b)) = registers.index(op.a),
        5 => local(op, registers, around, memory)?,
        6 => {
            let to = registers.ad(op::number(op.a));
            let size = usize::from(to.element).clamp(1, 4);
            let bytes = registers.scalar(op.c).to_le_bytes();
            memory.write(to.address, &bytes[..size]).map_err(|_| Cause::HbwWrite)?;
        }
        7..=9 => {
            let at = registers.scalar(op.a).wrapping_add(registers.scalar(op.b));
            let part = Part::from_offset(op.opcode - 7);
            let stored = match predicate(op) {
                Some(number) => around.local.store(at, &registers.vp(number).to_bytes()),
                None => around.local.store(at, part.of(registers.v(op::number(op.c)))),
            };
            stored.ok_or(Cause::SlmAddress)?;
        }
        10 => around.semaphore = around.semaphore.wrapping_add(1),
        11..=13 => {
            let (index, part) = (registers.i(op::number(op.a)), Part::from_offset(op.opcode - 11));
            let tensor = around.tensor(op::number(op.b));
            let stored = match predicate(op) {
                Some(number) => tensor.store_bytes(&index, &registers.vp(number).to_bytes(), memory),
                None => tensor.store(&index, registers.v(op::number(op.c)), part, memory),
            };
            stored.map_err(|_| Cause::HbwWrite)?;
        }
        // There are no caches to flush.
        _ => {}
    }
    Ok(())
}

/// The number of the vector predicate that is stored, if one is.
fn predicate(op: &Op) -> Option<u8> {
    match op.c {
        Operand::Register(Register { file: File::Vp, number }) => Some(number),
        _ => None,
    }
}

/// Writes a word of local memory, or a register.
fn local(
    op: &Op,
    registers: &mut Registers,
    around: &mut Surroundings,
    memory: &mut impl Memory,
) -> Result<(), Box<Stop>> {
    let (at, value) = (registers.scalar(op.a), registers.scalar(op.c));
    if op.b_bits & 1 == 0 {
        *around.local.scalar_mut(at).ok_or(Cause::SlmAddress)? = value;
        return Ok(());
    }
    let at = at & load::REGISTERS;
    if around.set_register(at, value) {
        return Ok(());
    }
    memory.register_write(at, value).map_err(|_| Cause::LbwWrite)?;
    around.register_written(at, value, registers);
    Ok(())
}
