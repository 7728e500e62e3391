// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The guest's files: an initramfs with busybox, modules, firmware and programs.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::cpio::Archive;
use crate::error::Error;
use crate::options::Options;

/// Where a statically linked busybox may be; the package is busybox-static.
const BUSYBOX: [&str; 2] = ["/usr/bin/busybox", "/bin/busybox"];
/// Where the driver's firmware images are.
const FIRMWARE: &str = "lib/firmware/habanalabs/goya";
/// The images that the driver wants (upstream `goya.c`), and the bytes of our placeholders. The driver
/// takes any size that is a multiple of 4 and at most 512 MiB (`hl_request_fw`).
const PLACEHOLDERS: [(&str, usize); 2] = [("goya-boot-fit.itb", 64 << 10), ("goya-fit.itb", 256 << 10)];

/// Builds the initramfs that `options` describe.
pub fn build(options: &Options) -> Result<Vec<u8>, Error> {
    let mut archive = Archive::default();
    for directory in ["dev", "proc", "sys", "tmp", "root", "run", "etc"] {
        archive.directory(directory);
    }
    // What init writes is seen, and the serial port listens (to SysRq), only if this is there from the start.
    archive.device("dev/console", (5, 1));
    archive.file("bin/busybox", true, &busybox()?);
    archive.link("bin/sh", "busybox");
    archive.link("sbin", "bin");
    archive.file("init", true, &read(&options.init)?);
    let mut modules = Vec::new();
    for path in &options.modules {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        archive.file(&format!("lib/modules/{name}"), false, &read(path)?);
        modules.push(format!("/lib/modules/{name}"));
    }
    for (name, data) in firmware(options.firmware.as_deref())? {
        archive.file(&format!("{FIRMWARE}/{name}"), false, &data);
    }
    for (host, guest) in &options.files {
        let program = fs::metadata(host).is_ok_and(|m| m.permissions().mode() & 0o111 != 0);
        archive.file(guest, program, &read(host)?);
    }
    archive.file("etc/goya.conf", false, config(options, &modules).as_bytes());
    Ok(archive.finish())
}

fn busybox() -> Result<Vec<u8>, Error> {
    let path = BUSYBOX.iter().map(Path::new).find(|p| p.exists()).unwrap_or(Path::new(BUSYBOX[0]));
    let program = read(path)?;
    // A dynamically linked one would leave the guest without any output.
    if program.windows(8).take(4096).any(|w| w == b"ld-linux") {
        return Err(Error::Usage(format!("{}: not static; install busybox-static", path.display())));
    }
    Ok(program)
}

/// The firmware files: those of `dir`, or placeholders.
fn firmware(dir: Option<&Path>) -> Result<Vec<(String, Vec<u8>)>, Error> {
    let Some(dir) = dir else {
        let name_and_data = |(name, size): (&str, usize)| (name.to_owned(), placeholder(name, size));
        return Ok(PLACEHOLDERS.map(name_and_data).into());
    };
    let entries = fs::read_dir(dir).map_err(|e| Error::file(dir, e))?;
    let paths: Vec<PathBuf> = entries.flatten().map(|e| e.path()).filter(|p| p.is_file()).collect();
    if paths.is_empty() {
        return Err(Error::Usage(format!("{}: no firmware files", dir.display())));
    }
    let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    paths.iter().map(|path| Ok((name(path), read(path)?))).collect()
}

/// An image that says what it is.
fn placeholder(name: &str, size: usize) -> Vec<u8> {
    let text = format!("placeholder for {name}: the emulated card runs no firmware\n");
    text.bytes().cycle().take(size).collect()
}

/// Shell variables for the init script.
fn config(options: &Options, modules: &[String]) -> String {
    let program: Vec<_> = options.program.iter().map(|arg| quote(arg)).collect();
    let (columns, rows) = crate::terminal::size();
    format!(
        "MODULES={}\nPARAMS={}\nexport GOYA_MODULE={} GOYA_MODULE_PARAMS={} GOYA_PART={}/{}\nINTERACTIVE={}\nCHECK={}\nCOLUMNS={columns}\n\
         ROWS={rows}\nrun_program() {{\n\t{}\n}}\n",
        quote(&modules.join(" ")),
        quote(&options.module_params),
        quote(modules.last().map_or("", String::as_str)),
        quote(&options.module_params),
        options.part + 1,
        options.guests,
        u8::from(options.interactive),
        u8::from(options.judges_log()),
        if program.is_empty() { "true".to_owned() } else { program.join(" ") },
    )
}

/// `text` as one word of a shell command.
fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    fs::read(path).map_err(|e| Error::file(path, e))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[test]
    fn words_survive_the_shell() {
        assert_eq!(quote("it's"), r"'it'\''s'");
    }

    #[test]
    fn the_config_is_a_shell_script_that_runs_the_program() {
        let arguments = [
            "x",
            "--kernel",
            "k",
            "--ktap",
            "--module-params",
            "a=1 b=2",
            "--",
            "echo",
            "it's",
            "$HOME  two",
        ];
        let config = config(&Options::parse_from(arguments), &["/a.ko".into(), "/b.ko".into()]);
        let script =
            format!("{config}\nrun_program\necho $GOYA_MODULE $GOYA_MODULE_PARAMS $CHECK $INTERACTIVE");
        let output = std::process::Command::new("sh").args(["-c", &script]).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stdout), "it's $HOME  two\n/b.ko a=1 b=2 1 0\n");
    }

    #[test]
    fn firmware_is_what_the_driver_takes() {
        for (name, data) in firmware(None).unwrap() {
            assert!(data.starts_with(format!("placeholder for {name}").as_bytes()));
            assert_eq!(data.len() % 4, 0);
        }
        let dir = tempfile::tempdir().unwrap();
        assert!(firmware(Some(dir.path())).is_err());
        fs::write(dir.path().join("goya-fit.itb"), b"1234").unwrap();
        assert_eq!(firmware(Some(dir.path())).unwrap(), [("goya-fit.itb".to_owned(), b"1234".to_vec())]);
    }
}
