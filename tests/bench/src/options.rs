// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The command line.

use std::path::PathBuf;

use clap::Parser;

/// Measures two drivers on the same kernel and the same emulated card, and compares them.
#[derive(Debug, Parser)]
#[command(version)]
pub struct Options {
    /// Our driver; without it, only upstream's is measured
    #[arg(long, value_name = "KO")]
    pub goya: Option<PathBuf>,
    /// Upstream's driver
    #[arg(long, value_name = "KO", required_unless_present = "check", default_value = "")]
    pub habanalabs: PathBuf,
    /// Kernel image
    #[arg(long, value_name = "BZIMAGE", required_unless_present = "check", default_value = "")]
    pub kernel: PathBuf,
    /// The card's program
    #[arg(long, value_name = "PATH", default_value = "goya-card")]
    pub card_bin: PathBuf,
    /// The program that runs guests
    #[arg(long, value_name = "PATH", default_value = "goya-guest")]
    pub guest: PathBuf,
    /// The program that measures in a guest: static
    #[arg(long, value_name = "PATH", default_value = "goya-bench")]
    pub bench: PathBuf,
    /// QEMU's plugin that counts instructions
    #[arg(long, value_name = "SO", default_value = "libgoya_count.so")]
    pub plugin: PathBuf,
    /// How often each driver is measured, in turns
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    pub rounds: u32,
    /// Where the report goes
    #[arg(long, value_name = "FILE", default_value = "build/bench.json")]
    pub out: PathBuf,
    /// Where its picture goes (SVG)
    #[arg(long, value_name = "FILE", default_value = "build/bench.svg")]
    pub chart: PathBuf,
    /// Measures nothing: says which rows of the report that is there fall short of what is wanted
    #[arg(long)]
    pub check: bool,
    /// The guests' processors, while times are measured
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..))]
    pub smp: u32,
    /// Argument for the card, such as --mmap
    #[arg(long, value_name = "ARG", allow_hyphen_values = true)]
    pub card_arg: Vec<String>,
    /// Where the logs go, in a directory for each guest
    #[arg(long, value_name = "DIR", default_value = "build/logs/bench")]
    pub log_dir: PathBuf,
}
