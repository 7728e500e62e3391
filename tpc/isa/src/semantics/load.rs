// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! The LOAD slot.

use super::{Semantics, entry};

const HALVES: &str = "The other half of ``d`` stays. The address is that of the 128 bytes which are moved.";
const TABLES: &str = "The vendor's layout of tables is taken from the next chip: entries of three floats, ten of them in \
    128 bytes, sixteen functions of a kind behind each other.";
const TABLES_AND_NARROW: &str = "The vendor's layout of tables is taken from the next chip: entries of three floats, ten of them in \
    128 bytes, sixteen functions of a kind behind each other. Entries of narrow coefficients have four bytes, c0 in the lowest; of 16 bits, c2 is zero.";
const LOCAL: &str = "Addresses are rounded down to a multiple of what is moved.";

pub(super) const ENTRIES: &[Semantics] = &[
    entry("gen_addr", "Address of an element", "d.address = base + E * sum over dimensions k of (a[k] + offset[k]) * stride[k]\nd.element = E, the bytes of the tensor's elements")
        .text("Dimensions outside of the descriptor's mask do not count. Bounds are not checked.")
        .unsure("The offset is added before bounds are checked; known software writes 0. Data type 3 has elements of 4 bytes."),
    entry("prmt_indx", "Permute the dimensions of an index", "for k in 0..4: d[k] = a[b >> 3k & 7]").text("A number of 5 and more names no dimension and gives 0.").unsure("Numbers of 5 to 7."),
    entry("set_indx", "Set dimensions of an index", "for k in mask: d[k] = a"),
    entry("mov", "Move", "V <- V:       d = a     (also LFSR, V_LANE_ID_32, _16, _8)\nV <- S, imm:  every element of d = the low bits of a\nS <- S, imm:  d = a\nSP <- S, imm: d = bit 0 of a\nVP <- VP:     d = a\nVP <- SP:     every bit of d = a\nVP <- S, imm: bits 32 * section .. + 31 of d = a; section 8: all eight\nI <- I, S, imm: for k in mask: d[k] = a[k], or a")
        .text("S_LFSR as the destination is seeded. The types of later chips are taken, too: only bits are moved."),
    entry("lookup", "Look up in a table of one value an entry", "for each lane i of 32 bits:\n    part of d[i] = table[function][a[i]]")
        .text("The part of each lane is chosen by the width. The whole entry has 4 bytes, whatever is taken of it.").unsure(TABLES),
    entry("lookup_c1c2", "Look up two coefficients", "for each lane i of 32 bits:\n    d.0[i] = c1(function, a[i])\n    d.1[i] = c2(function, a[i])")
        .text("A value is then ``c0 + x * (c1 + x * c2)`` with ``x`` the distance from the interval's start. Of narrow widths, only the part of each lane is written.").unsure(TABLES_AND_NARROW),
    entry("lookup_c0", "Look up the first coefficient", "for each lane i of 32 bits: d[i] = c0(function, a[i])").text("Of narrow widths, only the part of each lane is written.").unsure(TABLES_AND_NARROW),
    entry("ld_l", "Load a scalar from local memory, or a register of the core", "d = SLM[a]         (SP: bit 0)\nmmio: d = register a of the core's configuration")
        .text("Addresses are bytes, accesses are aligned words; local memory for scalars has 1024 bytes, and an access behind it stops the kernel. With ``mmio``, the descriptors and SEMAPHORE are those of this run; other registers are read as a user's packet would write them."),
    entry("ld_g", "Load a scalar from memory", "S:  d = the element at a, zero extended\nSP: d = bit 0 of the element at a\nV:  every element of d = the element at a")
        .unsure("Zero extension of elements of 8 and 16 bits."),
    entry("ld_l_v", "Load a vector from local memory", "d = VLM[a + b .. + 255]     (VP: 32 bytes)").text("Local memory for vectors has 80 KiB, and 16 KiB if tables of special functions are used.").unsure(LOCAL),
    entry("ld_l_v_low", "Load the lower half of a vector from local memory", "d[0 .. 127] = VLM[a + b .. + 127]").text(HALVES).unsure(LOCAL),
    entry("ld_l_v_high", "Load the upper half of a vector from local memory", "d[128 .. 255] = VLM[a + b .. + 127]").text(HALVES).unsure(LOCAL),
    entry("ld_tnsr", "Load a vector of a tensor", "for each element i of d:\n    at = (a[0] + i, a[1], a[2], a[3], a[4])\n    d[i] = at in bounds ? tensor[at] : padding")
        .text("Coordinates are signed. A coordinate out of bounds in the first dimension makes padding of its lane, one in another dimension of the whole vector. Elements are as wide as the descriptor says. VP: 32 bytes.")
        .unsure("A predicate is loaded from the address of the coordinate. Whether elements of the first dimension can be farther apart than one: its stride counts here."),
    entry("ld_tnsr_low", "Load a tensor's elements into the lower half", "as ld_tnsr, 128 bytes into d[0 .. 127]").text(HALVES).unsure("The coordinate is that of the first of the 128 bytes."),
    entry("ld_tnsr_high", "Load a tensor's elements into the upper half", "as ld_tnsr, 128 bytes into d[128 .. 255]").text(HALVES).unsure("The coordinate is that of the first of the 128 bytes."),
    entry("nop", "No operation", "nothing"),
];
