// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! What shells and their users do to programs: pipes that nobody reads, full disks, signals, a terminal, users without
//! privileges.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{BufRead, BufReader, Read};
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Child, Stdio};
use std::time::Duration;

use goya_tests::card::Card;
use goya_tests::events::{ended, send};
use goya_tests::nodes::Nodes;
use goya_tests::terminal::Terminal;
use goya_tests::{Result, check, check_eq, kmsg, pins};

use super::{goyactl, json, parse, said};

/// How long a program may take to end.
const SOON: Duration = Duration::from_secs(15);
/// Somebody without any right.
const NOBODY: u32 = 65534;

fn text(error: std::io::Error) -> String {
    error.to_string()
}

/// The exit code of a program that ends soon.
fn code(child: &mut Child) -> Result<i32> {
    if !ended(child, SOON).map_err(text)? {
        let _ = child.kill();
        let _ = child.wait();
        return Err(format!("it does not end within {SOON:?}"));
    }
    Ok(child.wait().map_err(text)?.code().unwrap_or(-1))
}

/// One end of a socket whose other end nobody reads: to write there fails as to a pipe.
fn closed_pipe() -> Result<Stdio> {
    let (reader, writer) = UnixStream::pair().map_err(text)?;
    drop(reader);
    Ok(OwnedFd::from(writer).into())
}

