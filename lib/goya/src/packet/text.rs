// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! The text form of command buffers.
//!
//! A packet a line: its name and its fields, `name=value`, in any order. Numbers are decimal, or hexadecimal with `0x`.
//! What follows a `#` is a comment.
//!
//! ```text
//! wreg32    register=0x1020 value=7
//! wreg_bulk register=0x6a00 values=0x1,0x200000003
//! msg_long  address=0x7ffc112014 value=0x80000001
//! msg_short base=1 offset=0x14 value=3
//! cp_dma    source=0x7ff0008000 size=64
//! fence     id=1 gate=1 decrement=1
//! lin_dma   source=0x1000000000000 destination=0x7ff0008000 size=4096 direction=host_to_sram
//! nop
//! stop
//! .word     0x1f00000000000000
//! ```
//!
//! Optional fields are `flags=` and `barriers=`, names with `|` between them, or `none`. Without them a packet has its
//! [usual barriers](Kind::usual_barriers), and no flags but `weakly_ordered` for `lin_dma`. Others are `command_queue=1` of
//! `wreg32` and `control=` of `lin_dma`. A `.word` is eight bytes that are no packet. `msg_prot` has the fields of
//! `msg_long`.
//!
//! [`assemble`] makes of what [`disassemble`] says the same bytes, whatever they are.

use std::collections::HashMap;
use std::fmt::{self, Display, Write};

use bitflags::Flags;

use super::{Direction, DmaFlags, Kind, MessageFlags, Packet, packets};
use crate::{Error, Result, printable};

/// Names of directions, by their numbers.
const DIRECTIONS: [&str; 8] = [
    "host_to_dram",
    "host_to_sram",
    "dram_to_sram",
    "sram_to_dram",
    "sram_to_host",
    "dram_to_host",
    "dram_to_dram",
    "sram_to_sram",
];

/// A set of flags as a text.
struct Names<F>(F);

impl<F: Flags> Display for Names<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("none");
        }
        for (n, (name, _)) in self.0.iter_names().enumerate() {
            let between = if n > 0 { "|" } else { "" };
            write!(f, "{between}{}", name.to_ascii_lowercase())?;
        }
        Ok(())
    }
}

/// A set of flags from a text.
fn flags<F: Flags>(text: &str) -> Result<F, String> {
    let mut all = F::empty();
    for name in text.split('|').filter(|name| *name != "none") {
        let flag = F::from_name(&name.to_ascii_uppercase());
        all.insert(flag.ok_or_else(|| format!("no flag is called {name}"))?);
    }
    Ok(all)
}

impl Display for Packet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Flags other than the usual ones.
        fn how<F: Flags + PartialEq>(f: &mut fmt::Formatter<'_>, flags: F, usual: F) -> fmt::Result {
            if flags == usual { Ok(()) } else { write!(f, " flags={}", Names(flags)) }
        }
        match &self.kind {
            Kind::WriteRegister { register, value, command_queue } => {
                write!(f, "wreg32 register={register:#x} value={value:#x}")?;
                if *command_queue {
                    f.write_str(" command_queue=1")?;
                }
            }
            Kind::WriteRegisters { register, values } => {
                write!(f, "wreg_bulk register={register:#x} values=")?;
                for (n, value) in values.iter().enumerate() {
                    let between = if n > 0 { "," } else { "" };
                    write!(f, "{between}{value:#x}")?;
                }
            }
            Kind::MessageLong { address, value, flags } => {
                write!(f, "msg_long address={address:#x} value={value:#x}")?;
                how(f, *flags, MessageFlags::default())?;
            }
            Kind::MessageProtected { address, value, flags } => {
                write!(f, "msg_prot address={address:#x} value={value:#x}")?;
                how(f, *flags, MessageFlags::default())?;
            }
            Kind::MessageShort { base, offset, value, flags } => {
                write!(f, "msg_short base={base} offset={offset:#x} value={value:#x}")?;
                how(f, *flags, MessageFlags::default())?;
            }
            Kind::CommandDma { source, size, flags } => {
                write!(f, "cp_dma source={source:#x} size={size:#x}")?;
                how(f, *flags, Default::default())?;
            }
            Kind::Fence { id, gate, decrement } => {
                write!(f, "fence id={id} gate={gate} decrement={decrement}")?;
            }
            Kind::LinearDma { source, destination, size, direction, flags, control } => {
                let direction = DIRECTIONS[*direction as usize];
                write!(f, "lin_dma source={source:#x} destination={destination:#x} size={size:#x}")?;
                write!(f, " direction={direction}")?;
                how(f, *flags, DmaFlags::default())?;
                if *control != 0 {
                    write!(f, " control={control:#x}")?;
                }
            }
            Kind::Nop => f.write_str("nop")?,
            Kind::Stop => f.write_str("stop")?,
        }
        if self.barriers != self.kind.usual_barriers() {
            write!(f, " barriers={}", Names(self.barriers))?;
        }
        Ok(())
    }
}

