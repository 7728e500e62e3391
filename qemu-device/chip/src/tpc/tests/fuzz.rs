// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! Random programs: whatever is executed, the core neither panics nor leaves its bounds.

use goya_tpc_isa::slot::{Span, span};
use goya_tpc_isa::{Field, RawWord, Slot, Slots, Word, lint, table};

use super::super::{Address, Core, Progress, Registers};
use super::machine::{DATA, Machine, Random};

/// An instruction word with one or two instructions.
fn word(random: &mut Random) -> RawWord {
    loop {
        let mut word = RawWord::default();
        let busy = [random.below(4), random.below(4)];
        for slot in Slot::ALL {
            let forms = table::forms(slot);
            let form = if busy.contains(&(slot as usize)) {
                &forms[random.below(forms.len())]
            } else {
                table::nop(slot)
            };
            let mut set = |field, value| span(slot, field).into_iter().for_each(|span| word.set(span, value));
            set(Field::Opcode, u32::from(form.opcode));
            for field in Field::OPERANDS.into_iter().chain([Field::Type, Field::Switches]) {
                if form.uses(field) {
                    set(
                        field,
                        match random.below(3) {
                            0 => random.next(),
                            1 => 127,
                            _ => random.next() & random.next() & random.next(),
                        },
                    );
                }
            }
            if random.below(4) == 0 {
                set(Field::Predicate, random.next());
            }
            set(Field::Immediate, random.bits() >> random.below(32));
        }
        if random.below(20) == 0 {
            word.set(Span { low: 0, width: 6 }, goya_tpc_isa::loops::OPCODE);
            word.set(Span { low: 100, width: 16 }, 32 * (random.next() & 15));
            word.set(Span { low: 116, width: 3 }, random.next() % 6);
        }
        if Word::decode(&word).is_ok() {
            return word;
        }
    }
}

#[test]
fn random_programs_do_not_panic() {
    let mut random = Random(11);
    let mut executed = 0;
    for round in 0..300 {
        let code = (0..40).flat_map(|_| word(&mut random).to_bytes()).collect();
        let mut machine = Machine::of(code, vec![0x5A; 1 << 12]);
        machine.core = Core::new(round % 2 == 0);
        for tensor in 0..8 {
            machine.tensor(tensor, tensor % 3, random.next(), [40, 3, 2, 1, 1]);
            for at in (0x10..0x4C).step_by(4) {
                if random.below(8) == 0 {
                    machine.config.insert(0x400 + 0x4C * tensor + at, random.bits());
                }
            }
        }
        machine.start();
        machine.core.registers.v.iter_mut().for_each(|v| v.0.fill_with(|| random.next() as u8));
        machine.core.registers.s.iter_mut().for_each(|s| *s = random.bits() >> random.below(32));
        machine.core.registers.ad[0].address = DATA;
        let _ = machine.core.run(&mut machine.memory, 200);
        executed += machine.core.words;
    }
    assert!(executed > 2_000, "{executed}");
}

/// A core and its memory after a program, from the same beginning, which is executed so many words at a time.
fn machine(code: &[RawWord], exposed: bool, slice: u64) -> Machine {
    let bytes = code.iter().flat_map(|word| word.to_bytes()).collect();
    let mut machine = Machine::of(bytes, vec![0x5A; 1 << 12]);
    machine.core = Core::new(exposed);
    (0..8).for_each(|tensor| machine.tensor(tensor, tensor % 3, 7, [40, 3, 2, 1, 1]));
    let mut random = Random(13);
    machine.start();
    machine.core.registers.v.iter_mut().for_each(|v| v.0.fill_with(|| random.next() as u8));
    machine.core.registers.s.iter_mut().for_each(|s| *s = random.next() & 0x3F);
    machine.core.registers.ad.iter_mut().for_each(|ad| *ad = Address { address: DATA, element: 4 });
    machine.core.registers.sp = 0x5555;
    while let left @ 1.. = 500 - machine.core.words {
        if machine.core.run(&mut machine.memory, slice.min(left)) != Progress::Running {
            break;
        }
    }
    machine
}

/// Registers and memory after it.
fn outcome(code: &[RawWord], exposed: bool) -> (Registers, Vec<u8>) {
    let machine = machine(code, exposed, 500);
    (machine.core.registers.clone(), machine.data().to_vec())
}

/// Random words with some that do nothing between them.
fn spaced(random: &mut Random, words: usize) -> Vec<RawWord> {
    let mut code = Vec::new();
    for _ in 0..words {
        code.push(word(random));
        code.extend(vec![Word::Slots(Slots::default()).encode().unwrap(); random.below(3)]);
    }
    code
}

/// Words that do nothing are passed over with the one before, if there is room.
#[test]
fn a_program_does_the_same_however_it_is_cut() {
    let mut random = Random(23);
    let mut words = 0;
    for round in 0..200 {
        let code = spaced(&mut random, 20);
        let of = |slice| {
            let machine = machine(&code, round % 2 == 0, slice);
            let core = &machine.core;
            let did = (core.words, core.word(), core.causes, core.profile);
            (did, format!("{:?}", core.registers), machine.data().to_vec())
        };
        let whole = of(500);
        assert!(of(1) == whole && of(3) == whole, "{}", goya_tpc_isa::dis::listing(&code));
        words += whole.0.0;
    }
    assert!(words > 2_000, "{words}");
}

#[test]
fn an_exposed_pipeline_changes_only_what_the_hazard_check_finds() {
    let mut random = Random(17);
    let (mut clean, mut differ) = (0, 0);
    for _ in 0..300 {
        let mut code = spaced(&mut random, 10);
        code.extend(goya_tpc_isa::asm::assemble("halt\nnop\nnop\nnop").unwrap().words);
        let hazards = lint::check(&code);
        let results = [lint::Rule::EarlyRead, lint::Rule::Overtaking, lint::Rule::TwoWriters];
        let (now, late) = (outcome(&code, false), outcome(&code, true));
        let same = now.0.v == late.0.v
            && (now.0.s, now.0.i, now.0.ad) == (late.0.s, late.0.i, late.0.ad)
            && (now.0.sp, now.0.vp) == (late.0.sp, late.0.vp)
            && now.1 == late.1;
        if hazards.iter().any(|finding| results.contains(&finding.rule)) {
            differ += u32::from(!same);
        } else {
            assert!(same, "{}", goya_tpc_isa::dis::listing(&code));
            clean += 1;
        }
    }
    assert!(clean > 50 && differ > 2, "{clean} programs without hazards, {differ} that differ");
}
