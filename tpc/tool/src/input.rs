// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! Programs in files: text, words in hexadecimal, bytes, or ELF.

use std::io::Read;
use std::path::Path;

use goya_tpc_isa::asm::{self, AsmError, Program};
use goya_tpc_isa::{RawWord, WORD_SIZE};

use crate::elf;

/// What a file has.
#[derive(Debug, PartialEq, Eq)]
pub enum Input {
    /// Assembler text.
    Text(String),
    /// A program's words.
    Words(Vec<RawWord>),
}

impl Input {
    /// Reads a file and finds out what it is.
    pub fn read(file: &Path) -> Result<Self, String> {
        Self::from_bytes(&bytes(file)?).map_err(|error| format!("{}: {error}", file.display()))
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, String> {
        if elf::is_elf(bytes) {
            return words(elf::text(bytes)?).map(Self::Words);
        }
        // A program's bytes hold zeros, which no text does.
        match std::str::from_utf8(bytes) {
            Ok(text) if !text.contains('\0') => {
                let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
                let words: Option<Vec<_>> = lines.map(RawWord::from_hex).collect();
                let words = words.filter(|words| !words.is_empty());
                Ok(words.map_or_else(|| Self::Text(text.to_owned()), Self::Words))
            }
            _ => words(bytes).map(Self::Words),
        }
    }

    /// The program; text is assembled.
    pub fn program(&self) -> Result<Program, Vec<AsmError>> {
        match self {
            Self::Words(words) => Ok(Program { words: words.clone(), lines: Vec::new() }),
            Self::Text(text) => asm::assemble(text),
        }
    }
}

/// The text in a file.
pub fn text(file: &Path) -> Result<String, String> {
    String::from_utf8(bytes(file)?).map_err(|_| format!("{}: this is no text", file.display()))
}

fn bytes(file: &Path) -> Result<Vec<u8>, String> {
    let fail = |error: std::io::Error| format!("{}: {error}", file.display());
    if file != Path::new("-") {
        return std::fs::read(file).map_err(fail);
    }
    let mut bytes = Vec::new();
    std::io::stdin().read_to_end(&mut bytes).map_err(fail)?;
    Ok(bytes)
}

fn words(bytes: &[u8]) -> Result<Vec<RawWord>, String> {
    let chunks = bytes.chunks_exact(WORD_SIZE);
    if !chunks.remainder().is_empty() {
        return Err(format!("{} bytes are no whole words of {WORD_SIZE} bytes", bytes.len()));
    }
    Ok(chunks.filter_map(|chunk| chunk.try_into().ok()).map(RawWord::from_bytes).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_told_apart_by_what_they_hold() {
        let nop = format!("3f00000000f80100000000000000800f00f001{}", "00".repeat(13));
        let word = RawWord::from_hex(&nop).unwrap();
        let read = |bytes: &[u8]| Input::from_bytes(bytes).unwrap();
        assert_eq!(read(format!("{nop}\n\n{nop}\n").as_bytes()), Input::Words(vec![word, word]));
        assert_eq!(read(&word.to_bytes()), Input::Words(vec![word]));
        assert_eq!(read(&elf::tests::file(&word.to_bytes())), Input::Words(vec![word]));
        assert_eq!(read(b"main: nop\n"), Input::Text("main: nop\n".into()));
        assert!(Input::from_bytes(&word.to_bytes()[..31]).unwrap_err().contains("31 bytes"));
    }
}
