// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! The process: its sockets, its end, its control socket, its trace.

mod common;

use std::io::Read;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::time::Duration;

use common::{Card, Dir, open_windows, program, put, register, wait, word};
use serde_json::json;

/// Starts a card that shall not run; what it says.
fn refused(socket: &Path, arguments: &[&str]) -> String {
    let mut child = program(socket).args(arguments).spawn().expect("goya-card starts");
    let code = wait(&mut child);
    let mut said = String::new();
    child.stderr.take().expect("its stderr is a pipe").read_to_string(&mut said).expect("text");
    assert!(code.is_some_and(|c| c != 0), "{said}");
    said
}

#[test]
fn signals_end_it_and_take_the_sockets_away() {
    for signal in [libc::SIGTERM, libc::SIGINT] {
        let card = Card::start(&format!("signal{signal}"), &[]);
        assert!(card.socket().exists());
        card.signal(signal);
        let (_, code, dir) = card.wait();
        assert_eq!(code, Some(0));
        assert!(!dir.path("card").exists() && !dir.path("control").exists());
    }
}

#[test]
fn a_socket_in_use_is_left_alone_and_a_stale_one_is_not() {
    let card = Card::start("in-use", &[]);
    let said = refused(&card.socket(), &[]);
    assert!(said.contains("in use by another process"), "{said}");
    let said = refused(&card.dir.path("other"), &["--control", &card.dir.path("control").to_string_lossy()]);
    assert!(said.contains("in use by another process"), "{said}");
    assert!(!card.dir.path("other").exists(), "its own socket is gone again");
    assert_eq!(word(&mut card.client(), common::CONFIG, 0), 0x0001_1DA3);
    // Killed, it leaves its sockets behind; the next one takes their place.
    card.signal(libc::SIGKILL);
    let (_, _, dir) = card.wait();
    assert!(dir.path("card").exists());
    let mut child = program(&dir.path("card")).spawn().expect("goya-card starts");
    let mut line = [0; 22];
    child.stderr.take().expect("its stderr is a pipe").read_exact(&mut line).expect("a first line");
    assert_eq!(&line, b"goya-card: listening o");
    child.kill().and_then(|()| child.wait()).expect("it ends");
}

#[test]
fn what_is_no_socket_is_not_removed() {
    let dir = Dir::new("no-socket");
    let path = dir.path("precious");
    std::fs::write(&path, "data").expect("a file");
    let said = refused(&path, &[]);
    assert!(said.contains("is no socket"), "{said}");
    assert_eq!(std::fs::read_to_string(&path).expect("the file"), "data");
    // Nor is the socket of a server that has something else to do.
    let busy = dir.path("busy");
    let _listener = UnixListener::bind(&busy).expect("a socket");
    assert!(refused(&busy, &[]).contains("in use"));
}

#[test]
fn bad_configurations_are_explained() {
    let dir = Dir::new("config");
    for (arguments, message) in [
        (&["--dram", "5G"][..], "power of two"),
        (&["--dram", "lots"], "expected a size"),
        (&["--bar4", "1M"], "BAR 4"),
        (&["--mmap", "--bar4", "512M"], "all of DRAM"),
        (&["--card-name", "HL-100"], "letters and digits"),
        (&["--serial", ""], "serial"),
        (&["--trace=/nonexistent/trace"], "/nonexistent/trace"),
    ] {
        let said = refused(&dir.path("card"), arguments);
        assert!(said.contains(message), "{arguments:?}: {said}");
    }
    let said = refused(Path::new("/nonexistent/socket"), &[]);
    assert!(said.contains("/nonexistent/socket"), "{said}");
}

#[test]
fn several_control_clients_are_served_whatever_they_say() {
    let card = Card::start("control", &[]);
    let mut controls = [card.control(), card.control(), card.control()];
    controls[0].ask(&json!({"cmd": "inject", "fault": "hang-queue", "queue": "tpc3"}));
    let status = controls[1].ask(&json!({"cmd": "status"}));
    assert_eq!(status["faults"]["hung"], json!(["tpc3"]));
    for line in [
        &b"hello"[..],
        b"{",
        b"[]",
        b"{}",
        b"\xFF\xFE",
        br#"{"cmd":"dance"}"#,
        br#"{"cmd":"walk"}"#,
        br#"{"cmd":"walk","asid":-1,"address":0}"#,
        br#"{"cmd":"inject","fault":"event","event":"NO_SUCH"}"#,
        br#"{"cmd":"inject","fault":"event","event":99999}"#,
        br#"{"cmd":"read-memory","address":0,"size":99999999999}"#,
        br#"{"cmd":"read-memory","address":18446744073709551615,"size":16}"#,
        br#"{"cmd":"write-memory","address":0,"data":"0"}"#,
        br#"{"cmd":"read-register","register":4294967295}"#,
        br#"{"cmd":"read-register","register":2}"#,
        br#"{"cmd":"set-sensor","kind":"temp","index":99,"value":1}"#,
    ] {
        let answer = controls[2].say(line);
        assert_eq!(answer["ok"], false, "{}", String::from_utf8_lossy(line));
        assert!(answer["error"].as_str().is_some_and(|e| !e.is_empty()), "{answer}");
    }
    let walk = controls[2].ask(&json!({"cmd": "walk", "asid": 1023, "address": u64::MAX}));
    assert_eq!(walk["physical"], json!(null));
    let deep = vec![b'['; 1 << 20];
    assert_eq!(controls[2].say(&deep)["ok"], false);
    let endless = vec![b' '; 5 << 20];
    let mut control = card.control();
    assert_eq!(control.say(&endless)["ok"], false, "longer than a request may be");
    controls[0].ask(&json!({"cmd": "clear"}));
    controls[0].ask(&json!({"cmd": "write-memory", "address": 0x1000, "data": "00ff10"}));
    let read = controls[1].ask(&json!({"cmd": "read-memory", "address": 0x1000, "size": 4}));
    assert_eq!(read["data"], "00ff1000");
}

