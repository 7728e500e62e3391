// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! Registers as text.

use goya_chip::tpc::Registers;
use goya_tpc_isa::register::FILES;
use goya_tpc_isa::{File, Register, Type};

use super::values;

/// The files whose registers are shown.
const SHOWN: [File; 6] = [File::S, File::Sp, File::I, File::Ad, File::V, File::Vp];

fn all() -> impl Iterator<Item = Register> {
    let files = FILES.iter().filter(|info| SHOWN.contains(&info.file));
    files.flat_map(|info| (0..info.count).map(|number| Register { file: info.file, number }))
}

/// The registers that two states differ in.
pub fn differing(a: &Registers, b: &Registers) -> Vec<Register> {
    all()
        .filter(|register| {
            let number = register.number;
            match register.file {
                File::S => a.s(number) != b.s(number),
                File::Sp => a.sp(number) != b.sp(number),
                File::I => a.i(number) != b.i(number),
                File::Ad => a.ad(number) != b.ad(number),
                File::Vp => a.vp(number) != b.vp(number),
                _ => a.v(number) != b.v(number),
            }
        })
        .collect()
}

/// The value of a register; that of a vector or scalar as elements of type `ty`.
pub fn text(registers: &Registers, register: Register, ty: Option<Type>) -> String {
    let number = register.number;
    match register.file {
        File::S => match ty {
            Some(ty) => {
                let bytes = registers.s(number).to_le_bytes();
                values::text(ty, bytes.get(..values::size(ty)).unwrap_or(&bytes))
            }
            None => format!("{:#x}", registers.s(number)),
        },
        File::Sp => u8::from(registers.sp(number)).to_string(),
        File::I => format!("{:?}", registers.i(number)),
        File::Ad => format!("{:#x}", registers.ad(number).address),
        File::Vp => {
            registers.vp(number).0.iter().map(|bits| format!("{bits:016x}")).collect::<Vec<_>>().join(" ")
        }
        _ => vector(&registers.v(number).0, ty),
    }
}

/// The elements of a vector; if they are all alike, the one, with how many.
fn vector(bytes: &[u8], ty: Option<Type>) -> String {
    let element = |bytes: &[u8]| match ty {
        Some(ty) => values::text(ty, bytes),
        None => {
            let bits = bytes.iter().rev().fold(0, |bits, &byte| bits << 8 | u32::from(byte));
            format!("{bits:0width$x}", width = 2 * bytes.len())
        }
    };
    let elements: Vec<_> = bytes.chunks_exact(ty.map_or(4, values::size)).collect();
    match elements.first() {
        Some(first) if elements.iter().all(|element| element == first) => {
            format!("{} x {}", elements.len(), element(first))
        }
        _ => elements.into_iter().map(element).collect::<Vec<_>>().join(" "),
    }
}
