// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! `goya-tpc run`, as a user runs it: kernels whose results are known, and programs that go wrong.

mod common;

use std::io::Write;
use std::process::{Command, Output, Stdio};

use common::Files;
use goya_tpc_kernels::{Index, find, reference};
use serde_json::Value;

/// Runs the tool with `input` as its standard input.
fn run(arguments: &[&str], input: &[u8]) -> Output {
    let mut tool = Command::new(env!("CARGO_BIN_EXE_goya-tpc"));
    let pipes = [(); 3].map(|()| Stdio::piped());
    let [stdin, stdout, stderr] = pipes;
    let mut child =
        tool.arg("run").args(arguments).stdin(stdin).stdout(stdout).stderr(stderr).spawn().unwrap();
    // A tool that refuses its arguments does not read.
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap()
}

fn text(output: &Output) -> String {
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn json(output: &Output) -> Value {
    serde_json::from_str(&text(output)).unwrap()
}

/// Elements with their bytes and the name of their type.
trait Element: Copy {
    const NAME: &str;
    fn bytes(values: &[Self]) -> Vec<u8>;
}

macro_rules! element {
    ($($type:ty: $name:literal),*) => {$(
        impl Element for $type {
            const NAME: &str = $name;
            fn bytes(values: &[Self]) -> Vec<u8> {
                values.iter().flat_map(|value| value.to_le_bytes()).collect()
            }
        }
    )*};
}

element!(f32: "f32", i32: "i32", i16: "i16", i8: "i8", u8: "u8");

#[test]
fn a_tensor_that_makes_no_sense_is_named() {
    let output = run(&["-", "-ttype=i8,sizes=4", "-ttype=f32,sizes=4294967295"], b"halt\n");
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(
        (output.status.code(), errors.as_str()),
        (Some(2), "goya-tpc: tensor 1: it has 4 GiB or more\n")
    );
}

/// A tensor of a kernel.
struct Tensor {
    sizes: Index,
    ty: &'static str,
    bytes: Vec<u8>,
}

fn tensor<T: Element>(sizes: Index, values: &[T]) -> Tensor {
    assert_eq!(values.len() as u32, sizes.iter().product::<u32>());
    Tensor { sizes, ty: T::NAME, bytes: T::bytes(values) }
}

/// Numbers without an order, the same every time.
fn numbers<T>(sizes: Index, f: impl Fn(u32) -> T) -> Vec<T> {
    (0..sizes.iter().product::<u32>()).map(|i| f(i.wrapping_mul(2_654_435_761) >> 7)).collect()
}

fn floats(sizes: Index) -> Vec<f32> {
    numbers(sizes, |bits| (bits % 20_001) as f32 / 1024.0 - 9.0)
}

/// Runs a kernel whose last tensor is the result, on one core and on eight.
fn kernel(name: &str, scalars: &[(&str, u32)], tensors: &[Tensor]) {
    let files = Files::new(name);
    let kernel = find(name).unwrap();
    let program = files.write("kernel.s", kernel.text.as_bytes());
    let sizes: Vec<_> = tensors.iter().map(|tensor| tensor.sizes).collect();
    let bits: Vec<_> = scalars.iter().map(|scalar| scalar.1).collect();
    let joined = |sizes: &Index| sizes.map(|size| size.to_string()).join("x");
    let space = joined(&kernel.index_space(&sizes, &bits).unwrap());
    let (result, inputs) = tensors.split_last().unwrap();
    for cores in ["1", "8"] {
        let mut arguments = vec![program.clone(), format!("--space={space}"), format!("--cores={cores}")];
        for (i, tensor) in inputs.iter().enumerate() {
            let file = files.write(&format!("{i}.raw"), &tensor.bytes);
            arguments.push(format!("-t{file},type={},sizes={}", tensor.ty, joined(&tensor.sizes)));
        }
        let out = files.path("out.raw");
        arguments.push(format!("-ttype={},sizes={},out={out}", result.ty, joined(&result.sizes)));
        arguments.extend(scalars.iter().map(|scalar| format!("-s{}", scalar.0)));
        let output = run(&arguments.iter().map(String::as_str).collect::<Vec<_>>(), b"");
        assert_eq!(output.status.code(), Some(0), "{name}: {}", text(&output));
        assert_eq!(text(&output).lines().count().to_string(), cores, "{name}");
        assert!(text(&output).lines().all(|line| line.contains("halted after")), "{name}: {}", text(&output));
        assert_eq!(files.read("out.raw"), result.bytes, "{name} on {cores} cores");
    }
}

#[test]
fn kernels_compute_what_they_compute_in_rust() {
    let flat = [70, 3, 2, 1, 1];
    let (a, b) = (floats(flat), floats([210, 2, 1, 1, 1]).into_iter().rev().collect::<Vec<_>>());
    let inputs = || [tensor(flat, &a), tensor(flat, &b)];
    let with = |result: Tensor| inputs().into_iter().chain([result]).collect::<Vec<_>>();
    kernel("add_f32", &[], &with(tensor(flat, &reference::add_f32(&a, &b))));
    kernel("mul_f32", &[], &with(tensor(flat, &reference::mul_f32(&a, &b))));
    let scaled = tensor(flat, &reference::scaled_add_f32(&a, &b, -0.3));
    kernel("scaled_add_f32", &[("-0.3", (-0.3_f32).to_bits())], &with(scaled));
    let clamped = tensor(flat, &reference::clamp_f32(&a, -2.0, 1.5));
    let bounds = [("-2.0", (-2_f32).to_bits()), ("f32:1.5", 1.5_f32.to_bits())];
    kernel("clamp_f32", &bounds, &[tensor(flat, &a), clamped]);
    kernel("exp_f32", &[], &[tensor(flat, &a), tensor(flat, &reference::exp_f32(&a))]);
    kernel("softmax_f32", &[], &[tensor(flat, &a), tensor(flat, &reference::softmax_f32(&a, 70))]);
    let rows = [1, 3, 2, 1, 1];
    kernel("row_sum_f32", &[], &[tensor(flat, &a), tensor(rows, &reference::row_sum_f32(&a, 70))]);
    kernel("row_arg_max_f32", &[], &[tensor(flat, &a), tensor(rows, &reference::row_arg_max_f32(&a, 70))]);
    kernel("f32_to_i16", &[], &[tensor(flat, &a), tensor(flat, &reference::f32_to_i16(&a))]);
    kernel("f32_to_i8", &[], &[tensor(flat, &a), tensor(flat, &reference::f32_to_i8(&a))]);
    kernel("copy", &[("64", 64)], &[tensor(flat, &a), tensor(flat, &a)]);
}

#[test]
fn kernels_of_integers_and_matrices_do_so_too() {
    let flat = [300, 2, 1, 1, 1];
    let (x, y) = (numbers(flat, |bits| bits as i8), numbers(flat, |bits| (bits >> 9) as i8));
    let sum = tensor(flat, &reference::add_sat_i8(&x, &y));
    kernel("add_sat_i8", &[], &[tensor(flat, &x), tensor(flat, &y), sum]);
    kernel("i8_to_i16", &[], &[tensor(flat, &x), tensor(flat, &reference::i8_to_i16(&x))]);
    let counted = numbers(flat, |bits| bits as u8);
    let counts = reference::histogram_u8(&counted, 300);
    kernel("histogram_u8", &[], &[tensor(flat, &counted), tensor([256, 2, 1, 1, 1], &counts)]);
    let (m, n) = ([20, 9, 1, 1, 1], [70, 20, 1, 1, 1]);
    let (a, b) = (floats(m), floats(n));
    let product = tensor([70, 9, 1, 1, 1], &reference::matmul_f32(&a, &b, [70, 9, 20]));
    kernel("matmul_f32", &[], &[tensor(m, &a), tensor(n, &b), product]);
    let (p, q) = (numbers(m, |bits| bits as i8), numbers(n, |bits| bits as i8));
    let product = tensor([70, 9, 1, 1, 1], &reference::matmul_i8(&p, &q, [70, 9, 20], -7));
    kernel("matmul_i8", &[("-7", -7_i32 as u32)], &[tensor(m, &p), tensor(n, &q), product]);
    let turned = reference::transpose_f32(&b, [70, 20]);
    kernel("transpose_f32", &[], &[tensor(n, &b), tensor([20, 70, 1, 1, 1], &turned)]);
}

#[test]
fn arrays_of_numpy_go_in_and_out() {
    let files = Files::new("numpy");
    let program = files.write("add.s", find("add_f32").unwrap().text.as_bytes());
    let a: Vec<f32> = (0..6).map(|i| i as f32 / 2.0).collect();
    let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }";
    let header = format!("{header:<117}\n");
    let array =
        [b"\x93NUMPY\x01\x00", &118_u16.to_le_bytes()[..], header.as_bytes(), &f32::bytes(&a)].concat();
    let file = files.write("a.npy", &array);
    let out = files.path("out.npy");
    let result = format!("type=f32,sizes=3x2,out={out}");
    let output = run(&[&program, "-t", &file, "-t", &file, "-t", &result, "--space", "1x2"], b"");
    assert_eq!(output.status.code(), Some(0));
    let written = files.read("out.npy");
    let sums: Vec<_> = a.iter().map(|a| 2.0 * a).collect();
    assert!(written.ends_with(&f32::bytes(&sums)), "{written:?}");
    let head = String::from_utf8_lossy(&written[10..written.len() - 24]).into_owned();
    assert!(head.starts_with("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }"), "{head}");
    // What was written can be read again.
    let again = format!("{out},out=-");
    let output = run(&[&program, "-t", &again, "--space", "0", "--json"], b"");
    assert_eq!(json(&output)["tensors"][0]["elements"], serde_json::json!([0.0, 1.0, 2.0, 3.0, 4.0, 5.0]));
    let wrong = format!("{file},type=i32");
    let output = run(&[&program, "-t", &wrong], b"");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("the type f32 and the sizes 3x2"));
}

