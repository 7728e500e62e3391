// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! Loops, jumps and the end of a program.

use super::flow::{self, Body, Flow};
use super::{Code, JUMPS, LOOKUPS, Report, Rule, is};
use crate::instruction::{Slots, Word};
use crate::register::File;
use crate::slot::Slot;
use crate::word::WORD_SIZE;

/// Loops inside of each other, which have a counter each.
const MAX_DEPTH: usize = 4;

pub(super) fn check(code: &Code, flow: &Flow, report: &mut Report) {
    for body in &flow.bodies {
        loop_body(code, flow, body, report);
    }
    for at in 0..code.words.len() {
        if code.at(at, Slot::Spu).is_some_and(|spu| is(spu, JUMPS)) {
            jump(code, flow, at, report);
        }
    }
    end(code, flow, report);
}

fn loop_body(code: &Code, flow: &Flow, body: &Body, report: &mut Report) {
    let mut add = |at, message: &str| report.add(at, Rule::Loop, message);
    let Some(Word::Loop(l)) = code.get(body.at) else { return };
    if usize::from(l.end) % WORD_SIZE != 0 {
        add(body.at, "the body ends inside of a word: it never ends");
    }
    if body.last < body.first {
        add(body.at, "the body is empty: the loop never ends");
    }
    if body.last + 1 >= code.words.len() {
        add(body.at, "the body goes on behind the program");
    }
    let around = flow.bodies.iter().filter(|outer| (outer.first..=outer.last).contains(&body.at));
    if around.clone().count() >= MAX_DEPTH {
        add(body.at, "a fifth loop inside of four: it has no counter");
    }
    for outer in around {
        if body.last > outer.last {
            add(body.at, "the body ends behind that of the loop around it: iterations are lost");
        } else if outer.last - body.last < 4 {
            add(body.at, "the loop around this one ends less than 4 words later: an iteration may be lost");
        }
    }
    let delay = body.at + 1;
    match code.get(delay) {
        Some(Word::Loop(_)) => add(delay, "a loop in the delay slot of another: its body is not known"),
        Some(Word::Slots(slots)) if !may_delay(slots) => {
            add(
                delay,
                "a jump, a look-up or a load of a predicate in a loop's delay slot: its effect is not known",
            );
        }
        _ => {}
    }
    if code.at(body.last, Slot::Load).is_some_and(|load| is(load, LOOKUPS)) {
        add(
            body.last,
            "a look-up in the last word of a body, which the next iteration's first word overlaps",
        );
    }
}

/// Whether a word can be in a loop's delay slot.
fn may_delay(slots: &Slots) -> bool {
    let (load, spu) = (slots.get(Slot::Load), slots.get(Slot::Spu));
    let loaded = load.operands().first().and_then(|operand| operand.register());
    let predicate = is(load, &["ld_l", "ld_g"]) && loaded.is_some_and(|register| register.file == File::Sp);
    !(is(spu, JUMPS) || is(load, LOOKUPS) || predicate)
}

fn jump(code: &Code, flow: &Flow, at: usize, report: &mut Report) {
    let mut add = |at, message: &str| report.add(at, Rule::Jump, message);
    let inside = |at: usize| flow.bodies.iter().filter(move |body| (body.first..=body.last).contains(&at));
    if let Some(target) = flow::target(code, at) {
        let word = target as usize / WORD_SIZE;
        if target as usize % WORD_SIZE != 0 {
            add(at, "the jump goes into the middle of a word");
        } else if word >= code.words.len() {
            add(at, "the jump goes out of the program: the card executes what is there");
        }
        if inside(word).any(|body| body.last - word < 3) {
            add(at, "the jump goes to one of the last three words of a loop: its end may be missed");
        }
        if inside(word).any(|body| !(body.at..=body.last).contains(&at)) {
            add(at, "the jump goes into a loop's body, whose counter does not exist");
        }
    }
    if inside(at).any(|body| body.last - at < 6) {
        add(at, "a jump in the last six words of a loop: its end may be missed");
    }
    let behind = [Slot::Load, Slot::Spu, Slot::Store].map(|slot| code.at(at + 1, slot));
    if behind.iter().flatten().any(|instruction| !instruction.form().is_nop()) {
        add(
            at + 1,
            "only the VPU slot may be used behind a jump: whether the others are executed is not known",
        );
    }
    for near in [at + 1, at + 2] {
        let converts = code.at(near, Slot::Spu).is_some_and(|spu| spu.form().mnemonic.starts_with("convert"));
        if converts || code.at(near, Slot::Store).is_some_and(|store| is(store, &["aso"])) {
            add(near, "a conversion of a scalar, or `aso`, within two words behind a jump");
        }
    }
}

/// A program has to end with `halt`, and words behind it that the card fetches ahead.
fn end(code: &Code, flow: &Flow, report: &mut Report) {
    let halts: Vec<_> = (0..code.words.len())
        .filter(|&at| {
            let pipes = [Slot::Spu, Slot::Vpu].map(|slot| code.at(at, slot));
            let halted = pipes.map(|i| i.is_some_and(|i| is(i, &["halt"])));
            if halted[0] != halted[1] {
                let message = "`halt` in one of the pipes only: the other may go on";
                report.add(at, Rule::End, message);
            }
            halted[0]
        })
        .collect();
    if halts.is_empty() {
        report.add(
            code.words.len().saturating_sub(1),
            Rule::End,
            "nothing halts: the card runs behind the program",
        );
    }
    for &at in &halts {
        let empty = |at| code.slots(at).is_some_and(|slots| *slots == Slots::default());
        if !(at + 1..at + 4).all(empty) {
            report.add(
                at,
                Rule::End,
                "`halt` wants three empty words behind it, which the card fetches ahead",
            );
        }
        if flow.bodies.iter().any(|body| (body.first..=body.last).contains(&at)) {
            report.add(at, Rule::Loop, "`halt` in a loop: the loop is not over");
        }
    }
}
