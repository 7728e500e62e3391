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
/// The types of sections that say how another, whose number is their `sh_info`, is changed when it is linked.
const RELOCATIONS: [u32; 2] = [4, 9];
/// The type of a section that occupies no bytes of the file.
const NOBITS: u32 = 8;
/// The flag of a section whose bytes are compressed.
const COMPRESSED: u32 = 0x800;
/// The section that has the code.
const TEXT: &str = ".text";

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
    if table == 0 || count == 0 {
        return Err(format!(
            "the ELF file has no table of sections: where its section {TEXT} is isn't known"
        ));
    }
    if size < SECTION_SIZE {
        return Err(format!("headers of sections have {size} bytes, not {SECTION_SIZE}"));
    }
    let header = |index: usize| {
        let start = index.checked_mul(size)?.checked_add(table)?;
        bytes.get(start..start.checked_add(SECTION_SIZE)?)
    };
    let names = header(names).and_then(|header| contents(bytes, header)).ok_or_else(short)?;
    let headers: Vec<_> =
        (0..count).map(|index| header(index).ok_or_else(short)).collect::<Result<_, _>>()?;
    let name = |header: &[u8]| {
        let name = word(header, 0).and_then(|at| names.get(at as usize..));
        String::from_utf8_lossy(name.and_then(|name| name.split(|&b| b == 0).next()).unwrap_or_default())
    };
    let mut texts = headers.iter().enumerate().filter(|(_, header)| name(header) == TEXT);
    let (index, header) = texts.next().ok_or_else(|| format!("the ELF file has no section {TEXT}"))?;
    if texts.next().is_some() {
        return Err(format!("the ELF file has two sections {TEXT}: which is meant isn't known"));
    }
    let of_text = |header: &&&[u8]| {
        let [kind, size, info] = [4, 20, 28].map(|at| word(header, at).unwrap_or(0));
        RELOCATIONS.contains(&kind) && size > 0 && info as usize == index
    };
    if let Some(relocations) = headers.iter().find(of_text) {
        let name = name(relocations);
        return Err(format!("the ELF file is not linked: section {name} says how its code is to be changed"));
    }
    let [kind, flags, size] = [4, 8, 20].map(|at| word(header, at).unwrap_or(0));
    let wrong = if kind == NOBITS {
        "has no bytes in the file"
    } else if flags & COMPRESSED != 0 {
        "is compressed"
    } else if size == 0 {
        "is empty"
    } else {
        return contents(bytes, header).ok_or_else(short);
    };
    Err(format!("its section {TEXT} {wrong}"))
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

    /// A section: name, type, flags, link to another by its number, and bytes.
    type Section<'a> = (&'a str, u32, u32, u32, &'a [u8]);

    /// A file with these sections, from number 1 on, and a table of names behind them.
    fn sections(sections: &[Section<'_>]) -> Vec<u8> {
        let mut bytes = vec![0; 52];
        bytes[..6].copy_from_slice(b"\x7fELF\x01\x01");
        bytes[16] = 1;
        bytes[18] = 3;
        let mut names = vec![0];
        let mut headers = vec![[0; 10]];
        for (name, kind, flags, info, contents) in sections {
            headers.push([
                names.len() as u32,
                *kind,
                *flags,
                0,
                bytes.len() as u32,
                contents.len() as u32,
                0,
                *info,
                0,
                0,
            ]);
            names.extend(name.bytes().chain([0]));
            bytes.extend(*contents);
        }
        headers.push([0, 3, 0, 0, bytes.len() as u32, names.len() as u32, 0, 0, 0, 0]);
        bytes.extend(names);
        let table = bytes.len() as u32;
        bytes.extend(headers.iter().flatten().flat_map(|part: &u32| part.to_le_bytes()));
        bytes[32..36].copy_from_slice(&table.to_le_bytes());
        let count = headers.len() as u8;
        bytes[46..52].copy_from_slice(&[40, 0, count, 0, count - 1, 0]);
        bytes
    }

    /// A file with `code` as its `.text`.
    pub fn file(code: &[u8]) -> Vec<u8> {
        sections(&[(".text", 1, 6, 0, code)])
    }

    #[test]
    fn the_code_is_the_text_section() {
        assert_eq!(text(&file(b"code")), Ok(&b"code"[..]));
        // Wherever it is; relocations of others are theirs, and none change nothing.
        let others: [Section<'_>; 6] = [
            (".KernelInfo", 1, 0, 0, b"KERNELINFOBEGIN KernelName:[k] #KERNELINFOEND"),
            (".bss", 8, 3, 0, b""),
            (".text.hot", 1, 6, 0, b"hot"),
            (".text", 1, 6, 0, b"code"),
            (".rel.debug", 9, 0, 1, b"12345678"),
            (".rel.text", 9, 0, 4, b""),
        ];
        assert_eq!(text(&sections(&others)), Ok(&b"code"[..]));
    }

    #[test]
    fn what_is_no_linked_code_is_refused_with_a_reason() {
        let code: Section<'_> = (".text", 1, 6, 0, b"code");
        let without_table = |mut file: Vec<u8>| {
            file[32..36].fill(0);
            file[46..52].fill(0);
            file
        };
        for (file, why) in [
            (sections(&[code, (".rel.text", 9, 0, 1, b"12345678")]), "not linked: section .rel.text"),
            (sections(&[(".rela.text", 4, 0, 2, b"123456789012"), code]), "not linked: section .rela.text"),
            (
                sections(&[(".text", 1, 6, 0, b""), (".text.main", 1, 6, 0, b"code")]),
                "section .text is empty",
            ),
            (sections(&[(".text", 8, 6, 0, b"code")]), "section .text has no bytes"),
            (sections(&[(".text", 1, 0x806, 0, b"code")]), "section .text is compressed"),
            (sections(&[code, code]), "two sections .text"),
            (sections(&[(".code", 1, 6, 0, b"code")]), "no section .text"),
            (without_table(file(b"code")), "no table of sections"),
        ] {
            let said = text(&file).unwrap_err();
            assert!(said.contains(why), "{said}: {why}");
        }
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
