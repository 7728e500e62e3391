// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! Short names that the rows are written with.

use crate::form::{Form, Kind, Place, Predicates, Role, Types};
use crate::operand::Accepts;
use crate::register::File;
use crate::slot::{Field, Slot};
use crate::switch::Switch;
use crate::types::{Type, TypeSet};

pub(super) use Type::{Bf16, Bool, F16, F32, I8, I16, I32, U8, U16, U32};

pub(super) const ARITHMETIC: TypeSet = TypeSet::of(&[F32, I32, U32, I16, U16, I8, U8]);
pub(super) const INTEGERS: TypeSet = TypeSet::of(&[I32, U32, I16, U16, I8, U8]);
pub(super) const NARROW: TypeSet = TypeSet::of(&[I16, U16, I8, U8]);
pub(super) const FLOAT_AND_NARROW: TypeSet = TypeSet::of(&[F32, I16, U16, I8, U8]);
pub(super) const WORDS: TypeSet = TypeSet::of(&[I32, U32]);
pub(super) const HALVES: TypeSet = TypeSet::of(&[I16, U16]);
pub(super) const BYTES: TypeSet = TypeSet::of(&[I8, U8]);
pub(super) const SIGNED: TypeSet = TypeSet::of(&[F32, I32, I16, I8]);
pub(super) const FLOAT: TypeSet = TypeSet::of(&[F32]);
pub(super) const INT32: TypeSet = TypeSet::of(&[I32]);
pub(super) const BOOL: TypeSet = TypeSet::of(&[Bool]);
/// For what only moves bits: also the types of later chips.
pub(super) const ANY: TypeSet = TypeSet::of(&[F32, Bf16, I32, U32, I8, U8, I16, U16, F16]);

pub(super) const V: Accepts = Accepts::file(File::V);
pub(super) const D: Accepts = Accepts::file(File::D);
pub(super) const A: Accepts = Accepts::file(File::A);
pub(super) const S: Accepts = Accepts::file(File::S);
pub(super) const Z: Accepts = Accepts::file(File::Z);
pub(super) const I: Accepts = Accepts::file(File::I);
pub(super) const AD: Accepts = Accepts::file(File::Ad);
pub(super) const SP: Accepts = Accepts::file(File::Sp);
pub(super) const VP: Accepts = Accepts::file(File::Vp);
pub(super) const IMM: Accepts = Accepts::IMM;
pub(super) const LFSR: Accepts = Accepts::file(File::Lfsr);
pub(super) const S_LFSR: Accepts = Accepts::file(File::SLfsr);
/// What a vector source names beside vectors: random numbers and lane numbers.
pub(super) const CONSTANTS: Accepts = LFSR
    .or(Accepts::file(File::LfsrNoChange))
    .or(Accepts::file(File::LaneId32))
    .or(Accepts::file(File::LaneId16))
    .or(Accepts::file(File::LaneId8));
/// A vector as a source.
pub(super) const VS: Accepts = V.or(CONSTANTS);
/// A vector, or one value for all elements.
pub(super) const VSI: Accepts = VS.or(S).or(IMM);
/// A scalar as a source.
pub(super) const SS: Accepts = S.or(S_LFSR).or(Accepts::file(File::SLfsrNoChange));
/// A scalar or an immediate.
pub(super) const SI: Accepts = SS.or(IMM);
/// The first source of arithmetic on indices.
pub(super) const ISI: Accepts = I.or(S).or(IMM);

pub(super) const NO: &[Switch] = &[];
pub(super) const TYPELESS: Types = Types::None;

/// A suffix, in the type field.
pub(super) const fn of(set: TypeSet) -> Types {
    Types::Suffix(set, Field::Type, 0)
}

/// A suffix that may be left out.
pub(super) const fn maybe(set: TypeSet) -> Types {
    Types::Optional(set, Field::Type, 0)
}

pub(super) const fn fixed(ty: Type) -> Types {
    Types::Fixed(ty)
}

const fn place(field: Field, role: Role, accepts: Accepts) -> Place {
    Place { field, role, kind: Kind::Value(accepts) }
}

pub(super) const fn dest(accepts: Accepts) -> Place {
    place(Field::Dest, Role::Write, accepts)
}

pub(super) const fn update(accepts: Accepts) -> Place {
    place(Field::Dest, Role::Update, accepts)
}

pub(super) const fn a(accepts: Accepts) -> Place {
    place(Field::A, Role::Read, accepts)
}

pub(super) const fn b(accepts: Accepts) -> Place {
    place(Field::B, Role::Read, accepts)
}

pub(super) const fn c(accepts: Accepts) -> Place {
    place(Field::C, Role::Read, accepts)
}

pub(super) const fn d(accepts: Accepts) -> Place {
    place(Field::D, Role::Read, accepts)
}

/// The destination of the STORE slot, which has it where others have a source.
pub(super) const fn dest_c(accepts: Accepts) -> Place {
    place(Field::C, Role::Write, accepts)
}

/// The byte mask of a move between lanes: the immediate, without a field that asks for it.
pub(super) const BYTE_MASK: Place = place(Field::Immediate, Role::Read, IMM);

/// A mask of dimensions, two bits up in `field`.
pub(super) const fn mask(field: Field) -> Place {
    Place { field, role: Role::Read, kind: Kind::Mask(2) }
}

pub(super) const fn number(field: Field, name: &'static str, low: u8, width: u8, max: u8) -> Place {
    Place { field, role: Role::Read, kind: Kind::Number { name, low, width, max, default: None } }
}

/// The number of a tensor's descriptor.
pub(super) const TENSOR: Place = number(Field::B, "tensor", 0, 5, 7);
/// The eighth of a vector predicate that is written; 8 is all of it.
pub(super) const SECTION: Place = Place {
    field: Field::B,
    role: Role::Read,
    kind: Kind::Number { name: "section", low: 0, width: 4, max: 8, default: Some(8) },
};

/// A row. The files of the slots give it its slot.
pub(super) const fn form(
    slot: Slot,
    opcode: u8,
    mnemonic: &'static str,
    types: Types,
    switches: &'static [Switch],
    places: &'static [Place],
    predicates: Predicates,
) -> Form {
    Form { slot, opcode, mnemonic, types, switches, places, predicates, repeated_in_immediate: None }
}
