// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! Writes the manual of the instructions, for the documentation: `goya-tpc-manual DIRECTORY`.

use std::path::Path;
use std::process::ExitCode;

use goya_tpc_isa::{Slot, manual};

fn main() -> ExitCode {
    let Some(directory) = std::env::args_os().nth(1) else {
        eprintln!("usage: goya-tpc-manual DIRECTORY");
        return ExitCode::from(2);
    };
    match write(Path::new(&directory)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("goya-tpc-manual: {error}");
            ExitCode::FAILURE
        }
    }
}

fn write(directory: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(directory)?;
    for slot in Slot::ALL {
        let name = format!("{}.rst", slot.to_string().to_lowercase());
        std::fs::write(directory.join(name), manual::slot(slot))?;
    }
    std::fs::write(directory.join("layout.rst"), manual::layout())?;
    std::fs::write(directory.join("unsure.rst"), manual::unsure())
}
