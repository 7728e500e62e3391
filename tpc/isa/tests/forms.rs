// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! Every form with every type, every value of every switch, and registers of every file that it takes.

use goya_tpc_isa::form::{Form, Kind, Predicates, Types};
use goya_tpc_isa::operand::Accepts;
use goya_tpc_isa::register::FILES;
use goya_tpc_isa::{Instruction, Operand, Predicate, Register, Slot, Slots, Type, Word, asm, dis, table};

fn operands(kind: Kind) -> Vec<Operand> {
    match kind {
        Kind::Value(accepts) => values(accepts),
        Kind::Number { max, .. } => (0..=max).map(Operand::Number).collect(),
        Kind::Mask(_) => (0..32).map(Operand::Mask).collect(),
    }
}

fn values(accepts: Accepts) -> Vec<Operand> {
    let files = FILES.iter().filter(|info| accepts.takes(info.file));
    let registers = files.flat_map(|info| {
        let last = info.count - info.group;
        [0, info.group.min(last), last].into_iter().filter_map(|number| Register::new(info.file, number))
    });
    let mut values: Vec<_> = registers.map(Operand::Register).collect();
    if accepts.takes_immediate() {
        values.extend([0, 96, 0xFFFF_FFE0].map(Operand::Immediate));
    }
    values
}

fn types(form: &Form) -> Vec<Option<Type>> {
    match form.types {
        Types::None => vec![None],
        Types::Fixed(ty) => vec![Some(ty)],
        Types::Suffix(set, ..) | Types::Optional(set, ..) => set.iter().map(Some).collect(),
    }
}

fn switches(form: &Form) -> Vec<Vec<u8>> {
    form.switches.iter().fold(vec![vec![]], |sets, switch| {
        let values = || (0..1 << switch.width).filter(|&value| switch.holds(value));
        sets.iter().flat_map(|set| values().map(|value| [&set[..], &[value]].concat())).collect()
    })
}

fn predicates(form: &Form) -> Vec<Predicate> {
    let all =
        [false, true].map(|vector| [0, 15].map(|number| Predicate { vector, number, inverted: number > 0 }));
    match form.predicates {
        Predicates::None => vec![Predicate::ALWAYS],
        Predicates::Scalar => all[0].to_vec(),
        Predicates::Any => all.concat(),
    }
}

fn check(form: &'static Form, ty: Option<Type>, switches: &[u8], operands: &[Operand], predicate: Predicate) {
    let instruction = Instruction::new(form, ty, switches, operands, predicate).unwrap();
    let word = Word::Slots(Slots::of(&[instruction]));
    let raw = word.encode().unwrap_or_else(|e| panic!("{instruction}: {e}"));
    assert_eq!(Word::decode(&raw), Ok(word), "{instruction}: {raw}");
    let text = dis::text(&raw);
    assert_eq!(asm::assemble(&text).unwrap_or_else(|e| panic!("{text}: {e:?}")).words, [raw], "{text}");
}

#[test]
fn no_form_is_taken_for_another() {
    for form in Slot::ALL.into_iter().flat_map(table::forms) {
        let choices: Vec<_> = form.places.iter().map(|place| operands(place.kind)).collect();
        let first: Vec<_> = choices.iter().map(|choice| choice[0]).collect();
        let chosen = switches(form);
        for ty in types(form) {
            for switches in &chosen {
                check(form, ty, switches, &first, Predicate::ALWAYS);
            }
            for (i, choice) in choices.iter().enumerate() {
                for &operand in choice {
                    let mut operands = first.clone();
                    operands[i] = operand;
                    check(form, ty, &chosen[0], &operands, Predicate::ALWAYS);
                }
            }
            for predicate in predicates(form) {
                check(form, ty, &chosen[0], &first, predicate);
            }
        }
    }
}

#[test]
fn instructions_that_a_form_does_not_allow_cannot_be_made() {
    let add = table::forms(Slot::Vpu).iter().find(|form| form.mnemonic == "add").unwrap();
    let v = |number| Operand::Register(Register::new(goya_tpc_isa::File::V, number).unwrap());
    let make = |ty, switches: &[u8], operands: &[Operand], number| {
        let predicate = Predicate { number, ..Predicate::ALWAYS };
        Instruction::new(add, ty, switches, operands, predicate)
    };
    let i32 = Some(Type::I32);
    assert!(make(i32, &[1], &[v(0), v(1), v(2)], 15).is_ok());
    assert!(make(None, &[1], &[v(0), v(1), v(2)], 0).is_err());
    assert!(make(i32, &[2], &[v(0), v(1), v(2)], 0).is_err());
    assert!(make(i32, &[], &[v(0), v(1), v(2)], 0).is_err());
    assert!(make(i32, &[0], &[v(0), v(1)], 0).is_err());
    assert!(make(i32, &[0], &[v(0), Operand::Immediate(1), v(2)], 0).is_err());
    assert!(make(i32, &[0], &[v(0), v(1), v(2)], 16).is_err());
    let outside = Operand::Register(Register { file: goya_tpc_isa::File::V, number: 40 });
    assert!(make(i32, &[0], &[v(0), outside, v(2)], 0).is_err());
}

/// Instructions are compared by the places of their rows, so there is one of each, also where tables are looked up in different parts
/// of a program that is compiled for speed.
#[test]
fn a_decoded_form_is_the_row_of_its_table() {
    let word = Word::Slots(Slots::default()).encode().unwrap();
    assert_eq!(Word::decode(&word), Ok(Word::Slots(Slots::default())));
    let Ok(Word::Slots(slots)) = Word::decode(&word) else { panic!("{word:?}") };
    for slot in Slot::ALL {
        for form in table::forms(slot) {
            let same =
                table::forms_of(slot, form.opcode.into()).iter().any(|other| std::ptr::eq(other, form));
            assert!(same, "{form}");
        }
        assert!(std::ptr::eq(Instruction::nop(slot).form(), table::nop(slot)), "{slot}");
        assert!(slots.iter().any(|instruction| instruction.form() == table::nop(slot)), "{slot}");
    }
}
