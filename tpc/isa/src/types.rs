// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! The types of elements: codes, names, widths.

/// The type of the elements that an instruction works on (TPC LLVM, `InstructionDB.h`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Type {
    F32 = 0,
    Bf16 = 1,
    I32 = 2,
    U32 = 3,
    I8 = 4,
    U8 = 5,
    /// A predicate register.
    Bool = 6,
    I16 = 7,
    U16 = 8,
    F16 = 11,
}

/// All types with their suffixes in assembler text.
const TYPES: [(Type, &str, u8); 10] = [
    (Type::F32, "f32", 32),
    (Type::Bf16, "bf16", 16),
    (Type::I32, "i32", 32),
    (Type::U32, "u32", 32),
    (Type::I8, "i8", 8),
    (Type::U8, "u8", 8),
    (Type::Bool, "b", 1),
    (Type::I16, "i16", 16),
    (Type::U16, "u16", 16),
    (Type::F16, "f16", 16),
];

impl Type {
    /// The type of a code in a type field. Codes 9 and 10, 4-bit integers, belong to later chips.
    #[must_use]
    pub fn from_code(code: u32) -> Option<Self> {
        TYPES.iter().find(|t| t.0 as u32 == code).map(|t| t.0)
    }

    /// The code in a type field.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The type that a suffix names: `f32`, or `f` for short.
    #[must_use]
    pub fn from_suffix(suffix: &str) -> Option<Self> {
        let suffix = if suffix == "f" { "f32" } else { suffix };
        TYPES.iter().find(|t| t.1 == suffix).map(|t| t.0)
    }

    /// The suffix in assembler text, without its dot.
    #[must_use]
    pub fn suffix(self) -> &'static str {
        TYPES.iter().find(|t| t.0 == self).map_or("", |t| t.1)
    }

    /// Bits of an element; 1 for a predicate.
    #[must_use]
    pub fn bits(self) -> u8 {
        TYPES.iter().find(|t| t.0 == self).map_or(0, |t| t.2)
    }

    /// Whether an element is a floating-point number.
    #[must_use]
    pub const fn is_float(self) -> bool {
        matches!(self, Self::F32 | Self::Bf16 | Self::F16)
    }
}

/// A set of types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TypeSet(u16);

impl TypeSet {
    /// The set of `types`.
    #[must_use]
    pub const fn of(types: &[Type]) -> Self {
        let (mut bits, mut i) = (0, 0);
        while i < types.len() {
            bits |= 1 << types[i] as u16;
            i += 1;
        }
        Self(bits)
    }

    /// Whether `ty` is one of them.
    #[must_use]
    pub const fn contains(self, ty: Type) -> bool {
        self.0 >> ty as u16 & 1 != 0
    }

    /// All of them, by code.
    pub fn iter(self) -> impl Iterator<Item = Type> {
        TYPES.iter().map(|t| t.0).filter(move |&t| self.contains(t))
    }
}

impl std::fmt::Display for TypeSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (i, ty) in self.iter().enumerate() {
            let separator = if i == 0 { "" } else { "|" };
            write!(f, "{separator}{}", ty.suffix())?;
        }
        Ok(())
    }
}
