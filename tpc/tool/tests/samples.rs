// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! The samples of the documentation, as they stand there.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A directory with all that the samples name. It is of one test, and goes with it.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        let place = Self(std::env::temp_dir().join(format!("goya-tpc-{}-{name}", std::process::id())));
        let kernels = Path::new(env!("CARGO_MANIFEST_DIR")).join("../kernels/asm");
        let there = place.0.join("tpc/kernels/asm");
        fs::create_dir_all(&there).unwrap();
        for copy in [there.join("add_f32.s"), place.0.join("add.s")] {
            fs::copy(kernels.join("add_f32.s"), copy).unwrap();
        }
        for (file, value) in [("a.npy", 1.5), ("b.npy", 2.25)] {
            fs::write(place.0.join(file), array(value)).unwrap();
        }
        place
    }

    /// Runs a script here, with the tool where a shell looks for programs.
    fn run(&self, script: &str) {
        let tool = Path::new(env!("CARGO_BIN_EXE_goya-tpc")).parent().unwrap().to_owned();
        let path = std::env::var_os("PATH").unwrap_or_default();
        let path = std::env::join_paths([tool].into_iter().chain(std::env::split_paths(&path))).unwrap();
        let mut shell = Command::new("sh");
        let output = shell.args(["-ec", script]).current_dir(&self.0).env("PATH", path).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// 640 x 3 times a number, as NumPy keeps it.
fn array(value: f32) -> Vec<u8> {
    let head = "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 640), }";
    let head = format!("{head:<117}\n");
    [b"\x93NUMPY\x01\x00\x76\x00", head.as_bytes(), &value.to_le_bytes().repeat(640 * 3)].concat()
}

#[test]
fn a_kernel_runs_without_a_card() {
    let place = Place::new("kernel");
    place.run(include_str!("samples/kernel.sh"));
    assert!(fs::read(place.0.join("c.npy")).unwrap().ends_with(&3.75f32.to_le_bytes().repeat(640 * 3)));
}

#[test]
fn a_new_kernel_is_checked_run_and_assembled() {
    let place = Place::new("new");
    place.run(include_str!("samples/new.sh"));
    assert!(fs::read(place.0.join("c.npy")).unwrap().ends_with(&3.75f32.to_le_bytes().repeat(640 * 3)));
    assert_ne!(fs::read(place.0.join("add.bin")).unwrap().len(), 0);
}

#[test]
fn a_loop_has_no_hazards() {
    let place = Place::new("loop");
    fs::write(place.0.join("loop.s"), include_str!("samples/loop.s")).unwrap();
    place.run("goya-tpc lint loop.s");
}
