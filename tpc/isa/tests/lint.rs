// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! The hazard check: silent on what the vendor's tools accept, and loud on each rule that is broken.

use goya_tpc_isa::asm;
use goya_tpc_isa::lint::{Rule, check};

fn findings(text: &str) -> Vec<(usize, Rule, String)> {
    let program = asm::assemble(text).unwrap_or_else(|errors| panic!("{text}: {errors:?}"));
    check(&program.words).into_iter().map(|f| (f.word, f.rule, f.message)).collect()
}

const END: &str = "halt\nnop\nnop\nnop\n";

#[test]
fn kernels_have_no_hazards() {
    for name in ["k1_add_f32", "k2_scaled_add_f32", "k3_relu_f32", "k4_add_sat_i8", "k5_matmul_f32"] {
        let path = format!("{}/tests/vectors/{name}.s", env!("CARGO_MANIFEST_DIR"));
        assert_eq!(findings(&std::fs::read_to_string(path).unwrap()), [], "{name}");
    }
}

#[test]
fn a_read_in_the_shadow_of_a_result_is_found_on_every_way() {
    // The vendor's own example: three words read the old value, the fourth the new.
    let read = "nop; nop; add.i32 V3, V0, V4; nop\n";
    let text = format!("nop; nop; mul.i32 double_and_round32 V0, V1, V2; nop\n{}{END}", read.repeat(4));
    let words: Vec<_> = findings(&text).into_iter().map(|f| (f.0, f.1)).collect();
    assert_eq!(words, [1, 2, 3].map(|word| (word, Rule::EarlyRead)));
    // Around a loop: the last word's result is read by the next iteration's first.
    let text = format!(
        "loop 0, 9, 1, <, out\nnop\nnop; mov.i32 S2, S1; nop; nop\nnop\nnop\nnop; add.i32 S1, S3, S4; nop; nop\nout: nop\n{END}"
    );
    let found = findings(&text);
    assert_eq!((found.len(), found[0].0, found[0].1), (1, 2, Rule::EarlyRead), "{found:?}");
    assert!(found[0].2.contains("S1 is read 1 behind `add.i32 S1, S3, S4` of word 5, needs 4"), "{found:?}");
    // Behind a jump.
    let text = format!(
        "nop; add.i32 S1, S3, S4; nop; nop\nnop; jmpr on; nop; nop\nnop\nnop\nnop\nnop\non: nop; mov.i32 S2, S1; nop; nop\n{END}"
    );
    assert_eq!(findings(&text).len(), 1);
}

#[test]
fn each_rule_is_found_where_it_is_broken() {
    for (text, word, rule) in [
        (format!(".word {}\n{END}", "00".repeat(32)), 0, Rule::Illegal),
        (format!(".word {}\n{END}", "ff".repeat(32)), 0, Rule::UnusedBits),
        (
            format!("nop; nop; mul.f32 V1, V2, V3; nop\nnop; nop; add.i32 V1, V2, V3; nop\n{END}"),
            1,
            Rule::Overtaking,
        ),
        (format!("mov.i32 S1, S2; add.i32 S1, S3, S4; nop; nop\n{END}"), 0, Rule::TwoWriters),
        (format!("nop; mov SP0, S1; nop; nop\n{END}"), 0, Rule::LostWrite),
        (format!("ld_l S1, S2; nop; nop; st_l S3, S4\n{END}"), 0, Rule::Port),
        (format!("ld_g S1, AD1; nop; nop; st_g AD2, S4\n{END}"), 0, Rule::Port),
        (format!("mov.i32 V1, S2; nop; add.i32 V2, V3, S4; nop\n{END}"), 0, Rule::Port),
        (format!("nop; mul.i32 b00001 I1, I2, I3; nop; st_tnsr 0, I4, V1\n{END}"), 0, Rule::Port),
        (format!("ld_tnsr V1, 0, I1; nop; nop; aso\n{END}"), 0, Rule::Port),
        (
            format!("lookup V1, V2, BV32, 1; nop; nop; nop\nld_l S1, S2; nop; nop; nop\n{END}"),
            1,
            Rule::Distance,
        ),
        (
            format!("ld_tnsr_low V1, 0, I1; nop; nop; nop\nld_tnsr V2, 0, I1; nop; nop; nop\n{END}"),
            1,
            Rule::Distance,
        ),
        (
            format!(
                "nop; nop; nop; st_tnsr 0, I1, V9\nnop\nnop\nnop\nld_tnsr V2, 0, I1; nop; nop; nop\n{END}"
            ),
            4,
            Rule::Distance,
        ),
        (format!("loop 0, 9, 1, <, 32\nnop\nnop\n{END}"), 0, Rule::Loop),
        (format!("loop 0, 9, 1, <, 70\nnop\nnop\n{END}"), 0, Rule::Loop),
        (format!("loop 0, 9, 1, <, 6400\nnop\nnop\n{END}"), 0, Rule::Loop),
        (format!("loop 0, 9, 1, <, a\nnop\nloop 0, 9, 1, <, a\nnop\nnop\na: nop\n{END}"), 2, Rule::Loop),
        (format!("loop 0, 9, 1, <, 96\nloop 0, 9, 1, <, 96\nnop\nnop\nnop\n{END}"), 1, Rule::Loop),
        (format!("loop 0, 9, 1, <, 96\nnop; jmpr S1; nop; nop\nnop\nnop\nnop\n{END}"), 1, Rule::Loop),
        (format!("nop; jmpr 6400; nop; nop\nnop\n{END}"), 0, Rule::Jump),
        (format!("nop; jmpr 40; nop; nop\nnop\n{END}"), 0, Rule::Jump),
        (format!("nop; jmpr 64, SP1; nop; nop\nmov.i32 S1, S2; nop; nop; nop\n{END}"), 1, Rule::Jump),
        (
            format!("loop 0, 9, 1, <, a\nnop\nb: nop; jmpr b, SP1; nop; nop\nnop\nnop\na: nop\n{END}"),
            2,
            Rule::Jump,
        ),
        ("nop".into(), 0, Rule::End),
        ("halt\nnop".into(), 0, Rule::End),
        ("nop; halt; nop; nop\nnop\nnop\nnop".into(), 0, Rule::End),
    ] {
        let found = findings(&text);
        assert!(found.iter().any(|f| (f.0, f.1) == (word, rule)), "{text}\n{rule:?} at {word}: {found:?}");
    }
    let five =
        format!("{}{}nop\n{END}", "loop 0, 9, 1, <, end\nnop\n".repeat(5), "nop\n".repeat(40) + "end: ");
    assert!(findings(&five).iter().any(|f| f.2.contains("fifth loop")));
}

