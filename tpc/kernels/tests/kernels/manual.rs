// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! The table of kernels in the manual, out of their texts and descriptions. `KERNELS_WRITE=1` writes it anew.

use std::fmt::Write;

use goya_tpc_kernels::{KERNELS, Kernel, Tensor};

/// What the head of a kernel's text says: what is computed, what follows "scalars:", and what follows "limits:".
fn head(kernel: &Kernel) -> (String, String, String) {
    let lines = kernel.text.lines().skip(2).take_while(|line| line.starts_with("//"));
    let lines: Vec<_> = lines.map(|line| line.trim_start_matches('/').trim_end()).collect();
    // What is indented further goes on with the line before.
    let said = |what: &str| {
        let from = lines.iter().skip_while(|line| !line.starts_with(what));
        let more = from.clone().skip(1).take_while(|line| line.starts_with("   "));
        let all: Vec<_> = from.take(1).chain(more).map(|line| line.trim()).collect();
        all.join(" ").trim_start_matches(what.trim()).trim().to_owned()
    };
    let computed = lines.iter().take_while(|line| !line.starts_with(" tensor 0"));
    let computed: Vec<_> = computed.map(|line| line.trim()).collect();
    // The first paragraph is no sentence.
    let computed = computed.join(" ").trim().replace("  ", ". ");
    let scalars = said(" scalars:");
    (computed, if scalars == "none" { String::new() } else { scalars }, said(" limits:"))
}

/// As reStructuredText in a cell: a tensor that is written has an arrow before it.
fn tensors(tensors: &[Tensor]) -> String {
    tensors.iter().map(|tensor| format!("``{tensor}``")).collect::<Vec<_>>().join(", ")
}

fn cell(text: &str) -> String {
    // Stars are multiplications here, and powers; to Sphinx they are not.
    format!("\"{}\"", text.replace('"', "\"\"").replace('*', "\\*"))
}

fn table() -> String {
    let mut out = "Kernel,Computes,Tensors,Scalars,Limits\n".to_owned();
    for kernel in KERNELS {
        let (computed, scalars, limits) = head(kernel);
        let name = format!("``{}``", kernel.name);
        let cells = [&name, &computed, &tensors(kernel.tensors), &scalars, &limits].map(|text| cell(text));
        writeln!(out, "{}", cells.join(",")).unwrap();
    }
    out
}

#[test]
fn the_manual_has_all_arguments() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/kernels.csv");
    let table = table();
    if std::env::var_os("KERNELS_WRITE").is_some() {
        std::fs::write(path, &table).unwrap();
    }
    let known = std::fs::read_to_string(path).unwrap_or_default();
    let differs = known.lines().zip(table.lines()).find(|(known, now)| known != now);
    assert!(known == table, "kernels.csv is out of date (KERNELS_WRITE=1 writes it): {differs:?}");
    for kernel in KERNELS {
        let (computed, scalars, _) = head(kernel);
        assert!(!computed.is_empty(), "{}: nothing says what it computes", kernel.name);
        assert_eq!(scalars.is_empty(), kernel.scalars.is_empty(), "{}: {scalars}", kernel.name);
    }
}
