// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The guest's files: an initramfs with busybox, modules, firmware and programs.

use std::fs;
use std::path::Path;

use crate::Error;
use crate::cpio::Archive;
use crate::options::Options;

/// Statically linked, from the package busybox-static.
const BUSYBOX: &str = "/usr/bin/busybox";
/// Bytes of the placeholder firmware images. The card takes any image; the driver wants whole words.
const BOOT_FIT: usize = 64 << 10;
const LINUX: usize = 256 << 10;

/// Builds the initramfs that `options` describe.
pub fn build(options: &Options) -> Result<Vec<u8>, Error> {
    let mut archive = Archive::default();
    for directory in ["dev", "proc", "sys", "tmp", "root", "run"] {
        archive.directory(directory);
    }
    archive.file("bin/busybox", true, &read(Path::new(BUSYBOX))?);
    archive.link("bin/sh", "busybox");
    archive.file("init", true, &read(&options.init)?);
    let mut modules = Vec::new();
    for path in &options.modules {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        archive.file(&format!("lib/modules/{name}"), false, &read(path)?);
        modules.push(format!("/lib/modules/{name}"));
    }
    for (name, size) in [("goya-boot-fit.itb", BOOT_FIT), ("goya-fit.itb", LINUX)] {
        archive.file(&format!("lib/firmware/habanalabs/goya/{name}"), false, &firmware(name, size));
    }
    for file in &options.files {
        let (host, guest) =
            file.split_once(':').ok_or_else(|| Error::Usage(format!("--file {file}: no colon")))?;
        archive.file(guest, true, &read(Path::new(host))?);
    }
    archive.file("etc/goya.conf", false, config(options, &modules).as_bytes());
    Ok(archive.finish())
}

/// Shell variables for the init script.
fn config(options: &Options, modules: &[String]) -> String {
    let program: Vec<_> = options.program.iter().map(|arg| quote(arg)).collect();
    format!(
        "MODULES={}\nPARAMS={}\nexport GOYA_MODULE={}\nINTERACTIVE={}\nrun_program() {{\n\t{}\n}}\n",
        quote(&modules.join(" ")),
        quote(&options.module_params),
        quote(modules.last().map_or("", String::as_str)),
        u8::from(options.interactive),
        if program.is_empty() { "true".to_owned() } else { program.join(" ") },
    )
}

/// `text` as one word of a shell command.
fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// An image that says what it is.
fn firmware(name: &str, size: usize) -> Vec<u8> {
    let text = format!("placeholder for {name}: the emulated card runs no firmware\n");
    text.bytes().cycle().take(size).collect()
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    fs::read(path).map_err(|source| Error::File { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_survive_the_shell() {
        assert_eq!(quote("it's"), r"'it'\''s'");
    }
}
