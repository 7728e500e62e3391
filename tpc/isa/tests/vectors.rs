// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! What the vendor's assembler made of texts, and what its disassembler made of that.

use std::fs;
use std::path::PathBuf;

use goya_tpc_isa::{RawWord, Word, asm, dis};

fn directory() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/vectors")
}

fn vectors() -> Vec<(String, String, Vec<RawWord>)> {
    let mut paths: Vec<_> = fs::read_dir(directory()).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|e| e == "s"));
    paths.sort();
    assert_eq!(paths.len(), 35);
    let read = |path: PathBuf| {
        let hex = fs::read_to_string(path.with_extension("hex")).unwrap();
        let words = hex.lines().map(|line| RawWord::from_hex(line).unwrap()).collect();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        (name, fs::read_to_string(path).unwrap(), words)
    };
    paths.into_iter().map(read).collect()
}

#[test]
fn texts_assemble_to_the_vendors_words() {
    for (name, text, words) in vectors() {
        let program = asm::assemble(&text).unwrap_or_else(|errors| panic!("{name}: {errors:?}"));
        assert_eq!(program.words, words, "{name}");
    }
}

#[test]
fn words_disassemble_to_texts_of_the_same_words() {
    for (name, _, words) in vectors() {
        let listing = dis::listing(&words);
        assert!(listing.lines.iter().all(|line| line.note.is_none()), "{name}: {listing}");
        let again = asm::assemble(&listing.to_string()).unwrap_or_else(|errors| panic!("{name}: {errors:?}"));
        assert_eq!(again.words, words, "{name}: {listing}");
    }
}

/// The vendor's text of an instruction as ours: no `%`, numbers alike, one space.
fn normal(text: &str) -> String {
    let mut text = text.replace('%', "").replace(',', " , ");
    for (theirs, ours) in
        [("source_group=", "group_"), ("element_stride=", "stride_"), ("group_half=", "group_half_")]
    {
        text = text.replace(theirs, ours);
    }
    let words = text.split_whitespace().map(|word| {
        let number = goya_tpc_isa::number::parse_bits(word);
        let (name, value) = word.split_once('=').unwrap_or(("", word));
        match (number, goya_tpc_isa::number::parse_bits(value)) {
            (Some(number), _) => number.to_string(),
            (None, Some(value)) => format!("{name}={value}"),
            (None, None) => word.to_owned(),
        }
    });
    let mut words: Vec<_> = words.collect();
    // Switches stand in an order of the disassembler's own.
    let operands = words.iter().position(|word| word == ",").unwrap_or(words.len()).saturating_sub(1);
    words.get_mut(1..operands.max(1)).unwrap().sort();
    words.join(" ")
}

#[test]
fn instructions_read_as_the_vendors_disassembler_writes_them() {
    let mut compared = 0;
    for (name, _, words) in vectors() {
        let theirs = fs::read_to_string(directory().join(&name).with_extension("dis")).unwrap();
        let mut theirs = theirs.lines().map(str::trim).filter(|line| *line != ".text").peekable();
        for raw in &words {
            let mut group = vec![theirs.next().unwrap()];
            if group[0] == "{" {
                group = theirs.by_ref().take_while(|line| *line != "}").collect();
            }
            let text = dis::text(raw);
            // Theirs has no `nop`s, and the slots in another order.
            let mut ours: Vec<_> = text.split("; ").filter(|slot| *slot != "nop").map(normal).collect();
            let mut group: Vec<_> = group.into_iter().filter(|line| *line != "NOP").map(normal).collect();
            ours.sort();
            group.sort();
            assert_eq!(ours, group, "{name}");
            compared += group.len();
        }
    }
    assert!(compared > 200, "{compared}");
}

#[test]
fn every_form_has_the_vendors_encoding() {
    let forms = fs::read_to_string(directory().join("forms.txt")).unwrap();
    let mut count = 0;
    for line in forms.lines().filter(|line| !line.starts_with('#')) {
        let [slot, text, hex] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let line = match slot {
            "ld" => format!("main: {text}; nop; nop; nop"),
            "spu" => format!("main: nop; {text}; nop; nop"),
            "vpu" => format!("main: nop; nop; {text}; nop"),
            "st" => format!("main: nop; nop; nop; {text}"),
            _ => panic!("{line}"),
        };
        let word = asm::assemble(&line).unwrap_or_else(|errors| panic!("{text}: {errors:?}")).words[0];
        assert_eq!(word.to_string(), hex, "{text}: {:?}", Word::decode(&RawWord::from_hex(hex).unwrap()));
        let again = asm::assemble(&dis::text(&word)).unwrap_or_else(|errors| panic!("{text}: {errors:?}"));
        assert_eq!(again.words[0], word, "{text}");
        assert!(Word::decode(&word).is_ok(), "{text}");
        count += 1;
    }
    assert_eq!(count, 245);
}
