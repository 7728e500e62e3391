// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! `goyactl list`: all cards.

use goya::info::text;
use goya::{Card, Status};
use schemars::JsonSchema;
use serde::Serialize;

use crate::chosen;
use crate::failure::Result;
use crate::output::{BAD, Format, GOOD, Output, bytes, paint, table};
use crate::system::holders::{self, Holder};
use crate::system::sysfs;

/// A card at a glance. What this user may not ask is null.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "Card")]
struct Row {
    index: usize,
    node: String,
    pci_address: String,
    name: Option<String>,
    serial: Option<String>,
    driver: Option<String>,
    status: String,
    memory_total_bytes: Option<u64>,
    memory_used_bytes: Option<u64>,
    in_use: Option<bool>,
    users: Vec<Holder>,
}

/// The same for spreadsheets, where a cell holds no list.
#[derive(Debug, Serialize)]
struct Line<'a> {
    index: usize,
    node: &'a str,
    pci_address: &'a str,
    name: Option<&'a str>,
    serial: Option<&'a str>,
    driver: Option<&'a str>,
    status: &'a str,
    memory_total_bytes: Option<u64>,
    memory_used_bytes: Option<u64>,
    users: String,
}

#[derive(JsonSchema, Serialize)]
pub struct Cards {
    cards: Vec<Row>,
}

/// Lists the cards.
pub fn run(name: Option<&str>, output: &Output) -> Result {
    let all = goya::cards();
    let index = |card: &Card| all.iter().position(|other| other == card).unwrap_or(0);
    let rows: Vec<_> = chosen::cards(name)?.iter().map(|card| row(index(card), card)).collect();
    match output.format() {
        Format::Json => output.json("list", &Cards { cards: rows }),
        Format::Csv => output.csv(&rows.iter().map(Line::of).collect::<Vec<_>>()),
        Format::Text => output.text(show(&rows)),
    }
}

fn row(index: usize, card: &Card) -> Row {
    let control = chosen::control(card).ok();
    let info = control.as_ref().map(goya::Control::info);
    let hardware = info.and_then(|info| info.hardware().ok());
    let usage = info.and_then(|info| info.dram_usage().ok());
    let status = info.and_then(|info| info.status().ok()).as_ref().map(Status::to_string);
    let told = || sysfs::attribute(card, "status").map(|status| status.to_lowercase());
    Row {
        index,
        node: card.compute_node().display().to_string(),
        pci_address: card.pci_address().to_owned(),
        name: hardware.map(|hardware| text(&hardware.card_name)),
        serial: sysfs::serial(card),
        driver: card.driver(),
        status: status.or_else(told).unwrap_or_else(|| "unknown".to_owned()),
        memory_total_bytes: hardware.map(|hardware| hardware.dram_size),
        memory_used_bytes: hardware
            .zip(usage)
            .map(|(hardware, usage)| hardware.dram_size.saturating_sub(usage.dram_free_mem)),
        in_use: info.and_then(|info| info.open_stats().ok()).map(|opens| opens.is_compute_ctx_active != 0),
        users: holders::of(card),
    }
}

/// Those who have a card, for people.
fn users(users: &[Holder]) -> String {
    let each: Vec<_> = users.iter().map(|user| format!("{} ({})", user.command, user.pid)).collect();
    each.join(", ")
}

impl<'a> Line<'a> {
    fn of(row: &'a Row) -> Self {
        Self {
            index: row.index,
            node: &row.node,
            pci_address: &row.pci_address,
            name: row.name.as_deref(),
            serial: row.serial.as_deref(),
            driver: row.driver.as_deref(),
            status: &row.status,
            memory_total_bytes: row.memory_total_bytes,
            memory_used_bytes: row.memory_used_bytes,
            users: users(&row.users),
        }
    }
}

fn show(rows: &[Row]) -> String {
    let titles = ["#", "NODE", "PCI ADDRESS", "NAME", "SERIAL", "DRIVER", "MEMORY", "STATUS", "USERS"];
    let or = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    let style = |row: &Row| if row.status == "operational" { GOOD } else { BAD };
    let cells = |row: &Row| {
        let memory = row.memory_used_bytes.zip(row.memory_total_bytes);
        vec![
            row.index.to_string(),
            row.node.clone(),
            row.pci_address.clone(),
            or(&row.name),
            or(&row.serial),
            or(&row.driver),
            memory.map_or_else(
                || "-".to_owned(),
                |(used, total)| format!("{} of {}", bytes(used), bytes(total)),
            ),
            paint(style(row), &row.status),
            match (row.users.is_empty(), row.in_use) {
                (false, _) => users(&row.users),
                (true, Some(true)) => holders::HIDDEN.to_owned(),
                (true, _) => "-".to_owned(),
            },
        ]
    };
    table(&titles, &rows.iter().map(cells).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> Row {
        Row {
            index: 0,
            node: "/dev/accel/accel0".into(),
            pci_address: "0000:01:00.0".into(),
            name: Some("HL-100".into()),
            serial: None,
            driver: Some("goya".into()),
            status: "operational".into(),
            memory_total_bytes: Some(4 << 30),
            memory_used_bytes: Some(6 << 20),
            in_use: Some(true),
            users: vec![Holder { pid: 12, command: "a, b".into(), uid: 0, compute: true }],
        }
    }

    #[test]
    fn rows_for_people() {
        let none = |in_use| Row { users: Vec::new(), name: None, in_use, ..example() };
        let text = show(&[example(), none(Some(false)), none(Some(true))]);
        let plain = anstream::adapter::strip_str(&text).to_string();
        let lines: Vec<_> = plain.lines().collect();
        assert_eq!(
            lines[1],
            "0  /dev/accel/accel0  0000:01:00.0  HL-100  -       goya    6 MiB of 4 GiB  operational  a, b (12)"
        );
        assert!(lines[2].ends_with("operational  -") && lines[2].contains("0000:01:00.0  -  "));
        assert!(lines[3].ends_with("operational  somebody (root sees who)"));
        assert!(text.contains(&paint(GOOD, "operational")));
    }

    #[test]
    fn rows_for_programs() {
        let json = serde_json::to_value(example()).unwrap();
        assert_eq!(json["users"][0]["pid"], 12);
        assert!(json["serial"].is_null());
        let mut out = csv::Writer::from_writer(Vec::new());
        out.serialize(Line::of(&example())).unwrap();
        let text = String::from_utf8(out.into_inner().unwrap()).unwrap();
        assert!(text.starts_with("index,node,pci_address,name,serial,driver,status,memory_total_bytes,"));
        assert!(text.ends_with("operational,4294967296,6291456,\"a, b (12)\"\n"), "{text}");
    }
}
