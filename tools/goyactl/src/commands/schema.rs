// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! `goyactl schema`: what answers are as JSON. It is made of the types that they are written from.

use schemars::generate::{SchemaGenerator, SchemaSettings};
use schemars::{JsonSchema, Schema, json_schema};
use serde_json::{Value, json};

use super::{bench, copies, disasm, drill, info, kernel, list, monitor, reset, selftest, top, trace};
use crate::failure::Result;
use crate::output::{Failed, Output, SCHEMA};

/// Prints it.
pub fn run(output: &Output) -> Result {
    output.line(text()?)
}

fn text() -> Result<String> {
    Ok(serde_json::to_string_pretty(&schema()).map_err(std::io::Error::from)?)
}

/// All answers, of which each says by `command` which it is. That of cdi has a form of its own.
fn schema() -> Schema {
    let mut generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    let of = &mut generator;
    let answers = [
        answer::<list::Cards>(of, "list"),
        answer::<info::Answer>(of, "info"),
        answer::<top::Sample>(of, "top"),
        answer::<monitor::Line<'_>>(of, "monitor"),
        answer::<copies::Answer>(of, "copy"),
        answer::<bench::Answer>(of, "bench"),
        answer::<super::run::Answer>(of, "run"),
        answer::<kernel::List>(of, "kernel_list"),
        answer::<kernel::Answer>(of, "kernel_run"),
        answer::<disasm::Answer>(of, "disasm"),
        answer::<selftest::Answer>(of, "selftest"),
        answer::<reset::Answer>(of, "reset"),
        answer::<trace::Recorded<'_>>(of, "trace"),
        answer::<drill::Answer>(of, "drill"),
        answer::<Failed<'_>>(of, "error"),
    ];
    json_schema!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "goyactl --json",
        "description": "An answer of goyactl; top and monitor write one a line. New fields may come at any time.",
        "oneOf": answers,
        "$defs": generator.take_definitions(true),
    })
}

/// An answer with what says how to read it.
fn answer<T: JsonSchema>(generator: &mut SchemaGenerator, command: &str) -> Value {
    let mut schema = T::json_schema(generator).to_value();
    schema["properties"]["schema"] = json!({"const": SCHEMA});
    schema["properties"]["command"] = json!({"const": command});
    if let Some(required) = schema["required"].as_array_mut() {
        required.splice(0..0, [json!("schema"), json!("command")]);
    }
    schema
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Who changes what programs read sees it here, and thinks of the number. `SCHEMA_WRITE=1` writes it anew.
    #[test]
    fn what_is_written_down_is_so() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/schema.json");
        let now = text().unwrap() + "\n";
        if std::env::var_os("SCHEMA_WRITE").is_some() {
            std::fs::write(path, &now).unwrap();
        }
        let known = std::fs::read_to_string(path).unwrap_or_default();
        assert!(known == now, "schema.json is out of date: SCHEMA_WRITE=1 writes it");
    }

    #[test]
    fn each_answer_says_which_it_is() {
        let schema = schema().to_value();
        let answers = schema["oneOf"].as_array().unwrap();
        for answer in answers {
            assert_eq!(answer["properties"]["schema"]["const"], SCHEMA);
            let required = answer["required"].as_array().unwrap();
            assert!(required.contains(&json!("command")) && required.len() > 2, "{answer}");
        }
    }
}