/// The text of a command buffer, a line a packet. From the first bytes on that are no packet, there are `.word` lines, or
/// `.byte` lines for less than eight of them; a comment says why.
#[must_use]
pub fn disassemble(bytes: &[u8]) -> String {
    let mut text = String::new();
    for (at, packet) in packets(bytes) {
        // Writing to a string cannot fail.
        let _ = match packet {
            Ok(packet) => writeln!(text, "{packet}"),
            Err(error) => {
                let rest = bytes.get(at..).unwrap_or_default();
                let (words, tail) = rest.split_at(rest.len() / 8 * 8);
                let _ = writeln!(text, "# at {at:#x}: {error}");
                for word in words.chunks_exact(8) {
                    let word = word.iter().rev().fold(0, |sum, &b| sum << 8 | u64::from(b));
                    let _ = writeln!(text, ".word {word:#x}");
                }
                tail.iter().try_for_each(|byte| writeln!(text, ".byte {byte:#x}"))
            }
        };
    }
    text
}

/// The fields of a line, which are taken one after the other.
struct Fields<'a>(HashMap<&'a str, &'a str>);

impl<'a> Fields<'a> {
    fn of(words: impl Iterator<Item = &'a str>) -> Result<Self, String> {
        let mut fields = HashMap::new();
        for word in words {
            let (name, value) =
                word.split_once('=').ok_or_else(|| format!("{word} is no field: name=value"))?;
            if fields.insert(name, value).is_some() {
                return Err(format!("{name} is there twice"));
            }
        }
        Ok(Self(fields))
    }

    fn take(&mut self, name: &str) -> Option<&'a str> {
        self.0.remove(name)
    }

    /// A number that has to be there.
    fn number<T: TryFrom<u64>>(&mut self, name: &str) -> Result<T, String> {
        let text = self.take(name).ok_or_else(|| format!("{name}= is missing"))?;
        let number = number(text)?;
        T::try_from(number).map_err(|_| format!("{name}={text} is too large"))
    }

    /// A number of so many bits.
    fn bits(&mut self, name: &str, bits: u32) -> Result<u64, String> {
        let number: u64 = self.number(name)?;
        if number >> bits == 0 { Ok(number) } else { Err(format!("{name}={number} is too large")) }
    }

    fn flags<F: Flags>(&mut self, name: &str, usual: F) -> Result<F, String> {
        self.take(name).map_or(Ok(usual), flags)
    }
}

fn number(text: &str) -> Result<u64, String> {
    // Rust's own numbers may have a sign.
    if text.contains(['+', '-']) {
        return Err(format!("{text} is no number"));
    }
    let hex = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
    let number = hex.map_or_else(|| text.parse(), |digits| u64::from_str_radix(digits, 16));
    number.map_err(|_| format!("{text} is no number"))
}

