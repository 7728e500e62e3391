// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! Makes the bindings from the public headers with the `bindgen` program.

use std::path::PathBuf;
use std::process::Command;

/// Ours, which includes the other.
const HEADER: &str = "../drm/goya_accel.h";
const UPSTREAMS: &str = "../drm/habanalabs_accel.h";

fn main() {
    println!("cargo:rerun-if-changed={HEADER}");
    println!("cargo:rerun-if-changed={UPSTREAMS}");
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR")).join("bindings.rs");
    let status = Command::new("bindgen")
        .args([
            "--use-core",
            "--with-derive-default",
            "--no-prepend-enum-name",
            "--default-enum-style",
            "moduleconsts",
        ])
        .args(["--allowlist-type", "hl_.*|goya_.*", "--allowlist-var", "HL_.*|GOYA_.*|TS_.*|SEC_.*", "-o"])
        .arg(&out)
        .arg(HEADER)
        .status();
    match status {
        Ok(status) if status.success() => {}
        Ok(status) => panic!("bindgen failed: {status}"),
        Err(error) => panic!("cannot run bindgen ({error}): install the package bindgen and libclang-dev"),
    }
}
