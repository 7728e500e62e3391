// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! Tensors in NumPy's files. NumPy names the dimension first whose elements are farthest apart; a tensor's first
//! is the one of a vector's lanes, so the order of the two is the opposite.
//!
//! Crates that read these files bring a parser generator, big integers and two dozen other crates for a header of one
//! line, and their newest versions need a newer compiler than the project's. What a tensor can be is this much.

use std::path::Path;

use goya_tpc_isa::Type;

/// What a file begins with.
const MAGIC: &[u8] = b"\x93NUMPY";
/// The data begins at a multiple of this.
const ALIGNMENT: usize = 64;

/// The types of NumPy that are a tensor's, little endian.
const TYPES: [(&str, Type); 7] = [
    ("<f4", Type::F32),
    ("<i4", Type::I32),
    ("<u4", Type::U32),
    ("<i2", Type::I16),
    ("<u2", Type::U16),
    ("|i1", Type::I8),
    ("|u1", Type::U8),
];

/// Whether a file is NumPy's, by its name.
#[must_use]
pub fn is_npy(file: &Path) -> bool {
    file.extension().is_some_and(|extension| extension == "npy")
}

/// The bytes of an element.
fn size(ty: Type) -> usize {
    usize::from(ty.bits() / 8).max(1)
}

/// The type, sizes and bytes of the array in a file, little endian.
///
/// # Errors
/// If it is no such file, or no tensor can be its array.
pub fn read(file: &[u8]) -> Result<(Type, [u32; 5], Vec<u8>), String> {
    let (header, data) = split(file).ok_or("this is no file of NumPy's")?;
    let header =
        Header::parse(header).ok_or_else(|| format!("the header `{}` is not clear", header.trim()))?;
    let Some((_, ty)) = TYPES.iter().find(|(name, _)| *name == header.descr.replace('>', "<")) else {
        let descr = header.descr;
        return Err(format!("elements of type {descr}: a tensor has floats or integers of 32, 16 or 8 bits"));
    };
    if header.shape.len() > 5 {
        return Err(format!("the array has {} dimensions, a tensor five", header.shape.len()));
    }
    if header.fortran && header.shape.iter().filter(|&&size| size > 1).count() > 1 {
        return Err("the array is in Fortran's order; numpy.ascontiguousarray makes one in C's".into());
    }
    let mut sizes = [1; 5];
    sizes.iter_mut().zip(header.shape.iter().rev()).for_each(|(to, &size)| *to = size);
    let elements = sizes.iter().try_fold(1_usize, |product, &size| product.checked_mul(size as usize));
    let len = elements.and_then(|elements| elements.checked_mul(size(*ty)));
    if len != Some(data.len()) {
        return Err(format!("it has {} bytes of elements, type and shape say otherwise", data.len()));
    }
    let mut bytes = data.to_vec();
    if header.descr.starts_with('>') {
        bytes.chunks_exact_mut(size(*ty)).for_each(<[u8]>::reverse);
    }
    Ok((*ty, sizes, bytes))
}

/// The header of a file, and what is behind it. Versions differ in the width of the header's length.
fn split(file: &[u8]) -> Option<(&str, &[u8])> {
    let rest = file.strip_prefix(MAGIC)?;
    let (version, rest) = rest.split_at_checked(2)?;
    let (length, rest) = rest.split_at_checked(if version[0] == 1 { 2 } else { 4 })?;
    let length = length.iter().rev().fold(0_usize, |length, &byte| length << 8 | usize::from(byte));
    let (header, data) = rest.split_at_checked(length)?;
    Some((std::str::from_utf8(header).ok()?, data))
}

/// What a header says: `{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }`.
struct Header<'a> {
    descr: &'a str,
    fortran: bool,
    shape: Vec<u32>,
}

impl<'a> Header<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let value = |key: &str| {
            let behind = text.split_once(&format!("'{key}'"))?.1;
            Some(behind.trim_start().strip_prefix(':')?.trim_start())
        };
        let descr = value("descr")?.strip_prefix('\'')?.split_once('\'')?.0;
        let order = value("fortran_order")?;
        let fortran = order.starts_with("True");
        let shape = value("shape")?.strip_prefix('(')?.split_once(')')?.0;
        let sizes = shape.split(',').map(str::trim).filter(|size| !size.is_empty());
        let shape = sizes.map(|size| size.parse().ok()).collect::<Option<_>>()?;
        (fortran || order.starts_with("False")).then_some(Self { descr, fortran, shape })
    }
}

