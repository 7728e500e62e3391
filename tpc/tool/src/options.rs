// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! The command line.

use std::path::PathBuf;

use crate::run::RunOptions;
use clap::{Parser, Subcommand, ValueEnum};

/// Assembles, disassembles, checks and runs programs of Goya's tensor processing cores
#[derive(Debug, Parser)]
#[command(
    name = "goya-tpc",
    version,
    after_help = "\
Examples:
  goya-tpc asm add.s -o add.bin
  goya-tpc dis kernel.o --words
  goya-tpc lint add.s
  goya-tpc run add.s -t a.npy -t b.npy -t type=f32,sizes=640,out=c.npy --space 10

A line of assembler text is one word: LOAD; SPU; VPU; STORE, with nop for
a slot that does nothing.

Exit status: 0 if all is well, 1 if the program is wrong (errors in its text,
words that are no instructions, hazards, a run that does not halt), 2 if
something else failed."
)]
pub struct Options {
    /// Print JSON
    #[arg(long, global = true)]
    pub json: bool,
    /// When to print in colours; auto minds NO_COLOR
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub colour: Colour,
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// When to print in colours.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Colour {
    /// On a terminal
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

impl Colour {
    /// Whether colours are wanted for an output that is a terminal or not.
    pub fn wanted(self, terminal: bool) -> bool {
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto => terminal && std::env::var_os("NO_COLOR").is_none(),
        }
    }
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Assemble text
    Asm {
        /// The text; - is standard input
        file: PathBuf,
        /// Write the program's bytes there (- is standard output), in place of printing its words
        #[arg(short, long, value_name = "PATH")]
        output: Option<PathBuf>,
    },
    /// Disassemble a program: its bytes, its words in hexadecimal, or an ELF file of the vendor's compiler
    Dis {
        /// The program; - is standard input
        file: PathBuf,
        /// Print address and digits of each word too
        #[arg(short, long)]
        words: bool,
    },
    /// Find what the card would not do as the text reads
    Lint {
        /// Text, or a program as for dis; - is standard input
        file: PathBuf,
    },
    /// Run a kernel on emulated cores, without a card
    Run(RunOptions),
}
