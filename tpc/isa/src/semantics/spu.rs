// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! The SPU slot.

use super::{
    COMPARED, COUNTS, FLUSH, NO_NUMBER, NOT_FOUND, OUT_OF_RANGE, ROUNDED, SHIFTED, Semantics, entry,
};

pub(super) const ENTRIES: &[Semantics] = &[
    entry("mac", "Multiply and add", "i16 u16 i8 u8: d = d + a * b     (32 bits; st: saturated)\nf32: d = d + a * b, rounded once; neg: d - a * b").unsure(FLUSH),
    entry("mul", "Multiply", "i32 u32: d = low 32 bits of a * b; upper32: the high ones\ni16 u16 i8 u8: d = a * b, 32 bits\nf32: d = a * b\nI: for k in mask: d[k] = a[k] * b[k]").text("In the form of indices a scalar or the immediate in place of ``a`` is meant for every dimension. The same goes for the other operations on indices.").unsure(FLUSH),
    entry("add", "Add", "d = a + b     (st: saturated to the type)\nI: for k in mask: d[k] = a[k] + b[k]").text("Narrow results are extended to 32 bits by their type.").unsure("Whether hardware extends results of 8 and 16 bits; floats as for ``mac``."),
    entry("sub", "Subtract", "d = a - b     (st: saturated to the type)\nneg: d = b - a\nI: for k in mask: d[k] = a[k] - b[k]").unsure("Whether hardware extends results of 8 and 16 bits; floats as for ``mac``."),
    entry("convert_int16", "Scale an integer of 16 bits to 8", "d = saturate_i8(round(a * 2^b))").text(SHIFTED),
    entry("max", "Greater of two", "d = a > b ? a : b\nI: for k in mask: d[k] = max(a[k], b[k])").unsure(NO_NUMBER),
    entry("min", "Smaller of two", "d = a < b ? a : b\nI: for k in mask: d[k] = min(a[k], b[k])").unsure(NO_NUMBER),
    entry("abs", "Magnitude", "d = a < 0 ? -a : a\nI: for k in mask: d[k] = abs(a[k])").text("The most negative integer becomes the greatest positive one."),
    entry("mov", "Move", "S <- S, imm:  d = a\nSP <- S, SP, imm: d = bit 0 of a\nI <- I, S, imm: for k in mask: d[k] = a[k], or a").text("S_LFSR as the destination is seeded."),
    entry("cmp_eq", "Compare: equal", "d = a == b").unsure(COMPARED),
    entry("cmp_neq", "Compare: not equal", "d = a != b").unsure(COMPARED),
    entry("cmp_less", "Compare: less", "d = a < b").unsure(COMPARED),
    entry("cmp_leq", "Compare: less or equal", "d = a <= b").unsure(COMPARED),
    entry("cmp_grt", "Compare: greater", "d = a > b").unsure(COMPARED),
    entry("cmp_geq", "Compare: greater or equal", "d = a >= b").unsure(COMPARED),
    entry("or", "Or", "d = a | b\nI: for k in mask: d[k] = a[k] | b[k]").text("With suffix b on predicates."),
    entry("and", "And", "d = a & b\nI: for k in mask: d[k] = a[k] & b[k]").text("With suffix b on predicates."),
    entry("xor", "Exclusive or", "d = a ^ b\nI: for k in mask: d[k] = a[k] ^ b[k]").text("With suffix b on predicates."),
    entry("not", "Complement", "d = ~a\nI: for k in mask: d[k] = ~a[k]").text("With suffix b on predicates."),
    entry("shr", "Shift right", "d = a >> b, zeros from the left").unsure(COUNTS),
    entry("shl", "Shift left", "d = a << b").unsure(COUNTS),
    entry("ash", "Arithmetic shift", "b > 0: d = saturate(a * 2^b)\nb < 0: d = floor(a / 2^-b); rhu: floor(a / 2^-b + 1/2)").text("The count is signed in the element's width, also for unsigned types.").unsure("Shifts to the right by the width and more leave the sign, or zero."),
    entry("convert", "Convert between types", "d = round and saturate a to the target's type").text(ROUNDED).unsure(OUT_OF_RANGE),
    entry("convert_int32", "Scale an integer of 32 bits to 16 or 8", "d = saturate(round(a * 2^b)), signed").text(SHIFTED),
    entry("convert_uint32", "Scale an unsigned integer of 32 bits to 16 or 8", "d = saturate(round(a * 2^b)), unsigned").text(SHIFTED),
    entry("popcnt", "Count bits", "d = number of bits of a that are equal to set"),
    entry("find_first", "Find a bit", "d = position of the first bit of a that is equal to set,\n    counted from the least or the most significant bit").unsure(NOT_FOUND),
    entry("nearbyint", "Round to an integer", "d = round(a), a float").text("Without a rounding word, register ROUND_CSR says it.").unsure("Stochastic rounding: how the random number is compared with the fraction."),
    entry("convert_uint16", "Scale an unsigned integer of 16 bits to 8", "d = saturate_u8(round(a * 2^b))").text(SHIFTED),
    entry("extract_exp", "Exponent of a float", "d = (a >> 23 & 255) - 127; subtract_bias: a >> 23 & 255").text("The switch gives the field as it is, though the vendor's word for it says otherwise."),
    entry("halt", "End of the kernel", "wait for all writes, send the message, stop").text("Both pipes have it in one word; three empty words follow, which the card fetches ahead.").unsure("``halt`` in the VPU slot alone ends the kernel, too."),
    entry("loop", "Loop", "if not predicate: execute the next word, go on behind the body\nC = start\nexecute the next word, the delay slot\nwhile C compare boundary:      (signed)\n    execute the body\n    C = C + step").text("C is S32 in the outermost loop, S33 to S35 in those inside. The body begins two words behind the loop's, and ends at the word before the label. Boundary and step are read once. The bounds are registers or numbers of the word's own; the step's register has to be written a word earlier than the others'.").unsure("What ``once`` does: at most one iteration. Whether bounds are read again for an iteration. A jump out of a body ends the loops that it leaves."),
    entry("jmpr", "Jump", "pc = pc + a, in bytes from this word").text("The word behind a jump that is taken is not executed."),
    entry("jmpa", "Jump to an address", "pc = kernel's first word + a").unsure("The address counts from the kernel's first word; compilers use only ``jmpr``."),
    entry("mov_irf_dim", "Dimension of an index", "d = a[dimension]"),
    entry("set_indx", "Set dimensions of an index", "for k in mask: d[k] = a"),
    entry("udiv_step", "Step of an unsigned division", "if d.0 >= a << step, without overflow:\n    d.0 = d.0 - (a << step)\n    d.1 = d.1 | 1 << step").text("The pair begins as numerator and 0, and ends, after steps width - 1 to 0, as remainder and quotient.").unsure("A division by zero sets every bit of the quotient, and cause 1."),
    entry("dbg", "Breakpoint of a debugger", "nothing"),
    entry("nop", "No operation", "nothing"),
];
