// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! Loops, jumps, `halt`, the exposed pipeline and what stops a kernel.

use goya_tpc_isa::asm;
use goya_tpc_isa::slot::Span;

use super::super::{Address, Cause, Core, Progress};
use super::machine::{CODE, Machine};

/// The scalars after a program.
fn scalars(text: &str) -> [u32; 36] {
    Machine::new(text, Vec::new()).start().halt().core.registers.s
}

#[test]
pub fn a_loop_counts_to_the_first_value_that_fails() {
    for (head, iterations, counter) in [
        ("loop 0, 10, 1, <", 10, 10),
        ("loop 0, 10, 3, <=", 4, 12_i32),
        ("loop 5, -5, -2, >", 5, -5),
        ("loop 5, 5, 1, ==", 1, 6),
        ("loop 0, 6, 2, !=", 3, 6),
        ("loop 7, 7, -1, >=", 1, 6),
        ("loop 10, 10, 1, <", 0, 10),
        ("loop once 0, 10, 1, <", 1, 1),
    ] {
        let text = format!(
            "{head}, out\nnop; add.i32 S1, S1, 1; nop; nop\nnop; add.i32 S0, S0, 1; nop; nop\n\
             out: halt"
        );
        let s = scalars(&text);
        assert_eq!((s[0], s[1], s[32] as i32), (iterations, 1, counter), "{head}");
    }
    // The body reads the counter of its own iteration.
    let s = scalars("loop 3, 9, 2, <, out\nnop\nnop; add.i32 S2, S2, S32; nop; nop\nout: halt");
    assert_eq!(s[2], 3 + 5 + 7);
}

#[test]
pub fn bounds_come_from_registers_and_predicates_skip_the_loop() {
    let body = "out\nnop; add.i32 S1, S1, 1; nop; nop\nnop; add.i32 S0, S0, 1; nop; nop\nout: halt";
    let mut machine = Machine::new(&format!("loop S5, S6, S7, >=, {body}"), Vec::new());
    machine.start().core.registers.s[5..8].copy_from_slice(&[9, 3, -3_i32 as u32]);
    machine.halt();
    assert_eq!((machine.core.registers.s[0], machine.core.registers.s[32]), (3, 0));
    for (predicate, iterations) in [("SP1", 0), ("!SP1", 4), ("SP0", 4), ("!SP0", 0)] {
        let s =
            scalars(&format!("loop 0, 4, 1, <, {}", body.replacen("out", &format!("out, {predicate}"), 1)));
        assert_eq!((s[0], s[1]), (iterations, 1), "{predicate}");
    }
}

#[test]
pub fn loops_nest_and_may_end_at_the_same_word() {
    let text =
        "loop 0, 3, 1, <, out\nnop\nloop 0, 4, 1, <, out\nnop\nnop; add.i32 S0, S0, S33; nop; nop\nout: halt";
    let s = scalars(text);
    assert_eq!((s[0], s[32], s[33]), (3 * 6, 3, 4));
    let four = "loop 0, 2, 1, <, out\nnop\n".repeat(4) + "nop; add.i32 S0, S0, 1; nop; nop\nout: halt";
    assert_eq!(scalars(&four)[0], 16);
    let five = "loop 0, 2, 1, <, out\nnop\n".repeat(5) + "nop\nout: halt";
    assert_eq!(Machine::new(&five, Vec::new()).start().stop(), (Cause::IllegalInstruction, 8));
}

