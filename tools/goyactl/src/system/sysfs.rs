// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! Attributes of a card in sysfs.

use std::fs;
use std::path::Path;

use goya::Card;

/// The text of an attribute, if there is one.
pub fn attribute(card: &Card, name: &str) -> Option<String> {
    read(&card.sysfs().join(name))
}

/// The text of a file without what surrounds it.
pub fn read(path: &Path) -> Option<String> {
    let bytes = fs::read(path).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    Some(text.trim_matches(|c: char| c.is_whitespace() || c == '\0').to_owned())
}

/// A card's serial number, where its EEPROM may be read.
pub fn serial(card: &Card) -> Option<String> {
    parse_serial(&fs::read(card.sysfs().join("eeprom")).ok()?)
}

/// The EEPROM's text has a line for it.
fn parse_serial(eeprom: &[u8]) -> Option<String> {
    let mut lines = eeprom.split(|byte| !(b' '..=b'~').contains(byte));
    let serial = lines.find_map(|line| line.strip_prefix(b"serial="))?;
    Some(String::from_utf8_lossy(serial).into_owned()).filter(|serial| !serial.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_serial_number_is_a_line() {
        assert_eq!(parse_serial(b"card=HL-100\nserial=AB-12\n\0\xff\xff").as_deref(), Some("AB-12"));
        assert_eq!(parse_serial(b"card=x\n\0noserial=1\n"), None);
        assert_eq!(parse_serial(b"serial=\n"), None);
        assert_eq!(parse_serial(b""), None);
    }

    #[test]
    fn attributes_are_trimmed() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), " 1.2\0\n").unwrap();
        assert_eq!(read(file.path()).as_deref(), Some("1.2"));
        assert_eq!(read(Path::new("/nowhere")), None);
    }
}
