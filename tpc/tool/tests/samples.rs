// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! The samples of the documentation, as they stand there.

mod common;

use std::fs;
use std::path::Path;
use std::process::Command;

use common::Files;
use goya_tpc_isa::Type;

/// A directory with all that the samples name.
struct Place(Files);

impl Place {
    fn new(name: &str) -> Self {
        let files = Files::new(name);
        let kernels = Path::new(env!("CARGO_MANIFEST_DIR")).join("../kernels/asm");
        let there = files.0.join("tpc/kernels/asm");
        fs::create_dir_all(&there).unwrap();
        for copy in [there.join("add_f32.s"), files.0.join("add.s")] {
            fs::copy(kernels.join("add_f32.s"), copy).unwrap();
        }
        for (file, value) in [("a.npy", 1.5_f32), ("b.npy", 2.25)] {
            let bytes = value.to_le_bytes().repeat(640 * 3);
            files.write(file, &goya_npy::write(Type::F32, &[640, 3, 1, 1, 1], &bytes));
        }
        Self(files)
    }

    /// Runs a script here, with the tool where a shell looks for programs.
    fn run(&self, script: &str) {
        let tool = Path::new(env!("CARGO_BIN_EXE_goya-tpc")).parent().unwrap().to_owned();
        let path = std::env::var_os("PATH").unwrap_or_default();
        let path = std::env::join_paths([tool].into_iter().chain(std::env::split_paths(&path))).unwrap();
        let mut shell = Command::new("sh");
        let output = shell.args(["-ec", script]).current_dir(&self.0.0).env("PATH", path).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn a_kernel_runs_without_a_card() {
    let place = Place::new("kernel");
    place.run(include_str!("samples/kernel.sh"));
    assert!(place.0.read("c.npy").ends_with(&3.75f32.to_le_bytes().repeat(640 * 3)));
}

#[test]
fn a_new_kernel_is_checked_run_and_assembled() {
    let place = Place::new("new");
    place.run(include_str!("samples/new.sh"));
    assert!(place.0.read("c.npy").ends_with(&3.75f32.to_le_bytes().repeat(640 * 3)));
    assert_ne!(place.0.read("add.bin").len(), 0);
}

#[test]
fn a_loop_has_no_hazards() {
    let place = Place::new("loop");
    place.0.write("loop.s", include_bytes!("samples/loop.s"));
    place.run("goya-tpc lint loop.s");
}