/// Who reads no more has had enough, and a disk that is full is no reason to panic.
pub(super) fn pipes() -> Result {
    super::present();
    for arguments in [
        &["list"][..],
        &["info"],
        &["info", "--json"],
        &["top", "--count", "3", "-n", "0.1"],
        &["monitor", "--json", "--time", "1"],
        &["exporter"],
        &["cdi"],
        &["kernel", "list"],
        &["completions", "bash"],
        &["--man"],
        &["--help"],
        &["selftest"],
        &["copy", "--size", "64K"],
    ] {
        let mut child =
            goyactl(arguments).stdout(closed_pipe()?).stderr(Stdio::piped()).spawn().map_err(text)?;
        let code = code(&mut child)?;
        let mut err = String::new();
        child.stderr.take().ok_or("no messages")?.read_to_string(&mut err).map_err(text)?;
        check_eq!((code, err.as_str()), (0, ""), format!("{arguments:?} into a closed pipe"));
        let full = OpenOptions::new().write(true).open("/dev/full").map_err(text)?;
        let output = goyactl(arguments).stdout(full).output().map_err(text)?;
        let err = String::from_utf8_lossy(&output.stderr).into_owned();
        check!(!err.contains("panicked"), "{arguments:?} to a full disk: {err}");
        if !matches!(arguments, ["--help"]) {
            check_eq!(output.status.code(), Some(1), format!("{arguments:?} to a full disk: {err}"));
        }
    }
    // Nor is anything else lost if nobody reads the messages.
    for (arguments, expected) in [(&["info", "-c", "7", "--json"][..], 3), (&["frobnicate", "--json"], 2)] {
        let mut command = goyactl(arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(closed_pipe()?).spawn().map_err(text)?;
        check_eq!(code(&mut child)?, expected, format!("{arguments:?} without messages"));
        let mut out = String::new();
        child.stdout.take().ok_or("no output")?.read_to_string(&mut out).map_err(text)?;
        check_eq!(parse(&out)?["error"]["code"], expected, format!("{arguments:?}"));
    }
    Ok(())
}

/// Work that would take for ever, once it has begun: copies with pauses in between, or submissions without.
pub(super) fn endless(work: &[&str]) -> Result<Child> {
    let mut command = goyactl(work);
    let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().map_err(text)?;
    let control = Card::open_control()?;
    control
        .poll("a user of the card", |_| Ok(json(&["list"])?["cards"][0]["users"][0]["pid"] == child.id()))?;
    std::thread::sleep(Duration::from_millis(300));
    Ok(child)
}

pub(super) const COPIES: &[&str] = &["copy", "--size", "1M", "--count", "1000000"];
pub(super) const SUBMISSIONS: &[&str] = &["bench", "--size", "4K", "-n", "1", "--submissions", "100000000"];

/// Whoever is interrupted leaves nothing on the card, and between two submissions the card is not even reset.
pub(super) fn interrupts() -> Result {
    super::present();
    kmsg::expect("user process got signal while waiting for CS")?;
    let control = Card::open_control()?;
    control.wait_unused()?;
    let (pinned, resets) = (pins::pinned()?, control.resets()?);
    for (work, signal) in
        [(COPIES, libc::SIGINT), (SUBMISSIONS, libc::SIGINT), (COPIES, libc::SIGTERM), (COPIES, libc::SIGHUP)]
    {
        let mut child = endless(work)?;
        send(&child, signal);
        check_eq!(code(&mut child)?, 130, format!("the exit code after signal {signal}"));
        drop(Card::open()?);
    }
    check_eq!(control.resets()?, resets, "resets");
    pins::released(pinned)?;
    // Killed, it costs a reset at most, which is the driver's to do.
    let mut child = endless(SUBMISSIONS)?;
    send(&child, libc::SIGKILL);
    check_eq!(code(&mut child)?, -1, "a program that was killed");
    drop(Card::open()?);
    pins::released(pinned)?;
    control.wait_operational()?;
    let row = &json(&["list"])?["cards"][0];
    check_eq!(row["memory_used_bytes"], 0, format!("memory of nobody in {row}"));
    Ok(())
}

/// The screen is drawn, and the terminal is as before, whichever way it ends.
pub(super) fn screen() -> Result {
    super::present();
    drop(Card::open()?);
    let mut terminal = Terminal::new(100, 30).map_err(text)?;
    let before = terminal.modes().map_err(text)?;
    let start = |terminal: &Terminal, colours: bool| -> Result<Child> {
        let mut command = goyactl(&["top", "-n", "0.2"]);
        if !colours {
            command.env("NO_COLOR", "1");
        }
        let side = || terminal.for_program().map_err(text);
        command.env("TERM", "xterm").stdin(side()?).stdout(side()?).stderr(side()?).spawn().map_err(text)
    };
    let mut child = start(&terminal, true)?;
    let shown = terminal.wait_for("leave", SOON)?;
    for part in ["Engines", "Sensors", "Users", "tpc7", "operational", "memory", "nobody"] {
        check!(shown.contains(part), "no {part:?} in {shown:?}");
    }
    check!(shown.contains("38;5;"), "no colours in {shown:?}");
    check!(terminal.modes().map_err(text)? != before, "keys are not taken one by one");
    terminal.write(b"q").map_err(text)?;
    check_eq!(code(&mut child)?, 0, "the exit code after q");
    terminal.wait_for("\x1b[?1049l", SOON)?;
    check_eq!(terminal.modes().map_err(text)?, before, "the terminal after q");
    for (signal, expected) in [(libc::SIGTERM, 130), (libc::SIGINT, 130), (libc::SIGHUP, 130)] {
        let mut terminal = Terminal::new(80, 24).map_err(text)?;
        let mut child = start(&terminal, false)?;
        let shown = terminal.wait_for("leave", SOON)?;
        check!(!shown.contains("38;5;"), "colours in {shown:?}");
        send(&child, signal);
        terminal.wait_for("\x1b[?1049l", SOON)?;
        check_eq!(code(&mut child)?, expected, format!("the exit code after signal {signal}"));
        check_eq!(terminal.modes().map_err(text)?, before, format!("the terminal after signal {signal}"));
    }
    // No signal comes with that, since the terminal does not control it.
    let mut terminal = Terminal::new(80, 24).map_err(text)?;
    let mut child = start(&terminal, false)?;
    terminal.wait_for("leave", SOON)?;
    drop(terminal);
    check_eq!(code(&mut child)?, 130, "the exit code when the terminal is gone");
    Ok(())
}

/// Rights of a card's nodes, which are given back.
struct Rights(Vec<(String, Permissions)>);

impl Rights {
    fn of_all(mode: u32) -> Result<Self> {
        let nodes = Nodes::chosen();
        let mut rights = Vec::new();
        for node in [nodes.compute(), nodes.control()] {
            rights.push((node.clone(), fs::metadata(&node).map_err(text)?.permissions()));
            fs::set_permissions(&node, Permissions::from_mode(mode)).map_err(text)?;
        }
        Ok(Self(rights))
    }
}

impl Drop for Rights {
    fn drop(&mut self) {
        for (node, permissions) in self.0.drain(..) {
            let _ = fs::set_permissions(node, permissions);
        }
    }
}

/// What somebody without privileges is told, and its exit code.
fn nobodys(arguments: &[&str]) -> Result<(i32, String, String)> {
    let mut command = goyactl(arguments);
    let output = command.current_dir("/tmp").uid(NOBODY).gid(NOBODY).output().map_err(text)?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok((output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr)))
}