#[test]
fn more_control_clients_than_descriptors_cost_no_processor() {
    let card = Card::start("flood", &[]);
    card.limit_descriptors(32);
    let clients: Vec<_> = (0..64).map(|_| card.control()).collect();
    std::thread::sleep(Duration::from_millis(200));
    let before = card.ticks();
    std::thread::sleep(Duration::from_secs(1));
    let used = card.ticks() - before;
    assert!(used < 5, "{used} hundredths of a second of the processor's time");
    drop(clients);
    assert_eq!(card.control().ask(&json!({"cmd": "status"}))["card"], "HL100");
}

#[test]
fn unplugged_is_all_ones_until_cleared() {
    let card = Card::start("unplug", &[]);
    let mut client = card.client();
    card.control().ask(&json!({"cmd": "unplug"}));
    assert_eq!(word(&mut client, common::CONFIG, 0), u32::MAX);
    card.control().ask(&json!({"cmd": "clear"}));
    assert_eq!(word(&mut client, common::CONFIG, 0), 0x0001_1DA3);
}

#[test]
fn the_trace_tells_of_accesses_and_can_be_switched() {
    let dir = Dir::new("trace-file");
    let file = dir.path("trace");
    let card = Card::start("trace", &[&format!("--trace={}", file.display())]);
    let mut client = card.client();
    open_windows(&mut client);
    put(&mut client, 0, register(0xC4_B104), 0x1234_5678);
    let mut control = card.control();
    control.ask(&json!({"cmd": "trace", "on": false}));
    put(&mut client, 0, register(0xC4_B104), 0x0BAD_CAFE);
    control.ask(&json!({"cmd": "trace", "on": true}));
    put(&mut client, 0, register(0xC0_2948), 3);
    card.signal(libc::SIGTERM);
    assert_eq!(card.wait().1, Some(0));
    let trace = std::fs::read_to_string(&file).expect("the trace");
    let line = |part: &str| trace.lines().find(|l| l.contains(part));
    assert!(line("0x12345678").is_some_and(|l| l.contains("reg") && l.contains("write")), "{trace}");
    assert!(line("0xbadcafe").is_none());
    assert!(line("irq").is_some(), "{trace}");
    let times: Vec<f64> = trace.lines().filter_map(|l| l.split_whitespace().next()?.parse().ok()).collect();
    assert!(times.len() > 20 && times.is_sorted(), "time stamps go on");
}

/// A word in the card's SRAM, where the first BAR begins.
fn put_code(client: &mut vfio_user::Client, words: &[u32]) {
    (0..).step_by(4).zip(words).for_each(|(at, word)| put(client, 0, at, *word));
}

#[test]
fn kernels_are_a_line_each_and_their_words_on_demand() {
    // A store to address 0, `halt`, and a word that does nothing, as they are in memory.
    let nop = [0x3F, 0x1_F800, 0, 0x0F80_0000, 0x1_F000, 0, 0, 0];
    let store = [0x3F, 0x1_F800, 0xA, 0x6F80_0000, 0xB038, 0, 0, 0];
    let halt = [0x20, 0x1_0000, 0, 0x0F80_0000, 0x1_F000, 0, 0, 0];
    for option in ["--trace-words", ""] {
        let dir = Dir::new("trace-kernel-file");
        let file = dir.path("trace");
        let trace = format!("--trace={}", file.display());
        let options: Vec<_> = [trace.as_str(), option].into_iter().filter(|o| !o.is_empty()).collect();
        let card = Card::start("trace-kernel", &options);
        let mut client = card.client();
        open_windows(&mut client);
        put_code(&mut client, &[store, halt, nop, nop, nop].concat());
        for (register_of_core, value) in [(0x660, 0xF000_0000), (0x664, 0x7F), (0x838, 1)] {
            put(&mut client, 0, register(0xE0_6000 + register_of_core), value);
        }
        let idle = |client: &mut _| word(client, 0, register(0xE0_681C)) == 0x1E;
        for _ in 0..1000 {
            if idle(&mut client) {
                break;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        assert!(idle(&mut client), "the kernel does not end");
        card.signal(libc::SIGTERM);
        assert_eq!(card.wait().1, Some(0));
        let trace = std::fs::read_to_string(&file).expect("the trace");
        let lines = |part: &str| trace.lines().filter(|line| line.contains(part)).collect::<Vec<_>>();
        assert!(lines("kernel starts")[0].contains("code=0x7ff0000000"), "{trace}");
        let end = lines("kernel ends");
        assert!(end.len() == 1 && end[0].contains("words=2 loads=0 stores=1 stalls=0"), "{end:?}");
        let words = lines("executes");
        assert_eq!(words.len(), if option.is_empty() { 0 } else { 2 }, "{words:?}");
        assert!(words.iter().all(|line| line.contains("tpc0")), "{words:?}");
        assert!(words.is_empty() || words[0].contains("st_tnsr") && words[1].contains("halt"), "{words:?}");
    }
}