const SHORT: &[u8] = b"nop; add.i32 S1, S0, 5; nop; nop\n\
    nop; mov.i32 S2, 7; nop; nop\n\
    halt\nnop\nnop\nnop\n";

#[test]
fn registers_and_words_are_shown() {
    let output = run(&["-", "-s", "3", "--registers", "--trace"], SHORT);
    let expected = "0      0: nop; add.i32 S1, S0, 0x5; nop; nop\n    S1 = 0x8\n\
         0      1: nop; mov.i32 S2, 0x7; nop; nop\n    S2 = 0x7\n\
         0      2: nop; halt; halt; nop\n\
         core 0: halted after 3 words\n    S0 = 0x3\n    S1 = 0x8\n    S2 = 0x7\n    I1 = [1, 1, 1, 1, 1]\n";
    assert_eq!(text(&output), expected);
    let output = run(&["-", "-s", "3", "--registers", "--trace", "--json"], SHORT);
    let lines: Vec<Value> = text(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 4);
    assert_eq!((&lines[0]["word"], &lines[0]["changed"]["S1"]), (&0.into(), &"0x8".into()));
    assert_eq!(
        (&lines[3]["cores"][0]["state"], &lines[3]["cores"][0]["registers"]["S2"]),
        (&"halted".into(), &"0x7".into())
    );
}

