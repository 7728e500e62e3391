// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! Processes that have a card open.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use goya::{Card, printable};
use schemars::JsonSchema;
use serde::Serialize;

/// A process that has a node of a card open.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize)]
pub struct Holder {
    /// Its number.
    pub pid: u32,
    /// What it is called, as can be printed: a process names itself.
    pub command: String,
    /// Whose it is.
    pub uid: u32,
    /// Whether it has the compute node, not only the control node.
    pub compute: bool,
}

/// What is said of one who is not to be seen.
pub const HIDDEN: &str = "somebody (root sees who)";

/// Those who have the compute node of a card, as far as this process may see.
pub fn of(card: &Card) -> Vec<Holder> {
    all(card).into_iter().filter(|holder| holder.compute).collect()
}

/// Those who have a node of a card, but this process.
pub fn all(card: &Card) -> Vec<Holder> {
    let mut all = find(Path::new("/proc"), &card.compute_node(), &card.control_node());
    all.retain(|holder| holder.pid != std::process::id());
    all
}

/// A process's name, which it chooses itself: it is in lines and tables of ours.
fn word(name: &str) -> String {
    printable(name).replace(['\n', '\t'], " ")
}

fn find(proc: &Path, compute: &Path, control: &Path) -> Vec<Holder> {
    let processes = fs::read_dir(proc).into_iter().flatten().flatten();
    let holder = |process: fs::DirEntry| {
        let pid = process.file_name().to_str()?.parse().ok()?;
        let path = process.path();
        // Of processes that are not ours these cannot be read.
        let files = fs::read_dir(path.join("fd")).ok()?.flatten();
        let open: Vec<_> = files.filter_map(|fd| fs::read_link(fd.path()).ok()).collect();
        let has = |node: &Path| open.iter().any(|file| file == node);
        (has(compute) || has(control)).then(|| Holder {
            pid,
            command: word(&super::sysfs::read(&path.join("comm")).unwrap_or_default()),
            uid: fs::metadata(&path).map_or(0, |about| about.uid()),
            compute: has(compute),
        })
    };
    let mut all: Vec<_> = processes.filter_map(holder).collect();
    all.sort_by_key(|holder| holder.pid);
    all
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn processes_are_found_by_their_files() {
        let proc = tempfile::tempdir().unwrap();
        let (compute, control) = (Path::new("/dev/accel/accel0"), Path::new("/dev/accel/accel_controlD0"));
        for (pid, name, file) in [
            ("40", "train", "/dev/accel/accel0"),
            ("7", "lo\x1b[2J\nok", "/dev/accel/accel_controlD0"),
            ("8", "none", "/dev/accel/accel01"),
            ("self", "x", "/dev/accel/accel0"),
        ] {
            let dir = proc.path().join(pid);
            fs::create_dir_all(dir.join("fd")).unwrap();
            fs::write(dir.join("comm"), format!("{name}\n")).unwrap();
            symlink(file, dir.join("fd/3")).unwrap();
        }
        let found = find(proc.path(), compute, control);
        let found: Vec<_> = found.iter().map(|h| (h.pid, h.command.as_str(), h.compute)).collect();
        assert_eq!(found, [(7, r"lo\u{1b}[2J ok", false), (40, "train", true)]);
    }
}
