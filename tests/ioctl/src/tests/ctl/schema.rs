// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Whether answers are what `goyactl schema` says. As much of JSON Schema as that needs, since these programs are built before a new
//! user's first demo; a word that is not known here is a mistake.

use goya_tests::Result;
use serde_json::{Map, Value};

/// Fails if a value is not of a schema.
pub(super) fn check(schema: &Value, value: &Value) -> Result {
    at(schema, schema, value).map_err(|why| format!("{why}, in {value}"))
}

fn at(root: &Value, schema: &Value, value: &Value) -> Result {
    let Value::Object(words) = schema else {
        return if *schema == Value::Bool(true) { Ok(()) } else { Err(format!("{schema} is no schema")) };
    };
    words.iter().try_for_each(|(word, said)| holds(root, words, word, said, value))
}

/// Whether a word of a schema is true of a value.
fn holds(root: &Value, words: &Map<String, Value>, word: &str, said: &Value, value: &Value) -> Result {
    let all = || said.as_array().map(Vec::as_slice).unwrap_or_default();
    let good = match word {
        "$schema" | "$defs" | "title" | "description" | "format" => true,
        "$ref" => {
            let place = said.as_str().and_then(|place| root.pointer(place.strip_prefix('#')?));
            return at(root, place.ok_or_else(|| format!("{said} is nowhere"))?, value);
        }
        "oneOf" => all().iter().filter(|one| at(root, one, value).is_ok()).count() == 1,
        "anyOf" => all().iter().any(|one| at(root, one, value).is_ok()),
        "const" => said == value,
        "enum" => all().contains(value),
        "type" => match said {
            Value::Array(kinds) => kinds.iter().any(|kind| is(kind, value)),
            kind => is(kind, value),
        },
        "minimum" => value.as_f64().zip(said.as_f64()).is_none_or(|(value, least)| value >= least),
        "maximum" => value.as_f64().zip(said.as_f64()).is_none_or(|(value, most)| value <= most),
        "required" => all().iter().filter_map(Value::as_str).all(|name| value.get(name).is_some()),
        "items" => return each(root, said, value.as_array().into_iter().flatten()),
        "properties" => {
            let fields = said.as_object().into_iter().flatten();
            let mut told = fields.filter_map(|(name, schema)| Some((name, schema, value.get(name)?)));
            return told.try_for_each(|(name, schema, value)| {
                at(root, schema, value).map_err(|why| format!("{name}: {why}"))
            });
        }
        "additionalProperties" => {
            let known = |name: &String| words.get("properties").is_some_and(|all| all.get(name).is_some());
            let fields = value.as_object().into_iter().flatten();
            return each(root, said, fields.filter(|(name, _)| !known(name)).map(|(_, value)| value));
        }
        _ => return Err(format!("{word} of the schema is not known here")),
    };
    if good { Ok(()) } else { Err(format!("{word}: {said} does not hold")) }
}

fn each<'a>(root: &Value, schema: &Value, mut values: impl Iterator<Item = &'a Value>) -> Result {
    values.try_for_each(|value| at(root, schema, value))
}

fn is(kind: &Value, value: &Value) -> bool {
    match kind.as_str() {
        Some("null") => value.is_null(),
        Some("boolean") => value.is_boolean(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("number") => value.is_number(),
        Some("string") => value.is_string(),
        Some("array") => value.is_array(),
        Some("object") => value.is_object(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_of_a_schema_or_not() {
        let schema = json!({
            "$defs": {"N": {"type": ["integer", "null"], "minimum": 0}},
            "oneOf": [
                {"type": "object", "properties": {"a": {"const": 1}, "n": {"$ref": "#/$defs/N"}}, "required": ["a"]},
                {"type": "object", "properties": {"a": {"const": 2}, "s": {"items": {"type": "string"}}},
                    "required": ["a", "s"], "additionalProperties": true},
            ],
        });
        for good in [json!({"a": 1}), json!({"a": 1, "n": null, "new": []}), json!({"a": 2, "s": ["x"]})] {
            assert_eq!(check(&schema, &good), Ok(()));
        }
        for bad in [
            json!(1),
            json!({}),
            json!({"a": 3}),
            json!({"a": 1, "n": "x"}),
            json!({"a": 1, "n": -1}),
            json!({"a": 2}),
            json!({"a": 2, "s": [1]}),
        ] {
            assert!(check(&schema, &bad).is_err(), "{bad}");
        }
        assert!(check(&json!({"pattern": "x"}), &json!("x")).is_err());
    }
}
