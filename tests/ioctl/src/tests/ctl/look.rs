// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Commands that only look.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::Stdio;
use std::time::{Duration, Instant};

use goya_tests::card::Card;
use goya_tests::nodes::{self, Nodes};
use goya_tests::{Result, check, check_eq, kmsg};

use super::{goyactl, json, said, text};
use crate::card_user::CardUser;

pub(super) fn list() -> Result {
    let all = json(&["list"])?;
    let row = &all["cards"][0];
    check_eq!(row["node"], Nodes::chosen().compute(), "the node");
    check_eq!(row["status"], "operational", "the state");
    check_eq!(row["driver"], nodes::module()?, "the driver");
    check!(row["memory_total_bytes"].as_u64() > row["memory_used_bytes"].as_u64(), "memory in {row}");
    check!(row["name"].is_string() && row["serial"].is_string(), "name and serial number in {row}");
    let people = text(&["list"])?;
    check!(people.contains("PCI ADDRESS") && people.contains("operational"), "{people}");
    // No terminal is there, so there are no colours.
    check!(!people.contains('\x1b'), "colours in {people:?}");
    let csv = text(&["list", "--format", "csv"])?;
    let fields: Vec<_> = csv.lines().map(|line| line.split(',').count()).collect();
    check_eq!(fields, [10, 10], format!("fields of {csv}"));
    Ok(())
}

pub(super) fn info() -> Result {
    let all = json(&["info"])?;
    let fact = |section: &str, name: &str| &all["sections"][section][name];
    check_eq!(*fact("card", "status"), "operational", "the state");
    check_eq!(*fact("attributes", "device_type"), "GOYA", "the type");
    check_eq!(*fact("engines", "tpc_enabled_mask"), 255, "tensor cores");
    check!(fact("power", "power_mw").as_u64() > Some(0), "power: {}", fact("power", "power_mw"));
    check!(fact("memory", "dram_bytes").as_u64() > Some(1 << 30), "memory");
    check!(fact("sensors", "temp1").as_str().is_some_and(|t| t.contains("°C")), "temperature");
    check!(fact("clocks", "pll_tpc").as_array().is_some_and(|all| all.len() == 4), "a PLL");
    check_eq!(*fact("first_errors", "late_submission"), "none", "late submissions");
    let people = text(&["info"])?;
    check!(people.contains("\nmemory\n") && people.contains("device type"), "{people}");
    let csv = text(&["info", "--format", "csv"])?;
    check!(
        csv.starts_with("section,name,value\n") && csv.contains("\nattributes,device_type,GOYA\n"),
        "{csv}"
    );
    Ok(())
}

pub(super) fn top() -> Result {
    let once = json(&["top", "--once", "-n", "0.3"])?;
    check_eq!(once["engines"].as_array().map(Vec::len), Some(14), "engines");
    check_eq!(once["status"], "operational", "the state");
    check!(once["sensors"].as_array().is_some_and(|all| all.len() > 5), "sensors: {}", once["sensors"]);
    let lines = text(&["top", "--count", "2", "-n", "0.1", "--json"])?;
    check_eq!(lines.lines().count(), 2, "samples");
    let people = text(&["top", "--once", "-n", "0.1"])?;
    check!(people.contains("engines  idle") && people.contains("users    nobody"), "{people}");
    Ok(())
}

/// Somebody else has the card: who that is, is told wherever it matters.
pub(super) fn users() -> Result {
    super::present();
    // Of the card's user, when it is ended.
    kmsg::expect("user process got signal while waiting")?;
    let user = CardUser::start("hold")?;
    let id = user.id();
    let row = json(&["list"])?;
    check_eq!(row["cards"][0]["users"][0]["pid"], id, "the user in list");
    check_eq!(json(&["top", "--once", "-n", "0.1"])?["users"][0]["pid"], id, "the user in top");
    for arguments in [&["copy", "--size", "4K"][..], &["selftest"], &["reset"]] {
        let (code, _, err) = said(arguments)?;
        check_eq!(code, 5, format!("the exit code of {arguments:?}, which says {err}"));
        check!(err.contains(&format!("process {id}")), "{arguments:?} says {err}");
    }
    let (code, out, _) = said(&["copy", "--size", "4K", "--json"])?;
    let error = super::parse(&out)?;
    check_eq!((code, error["error"]["code"].as_i64()), (5, Some(5)), "the error as JSON");
    Ok(())
}