#[test]
fn a_program_goes_on_word_by_word() {
    let files = Files::new("step");
    let program = files.write("short.s", SHORT);
    let commands = b"\np S1 u8\nb 2\nc\nl 1\nb 99\nfrob\np V77\nr\ns 9\n\nq\nc\n";
    let output = run(&[&program, "-s", "0x1fb", "--step"], commands);
    let expected = "     0: nop; add.i32 S1, S0, 0x5; nop; nop\n    S1 = 0x200\n\
              1: nop; mov.i32 S2, 0x7; nop; nop\n    S1 = 0\n    S2 = 0x7\n\
              2: nop; halt; halt; nop\n     0: nop; add.i32 S1, S0, 0x5; nop; nop\n\
              1: nop; mov.i32 S2, 0x7; nop; nop\n     2: nop; halt; halt; nop\n     3: nop\n     4: nop\n     5: nop\n\
         the program has no word 99\n`frob` is no command; h lists them\n`V77` is no register\n\
             S0 = 0x1fb\n    S1 = 0x200\n    S2 = 0x7\n    I1 = [1, 1, 1, 1, 1]\n\
         halted after 3 words\nhalted after 3 words\ncore 0: halted after 3 words\n";
    let lines = |text: &str| text.lines().map(|line| line.trim().to_owned()).collect::<Vec<_>>();
    assert_eq!(lines(&text(&output)), lines(expected));
    // What has not come to its end is not good.
    let output = run(&[&program, "--step"], b"s\n");
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output).ends_with("core 0: not at its end after 1 words\n"));
}