#[test]
fn distances_go_around_a_loop() {
    for (body, word, rule) in [
        // The last word's look-up, half and store are just before the first word of the next iteration.
        ("ld_l S1, S2; nop; nop; nop\nnop\nnop\nlookup V1, V2, BV32, 1; nop; nop; nop", 2, Rule::Distance),
        (
            "ld_tnsr V1, 0, I1; nop; nop; nop\nnop\nnop\nld_tnsr_low V2, 0, I1; nop; nop; nop",
            2,
            Rule::Distance,
        ),
        (
            "nop\nld_tnsr V1, 0, I1; nop; nop; nop\nnop\nnop; nop; nop; st_tnsr 0, I1, V9\nnop\nnop",
            3,
            Rule::Distance,
        ),
    ] {
        let text = format!("loop 0, 9, 1, <, out\nnop\n{body}\nout: nop\nnop\nnop\nnop\nnop\n{END}");
        let found = findings(&text);
        assert!(found.iter().any(|f| (f.0, f.1) == (word, rule)), "{text}\n{rule:?} at {word}: {found:?}");
    }
    // Three words around are as good as three words on; a jump's target is near, the word that it passes is not.
    let text = format!(
        "loop 0, 9, 1, <, out\nnop\nld_tnsr V1, 0, I1; nop; nop; nop\nnop\nnop; nop; nop; st_tnsr 0, I1, V9\nnop\nnop\nout: nop\n{END}"
    );
    assert_eq!(findings(&text), []);
    let text = format!(
        "ld_tnsr_low V1, 0, I1; jmpr on; nop; nop\nnop\nnop\non: ld_tnsr V2, 0, I1; nop; nop; nop\n{END}"
    );
    assert_eq!(findings(&text).iter().map(|f| (f.0, f.1)).collect::<Vec<_>>(), [(3, Rule::Distance)]);
}

#[test]
fn a_loop_takes_its_step_a_word_later_than_its_other_bounds() {
    let found = |bounds: &str, words: usize| {
        let text = format!(
            "nop; mov.i32 S1, S2; nop; nop\n{}loop {bounds}, <, out\nnop\nnop\nnop\nnop\nout: nop\n{END}",
            "nop\n".repeat(words - 1)
        );
        findings(&text)
    };
    for (bounds, needed) in [("S1, 9, 1", 4), ("0, S1, 1", 4), ("0, 9, S1", 5), ("S1, S1, S1", 5)] {
        assert_eq!(found(bounds, needed), [], "{bounds}");
        let early = found(bounds, needed - 1);
        assert!(early.iter().any(|f| f.1 == Rule::EarlyRead), "{bounds}: {early:?}");
        assert!(early.iter().all(|f| f.2.contains(&format!("needs {needed}"))), "{bounds}: {early:?}");
    }
}

#[test]
fn nothing_is_found_where_nothing_is_wrong() {
    assert_eq!(findings(END), []);
    let distant =
        format!("nop; add.i32 S1, S2, S3; nop; nop\nnop\nnop\nnop\nnop; mov.i32 S4, S1; nop; nop\n{END}");
    assert_eq!(findings(&distant), []);
}

#[test]
fn random_words_are_checked_without_a_panic() {
    let mut state = 7_u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as u32
    };
    let loops = [0x22_u32, 0x3F, 0x24];
    for _ in 0..300 {
        let word = |next: &mut dyn FnMut() -> u32| {
            let mut bytes = [0; 32];
            bytes.iter_mut().for_each(|byte| *byte = next() as u8);
            bytes[0] = bytes[0] & 0xC0 | loops[next() as usize % 3] as u8;
            bytes[12] &= 3;
            bytes[13] &= 0xF0;
            goya_tpc_isa::RawWord::from_bytes(&bytes)
        };
        let words: Vec<_> = (0..40).map(|_| word(&mut next)).collect();
        let found = check(&words);
        assert!(found.iter().all(|f| f.word < words.len()));
    }
    assert_eq!(check(&[]).len(), 1);
}
