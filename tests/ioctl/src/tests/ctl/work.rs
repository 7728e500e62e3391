// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Commands that have the card work.

use std::fs;

use goya_tests::tracefs;
use goya_tests::{Result, check, check_eq};
use serde_json::Value;

use super::{PROGRAM, file, json, parse, said, text};
use crate::run::{only_goya, skip};

pub(super) fn selftest() -> Result {
    let all = json(&["selftest"])?;
    check_eq!(all["ok"], true, format!("the self-test: {all}"));
    check_eq!(all["checks"].as_array().map(Vec::len), Some(17), "checks");
    Ok(())
}

pub(super) fn copy() -> Result {
    // More than a piece, and no whole pages.
    let all = json(&["copy", "--size", "17000001"])?;
    check_eq!((&all["same"], &all["bytes"]), (&true.into(), &17_000_001.into()), "what came back");
    check!(all["ways"][0]["gb_per_s"].as_f64() > Some(0.0), "rates: {}", all["ways"]);
    check!(text(&["copy", "--size", "1M", "-n", "2"])?.contains("2 MiB came back: the same"), "a copy");
    Ok(())
}

pub(super) fn bench() -> Result {
    let svg = file("svg");
    let svg_name = svg.display().to_string();
    let all = json(&["bench", "--size", "1M", "-n", "2", "--submissions", "50", "--svg", &svg_name])?;
    let names: Vec<_> =
        all["rows"].as_array().into_iter().flatten().map(|row| row["name"].as_str()).collect();
    check_eq!((names.len(), names.last()), (9, Some(&Some("nop_rate"))), "rows");
    for row in all["rows"].as_array().into_iter().flatten() {
        check!(row["min"].as_f64() > Some(0.0) && row["min"].as_f64() <= row["max"].as_f64(), "{row}");
    }
    let chart = fs::read_to_string(&svg).map_err(|e| e.to_string())?;
    check_eq!(chart.matches("<rect x=").count(), 9, "bars");
    fs::remove_file(svg).map_err(|e| e.to_string())?;
    let csv = text(&["bench", "--size", "64K", "-n", "1", "--submissions", "5", "--format", "csv"])?;
    check_eq!(csv.lines().count(), 10, "rows of CSV");
    let (code, _, err) = said(&["bench", "--size", "1G"])?;
    check!(code == 2 && err.contains("SRAM"), "more than there is: {code}, {err}");
    Ok(())
}

/// Packets of a file, by all kinds of queues, on data from files.
pub(super) fn run() -> Result {
    let (program, input, output) = (file("packets"), file("in"), file("out"));
    let data: Vec<u8> = (0..=255).collect();
    let write = |file, bytes: &[u8]| fs::write(file, bytes).map_err(|e| e.to_string());
    write(&input, &data)?;
    let copy = "# from one place of SRAM to another\nlin_dma source=0x7ff0008000 destination=0x7ff0018000 size=256 \
                direction=sram_to_sram\n";
    write(&program, copy.as_bytes())?;
    let (name, put, get) = (
        program.display().to_string(),
        format!("0x7ff0008000={}", input.display()),
        format!("0x7ff0018000:256={}", output.display()),
    );
    let ran = json(&["run", &name, "--put", &put, "--get", &get])?;
    check_eq!((&ran["queue"], &ran["bytes"]), (&"dma1".into(), &24.into()), "what ran");
    check!(fs::read(&output).is_ok_and(|got| got == data), "what was copied");
    for (number, queue) in ["dma4", "mme", "tpc5"].into_iter().enumerate() {
        write(&program, format!("msg_long address=0x7ff0018000 value={}\n", number + 77).as_bytes())?;
        text(&["run", &name, "--queue", queue, "--get", &get])?;
        check_eq!(fs::read(&output).map_err(|e| e.to_string())?[0], number as u8 + 77, queue);
    }
    write(&program, b"lin_dma source=1\n")?;
    let (code, _, err) = said(&["run", &name])?;
    check!(code == 1 && err.contains("line 1"), "half a packet: {code}, {err}");
    // What is assembled, and taken apart.
    let mut nop = [0; 8];
    nop[7] = 0xFF;
    write(&program, &nop)?;
    let said = text(&["disasm", &name])?;
    check!(said.starts_with("# at 0x0: no packet") && said.ends_with(".word 0xff00000000000000\n"), "{said}");
    for file in [program, input, output] {
        fs::remove_file(file).map_err(|e| e.to_string())?;
    }
    Ok(())
}

