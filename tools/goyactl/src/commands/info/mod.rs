// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! `goyactl info`: everything that a card and its driver tell.

mod facts;
mod section;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use crate::chosen;
use crate::failure::Result;
use crate::output::{Format, Output, TITLE, paint};
use section::{Fields, Section};

#[derive(JsonSchema, Serialize)]
pub struct Answer {
    node: String,
    pci_address: String,
    /// Sections with their facts, by name; null is what the card does not tell.
    #[schemars(with = "BTreeMap<String, BTreeMap<String, serde_json::Value>>")]
    sections: Fields<Section>,
}

/// A fact for spreadsheets.
#[derive(Serialize)]
struct Row<'a> {
    section: &'a str,
    name: &'a str,
    value: String,
}

/// Tells everything.
pub fn run(name: Option<&str>, output: &Output) -> Result {
    let card = chosen::card(name)?;
    let sections = facts::all(&card, &chosen::control(&card)?);
    match output.format() {
        Format::Text => output.text(sections.iter().map(show).collect::<String>()),
        Format::Csv => output.csv(&sections.iter().flat_map(rows).collect::<Vec<_>>()),
        Format::Json => {
            let node = card.compute_node().display().to_string();
            let sections = Fields(sections.into_iter().map(|s| (s.title.clone(), s)).collect());
            output.json("info", &Answer { node, pci_address: card.pci_address().to_owned(), sections })
        }
    }
}

fn show(section: &Section) -> String {
    let width = section.facts.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let mut text = format!("{}\n", paint(TITLE, section.title.replace('_', " ")));
    for (name, value) in &section.facts {
        let (name, value) = section::human(name, value);
        text += &format!("  {name:<width$}  {value}\n");
    }
    text + "\n"
}

fn rows(section: &Section) -> impl Iterator<Item = Row<'_>> {
    section.facts.iter().map(|(name, value)| Row {
        section: &section.title,
        name,
        value: match value {
            serde_json::Value::String(text) => text.clone(),
            serde_json::Value::Null => String::new(),
            other => other.to_string(),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_for_people_and_spreadsheets() {
        let section = Section::new("the_card").fact("name", "HL-100").fact("sram_bytes", 1536u64);
        let text = anstream::adapter::strip_str(&show(&section)).to_string();
        assert_eq!(text, "the card\n  name        HL-100\n  sram        1.5 KiB\n\n");
        let mut out = csv::Writer::from_writer(Vec::new());
        rows(&section).for_each(|row| out.serialize(row).unwrap());
        let text = String::from_utf8(out.into_inner().unwrap()).unwrap();
        assert_eq!(text, "section,name,value\nthe_card,name,HL-100\nthe_card,sram_bytes,1536\n");
    }
}
