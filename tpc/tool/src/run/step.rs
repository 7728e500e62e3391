// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! Word by word, by commands in text.

use std::collections::BTreeSet;
use std::io::{self, BufRead, Write};

use goya_chip::tpc::{Progress, Registers};
use goya_tpc_isa::{Register, dis};

use super::machine::Machine;
use super::report;
use super::{registers, values};

const HELP: &str = "\
s [N]          execute a word, or N; an empty line does the same
c              go on to a breakpoint or to the end
b [WORD]       set a breakpoint before a word, or remove it; list them
p REG [TYPE]   print a register: p V3 f32
r              print the registers that are not zero
l [WORD]       list the words around the next one, or around WORD
q              end
";

/// Words around the one that is listed.
const CONTEXT: usize = 5;

/// Executes what `commands` say on the first core; what is to be seen goes to `out`. With `prompt`, asks for each.
pub fn step(
    machine: &mut Machine,
    commands: impl BufRead,
    out: &mut impl Write,
    prompt: bool,
) -> io::Result<()> {
    let mut session = Session { machine, breakpoints: BTreeSet::new() };
    session.next(out)?;
    let mut commands = commands.lines();
    loop {
        if prompt {
            write!(out, "> ")?;
            out.flush()?;
        }
        let Some(line) = commands.next().transpose()? else { return Ok(()) };
        let words: Vec<_> = line.split_whitespace().collect();
        match words[..] {
            [] | ["s"] => session.execute(1, out)?,
            ["s", n] => match n.parse() {
                Ok(n) => session.execute(n, out)?,
                Err(_) => writeln!(out, "`{n}` is no number of words")?,
            },
            ["c"] => session.execute(u64::MAX, out)?,
            ["b"] => writeln!(out, "{:?}", session.breakpoints)?,
            ["b", word] => session.breakpoint(word, out)?,
            ["p", register] => session.print(register, None, out)?,
            ["p", register, ty] => session.print(register, Some(ty), out)?,
            ["r"] => session.registers(out)?,
            ["l"] => session.list(session.word(), out)?,
            ["l", word] => match word.parse() {
                Ok(word) => session.list(word, out)?,
                Err(_) => writeln!(out, "`{word}` is no number of a word")?,
            },
            ["q"] => return Ok(()),
            ["h" | "help" | "?"] => out.write_all(HELP.as_bytes())?,
            _ => writeln!(out, "`{}` is no command; h lists them", line.trim())?,
        }
    }
}

struct Session<'a> {
    machine: &'a mut Machine,
    /// Words before which it stops.
    breakpoints: BTreeSet<usize>,
}

impl Session<'_> {
    fn core(&self) -> Option<&goya_chip::tpc::Core> {
        self.machine.cores.first().map(|running| &running.core)
    }

    /// The word that is next.
    fn word(&self) -> usize {
        self.core().map_or(0, |core| core.word() as usize)
    }

    fn state(&self) -> Registers {
        self.core().map(|core| core.registers.clone()).unwrap_or_default()
    }

    /// Executes words, and shows what they change all together.
    fn execute(&mut self, words: u64, out: &mut impl Write) -> io::Result<()> {
        let before = self.state();
        for _ in 0..words {
            if !self.machine.advance(0, 1) || self.breakpoints.contains(&self.word()) {
                break;
            }
        }
        if let Some(core) = self.core() {
            for register in registers::differing(&before, &core.registers) {
                writeln!(out, "    {register} = {}", registers::text(&core.registers, register, None))?;
            }
        }
        self.next(out)
    }

    /// Shows the word that is next, or how the kernel has ended.
    fn next(&self, out: &mut impl Write) -> io::Result<()> {
        match self.machine.cores.first() {
            Some(running) if running.progress == Progress::Running => self.line(self.word(), out),
            Some(running) => writeln!(out, "{}", report::state(running)),
            None => Ok(()),
        }
    }

    fn line(&self, word: usize, out: &mut impl Write) -> io::Result<()> {
        let text = self.machine.program.get(word).map_or("behind the program".into(), dis::text);
        writeln!(out, "{word:6}: {text}")
    }

    fn breakpoint(&mut self, word: &str, out: &mut impl Write) -> io::Result<()> {
        match word.parse() {
            Ok(word) if word >= self.machine.program.len() => writeln!(out, "the program has no word {word}"),
            Ok(word) if self.breakpoints.remove(&word) => Ok(()),
            Ok(word) => {
                self.breakpoints.insert(word);
                Ok(())
            }
            Err(_) => writeln!(out, "`{word}` is no number of a word"),
        }
    }

    fn print(&self, name: &str, ty: Option<&str>, out: &mut impl Write) -> io::Result<()> {
        let Some(register) = Register::from_name(name).filter(|register| register.file.info().group == 1)
        else {
            return writeln!(out, "`{name}` is no register");
        };
        match (ty.map(values::element).transpose(), self.core()) {
            (Ok(ty), Some(core)) => {
                writeln!(out, "    {register} = {}", registers::text(&core.registers, register, ty))
            }
            (Err(error), _) => writeln!(out, "{error}"),
            _ => Ok(()),
        }
    }

    fn registers(&self, out: &mut impl Write) -> io::Result<()> {
        let state = self.state();
        for register in registers::differing(&Registers::default(), &state) {
            writeln!(out, "    {register} = {}", registers::text(&state, register, None))?;
        }
        Ok(())
    }

    fn list(&self, word: usize, out: &mut impl Write) -> io::Result<()> {
        let end = word.saturating_add(CONTEXT + 1).min(self.machine.program.len());
        (word.saturating_sub(CONTEXT)..end).try_for_each(|word| self.line(word, out))
    }
}