pub(super) fn kernel() -> Result {
    let (a, b) = (file("a"), file("b"));
    let input: Vec<u8> = (0..640).flat_map(|n| (n as f32 - 320.0).to_le_bytes()).collect();
    fs::write(&a, &input).map_err(|e| e.to_string())?;
    let tensor =
        |name: &str, sizes: &str, file: &std::path::Path| format!("{name}={sizes}:{}", file.display());
    let ran = json(&[
        "kernel",
        "run",
        "clamp_f32",
        "--tensor",
        &tensor("a", "64x10", &a),
        "--tensor",
        &tensor("b", "64x10", &b),
        "--scalar",
        "low=-2.5",
        "--scalar",
        "high=100",
        "--cores",
        "3",
    ])?;
    check_eq!((&ran["kernel"], &ran["cores"]), (&"clamp_f32".into(), &3.into()), "what ran");
    let expected: Vec<u8> =
        (0..640).flat_map(|n| (n as f32 - 320.0).clamp(-2.5, 100.0).to_le_bytes()).collect();
    check!(fs::read(&b).is_ok_and(|got| got == expected), "what was computed");
    // The same by NumPy's files, which say their sizes themselves: the last is the innermost.
    let numpy = |name: &str| file(&format!("{name}.npy"));
    let (x, y) = (numpy("x"), numpy("y"));
    let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (10, 64), }";
    let header = format!("{header:<117}\n");
    let array = |data: &[u8]| [b"\x93NUMPY\x01\x00\x76\x00", header.as_bytes(), data].concat();
    fs::write(&x, array(&input)).map_err(|e| e.to_string())?;
    let (from, to) = (format!("a={}", x.display()), tensor("b", "64x10", &y));
    json(&["kernel", "run", "clamp_f32", "-t", &from, "-t", &to, "-s", "low=-2.5", "-s", "high=100"])?;
    check!(fs::read(&y).is_ok_and(|got| got == array(&expected)), "an array that was computed");
    let (code, _, err) = said(&["kernel", "run", "add_sat_i8", "-t", &from])?;
    check!(code == 2, "floats for integers: {code}, {err}");
    for file in [x, y] {
        fs::remove_file(file).map_err(|e| e.to_string())?;
    }
    let (code, _, err) = said(&["kernel", "run", "clamp_f32", "-t", &tensor("a", "64x11", &a)])?;
    check!(code == 2, "a file that is too short: {code}, {err}");
    for file in [a, b] {
        fs::remove_file(file).map_err(|e| e.to_string())?;
    }
    Ok(())
}

/// A trace for Perfetto: jobs on tracks of their queues.
pub(super) fn trace() -> Result {
    only_goya("has these trace points")?;
    if !tracefs::Trace::has("goya") {
        skip("this kernel has no trace points");
    }
    let output = file("trace");
    let name = output.display().to_string();
    let quiet = format!("{PROGRAM} copy --size 8M -n 3 >/dev/null");
    let all = parse(&text(&["--json", "trace", "-o", &name, "--", "sh", "-c", &quiet])?)?;
    let trace: Value = fs::read(&output)
        .map_err(|e| e.to_string())
        .and_then(|bytes| serde_json::from_slice(&bytes).map_err(|e| e.to_string()))?;
    let events = trace["traceEvents"].as_array().ok_or("no events")?;
    let named = |what: &str, name: &str| {
        let is = |event: &&Value| event["name"] == what && event["args"]["name"] == name;
        events.iter().find(is).map(|event| event["tid"].clone()).ok_or(format!("no {what} {name}"))
    };
    let mut jobs = 0;
    for queue in ["dma1", "dma2", "dma3"] {
        let track = named("thread_name", queue)?;
        let slices: Vec<_> = events.iter().filter(|e| e["ph"] == "X" && e["tid"] == track).collect();
        jobs += slices.len();
        let mut end = 0.0;
        for slice in &slices {
            let (from, lasts) = (slice["ts"].as_f64(), slice["dur"].as_f64());
            let (from, lasts) = from.zip(lasts).ok_or(format!("no times: {slice}"))?;
            check!(from >= end && lasts > 0.0, "{slice} begins before {end}, or takes no time");
            end = from + lasts;
        }
    }
    check!(jobs >= 6, "{jobs} jobs of copies");
    check_eq!(all["jobs"].as_u64(), Some(jobs as u64), "jobs");
    check_eq!((&all["lost"], &all["exit_code"]), (&0.into(), &0.into()), "what was lost, and how it ended");
    let begun = events.iter().filter(|event| event["ph"] == "b").count();
    check_eq!(events.iter().filter(|event| event["ph"] == "e").count(), begun, "ends of submissions");
    check!(events.iter().any(|event| event["name"] == "map"), "no mappings");
    fs::remove_file(output).map_err(|e| e.to_string())?;
    let (code, _, err) = said(&["trace", "-o", "/none/x", "--time", "0.1"])?;
    check!(code == 1 && err.contains("/none/x"), "a file that cannot be: {code}, {err}");
    let (code, _, err) = said(&["trace", "-o", &name, "--", "sh", "-c", "exit 3"])?;
    check!(code == 1 && err.contains("exit status: 3"), "a command that fails: {code}, {err}");
    fs::remove_file(file("trace")).map_err(|e| e.to_string())
}
