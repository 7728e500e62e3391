// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! The code in an ELF file of the vendor's compiler: ELF32, little endian, section `.text` (TPC LLVM,
//! `TPCAsmBackend.cpp`).

const MAGIC: &[u8] = b"\x7fELF";
/// 32 bits, little endian.
const CLASS_AND_ORDER: &[u8] = &[1, 1];
/// What the vendor's compiler says the machine is, for want of a number of its own: the 386.
const MACHINE: u16 = 3;
/// Bytes of a section's header at least.
const SECTION_SIZE: usize = 40;
/// The type of a section that occupies no bytes of the file.
const NOBITS: u32 = 8;

/// Whether `bytes` are an ELF file of any kind.
pub fn is_elf(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC)
}

/// The bytes of the code. The error says what is missing.
pub fn text(bytes: &[u8]) -> Result<&[u8], String> {
    if bytes.get(4..6) != Some(CLASS_AND_ORDER) {
        return Err("not a 32-bit little-endian ELF file".into());
    }
    let short = || String::from("the ELF file is cut short");
    let machine = half(bytes, 18).ok_or_else(short)?;
    if machine != MACHINE {
        return Err(format!("an ELF file for machine {machine}, TPC code says {MACHINE}"));
    }
    let table = word(bytes, 32).ok_or_else(short)? as usize;
    let size = usize::from(half(bytes, 46).ok_or_else(short)?);
    let count = usize::from(half(bytes, 48).ok_or_else(short)?);
    let names = usize::from(half(bytes, 50).ok_or_else(short)?);
    if size < SECTION_SIZE {
        return Err(format!("headers of sections have {size} bytes, not {SECTION_SIZE}"));
    }
    let header = |index: usize| {
        let start = index.checked_mul(size)?.checked_add(table)?;
        bytes.get(start..start.checked_add(SECTION_SIZE)?)
    };
    let names = header(names).and_then(|header| contents(bytes, header)).ok_or_else(short)?;
    for index in 0..count {
        let header = header(index).ok_or_else(short)?;
        let name = word(header, 0).and_then(|at| names.get(at as usize..));
        if name.is_some_and(|name| name.starts_with(b".text\0")) {
            return contents(bytes, header).ok_or_else(short);
        }
    }
    Err("the ELF file has no section .text".into())
}

/// The bytes of the section with `header`.
fn contents<'a>(bytes: &'a [u8], header: &[u8]) -> Option<&'a [u8]> {
    let (kind, offset, size) = (word(header, 4)?, word(header, 16)? as usize, word(header, 20)? as usize);
    if kind == NOBITS { None } else { bytes.get(offset..offset.checked_add(size)?) }
}

fn half(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A file with a table of names, and `code` as its `.text`.
    pub fn file(code: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0; 52];
        bytes[..6].copy_from_slice(b"\x7fELF\x01\x01");
        bytes[16] = 1;
        bytes[18] = 3;
        let names = b"\0.text\0.shstrtab\0";
        let names_at = bytes.len() as u32;
        bytes.extend(names);
        let code_at = bytes.len() as u32;
        bytes.extend(code);
        let table = bytes.len() as u32;
        for [name, kind, offset, size] in
            [[0, 0, 0, 0], [1, 1, code_at, code.len() as u32], [7, 3, names_at, names.len() as u32]]
        {
            let header = [name, kind, 0, 0, offset, size, 0, 0, 0, 0];
            bytes.extend(header.iter().flat_map(|part: &u32| part.to_le_bytes()));
        }
        bytes[32..36].copy_from_slice(&table.to_le_bytes());
        bytes[46..52].copy_from_slice(&[40, 0, 3, 0, 2, 0]);
        bytes
    }

    #[test]
    fn the_code_is_the_text_section() {
        assert_eq!(text(&file(b"code")), Ok(&b"code"[..]));
    }

    #[test]
    fn files_that_are_cut_or_damaged_are_refused() {
        let good = file(&[7; 64]);
        for end in 0..good.len() {
            assert!(text(&good[..end]).is_err(), "{end}");
        }
        for at in 0..good.len() {
            for value in [0, 0x7F, 0xFF] {
                let mut bad = good.clone();
                bad[at] = value;
                let _ = text(&bad);
            }
        }
        let mut other = good.clone();
        other[18] = 62;
        assert_eq!(text(&other).unwrap_err(), "an ELF file for machine 62, TPC code says 3");
    }
}