/// The file of an array of these sizes with these bytes. Dimensions of one at the end are left out.
#[must_use]
pub fn write(ty: Type, sizes: &[u32; 5], bytes: &[u8]) -> Vec<u8> {
    let descr = TYPES.iter().find(|(_, other)| *other == ty).map_or("|u1", |(name, _)| name);
    let count = sizes.iter().rposition(|&size| size != 1).map_or(1, |last| last + 1);
    let shape: Vec<_> = sizes.iter().take(count).rev().map(u32::to_string).collect();
    // One number in parentheses is a tuple by its comma.
    let shape = shape.join(", ") + if count == 1 { "," } else { "" };
    let header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({shape}), }}");
    // The magic, the version, the length, and a line feed at the end.
    let fixed = MAGIC.len() + 2 + 2 + 1;
    let length = (header.len() + fixed).next_multiple_of(ALIGNMENT) - fixed + 1;
    let mut file = [MAGIC, &[1, 0], &(length as u16).to_le_bytes()].concat();
    file.extend(format!("{header:width$}\n", width = length - 1).bytes());
    file.extend(bytes);
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file as the format's description has it: version 1.0, a header padded to 64 bytes.
    fn by_hand(descr: &str, fortran: &str, shape: &str, data: &[u8]) -> Vec<u8> {
        let header = format!("{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': {shape}, }}");
        let header = format!("{header:<117}\n");
        let mut file = b"\x93NUMPY\x01\x00".to_vec();
        file.extend((header.len() as u16).to_le_bytes());
        file.extend(header.bytes());
        file.extend(data);
        file
    }

    #[test]
    fn the_last_dimension_of_an_array_is_the_first_of_a_tensor() {
        let file = by_hand("<i2", "False", "(2, 3)", &[1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 0xFF, 0xFF]);
        let (ty, sizes, bytes) = read(&file).unwrap();
        assert_eq!((ty, sizes), (Type::I16, [3, 2, 1, 1, 1]));
        assert_eq!(bytes, [1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 0xFF, 0xFF]);
        let (ty, sizes, again) = read(&write(ty, &sizes, &bytes)).unwrap();
        assert_eq!((ty, sizes, again), (Type::I16, [3, 2, 1, 1, 1], bytes.clone()));
        let made = write(Type::I16, &[3, 2, 1, 1, 1], &bytes);
        assert_eq!(made.len() % 64, 12);
        assert_eq!(read(&by_hand(">f4", "False", "()", &[0x3F, 0x80, 0, 0])).unwrap().2, [0, 0, 0x80, 0x3F]);
        assert_eq!(read(&by_hand("|u1", "True", "(2,)", &[7, 8])).unwrap().1, [2, 1, 1, 1, 1]);
    }

    #[test]
    fn arrays_that_are_no_tensors_are_refused() {
        for (file, part) in [
            (by_hand("<f8", "False", "(1,)", &[0; 8]), "<f8"),
            (by_hand("|u1", "True", "(2, 2)", &[0; 4]), "Fortran"),
            (by_hand("|u1", "False", "(1, 1, 1, 1, 1, 1)", &[0]), "dimensions"),
            (by_hand("|u1", "False", "(3,)", &[0; 2]), "otherwise"),
            (by_hand("<f4", "Maybe", "(1,)", &[0; 4]), "not clear"),
            (by_hand("<f4", "False", "(-1,)", &[0; 4]), "not clear"),
            (by_hand("<f4", "False", "(4294967295, 4294967295, 4294967295)", &[0; 4]), "otherwise"),
            (b"no array".to_vec(), "no file"),
            (by_hand("<f4", "False", "(1,)", &[0; 4])[..40].to_vec(), "no file"),
        ] {
            let error = read(&file).unwrap_err();
            assert!(error.contains(part), "{error}");
        }
    }
}