/// A loop without an iteration leads to the word behind its body, as one does after its last iteration.
#[test]
pub fn a_loop_that_is_skipped_minds_those_around_it() {
    let add = |n: u32| format!("nop; add.i32 S{n}, S{n}, 1; nop; nop\n");
    let next = format!("loop 0, 2, 1, <, end\nnop\n{}end: halt", add(3));
    for (skipped, entered) in
        [("5, 3, 1, <, inner", false), ("0, 3, 1, <, inner, SP1", false), ("0, 4, 1, <, inner", true)]
    {
        // Both end with the same word: the outer one's iteration is over, too.
        let text =
            format!("loop 0, 3, 1, <, inner\nnop\n{}loop {skipped}\nnop\n{}inner: {next}", add(1), add(2));
        let s = scalars(&text);
        let inner = if entered { 4 * 3 } else { 0 };
        assert_eq!((s[1], s[2], s[3], s[32]), (3, inner, 2, 2), "{text}");
        // The inner one ends behind the outer one, which is left: the loop behind counts in the first counter again.
        let text = format!(
            "loop 0, 3, 1, <, outer\nnop\n{}loop {skipped}\nnop\n{}outer: {}inner: {next}",
            add(1),
            add(2),
            add(4)
        );
        let s = scalars(&text);
        let inner = if entered { 4 } else { 0 };
        assert_eq!((s[1], s[2], s[3], s[4], s[32]), (1, inner, 2, inner, 2), "{text}");
    }
}

#[test]
pub fn jumps_skip_the_word_behind_them_and_leave_loops() {
    let s = scalars(
        "nop; jmpr on; nop; nop\nnop; mov.i32 S1, 1; nop; nop\non: nop; mov.i32 S2, 2; nop; nop\nhalt",
    );
    assert_eq!((s[1], s[2]), (0, 2));
    let s = scalars(
        "nop; jmpr on, SP1; nop; nop\nnop; mov.i32 S1, 1; nop; nop\non: nop; mov.i32 S2, 2; nop; nop\nhalt",
    );
    assert_eq!((s[1], s[2]), (1, 2));
    let text = "nop; mov.i32 S5, 96; nop; nop\nnop; jmpa S5; nop; nop\nnop; mov.i32 S1, 1; nop; nop\nhalt";
    assert_eq!(scalars(text)[1], 0);
    // The inner loop is left at once; the outer one goes on.
    let text = "loop 0, 3, 1, <, out\nnop\nloop 0, 9, 1, <, in\nnop\nnop; jmpr in; nop; nop\nnop\n\
                in: nop; add.i32 S0, S0, 1; nop; nop\nout: halt";
    let s = scalars(text);
    assert_eq!((s[0], s[32], s[33]), (3, 3, 0));
    let backward = "back: nop; add.i32 S0, S0, 1; nop; nop\nnop; cmp_less.i32 SP1, S0, 5; nop; nop\nnop; jmpr back, SP1; nop; nop\nhalt";
    assert_eq!(scalars(backward)[0], 5);
}

#[test]
pub fn the_other_slots_of_halt_are_executed() {
    let s = scalars("mov.i32 S1, 7; halt; halt; nop\nnop; mov.i32 S1, 9; nop; nop");
    assert_eq!(s[1], 7);
    assert_eq!(scalars("mov.i32 S1, 7; nop; halt; nop")[1], 7);
}

#[test]
pub fn what_is_wrong_stops_the_kernel_at_its_word() {
    let illegal = format!("nop\n.word {}", "00".repeat(32));
    for (text, cause, word) in [
        (illegal.as_str(), Cause::IllegalInstruction, 1),
        ("nop", Cause::HbwRead, 1),
        ("nop; jmpr 40; nop; nop", Cause::IllegalInstruction, 0),
        ("nop; jmpr -32; nop; nop", Cause::PcWrap, 0),
        ("loop 0, 3, 1, <, 0x50\nnop\nnop\nhalt", Cause::IllegalInstruction, 0),
        ("nop\nloop 0, 3, 1, <, 0x20\nnop\nnop\nhalt", Cause::IllegalInstruction, 1),
        ("nop; jmpr 0x100000; nop; nop", Cause::HbwRead, 0x8000),
        ("ld_l S1, 0x400; nop; nop; nop", Cause::SlmAddress, 0),
        ("nop; nop; nop; st_l 0x400, S1", Cause::SlmAddress, 0),
        ("ld_l_v V1, 0x14000, S1; nop; nop; nop", Cause::SlmAddress, 0),
        ("ld_l mmio S1, 0x900; nop; nop; nop", Cause::LbwRead, 0),
        ("nop; nop; nop; st_l mmio 0x900, S1", Cause::LbwWrite, 0),
        ("ld_g S1, AD0; nop; nop; nop", Cause::HbwRead, 0),
        ("nop; nop; nop; st_g AD0, S1", Cause::HbwWrite, 0),
        ("lookup V1, V2, BV32, 1; nop; nop; nop", Cause::HbwRead, 0),
        ("lookup_c0 V1, V2, BV8_0, 1; nop; nop; nop", Cause::HbwRead, 0),
    ] {
        assert_eq!(Machine::new(text, Vec::new()).start().stop(), (cause, word), "{text}");
    }
}

