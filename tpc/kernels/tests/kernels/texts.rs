// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! The kernels' texts.

use goya_tpc_isa::lint;
use goya_tpc_kernels::{Element, KERNELS, find};

#[test]
fn texts_have_no_hazards() {
    for kernel in KERNELS {
        let program = kernel.assemble().unwrap_or_else(|errors| panic!("{}: {errors:?}", kernel.name));
        let findings = lint::check(&program.words);
        assert!(findings.is_empty(), "{}: {findings:#?}", kernel.name);
    }
}

#[test]
fn each_text_is_a_kernel() {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/asm");
    let files = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<_> =
        files.filter_map(|file| Some(file.to_str()?.strip_suffix(".s")?.to_owned())).collect();
    names.sort();
    assert_eq!(names, KERNELS.iter().map(|kernel| kernel.name).collect::<Vec<_>>());
    assert!(find("none").is_none());
}

#[test]
fn texts_say_what_the_descriptions_say() {
    for kernel in KERNELS {
        let head: Vec<_> = kernel.text.lines().take_while(|line| line.starts_with("//")).collect();
        let head = head.join("\n");
        for (i, tensor) in kernel.tensors.iter().enumerate() {
            let element = match tensor.element {
                Element::F32 => "f32",
                Element::I32 => "i32",
                Element::I16 => "i16",
                Element::I8 => "i8",
                Element::U8 => "u8",
                Element::Any => "",
            };
            let said = format!("tensor {i}: {}, {element}", tensor.name);
            assert!(head.contains(&said), "{}: {said}", kernel.name);
        }
        for scalar in kernel.scalars {
            assert!(head.contains(scalar.name), "{}: {}", kernel.name, scalar.name);
        }
        assert!(head.contains("// index space: "), "{}", kernel.name);
    }
}