/// Somebody who may not open the nodes is told so, by everything that would else see nothing.
pub(super) fn strangers() -> Result {
    super::present();
    let _rights = Rights::of_all(0o600)?;
    let (code, out, err) = nobodys(&["list", "--json"])?;
    check_eq!((code, err.as_str()), (0, ""), "list");
    let row = &parse(&out)?["cards"][0];
    check!(row["name"].is_null() && row["memory_total_bytes"].is_null(), "what nobody may ask: {row}");
    check_eq!(row["status"], "operational", "what sysfs says");
    for arguments in [
        &["info"][..],
        &["top", "--once"],
        &["monitor", "--time", "1"],
        &["monitor", "--own", "--time", "1"],
        &["exporter"],
        &["selftest"],
        &["copy", "--size", "4K"],
    ] {
        let (code, out, err) = nobodys(arguments)?;
        check_eq!(code, 4, format!("the exit code of {arguments:?}, which says {out}{err}"));
        check!(err.contains("group render"), "{arguments:?} says {err}");
    }
    let _rights = Rights::of_all(0o666)?;
    let (code, _, err) = nobodys(&["reset"])?;
    check!(code == 4 && err.contains("Only root"), "reset: {code}, {err}");
    // Whose card it is nobody but root sees, but not that it is nobody's.
    let card = Card::open()?;
    for (arguments, told) in [
        (&["list"][..], "somebody (root"),
        (&["list", "--json"], "\"in_use\": true"),
        (&["top", "--once", "-n", "0.1"], "users    somebody (root"),
        (&["exporter"], "} 1\n# HELP goya_memory_bytes"),
    ] {
        let (code, out, err) = nobodys(arguments)?;
        check!(code == 0 && out.contains(told), "{arguments:?} of a card in use: {code}, {out}{err}");
    }
    drop(card);
    Ok(())
}

/// Somebody who may open the nodes, but has no privileges, can pin no more than 8 MiB; everything works with that.
pub(super) fn users() -> Result {
    super::present();
    drop(Card::open()?);
    let _rights = Rights::of_all(0o666)?;
    for arguments in [
        &["list", "--json"][..],
        &["info", "--json"],
        &["top", "--once", "-n", "0.1", "--json"],
        &["selftest", "--json"],
        &["copy", "--json"],
        &["bench", "-n", "1", "--submissions", "10", "--json"],
    ] {
        let (code, out, err) = nobodys(arguments)?;
        check_eq!((code, err.as_str()), (0, ""), format!("{arguments:?}: {out}"));
        parse(&out)?;
    }
    Ok(())
}

/// A drill that is broken off takes back what it has done to the card.
pub(super) fn broken_drill() -> Result {
    super::present();
    for text in ["has not finished in", "completed after"] {
        kmsg::expect(text)?;
    }
    drop(Card::open()?);
    let sensors = || Ok::<_, String>(json(&["top", "--once", "-n", "0.1"])?["sensors"][0]["input"].clone());
    let before = sensors()?;
    let mut child = goyactl(&["drill"]).stdout(Stdio::piped()).spawn().map_err(text)?;
    let mut lines = BufReader::new(child.stdout.take().ok_or("no output")?).lines();
    loop {
        let line = lines.next().ok_or("the drill ends")?.map_err(text)?;
        // The clock is slow, and a submission is to be late next.
        if line.starts_with("slow clock") && line.contains("reason") {
            break;
        }
    }
    send(&child, libc::SIGINT);
    check_eq!(code(&mut child)?, 130, "the exit code");
    check_eq!(sensors()?, before, "the temperature");
    let control = Card::open_control()?;
    control.poll("a clock that is not slow", |_| {
        Ok(json(&["info"])?["sections"]["clocks"]["slow_for_heat"] == false)
    })?;
    drop(Card::open()?);
    Ok(())
}

/// What is not there, and too much of what is.
pub(super) fn absurdities() -> Result {
    super::network()?;
    let none = super::file("none");
    File::create(&none).map_err(text)?;
    let name = none.display().to_string();
    let get = format!("0x7ff0008000:16777215G={name}");
    for (arguments, expected) in [
        (&["copy", "--size", "16777216G", "-n", "4294967295"][..], 2),
        (&["copy", "--size", "0"], 2),
        (&["copy", "--count", "0"], 2),
        (&["monitor", "--time", "1e18"], 2),
        (&["top", "--once", "-n", "1e300"], 2),
        (&["bench", "--size", "17179869183G"], 2),
        (&["run", &name], 1),
        (&["run", &name, "--get", &get], 1),
        (&["kernel", "run", "add_f32", "-t", "a=4294967295x4294967295:/dev/null"], 2),
        (&["disasm", "/"], 1),
        (&["exporter", "--listen", "1.2.3.4:9"], 1),
        (&["--card", "", "list"], 3),
        (&["--card", "99999999999999999999", "list"], 3),
    ] {
        let (code, out, err) = said(arguments)?;
        check_eq!(code, expected, format!("the exit code of {arguments:?}, which says {out}{err}"));
        check!(!err.contains("panicked"), "{arguments:?} says {err}");
    }
    // Packets that do nothing, and more bytes of their result than anybody has.
    fs::write(&none, "nop\n").map_err(text)?;
    let (code, _, err) = said(&["run", &name, "--get", &get])?;
    check!(code == 2 && err.contains("no memory"), "more than there is: {code}, {err}");
    fs::remove_file(none).map_err(text)
}