#[test]
fn kernels_that_do_not_halt_set_the_status() {
    let endless = b"nop; jmpr 0; nop; nop\nnop\nnop\nnop\n";
    let output = run(&["-", "--words", "1000"], endless);
    assert_eq!(
        (output.status.code(), text(&output)),
        (Some(1), "core 0: not at its end after 1000 words\n".into())
    );
    let outside = b"nop; nop; nop; nop\nst_tnsr 0, I0, V1\n";
    let output = run(&["-"], outside);
    assert_eq!(output.status.code(), Some(1));
    let store = b"nop; nop; nop; st_tnsr 0, I0, V1\nhalt\nnop\nnop\nnop\n";
    let output = run(&["-", "-t", "type=f32,sizes=64", "--offset", "0x1"], store);
    assert_eq!(output.status.code(), Some(0), "out of the tensor's bounds nothing is written");
    let load = b"gen_addr AD1, 0, I0; nop; nop; nop\nld_g V1, AD1; nop; nop; nop\nhalt\nnop\nnop\nnop\n";
    let output = run(&["-", "-t", "type=f32,sizes=4", "--offset", "4", "--json"], load);
    let core = &json(&output)["cores"][0];
    assert_eq!(
        (output.status.code(), &core["state"], &core["word"]),
        (Some(1), &"stopped".into(), &1.into())
    );
    assert_eq!(core["cause"], "memory read error");
    assert_eq!(core["reason"], "4 bytes at 0x2000000010, which are in no tensor");
    let output = run(&["-"], "00".repeat(32).as_bytes());
    assert!(
        text(&output).contains("stopped after 1 words: illegal instruction at word 0"),
        "{}",
        text(&output)
    );
}

#[test]
fn results_are_early_only_where_the_hardware_waits() {
    let early = b"nop; mov.i32 S1, 7; nop; nop\nnop; mov.i32 S2, S1; nop; nop\nhalt\nnop\nnop\nnop\n";
    let core = |arguments: &[&str]| json(&run(arguments, early))["cores"][0].clone();
    let second = |arguments: &[&str]| core(arguments)["registers"]["S2"].clone();
    assert_eq!(second(&["-", "-r", "--json"]), Value::Null);
    assert_eq!(second(&["-", "-r", "--json", "--wait"]), "0x7");
    // Three words more, and it would have been there.
    let counted = ["words", "stalls"].map(|name| core(&["-", "--json"])[name].as_u64());
    assert_eq!(counted, [3, 3].map(Some));
}

#[test]
fn what_a_core_has_done_is_counted() {
    let files = Files::new("profile");
    let program = files.write("add.s", find("add_f32").unwrap().text.as_bytes());
    let tensor = "-ttype=f32,sizes=64x10";
    let output = run(&[&program, tensor, tensor, tensor, "--space", "1x10", "--json", "--cores", "2"], b"");
    for core in json(&output)["cores"].as_array().unwrap() {
        let counted = ["loads", "stores", "stalls"].map(|name| core[name].as_u64());
        // Two vectors in and one out for each of five rows.
        assert_eq!(counted, [10, 5, 0].map(Some), "{core}");
    }
}

#[test]
fn what_cannot_be_run_is_refused() {
    let nine = ["-ttype=i8,sizes=1"; 9];
    let nine: Vec<_> = ["-"].iter().chain(&nine).copied().collect();
    let scalars: Vec<_> = ["-"].into_iter().chain(["-s1"; 33]).collect();
    for arguments in [
        &["/nowhere/at/all"][..],
        &["-", "--cores", "9"],
        &["-", "--step"],
        &["-", "-t", "a.raw"],
        &["-", "-t", "/nowhere.npy"],
        &["-", "-s", "x"],
        &["-", "--space", "1x1x1x1x1x1"],
        &["-", "--tables", "/nowhere/at/all"],
        &nine,
        &scalars,
    ] {
        let output = run(arguments, SHORT);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(!output.stderr.is_empty() && output.stdout.is_empty(), "{arguments:?}");
    }
    let output = run(&["-"], b"frob\n");
    assert_eq!(output.status.code(), Some(1));
}

/// A core has all registers of its description, also those that the command line does not fill.
#[test]
fn registers_of_the_core_are_there() {
    let program = "ld_l mmio S1, 0x714; nop; nop; nop\nld_l mmio S2, 0x668; nop; nop; nop\n\
                   ld_l mmio S3, 0x81c; nop; nop; nop\nnop; nop; nop; st_l mmio 0x7fc, S4\n\
                   nop; nop; nop; st_l mmio 0x818, S4\nld_l mmio S5, 0x7fc; nop; nop; nop\nhalt\n";
    let output = run(&["-", "--json"], program.as_bytes());
    assert_eq!(json(&output)["cores"][0]["state"], "halted", "{output:?}");
    // A program without words is none.
    let output = run(&["-"], b"// nothing\n");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("no words to run"), "{output:?}");
}
