// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! The STORE slot.

use super::{Semantics, entry};

const HALF: &str = "The address is that of the 128 bytes which are moved.";
const LOCAL: &str = "Addresses are rounded down to a multiple of what is moved.";

pub(super) const ENTRIES: &[Semantics] = &[
    entry("gen_addr", "Address of an element", "as in the LOAD slot"),
    entry("prmt_indx", "Permute the dimensions of an index", "as in the LOAD slot"),
    entry("set_indx", "Set dimensions of an index", "for k in mask: d[k] = a"),
    entry("st_l", "Store a scalar to local memory, or to a register of the core", "SLM[a] = c           (SP: 0 or 1)\nmmio: register a of the core's configuration = c")
        .text("A write of a descriptor's register counts for the accesses behind it, until the kernel ends. Registers that a user's packets cannot write, this cannot write either."),
    entry("st_g", "Store a scalar to memory", "the element at a = the low bits of c     (SP: 0 or 1)"),
    entry("st_l_v", "Store a vector to local memory", "VLM[a + b .. + 255] = c     (VP: 32 bytes)").unsure(LOCAL),
    entry("st_l_v_low", "Store the lower half of a vector to local memory", "VLM[a + b .. + 127] = c[0 .. 127]").text(HALF).unsure(LOCAL),
    entry("st_l_v_high", "Store the upper half of a vector to local memory", "VLM[a + b .. + 127] = c[128 .. 255]").text(HALF).unsure(LOCAL),
    entry("aso", "Count in the semaphore when writes are done", "when all writes before are done: SEMAPHORE = SEMAPHORE + 1")
        .text("A load that has to see a store to the same place wants this behind the store, and a loop that reads SEMAPHORE by ``ld_l mmio``. The emulated core writes at once."),
    entry("st_tnsr", "Store a vector of a tensor", "for each element i of c:\n    at = (a[0] + i, a[1], a[2], a[3], a[4])\n    if at in bounds: tensor[at] = c[i]").text("VP: 32 bytes."),
    entry("st_tnsr_low", "Store the lower half of a vector of a tensor", "as st_tnsr, 128 bytes from c[0 .. 127]").unsure("The coordinate is that of the first of the 128 bytes."),
    entry("st_tnsr_high", "Store the upper half of a vector of a tensor", "as st_tnsr, 128 bytes from c[128 .. 255]").unsure("The coordinate is that of the first of the 128 bytes."),
    entry("cache_flush", "Write the cache of scalars back", "nothing, in a core without caches"),
    entry("cache_invalidate", "Forget the cache of scalars", "nothing, in a core without caches"),
    entry("nop", "No operation", "nothing"),
];
