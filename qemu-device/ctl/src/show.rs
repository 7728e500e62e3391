// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! Answers for people: tables and lists.

use serde_json::Value;

use crate::options::Command;

/// The answer as text.
pub fn answer(command: &Command, answer: &Value, colours: bool) -> String {
    match command {
        Command::Queues => queues(&answer["queues"], colours),
        Command::Fences => table(
            &["queue", "fence0", "fence1", "fence2", "fence3", "waits for"],
            rows(&answer["fences"], |f| {
                let mut row = vec![text(&f["queue"])];
                row.extend((0..4).map(|i| text(&f["fences"][i])));
                row.push(wait(&f["waits"]));
                row
            }),
        ),
        Command::Sensors => table(
            &["sensor", "label", "attributes"],
            rows(&answer["sensors"], |s| {
                vec![
                    format!("{} {}", text(&s["kind"]), text(&s["index"])),
                    text(&s["label"]),
                    pairs(&s["attributes"]),
                ]
            }),
        ),
        Command::Walk { .. } => walk(answer),
        Command::Read { .. } => format!("{} = {}\n", text(&answer["name"]), hex(&answer["value"])),
        Command::ReadMemory { address, .. } => dump(*address, answer["data"].as_str().unwrap_or("")),
        _ => list(answer, 0),
    }
}

fn queues(queues: &Value, colours: bool) -> String {
    let paint = |state: String| match state.as_str() {
        _ if !colours => state,
        "error" | "hung" => format!("\x1b[31m{state}\x1b[0m"),
        "running" | "fence" => format!("\x1b[33m{state}\x1b[0m"),
        _ => state,
    };
    let row = |q: &Value| {
        vec![
            text(&q["queue"]),
            paint(text(&q["state"])),
            text(&q["asid"]),
            format!("{}/{}", text(&q["pi"]), text(&q["ci"])),
            text(&q["entries"]),
            hex(&q["ring"]),
            text(&q["packets"]),
            hex(&q["errors"]),
            hex(&q["at"]),
            wait(&q["waits"]),
        ]
    };
    let header =
        ["queue", "state", "asid", "pi/ci", "entries", "ring", "packets", "errors", "at", "waits for"];
    table(&header, rows(queues, row))
}

fn walk(answer: &Value) -> String {
    let mut hop = 0;
    let row = |h: &Value| {
        hop += 1;
        vec![format!("{}", hop - 1), hex(&h["entry_address"]), hex(&h["entry"])]
    };
    let mut out = table(&["hop", "entry at", "entry"], rows(&answer["hops"], row));
    match answer["physical"].as_u64() {
        Some(at) => out += &format!("physical {at:#x}, in a page of {} bytes\n", text(&answer["page"])),
        None => out += "not mapped\n",
    }
    out
}

fn dump(address: u64, digits: &str) -> String {
    let mut out = String::new();
    for (i, line) in digits.as_bytes().chunks(32).enumerate() {
        let bytes: Vec<_> = line.chunks(2).map(|b| String::from_utf8_lossy(b).into_owned()).collect();
        out += &format!("{:#014x}  {}\n", address + 16 * i as u64, bytes.join(" "));
    }
    out
}

fn rows(list: &Value, row: impl FnMut(&Value) -> Vec<String>) -> Vec<Vec<String>> {
    list.as_array().map(|l| l.iter().map(row).collect()).unwrap_or_default()
}

/// Columns as wide as their widest cell; escape sequences have no width.
fn table(header: &[&str], rows: Vec<Vec<String>>) -> String {
    let width = |cell: &str| {
        cell.replace("\x1b[31m", "").replace("\x1b[33m", "").replace("\x1b[0m", "").chars().count()
    };
    let widths: Vec<usize> = (0..header.len())
        .map(|i| {
            rows.iter().filter_map(|r| r.get(i)).map(|c| width(c)).max().unwrap_or(0).max(header[i].len())
        })
        .collect();
    let mut out = String::new();
    for row in std::iter::once(header.iter().map(|h| (*h).to_owned()).collect()).chain(rows) {
        let mut line = String::new();
        for (cell, wanted) in row.iter().zip(&widths) {
            line += cell;
            line += &" ".repeat(wanted.saturating_sub(width(cell)) + 2);
        }
        out += line.trim_end();
        out.push('\n');
    }
    out
}

fn list(value: &Value, indent: usize) -> String {
    let Value::Object(fields) = value else { return String::new() };
    let mut out = String::new();
    for (name, field) in fields.iter().filter(|(name, _)| *name != "ok") {
        let pad = " ".repeat(indent);
        match field {
            Value::Object(inner) if !inner.is_empty() => {
                out += &format!("{pad}{name}\n{}", list(field, indent + 2))
            }
            _ => out += &format!("{pad}{name:<24}{}\n", text(field)),
        }
    }
    out
}

fn pairs(value: &Value) -> String {
    let fields = value.as_object().map(|o| o.iter().map(|(n, v)| format!("{n}={v}")).collect::<Vec<_>>());
    fields.unwrap_or_default().join(" ")
}

fn wait(value: &Value) -> String {
    if value.is_null() { "-".into() } else { format!("fence {} >= {}", text(&value[0]), text(&value[1])) }
}

fn hex(value: &Value) -> String {
    value.as_u64().map_or_else(|| "-".into(), |n| format!("{n:#x}"))
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "-".into(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let rows = vec![vec!["a".into(), "1".into()], vec!["long".into(), "2".into()]];
        assert_eq!(table(&["x", "y"], rows), "x     y\na     1\nlong  2\n");
    }

    #[test]
    fn memory_is_shown_sixteen_bytes_a_line() {
        assert_eq!(dump(0x10, "0001"), "0x000000000010  00 01\n");
    }
}
