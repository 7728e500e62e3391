// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! A container, with what the CDI specification gives it and nothing else.

use std::fs;

use goya_tests::card::Card;
use goya_tests::nodes::Nodes;
use goya_tests::{Result, check, check_eq};
use serde_json::Value;

use super::{file, text, tool};

/// Makes what a container engine makes, in namespaces of its own, and runs a program there: `$1` is a directory, `$2` are the nodes,
/// and then comes the program.
const ENGINE: &str = r#"
box=$1 nodes=$2
shift 2
mount -t tmpfs box "$box"
cd "$box"
mkdir -p bin dev proc sys tmp
mount -t proc proc proc
mount -o ro -t sysfs sys sys
mknod -m 666 dev/null c 1 3
for node in $nodes; do
	mkdir -p ".${node%/*}"
	mknod -m 600 ".$node" c "$((0x$(stat -c %t "$node")))" "$((0x$(stat -c %T "$node")))"
done
mount -o bind /bin bin
exec chroot . "$@"
"#;

fn spec() -> Result<Value> {
    serde_json::from_str(&text(&["cdi", "--json"])?).map_err(|e| e.to_string())
}

/// What a program says in a container with these nodes.
fn contained(nodes: &[&str], program: &[&str]) -> Result<(i32, String)> {
    let place = file("box");
    fs::create_dir_all(&place).map_err(|e| e.to_string())?;
    let output = tool(&["unshare", "-m", "-p", "-f", "sh", "-ec", ENGINE, "engine"])
        .arg(&place)
        .arg(nodes.join(" "))
        .args(program)
        .env_remove("GOYA_CARD")
        .output()
        .map_err(|e| format!("unshare: {e}"))?;
    fs::remove_dir(&place).map_err(|e| e.to_string())?;
    let said = [output.stdout, output.stderr].concat();
    Ok((output.status.code().unwrap_or(-1), String::from_utf8_lossy(&said).into_owned()))
}

/// A card works in a container that has what the specification names; no other is there.
pub(super) fn container() -> Result {
    super::present();
    drop(Card::open()?);
    let spec = spec()?;
    let address = fs::canonicalize(Nodes::chosen().sysfs()).map_err(|e| e.to_string())?;
    let address = address.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
    let devices = spec["devices"].as_array().ok_or("no devices")?;
    let device = devices.iter().find(|d| d["name"] == address.as_str()).ok_or_else(|| format!("{spec}"))?;
    let nodes = device["containerEdits"]["deviceNodes"].as_array().ok_or("no nodes")?;
    let nodes: Vec<_> = nodes.iter().filter_map(|node| node["path"].as_str()).collect();
    check_eq!(nodes.len(), 2, "nodes");
    let (code, said) = contained(&nodes, &["/bin/busybox", "find", "/dev", "-type", "c"])?;
    let mut there: Vec<_> = said.lines().collect();
    there.sort_unstable();
    let mut expected = [&nodes[..], &["/dev/null"]].concat();
    expected.sort_unstable();
    check_eq!((code, there), (0, expected), "devices");
    for program in [
        &["/bin/goyactl", "list", "--json"][..],
        &["/bin/goyactl", "selftest", "--json"],
        &["/bin/goyactl", "copy", "--size", "1M"],
    ] {
        let (code, said) = contained(&nodes, program)?;
        check_eq!(code, 0, format!("{program:?} says {said}"));
        if program.contains(&"list") {
            let all = super::parse(&said)?;
            let cards: Vec<_> =
                all["cards"].as_array().into_iter().flatten().map(|c| &c["pci_address"]).collect();
            check_eq!(cards, [&Value::from(address.as_str())], "cards in the container");
        }
    }
    let (code, said) = contained(&[], &["/bin/goyactl", "list"])?;
    check!(code == 3 && said.contains("no node here"), "without a card: {code}, {said}");
    Ok(())
}
