// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The command line.

use std::path::PathBuf;

use clap::Parser;

/// Boots a guest with emulated Goya cards and runs a program in it.
///
/// Returns the program's exit code; 124 when it took too long, 125 when the guest or a card died,
/// 1 when the program succeeded but its KTAP output or the kernel log is not as it should be.
#[derive(Debug, Parser)]
#[command(version)]
pub struct Options {
    /// Kernel image
    #[arg(long, value_name = "BZIMAGE")]
    pub kernel: PathBuf,
    /// Module to load before the program, in order; with the driver's name, it is GOYA_MODULE
    #[arg(long = "module", value_name = "KO")]
    pub modules: Vec<PathBuf>,
    /// Parameters of the last module
    #[arg(long, value_name = "PARAMS", default_value = "")]
    pub module_params: String,
    /// Emulated cards
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub cards: usize,
    /// The card's program
    #[arg(long, value_name = "PATH", default_value = "goya-card")]
    pub card_bin: PathBuf,
    /// Argument for each card, such as --mmap
    #[arg(long = "card-arg", value_name = "ARG", allow_hyphen_values = true)]
    pub card_args: Vec<String>,
    /// Guest memory in MiB
    #[arg(long, value_name = "MIB", default_value_t = 2048)]
    pub mem: u32,
    /// Guest processors
    #[arg(long, value_name = "N", default_value_t = 2)]
    pub smp: u32,
    /// Seconds until the guest is ended
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    pub timeout: u64,
    /// File to put into the guest, as HOST:GUEST
    #[arg(long = "file", value_name = "HOST:GUEST")]
    pub files: Vec<String>,
    /// Further kernel argument
    #[arg(long = "kernel-arg", value_name = "ARG", allow_hyphen_values = true)]
    pub kernel_args: Vec<String>,
    /// Where the logs go
    #[arg(long, value_name = "DIR", default_value = "build/logs/guest")]
    pub log_dir: PathBuf,
    /// Init script of the guest
    #[arg(long, value_name = "PATH", default_value = "tests/guest/init")]
    pub init: PathBuf,
    /// Messages that the kernel log may hold, with reasons
    #[arg(long, value_name = "PATH", default_value = "tests/guest/dmesg-allowed.txt")]
    pub allowed: PathBuf,
    /// The program speaks KTAP: check it, and the kernel log
    #[arg(long)]
    pub ktap: bool,
    /// A shell instead of a program
    #[arg(long)]
    pub interactive: bool,
    /// Program in the guest, and its arguments
    #[arg(last = true)]
    pub program: Vec<String>,
}
