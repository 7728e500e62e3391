// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! Errors name the place, the reason and what would be right.

use goya_tpc_isa::asm::assemble;

fn error(text: &str) -> String {
    let errors = assemble(text).expect_err(text);
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[test]
fn errors_name_line_and_column() {
    let text = "nop\n\nnop; add.i32 S1, S2, S40; nop; nop\n  nop; nop; nop; st_l S1\n";
    let expected = "3:22: there is no `S40`; they are S0..S35\n\
                    4:25: an operand is missing; the syntax is `st_l [mmio] S|imm, S|SP`";
    assert_eq!(error(text), expected);
}

#[test]
fn errors_say_what_would_be_right() {
    for (text, parts) in [
        ("add.i32 S1, S2, S3", ["1:1: only `nop`", "LOAD; SPU; VPU; STORE"]),
        ("nop; nop; nop", ["a word has four slots, and here are 3", "`nop` for what does nothing"]),
        (
            "mac.f32 V1, V2, V3; nop; nop; nop",
            ["the LOAD slot has no instruction `mac`", "it is one of SPU and VPU"],
        ),
        ("nop; ad.i32 S1, S2, S3; nop; nop", ["no instruction `ad`", "is `add` meant?"]),
        ("nop; add S1, S2, S3; nop; nop", ["1:6: `add` needs a type", "`add.i32|u32|i8|u8|i16|u16 [st] S"]),
        ("nop; add.bf16 S1, S2, S3; nop; nop", ["`add` has no type `bf16`", "syntax"]),
        ("nop; nop; mul.i32 D3, V1, V2; nop", ["there is no `D3`", "they are D0..D38, every 2"]),
        ("nop; nop; mul.i16 V3, V1, V2; nop", ["1:19: V3 cannot stand here", "expected D"]),
        ("nop; add.i32 S1 S2, S3; nop; nop", ["1:17: a comma is missing in front of `S2`", ""]),
        ("nop; add.i32 S1, , S3; nop; nop", ["nothing stands behind the comma", ""]),
        ("nop; add.i32 S1, S2, S3, S4; nop; nop", ["`S4` is too much", "a predicate would be"]),
        ("nop; add.i32 S1, S2, S3, VP4; nop; nop", ["no vector predicate", "SP0..SP15"]),
        ("nop; add.i32 S1, S2, S3, SP1, SP2; nop; nop", ["1:31: `SP2` is too much", ""]),
        ("nop; add.i32 st st S1, S2, S3; nop; nop", ["`st`: this was said before", ""]),
        ("nop; popcnt.i32 S1, S2; nop; nop", ["a switch is missing: set=0..1", ""]),
        ("ld_tnsr V1, 8, I2; nop; nop; nop", ["`8` is no tensor", "from 0 to 7"]),
        ("set_indx I2, b012, S1; nop; nop; nop", ["`b012` is no mask", "`b00101`"]),
        ("nop; jmpr there; nop; nop", ["no label is called `there`", ""]),
        ("a: nop\na: nop", ["2:1: label `a` is there twice", ""]),
        ("S1: nop", ["label `S1` is the name of a register", ""]),
        ("loop 0, 1, 1, <", ["a loop has five operands", "the syntax is `loop"]),
        ("loop 0, 1, 1, =<, 64", ["`=<` is no comparison", "> >= < <= == !="]),
        ("back: nop\nloop 0, 1, 1, <, back", ["2:18: the body ends -64 bytes from here", "65535"]),
        ("loop 0, V1, 1, <, 64", ["`V1` is no bound", "S0..S35"]),
        (".word 00", ["`.word` needs a word", "64 hexadecimal digits"]),
        (".long 0", ["no directive `.long`", "`.word`"]),
        ("mov.i32 V1, 1; add.i32 S1, S2, 2; nop; nop", ["1:16: LOAD and SPU slot share one immediate", ""]),
        ("mov V1, V2, SP1; nop; nop; aso SP2", ["1:28: LOAD and STORE slot share one predicate", ""]),
        (
            "ld_tnsr V1, 2, I3; nop; sel_eq.f32 V1, V2, V3, V4, V5; nop",
            ["1:25: VPU slot's source D is also a field of the LOAD slot", ""],
        ),
    ] {
        let message = error(text);
        assert!(parts.iter().all(|part| message.contains(part)), "{text}: {message}");
    }
}

#[test]
fn any_text_is_an_error_or_a_program_but_no_panic() {
    let pieces = [
        "nop", ";", ",", " ", "add", ".i32", ".", "S1", "V2", "loop", ":", "é", "0x", "-1", "!", "SP3",
        "b01", "//", "\t", "=", "%", ".word", "set=1", "main", "\n", "jmpr", "mov", "st_tnsr",
    ];
    let mut state = 1_u64;
    for _ in 0..20_000 {
        let mut text = String::new();
        for _ in 0..12 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            text.push_str(pieces[(state >> 33) as usize % pieces.len()]);
        }
        if let Err(errors) = assemble(&text) {
            assert!(errors.iter().all(|e| e.line > 0 && e.column > 0 && !e.message.is_empty()), "{text}");
        }
    }
}