pub(super) fn exporter() -> Result {
    super::present();
    // The test before may have left a reset behind.
    drop(Card::open()?);
    let metrics = text(&["exporter"])?;
    for name in ["goya_up{", "goya_memory_bytes{", "goya_engine_busy{", "goya_temperature_celsius{"] {
        check!(metrics.lines().any(|line| line.starts_with(name)), "no {name} in {metrics}");
    }
    check!(metrics.contains("# TYPE goya_resets_total counter\n"), "types in {metrics}");
    let up = metrics.lines().find(|line| line.starts_with("goya_up{"));
    check!(up.is_some_and(|line| line.ends_with(" 1")), "{up:?}");
    Ok(())
}

/// The exporter's readers: what they send, and what they get.
pub(super) fn readers() -> Result {
    super::present();
    drop(Card::open()?);
    super::network()?;
    let mut server = goyactl(&["exporter", "--listen", "127.0.0.1:0", "--count", "10"])
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|e| e.to_string())?;
    let mut line = String::new();
    let out = server.stdout.take().ok_or("no output")?;
    BufReader::new(out).read_line(&mut line).map_err(|e| e.to_string())?;
    let address = line.trim().strip_prefix("listening at http://").and_then(|at| at.strip_suffix("/metrics"));
    let address = address.ok_or_else(|| format!("the exporter says {line:?}"))?;
    let send = |request: &[u8]| -> std::io::Result<TcpStream> {
        let mut stream = TcpStream::connect(address)?;
        stream.write_all(request)?;
        Ok(stream)
    };
    let heard = |mut stream: TcpStream| -> Result<String> {
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).map_err(|e| e.to_string())?;
        String::from_utf8(answer).map_err(|e| e.to_string())
    };
    // Three say nothing, or not enough: they are told so in time, and nobody waits for them.
    let start = Instant::now();
    let slow: Vec<_> = [&b""[..], b"GET /metrics", b"GET /metrics HTTP/1.1\r\nHost: x\r\n"]
        .into_iter()
        .map(send)
        .collect::<std::io::Result<_>>()
        .map_err(|e| e.to_string())?;
    let garbage = [0xA5; 20_000];
    let requests: [(&[u8], &str, &str); 6] = [
        (b"GET /metrics HTTP/1.1\r\nHost: here\r\n\r\n", "HTTP/1.1 200 OK\r\n", "\ngoya_up{"),
        (b"HEAD / HTTP/1.0\n\n", "HTTP/1.1 200 OK\r\n", "close\r\n\r\n"),
        (b"GET /secret HTTP/1.1\r\n\r\n", "HTTP/1.1 404 ", "see /metrics"),
        (b"POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", "HTTP/1.1 405 ", "GET"),
        (b"\x16\x03\x01\x02\x00\n\n", "HTTP/1.1 400 ", "no request"),
        (&garbage, "HTTP/1.1 431 ", "too much"),
    ];
    for (request, begin, part) in requests {
        let answer = heard(send(request).map_err(|e| e.to_string())?)?;
        check!(answer.starts_with(begin) && answer.contains(part), "{begin}: {answer}");
        check!(!begin.contains("200") || request[0] == b'G' || answer.ends_with(part), "a body: {answer}");
    }
    check!(start.elapsed() < Duration::from_secs(4), "the others waited for {:?}", start.elapsed());
    for stream in slow {
        let answer = heard(stream)?;
        check!(answer.starts_with("HTTP/1.1 408 "), "who is slow is told {answer}");
    }
    check!(start.elapsed() < Duration::from_secs(15), "who was slow waited for {:?}", start.elapsed());
    // One that is gone before it is answered.
    drop(send(b"GET / HTTP/1.1\r\n\r\n").map_err(|e| e.to_string())?);
    let status = server.wait().map_err(|e| e.to_string())?;
    check!(status.success(), "the exporter ends with {status}");
    Ok(())
}

