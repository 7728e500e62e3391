// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! `goyactl cdi`: a specification for the Container Device Interface, with which container engines give cards to containers.

use goya::Card;
use serde::Serialize;

use crate::chosen;
use crate::failure::{Failure, Result};
use crate::output::Output;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Spec {
    cdi_version: &'static str,
    kind: &'static str,
    devices: Vec<Device>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Device {
    name: String,
    container_edits: Edits,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Edits {
    device_nodes: Vec<Node>,
}

#[derive(Clone, Serialize)]
struct Node {
    path: String,
    permissions: &'static str,
}

/// Describes the cards.
pub fn run(name: Option<&str>, output: &Output) -> Result {
    let spec = spec(&chosen::cards(name)?.iter().map(nodes).collect::<Vec<_>>());
    // Container engines read this: nothing of ours is around it.
    let text = if output.is_json() {
        serde_json::to_string_pretty(&spec).map_err(|e| Failure::failed(e.to_string()))? + "\n"
    } else {
        serde_yaml_ng::to_string(&spec).map_err(|e| Failure::failed(e.to_string()))?
    };
    output.text(text)
}

/// A card's name, and its nodes.
fn nodes(card: &Card) -> (String, Vec<Node>) {
    let node = |path: std::path::PathBuf| Node { path: path.display().to_string(), permissions: "rw" };
    (card.pci_address().to_owned(), vec![node(card.compute_node()), node(card.control_node())])
}

/// A device for each card, by its number and by its place on the bus, which stays the same; and all of them.
fn spec(cards: &[(String, Vec<Node>)]) -> Spec {
    let device =
        |name: String, nodes: Vec<Node>| Device { name, container_edits: Edits { device_nodes: nodes } };
    let mut devices = Vec::new();
    for (number, (address, nodes)) in cards.iter().enumerate() {
        devices.push(device(number.to_string(), nodes.clone()));
        devices.push(device(address.clone(), nodes.clone()));
    }
    let all = cards.iter().flat_map(|(_, nodes)| nodes.clone()).collect();
    devices.push(device("all".to_owned(), all));
    Spec { cdi_version: "0.6.0", kind: "habana.ai/goya", devices }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card(n: u32) -> (String, Vec<Node>) {
        let node = |path: String| Node { path, permissions: "rw" };
        let nodes = [format!("/dev/accel/accel{n}"), format!("/dev/accel/accel_controlD{n}")].map(node);
        (format!("0000:0{n}:00.0"), nodes.to_vec())
    }

    /// What the specification of CDI says of version 0.6.0 (its text, and its JSON schema, which allows no other fields).
    #[test]
    fn engines_take_it() {
        fn keys(value: &serde_json::Value) -> Vec<&str> {
            let mut keys: Vec<_> = value.as_object().unwrap().keys().map(String::as_str).collect();
            keys.sort_unstable();
            keys
        }
        // Of vendors and classes the first is a letter, of devices since 0.5.0 a digit, too; the last is either.
        let word = |text: &str, more: &str, first: fn(char) -> bool| {
            text.starts_with(first)
                && text.ends_with(|c: char| c.is_ascii_alphanumeric())
                && text.chars().all(|c| c.is_ascii_alphanumeric() || more.contains(c))
        };
        let json = serde_json::to_value(spec(&[card(1), card(2)])).unwrap();
        assert_eq!(keys(&json), ["cdiVersion", "devices", "kind"]);
        let (vendor, class) = json["kind"].as_str().unwrap().split_once('/').unwrap();
        assert!([vendor, class].iter().all(|part| word(part, "_-.", |c| c.is_ascii_alphabetic())));
        let devices = json["devices"].as_array().unwrap();
        let mut names: Vec<_> = devices.iter().map(|device| device["name"].as_str().unwrap()).collect();
        assert!(names.iter().all(|name| word(name, "_-.:", |c| c.is_ascii_alphanumeric())), "{names:?}");
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), devices.len(), "names are unique");
        for device in devices {
            assert_eq!(keys(device), ["containerEdits", "name"]);
            assert_eq!(keys(&device["containerEdits"]), ["deviceNodes"]);
            let nodes = device["containerEdits"]["deviceNodes"].as_array().unwrap();
            assert!(!nodes.is_empty());
            for node in nodes {
                assert_eq!(keys(node), ["path", "permissions"]);
                assert!(node["path"].as_str().unwrap().starts_with("/dev/"));
                assert!(node["permissions"].as_str().unwrap().chars().all(|c| "rwm".contains(c)));
            }
        }
    }

    #[test]
    fn all_cards_are_devices() {
        let spec = spec(&[card(1), card(2)]);
        let json = serde_json::to_value(&spec).unwrap();
        assert_eq!(json["cdiVersion"], "0.6.0");
        assert_eq!(json["kind"], "habana.ai/goya");
        let names: Vec<_> = spec.devices.iter().map(|d| d.name.as_str()).collect();
        assert_eq!(names, ["0", "0000:01:00.0", "1", "0000:02:00.0", "all"]);
        assert_eq!(json["devices"][2]["containerEdits"]["deviceNodes"][0]["path"], "/dev/accel/accel2");
        assert_eq!(json["devices"][4]["containerEdits"]["deviceNodes"].as_array().unwrap().len(), 4);
        let yaml = serde_yaml_ng::to_string(&spec).unwrap();
        assert!(
            yaml.starts_with("cdiVersion: 0.6.0\nkind: habana.ai/goya\ndevices:\n- name: '0'\n"),
            "{yaml}"
        );
    }
}
