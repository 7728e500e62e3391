// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! Random words: decoder, encoder, assembler and disassembler agree on each, or refuse it alike.

use goya_tpc_isa::slot::{Span, span};
use goya_tpc_isa::{Field, RawWord, Slot, Word, asm, dis, table};

struct Random(u64);

impl Random {
    fn next(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 32) as u32
    }

    fn below(&mut self, n: usize) -> usize {
        self.next() as usize % n
    }
}

const FIELDS: [Field; 9] = [
    Field::A,
    Field::B,
    Field::C,
    Field::D,
    Field::Dest,
    Field::Type,
    Field::Switches,
    Field::Predicate,
    Field::Polarity,
];

/// Random bits, or opcodes of Goya's with random fields, small ones more often than not.
fn word(random: &mut Random) -> RawWord {
    let mut word = RawWord::default();
    if random.below(8) == 0 {
        for low in (0..=224).step_by(32) {
            word.set(Span { low, width: 32 }, random.next());
        }
        return word;
    }
    // Most slots do nothing, for a word to be likely to be right.
    for slot in Slot::ALL {
        let forms = table::forms(slot);
        let form = if random.below(3) == 0 { &forms[random.below(forms.len())] } else { table::nop(slot) };
        let mut set = |field, value| span(slot, field).into_iter().for_each(|span| word.set(span, value));
        set(Field::Opcode, u32::from(form.opcode));
        for field in FIELDS.into_iter().filter(|&field| form.uses(field)) {
            let value = match random.below(4) {
                0 => random.next(),
                1 => 127,
                2 => random.next() & 7,
                _ => random.next() & random.next() & random.next(),
            };
            set(field, value);
        }
        if random.below(4) == 0 {
            set(Field::Predicate, random.next());
            set(Field::Polarity, random.next());
        }
        if form.uses(Field::Immediate) || random.below(4) == 0 {
            set(Field::Immediate, random.next() >> random.below(32));
        }
    }
    if random.below(16) == 0 {
        word.set(Span { low: 0, width: 6 }, goya_tpc_isa::loops::OPCODE);
        word.set(Span { low: 6, width: 32 }, random.next());
        word.set(Span { low: 100, width: 32 }, random.next());
    }
    word
}

/// Checks one word; whether it is an instruction word.
fn check(raw: &RawWord) -> bool {
    let text = dis::text(raw);
    let assembled = asm::assemble(&text).unwrap_or_else(|errors| panic!("{raw}: {text}: {errors:?}"));
    assert_eq!(assembled.words, [*raw], "{text}");
    let Ok(word) = Word::decode(raw) else {
        assert!(text.starts_with(".word"), "{text}");
        return false;
    };
    let encoded = word.encode().unwrap_or_else(|error| panic!("{raw}: {word}: {error}"));
    assert_eq!(Word::decode(&encoded), Ok(word), "{raw}");
    // What the encoder leaves out means nothing.
    assert_eq!(text.starts_with(".word"), encoded != *raw, "{text}");
    true
}

fn run(count: u32, seed: u64) {
    let mut random = Random(seed);
    let valid = (0..count).filter(|_| check(&word(&mut random))).count();
    assert!(valid as u32 > count / 20, "only {valid} of {count} words are instruction words");
    println!("{valid} of {count} random words are instruction words");
}

#[test]
fn random_words_round_trip() {
    run(20_000, 0x9E37_79B9_7F4A_7C15);
}

#[test]
#[ignore = "takes minutes"]
fn ten_million_random_words_round_trip() {
    run(10_000_000, 0xD1B5_4A32_D192_ED03);
}