#[test]
pub fn a_kernel_that_never_ends_leaves_time_to_others() {
    let mut machine = Machine::new("nop; jmpr 0; nop; nop", Vec::new());
    machine.start();
    assert_eq!(machine.core.run(&mut machine.memory, 1000), Progress::Running);
    assert_eq!(machine.core.words, 1000);
}

#[test]
pub fn early_readers_get_the_old_value_while_the_pipeline_is_exposed() {
    // The vendor's example: three words see the old V0, the fourth the new one.
    let text = "nop; nop; add.i32 V0, V1, 5; nop\n\
                nop; nop; mov.i32 V11, V0; nop\nnop; nop; mov.i32 V12, V0; nop\n\
                nop; nop; mov.i32 V13, V0; nop\nnop; nop; mov.i32 V14, V0; nop\nhalt";
    for (exposed, values) in [(true, [0, 0, 0, 5]), (false, [5; 4])] {
        let mut machine = Machine::new(text, Vec::new());
        machine.core = Core::new(exposed);
        let registers = &machine.start().halt().core.registers;
        assert_eq!([11, 12, 13, 14].map(|v| registers.v(v).0[0]), values);
    }
    // One that is read twice; afterwards it is what it was.
    let text = "nop; nop; mov.i32 V1, 5; nop\nnop; nop; add.i32 V2, V1, V1; nop\nnop; nop; mac.i8 A4, V1, V1; nop\n\
                nop\nnop; nop; add.i32 V3, V1, V1; nop\nhalt";
    let mut machine = Machine::new(text, Vec::new());
    machine.core = Core::new(true);
    let registers = &machine.start().halt().core.registers;
    assert_eq!([1, 2, 3, 4].map(|v| registers.v(v).0[0]), [5, 0, 10, 0]);
    // A scalar, its later value seen when the earlier is long there.
    let text = "nop; mov.i32 S1, 1; nop; nop\nnop; mov.i32 S1, 2; nop; nop\nnop; mov.i32 S2, S1; nop; nop\n\
                nop\nnop; mov.i32 S3, S1; nop; nop\nnop; mov.i32 S4, S1; nop; nop\nhalt";
    let mut machine = Machine::new(text, Vec::new());
    machine.core = Core::new(true);
    let s = machine.start().halt().core.registers.s;
    assert_eq!(s[1..5], [2, 0, 1, 2]);
    // A configuration can say that the hardware waits.
    machine.config.insert(0x854, 1 << 10);
    assert_eq!(machine.start().halt().core.registers.s[1..5], [2, 2, 2, 2]);
    // A loop that reads its boundary too early.
    let text = "nop; mov.i32 S1, 5; nop; nop\nloop 0, S1, 1, <, out\nnop\nnop; add.i32 S0, S0, 1; nop; nop\nout: halt";
    let mut machine = Machine::new(text, Vec::new());
    machine.core = Core::new(true);
    assert_eq!(machine.start().halt().core.registers.s[0], 0);
}