pub(super) fn cdi() -> Result {
    let yaml = text(&["cdi"])?;
    check!(yaml.starts_with("cdiVersion: 0.6.0\nkind: habana.ai/goya\n"), "{yaml}");
    let spec = text(&["cdi", "--json"])?;
    let spec: serde_json::Value = serde_json::from_str(&spec).map_err(|e| e.to_string())?;
    let node = &spec["devices"][0]["containerEdits"]["deviceNodes"][0]["path"];
    check_eq!(*node, Nodes::chosen().compute(), "the node");
    Ok(())
}

/// Rows for spreadsheets, behind their titles.
pub(super) fn spreadsheets() -> Result {
    for (arguments, titles, rows) in [
        (&["top", "--count", "2", "-n", "0.1"][..], "time_s,node,pci_address,name,status,busy_percent,", 2),
        (&["monitor", "--time", "0.1"], "time,card,kind,text", 1),
        (&["copy", "--size", "4K"], "name,gb_per_s", 3),
        (&["selftest"], "name,ok,us,error", 17),
        (&["kernel", "list"], "name,tensors,scalars", goya::tpc::KERNELS.len()),
    ] {
        let csv = text(&[arguments, &["--format", "csv"]].concat())?;
        check!(csv.starts_with(titles), "{arguments:?} says {csv}");
        check_eq!(csv.lines().count(), 1 + rows, format!("lines of {csv}"));
    }
    Ok(())
}

/// What needs no card.
pub(super) fn texts() -> Result {
    for shell in ["bash", "zsh", "fish"] {
        check!(text(&["completions", shell])?.contains("selftest"), "completions for {shell}");
    }
    check!(text(&["--man"])?.starts_with(".ie"), "the manual page");
    check!(text(&["kernel", "list"])?.contains("add_f32"), "kernels");
    check_eq!(json(&["kernel", "list"])?["kernels"][0]["name"], "add_f32", "kernels");
    check!(text(&["schema"])?.contains("kernel_list"), "the schema");
    Ok(())
}

/// Wrong command lines, and cards that are not there.
pub(super) fn mistakes() -> Result {
    let mistakes: [(&[&str], i32, &str); 10] = [
        (&["list", "--card", "7"], 3, "none is number 7; there is number 0 at "),
        (&["info", "--card", "0000:99:00.0"], 3, "there are"),
        (&["cdi", "--format", "csv"], 2, "no rows"),
        (&["--format", "text", "list", "--format", "csv"], 2, "multiple times"),
        (&["completions", "bash", "--json"], 2, "a shell's"),
        (&["frobnicate"], 2, "frobnicate"),
        (&["kernel", "run", "none"], 2, "kernel list"),
        (&["run", "/nowhere"], 1, "/nowhere"),
        (&["trace", "--duration", "1"], 2, "no option --duration"),
        (&["drill", "--control", "/nowhere"], 3, "emulated"),
    ];
    for (arguments, expected, text) in mistakes {
        let (code, _, err) = said(arguments)?;
        check_eq!(code, expected, format!("the exit code of {arguments:?}, which says {err}"));
        check!(err.contains(text), "{arguments:?} says {err}");
        if arguments.contains(&"csv") {
            let (code, _, err) = said(&[&["--json"], arguments].concat())?;
            check!(code == 2 && err.contains("cannot be used with"), "{arguments:?} as JSON: {code}, {err}");
        } else {
            let (code, out, _) = said(&[&["--json"], arguments].concat())?;
            check_eq!(super::parse(&out)?["error"]["code"], code, format!("{arguments:?} as JSON"));
        }
    }
    Ok(())
}
