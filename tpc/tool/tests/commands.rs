// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! The commands, as a user runs them.

use std::io::Write;
use std::process::{Command, Output, Stdio};

/// Runs the tool with `input` as its standard input.
fn run(arguments: &[&str], input: &[u8]) -> Output {
    let mut tool = Command::new(env!("CARGO_BIN_EXE_goya-tpc"));
    let mut child = tool
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    child.wait_with_output().unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

const NOP: &str = "3f00000000f80100000000000000800f00f00100000000000000000000000000";

#[test]
fn what_is_assembled_disassembles_to_text_of_the_same() {
    let source = "loop 0, 4, 1, <, out\nnop\nnop; add.i32 S1, S2, S32; nop; nop\nout: halt\n";
    let hex = run(&["asm", "-"], source.as_bytes());
    assert_eq!((hex.status.code(), text(&hex).lines().count()), (Some(0), 4));
    let bytes = run(&["asm", "-", "-o", "-"], source.as_bytes());
    assert_eq!(bytes.stdout.len(), 128);
    for program in [hex.stdout, bytes.stdout] {
        let listing = run(&["dis", "-"], &program);
        assert_eq!(listing.status.code(), Some(0));
        let expected =
            "loop 0, 4, 1, <, at_60\nnop\nnop; add.i32 S1, S2, S32; nop; nop\nat_60:\nnop; halt; halt; nop\n";
        assert_eq!(text(&listing), expected);
        let words = run(&["dis", "--words", "--colour", "always", "-"], &program);
        assert!(text(&words).contains(NOP) && text(&words).contains("\x1b["));
    }
}

#[test]
fn errors_are_shown_in_their_line_and_set_the_status() {
    let output = run(&["asm", "-"], b"nop\n\tnop; frob S1; nop; nop\n");
    let expected =
        "-:2:7: error: the SPU slot has no instruction `frob`\n    \tnop; frob S1; nop; nop\n    \t     ^\n";
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), errors), (Some(1), expected.into()));
    // A terminal gets no commands, and the mark stands where it belongs.
    let output = run(&["asm", "-"], b"nop; fr\x07 \x1b[2J; nop; nop\n");
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(errors.contains(r"\u{1b}[2J") && !errors.contains(['\x1b', '\x07']), "{errors:?}");
    let output = run(&["asm", "-", "--json"], b"frob\n");
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((output.status.code(), &json["errors"][0]["line"]), (Some(1), &1.into()));
}

#[test]
fn words_that_are_no_instructions_set_the_status() {
    let output = run(&["dis", "-"], "00".repeat(32).as_bytes());
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output).starts_with(".word 0000"), "{}", text(&output));
    let json = run(&["dis", "-", "--json"], NOP.as_bytes());
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(json["words"][0]["text"], "nop");
}

#[test]
fn hazards_are_found_in_text_and_in_words() {
    let source = "nop; add.i32 S1, S2, S3; nop; nop\nnop; mov.i32 S4, S1; nop; nop\nhalt\nnop\nnop\nnop\n";
    let output = run(&["lint", "-"], source.as_bytes());
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output).starts_with("-:2: word 1: warning: S1 is read 1 behind"), "{}", text(&output));
    let bytes = run(&["asm", "-", "-o", "-"], source.as_bytes()).stdout;
    let json = run(&["lint", "-", "--json"], &bytes);
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(
        (&json["findings"][0]["word"], &json["findings"][0]["rule"]),
        (&1.into(), &"early-read".into())
    );
    let output = run(&["lint", "-"], b"halt\nnop\nnop\nnop\n");
    assert_eq!((output.status.code(), text(&output)), (Some(0), String::new()));
    let output = run(&["lint", "-"], b"what is this");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn what_cannot_be_read_is_no_program() {
    for (arguments, input) in [
        (&["dis", "/nowhere/at/all"][..], &b""[..]),
        (&["dis", "-"], b"\0\0\0"),
        (&["asm", "-"], b"\xff"),
        (&["dis", "-"], b"\x7fELF"),
        (&["frob"], b""),
    ] {
        let output = run(arguments, input);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(!output.stderr.is_empty(), "{arguments:?}");
    }
}

#[test]
fn what_contradicts_itself_is_refused() {
    for (arguments, why) in [
        (&["asm", "-", "-o", "-", "--json"][..], "both the program's bytes and JSON"),
        (&["--json", "run", "/dev/null", "--step"], "'--step' cannot be used with '--json'"),
        (&["--colour", "always", "dis", "-", "--colour", "never"], "multiple times"),
    ] {
        let output = run(arguments, b"");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(2) && said.contains(why), "{arguments:?}: {said}");
    }
}
