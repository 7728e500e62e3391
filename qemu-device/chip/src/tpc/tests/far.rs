// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! Programs that reach the end of the address space of code, at word `u32::MAX`.

use std::collections::HashMap;

use goya_tpc_isa::{WORD_SIZE, asm};

use super::super::memory::ReadOnly;
use super::super::{Cause, Core, Memory, Progress};

/// Words that a jump passes over, at most.
const HOP: u32 = (1 << 26) - 1;

fn assembled(text: &str) -> Vec<u8> {
    asm::assemble(text).unwrap_or_else(|errors| panic!("{text}: {errors:?}")).to_bytes()
}

/// Code at address 0: words that do nothing, and the program of `tail` as the last ones, to where jumps lead from the first.
fn far(tail: &str) -> impl Memory {
    let (tail, nop) = (assembled(tail), assembled("nop"));
    let first = u32::MAX - (tail.len() / WORD_SIZE) as u32 + 1;
    let mut words = HashMap::new();
    let mut at = 0;
    while at < first {
        let hop = HOP.min(first - at);
        words.insert(u64::from(at), assembled(&format!("nop; jmpr {}; nop; nop", hop * WORD_SIZE as u32)));
        at += hop;
    }
    words.extend((u64::from(first)..).zip(tail.chunks_exact(WORD_SIZE).map(<[u8]>::to_vec)));
    ReadOnly(move |address, bytes: &mut [u8]| {
        for (word, to) in (address / WORD_SIZE as u64..).zip(bytes.chunks_exact_mut(WORD_SIZE)) {
            to.copy_from_slice(words.get(&word).unwrap_or(&nop));
        }
    })
}

/// What stops a core at the end of `tail`, and where.
fn stopped(tail: &str, exposed: bool) -> (Cause, u32) {
    let mut core = Core::new(exposed);
    core.start(|_| 0);
    match core.run(&mut far(tail), 100_000) {
        Progress::Stopped(stop) => (stop.cause, stop.word),
        other => panic!("{tail}: {other:?}"),
    }
}

#[test]
pub fn the_program_counter_stops_at_the_end() {
    let add = "nop; add.i32 S1, S1, 1; nop; nop\n";
    for exposed in [false, true] {
        for last in ["nop\n", add] {
            for tail in [
                String::new(),
                // An inner loop that is skipped ends behind the outer one, whose end is never met then.
                format!(
                    "loop 0, 3, 1, <, outer\nnop\nloop 0, 3, 1, <, inner, SP1\n{}outer: {}inner: ",
                    "nop\n".repeat(8),
                    "nop\n".repeat(5)
                ),
                // The same of one that begins with the outer one's last word.
                "loop 0, 3, 1, <, outer\nnop\nnop\nloop 0, 3, 1, <, inner\nouter: nop\nnop\ninner: "
                    .to_owned(),
            ] {
                let text = tail + &last.repeat(5);
                assert_eq!(stopped(&text, exposed), (Cause::PcWrap, u32::MAX), "{text}");
            }
        }
    }
}

#[test]
pub fn loops_and_jumps_do_not_lead_behind_the_end() {
    for text in [
        "loop 0, 3, 1, <, out\nnop\nnop\nout: ",
        "loop 0, 3, 1, <, out, SP1\nnop\nnop\nout: ",
        "loop 5, 3, 1, <, out\nnop\nout: ",
        "loop 0, 3, 1, <, 0xffe0\nnop\nnop\nnop\n",
        "loop 0, 3, 1, <, 0xffe0\n",
        "nop; jmpr 32; nop; nop\n",
        "nop; jmpr 64; nop; nop\nnop\n",
        "nop; jmpr 0x7fffffe0; nop; nop\n",
    ] {
        for exposed in [false, true] {
            assert_eq!(stopped(text, exposed).0, Cause::PcWrap, "{text}");
        }
    }
}