fn kind(name: &str, fields: &mut Fields<'_>) -> Result<Kind, String> {
    Ok(match name {
        "wreg32" => Kind::WriteRegister {
            register: fields.number("register")?,
            value: fields.number("value")?,
            command_queue: match fields.take("command_queue") {
                None | Some("0") => false,
                Some("1") => true,
                Some(other) => return Err(format!("command_queue={other}: 0 or 1")),
            },
        },
        "wreg_bulk" => {
            let register = fields.number("register")?;
            let list = fields.take("values").ok_or("values= is missing")?;
            let values: Vec<_> = match list {
                // As a packet of none is told.
                "" => Vec::new(),
                _ => list.split(',').map(number).collect::<Result<_, _>>()?,
            };
            if values.len() > 0xFFFF {
                return Err(format!("{} values are too many", values.len()));
            }
            Kind::WriteRegisters { register, values }
        }
        "msg_long" | "msg_prot" => {
            let (address, value) = (fields.number("address")?, fields.number("value")?);
            let flags = fields.flags("flags", MessageFlags::default())?;
            match name {
                "msg_long" => Kind::MessageLong { address, value, flags },
                _ => Kind::MessageProtected { address, value, flags },
            }
        }
        "msg_short" => Kind::MessageShort {
            base: fields.bits("base", 2)? as u8,
            offset: fields.number("offset")?,
            value: fields.number("value")?,
            flags: fields.flags("flags", MessageFlags::default())?,
        },
        "cp_dma" => Kind::CommandDma {
            source: fields.number("source")?,
            size: fields.number("size")?,
            flags: fields.flags("flags", Default::default())?,
        },
        "fence" => Kind::Fence {
            id: fields.bits("id", 2)? as u8,
            gate: fields.number("gate")?,
            decrement: fields.bits("decrement", 4)? as u8,
        },
        "lin_dma" => {
            let (source, destination) = (fields.number("source")?, fields.number("destination")?);
            let direction = match fields.take("direction") {
                None => Direction::between(source, destination),
                Some(name) => *DIRECTIONS
                    .iter()
                    .position(|known| *known == name)
                    .and_then(|n| Direction::ALL.get(n))
                    .ok_or_else(|| format!("no direction is called {name}"))?,
            };
            Kind::LinearDma {
                source,
                destination,
                size: fields.number("size")?,
                direction,
                flags: fields.flags("flags", DmaFlags::default())?,
                control: if fields.0.contains_key("control") {
                    fields.bits("control", 12)? as u16
                } else {
                    0
                },
            }
        }
        "nop" => Kind::Nop,
        "stop" => Kind::Stop,
        _ => return Err(format!("no packet is called {name}")),
    })
}

fn line(text: &str, bytes: &mut Vec<u8>) -> Result<(), String> {
    let mut words = text.split('#').next().unwrap_or_default().split_whitespace();
    let Some(name) = words.next() else { return Ok(()) };
    if name == ".word" || name == ".byte" {
        for word in words {
            let value = number(word)?;
            if name == ".word" {
                bytes.extend(value.to_le_bytes());
            } else {
                bytes.push(u8::try_from(value).map_err(|_| format!("{word} is more than a byte"))?);
            }
        }
        return Ok(());
    }
    let mut fields = Fields::of(words)?;
    let kind = kind(name, &mut fields)?;
    let barriers = fields.flags("barriers", kind.usual_barriers())?;
    if let Some(unknown) = fields.0.keys().next() {
        return Err(format!("{name} has no field {unknown}"));
    }
    Packet { kind, barriers }.encode(bytes);
    Ok(())
}

/// The bytes of a command buffer, from its text.
///
/// # Errors
/// [`Error::Syntax`], with the line.
pub fn assemble(text: &str) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    for (n, text) in text.lines().enumerate() {
        line(text, &mut bytes)
            .map_err(|what| Error::Syntax { line: n + 1, what: printable(&what).into_owned() })?;
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_gets_no_commands_from_a_text_that_is_wrong() {
        for text in ["\x1b[2Jnop", "nop \x1b]0;x\x07=1", "lin_dma source=\u{9b}31m", "nop a\u{202e}b=1"] {
            let said = assemble(text).unwrap_err().to_string();
            assert_eq!(said, printable(&said));
        }
        assert_eq!(assemble("\x1b[2J").unwrap_err().to_string(), r"line 1: no packet is called \u{1b}[2J");
    }

    #[test]
    fn numbers_have_no_signs_and_lists_no_gaps() {
        assert!(assemble("msg_long address=0x10 value=5").is_ok());
        for text in ["value=+5", "value=-0", "value=0x+5", "value="] {
            assert!(assemble(&format!("msg_long address=0x10 {text}")).is_err(), "{text}");
        }
        assert!(assemble("wreg_bulk register=0 values=1,2").is_ok());
        for list in ["1,,2", ",1", "1,", ","] {
            assert!(assemble(&format!("wreg_bulk register=0 values={list}")).is_err(), "{list}");
        }
        let none = assemble("wreg_bulk register=0 values=").unwrap();
        assert_eq!(assemble(&disassemble(&none)).unwrap(), none);
    }
}
