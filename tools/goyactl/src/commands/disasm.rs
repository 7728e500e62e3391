// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! `goyactl disasm`: the text of packets, or of a tensor core's code.

use goya::Commands;
use goya_tpc_isa::dis::listing;
use goya_tpc_isa::{RawWord, WORD_SIZE};
use schemars::JsonSchema;
use serde::Serialize;

use super::read_packets;
use crate::failure::{Failure, Result};
use crate::options::Disasm;
use crate::output::Output;

#[derive(JsonSchema, Serialize)]
pub struct Answer {
    lines: Vec<String>,
}

/// Takes bytes apart.
pub fn run(what: &Disasm, output: &Output) -> Result {
    let bytes = read_packets(&what.file)?;
    let text = if what.tpc { code(&bytes)? } else { packets(&bytes) };
    if output.is_json() {
        return output.json("disasm", &Answer { lines: text.lines().map(str::to_owned).collect() });
    }
    output.text(text)
}

fn packets(bytes: &[u8]) -> String {
    let mut commands = Commands::new();
    commands.raw(bytes);
    commands.disassemble()
}

fn code(bytes: &[u8]) -> Result<String> {
    let chunks = bytes.chunks_exact(WORD_SIZE);
    if !chunks.remainder().is_empty() {
        return Err(Failure::failed(format!(
            "{} bytes are no whole words of a tensor core's code",
            bytes.len()
        )));
    }
    let words: Vec<_> = chunks.filter_map(|word| word.try_into().ok()).map(RawWord::from_bytes).collect();
    Ok(listing(&words).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_have_a_text() {
        let mut commands = Commands::new();
        commands.nop().write(goya::SRAM.start, 7).unwrap();
        let text = packets(commands.bytes());
        assert!(text.starts_with("nop\nmsg_long address=0x7ff0008000 value=0x7"), "{text}");
        assert_eq!(Commands::assemble(&text).unwrap().bytes(), commands.bytes());
    }

    #[test]
    fn code_has_one_too() {
        let program = goya_tpc_isa::asm::assemble("halt").unwrap();
        assert!(code(&program.to_bytes()).unwrap().contains("halt"));
        assert!(code(&[0; 31]).unwrap_err().text().contains("31 bytes"));
    }
}
