// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! Sections of facts. The end of a fact's name is its unit: programs get numbers, people what they can read.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::output::bytes;

/// Names and values in their order.
#[derive(Debug, Clone)]
pub struct Fields<T>(pub Vec<(String, T)>);

impl<T: Serialize> Serialize for Fields<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

/// Facts that belong together.
#[derive(Debug, Clone)]
pub struct Section {
    /// What they are about.
    pub title: String,
    /// The facts, null where the card does not tell.
    pub facts: Vec<(String, Value)>,
}

impl Serialize for Section {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Fields(self.facts.clone()).serialize(serializer)
    }
}

/// What one fact of an answer is.
type Fact<T> = fn(&T) -> Value;

impl Section {
    /// No facts.
    pub fn new(title: &str) -> Self {
        Self { title: title.to_owned(), facts: Vec::new() }
    }

    /// One more fact.
    pub fn fact(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.facts.push((name.to_owned(), value.into()));
        self
    }

    /// Facts of an answer; null if there was none.
    pub fn facts<T>(mut self, answer: &goya::Result<T>, facts: &[(&str, Fact<T>)]) -> Self {
        for (name, value) in facts {
            self = self.fact(name, answer.as_ref().map_or(Value::Null, value));
        }
        self
    }
}

/// A fact for people: its name without the unit, its value with it.
pub fn human(name: &str, value: &Value) -> (String, String) {
    const UNITS: [(&str, &str); 8] = [
        ("_mhz", "MHz"),
        ("_mw", "mW"),
        ("_mj", "mJ"),
        ("_ms", "ms"),
        ("_us", "µs"),
        ("_ns", "ns"),
        ("_percent", "%"),
        ("_hz", "Hz"),
    ];
    let spaced = |name: &str| name.replace('_', " ");
    if let (Some(short), Some(number)) = (name.strip_suffix("_bytes"), value.as_u64()) {
        return (spaced(short), bytes(number));
    }
    if let (Some(short), Some(number)) = (name.strip_suffix("_address"), value.as_u64()) {
        return (spaced(short), format!("{number:#x}"));
    }
    if let (Some(short), Some(mask)) = (name.strip_suffix("_mask"), value.as_u64()) {
        // A bit of a mask of sizes is a size, of others a number.
        let sizes = short.ends_with("_sizes");
        let each = (0..u64::BITS).filter(|bit| mask >> bit & 1 != 0);
        let each: Vec<_> = each.map(|bit| if sizes { bytes(1 << bit) } else { bit.to_string() }).collect();
        let none = if sizes { "not to be chosen" } else { "none" };
        return (spaced(short), if each.is_empty() { none.to_owned() } else { each.join(", ") });
    }
    for (suffix, unit) in UNITS {
        if let (Some(short), true) = (name.strip_suffix(suffix), value.is_number()) {
            return (spaced(short), format!("{value} {unit}"));
        }
    }
    let text = match value {
        Value::Null => "not told".to_owned(),
        Value::Bool(yes) => if *yes { "yes" } else { "no" }.to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(all) if all.is_empty() => "none".to_owned(),
        Value::Array(all) => all.iter().map(|v| human("", v).1).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    };
    (spaced(name), text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn units_come_from_names() {
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(human("dram_bytes", &json!(2048)), pair("dram", "2 KiB"));
        assert_eq!(human("dram_address", &json!(4096)), pair("dram", "0x1000"));
        assert_eq!(human("tpc_enabled_mask", &json!(0xFD)), pair("tpc enabled", "0, 2, 3, 4, 5, 6, 7"));
        assert_eq!(human("tpc_enabled_mask", &json!(0)), pair("tpc enabled", "none"));
        assert_eq!(human("page_sizes_mask", &json!(0)), pair("page sizes", "not to be chosen"));
        assert_eq!(human("page_sizes_mask", &json!(0x20_1000)), pair("page sizes", "4 KiB, 2 MiB"));
        assert_eq!(human("clock_mhz", &json!(50)), pair("clock", "50 MHz"));
        assert_eq!(human("clock_mhz", &Value::Null), pair("clock mhz", "not told"));
        assert_eq!(human("busy_engines", &json!([])), pair("busy engines", "none"));
        assert_eq!(human("busy_engines", &json!(["dma0", "mme"])), pair("busy engines", "dma0, mme"));
        assert_eq!(human("secure", &json!(true)), pair("secure", "yes"));
    }

    #[test]
    fn facts_keep_their_order() {
        let section = Section::new("s").fact("z", 1).fact("a", Value::Null);
        assert_eq!(serde_json::to_string(&section).unwrap(), r#"{"z":1,"a":null}"#);
        let refused: goya::Result<u32> = Err(goya::Error::NoRoom);
        let section = section.facts(&refused, &[("b", |n| (*n).into())]);
        assert_eq!(section.facts[2], ("b".to_owned(), Value::Null));
    }
}