#[test]
pub fn code_that_has_changed_is_seen_when_a_kernel_starts() {
    let text = "loop 0, 3, 1, <, out\nnop\nnop; add.i32 S0, S0, 1; nop; nop\nout: halt\n";
    let mut machine = Machine::new(&(text.to_owned() + &"nop\n".repeat(124)), Vec::new());
    assert_eq!(machine.start().halt().core.registers.s[0], 3);
    assert_eq!(machine.start().halt().core.registers.s[0], 3);
    let other = goya_tpc_isa::asm::assemble("nop; add.i32 S0, S0, 2; nop; nop").unwrap().to_bytes();
    machine.memory.regions[0].1[64..96].copy_from_slice(&other);
    assert_eq!(machine.start().halt().core.registers.s[0], 6);
    // A kernel that runs sees it when it is told to look again.
    machine.start();
    assert_eq!(machine.core.run(&mut machine.memory, 3), Progress::Running);
    let other = goya_tpc_isa::asm::assemble("nop; add.i32 S0, S0, 5; nop; nop").unwrap().to_bytes();
    machine.memory.regions[0].1[64..96].copy_from_slice(&other);
    assert_eq!(machine.core.run(&mut machine.memory, 1), Progress::Running);
    machine.core.invalidate_code();
    assert_eq!(machine.halt().core.registers.s[0], 2 + 2 + 5);
}

#[test]
pub fn a_kernel_starts_with_its_arguments() {
    let mut machine = Machine::new("halt", Vec::new());
    machine.config.extend([(0x690, 7), (0x70C, 9), (0x668, 1), (0x66C, 2), (0x688, 3), (0x68C, 4)]);
    let registers = &machine.start().core.registers;
    assert_eq!((registers.s[0], registers.s[31], registers.s[32]), (7, 9, 0));
    assert_eq!((registers.i[0], registers.i[1]), ([1, 0, 0, 0, 3], [2, 0, 0, 0, 4]));
    assert!(registers.sp(0) && registers.vp(0).get(255) && !registers.sp(1));
    assert_eq!(machine.config[&0x660], CODE as u32);
}

/// Words that a kernel has written are seen when it has dropped the old ones.
#[test]
fn a_kernel_drops_its_own_code() {
    let word = |value| asm::assemble(&format!("nop; mov.i32 S5, {value:#x}; nop; nop")).unwrap().to_bytes();
    let (old, new) = (word(0x1111_1111), word(0x2222_2222));
    let at = old.iter().zip(&new).position(|(a, b)| a != b).unwrap() & !3;
    let half = |at: usize| u32::from_le_bytes(new[at..at + 4].try_into().unwrap());
    for (address, seen) in [(0x830, 0x2222_2222), (0x1830, 0x2222_2222), (0x834, 0x1111_1111)] {
        let text = format!(
            "nop; nop; nop; st_g AD0, S1\nnop; nop; nop; st_g AD1, S2\nnop; nop; nop; st_l mmio {address:#x}, S3\n\
             nop; mov.i32 S5, 0x11111111; nop; nop\nhalt"
        );
        let mut machine = Machine::new(&text, Vec::new());
        machine.memory.registers.extend([(0x830, 0), (0x834, 0)]);
        machine.start();
        let place = |at: usize| Address { address: CODE + 3 * 32 + at as u64, element: 4 };
        (machine.core.registers.ad[0], machine.core.registers.ad[1]) = (place(at), place(at + 4));
        machine.core.registers.s[1..4].copy_from_slice(&[half(at), half(at + 4), 1]);
        machine.halt();
        assert_eq!(machine.core.registers.s[5], seen, "{address:#x}");
    }
}

/// A loop that is not entered, and whose end is itself, has its delay slot once.
#[test]
fn a_delay_slot_is_executed_once() {
    let mut word = asm::assemble("loop 5, 3, 1, <, end\nend: nop").unwrap().words[0];
    word.set(Span { low: 100, width: 16 }, 0);
    let rest = asm::assemble("nop; add.i32 S5, S5, 1; nop; nop\nnop\nnop\nnop\nhalt").unwrap().to_bytes();
    let mut machine = Machine::of([word.to_bytes().to_vec(), rest].concat(), Vec::new());
    machine.start().halt();
    assert_eq!(machine.core.registers.s[5], 1);
}
