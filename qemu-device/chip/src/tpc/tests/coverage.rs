// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! Which test shows the semantics of which instruction: every form of the table with every type that it takes has one.
//!
//! The tests that are listed here compare with what they compute themselves. `coverage.csv`, which the manual shows, is what
//! their programs have in them; `COVERAGE_WRITE=1` writes it anew.

use std::collections::BTreeMap;
use std::fmt::Write;

use goya_tpc_isa::form::{Form, Types};
use goya_tpc_isa::{Slot, Type, manual, semantics, table};

use super::machine::{Pair, seen};
use super::{control, float_pairs, integer_pairs, lanes, lut, memory, move_pairs, scalar, vector};

macro_rules! tests {
    ($($room:ident: $($test:ident)*;)*) => {
        &[$($((concat!(stringify!($room), "::", stringify!($test)), $room::$test)),*),*]
    };
}

/// The tests, by their names. Where several have an instruction, the first is named: those that are about it come before those
/// that may only use it.
const TESTS: &[(&str, fn())] = tests! {
    move_pairs: what_changes_no_register moves_of_every_type shuffles_of_every_type packing_of_every_type moves_between_groups_of_every_type
        halves_and_stores;
    float_pairs: comparisons_of_floats_mind_what_is_no_number selections_of_floats bits_of_floats_are_those_of_words;
    integer_pairs: conversions_between_all_types conversions_of_vectors_between_all_types
        selections_with_a_scalar_for_the_rest conversions_with_a_shift_of_all_types scaled_sums_with_a_scalar;
    scalar: integers_compute_as_their_types_say products_and_sums_of_products_have_32_bits floats_compute_as_the_host_does
        conversions_round_and_saturate comparisons_and_predicates indices_change_in_the_dimensions_of_a_mask
        divisions_step_by_step;
    vector: integers_compute_as_their_types_say products_are_dealt_to_the_registers_of_a_group
        scaled_sums_shift_and_saturate comparisons_make_masks_and_selections floats_compute_in_every_lane
        bits_do_not_mind_the_type;
    lanes: conversions_write_a_part_of_each_lane conversions_with_a_shift_take_it_from_bytes_or_a_scalar
        elements_move_inside_of_dual_groups packing_both_groups_leaves_the_list_in_each unpacking_spreads_a_group
        groups_move_under_a_mask_of_bytes floats_are_formed_from_their_parts vectors_are_moved_and_broadcast;
    lut: coefficients_are_found_by_function_and_interval narrow_entries_go_to_a_part_of_each_lane
        intervals_are_the_upper_bits_of_the_mantissa intervals_from_zero_on_have_one_length
        logarithms_have_intervals_on_both_sides_of_one a_function_is_evaluated_by_its_table
        narrow_coefficients_share_an_entry;
    memory: what_is_out_of_bounds_is_padding stores_out_of_bounds_are_dropped halves_of_vectors_move_alone
        strides_and_offsets_lead_to_elements addresses_lead_to_scalars masks_have_32_bytes_of_memory
        local_memories_keep_what_is_stored registers_are_read_and_written_by_their_offsets
        scalars_are_broadcast_and_moved_by_the_load_slot;
    control: jumps_skip_the_word_behind_them_and_leave_loops the_other_slots_of_halt_are_executed;
};

/// All that has to have a test: `loop`, which has no form, has its own in [`control`].
fn wanted() -> impl Iterator<Item = (Pair, &'static Form)> {
    Slot::ALL.into_iter().flat_map(|slot| {
        table::forms(slot).iter().enumerate().flat_map(move |(row, form)| {
            let types: Vec<Option<u8>> = match form.types {
                Types::None => vec![None],
                Types::Suffix(set, ..) | Types::Optional(set, ..) => {
                    set.iter().map(|ty| Some(ty.code())).collect()
                }
                Types::Fixed(ty) => vec![Some(ty.code())],
            };
            types.into_iter().map(move |ty| ((slot as usize, row, ty), form))
        })
    })
}

/// The test of each pair.
fn covered() -> BTreeMap<Pair, &'static str> {
    let mut covered = BTreeMap::new();
    seen();
    for (name, test) in TESTS {
        test();
        for pair in seen() {
            covered.entry(pair).or_insert(*name);
        }
    }
    covered
}

/// A form's name and operands, without its types.
fn syntax(form: &Form) -> String {
    let text = manual::brief(&form.to_string());
    let (mnemonic, rest) = text.split_once(' ').unwrap_or((&text, ""));
    let mnemonic = mnemonic.split(['.', '[']).next().unwrap_or(mnemonic);
    format!("{mnemonic} {rest}").trim().to_owned()
}

/// The table of the manual: the types of a form that the same test has are in one line.
fn table_of(covered: &BTreeMap<Pair, &'static str>) -> String {
    let mut rows: Vec<(Slot, String, String, Vec<&str>, &str)> = Vec::new();
    for (pair, form) in wanted() {
        let Some(test) = covered.get(&pair) else { continue };
        let unsure =
            semantics::of(form.slot).iter().any(|s| s.mnemonic == form.mnemonic && !s.unsure.is_empty());
        let ty = pair.2.and_then(|code| Type::from_code(code.into())).map_or("", Type::suffix);
        let note = if unsure { "in part" } else { "" };
        match rows.last_mut() {
            Some(row) if (row.0, &row.1, row.2.as_str()) == (form.slot, &syntax(form), test) => {
                row.3.push(ty)
            }
            _ => rows.push((form.slot, syntax(form), (*test).to_owned(), vec![ty], note)),
        }
    }
    let mut out = String::from("Slot,Instruction,Types,Test,Not known\n");
    for (slot, syntax, test, types, note) in rows {
        let _ = writeln!(out, "{slot},\"``{syntax}``\",{},{test},{note}", types.join(" ").trim());
    }
    out
}

#[test]
fn every_instruction_has_a_test_with_every_type() {
    let covered = covered();
    let missing: Vec<_> = wanted()
        .filter(|(pair, _)| !covered.contains_key(pair))
        .map(|(pair, form)| {
            format!("{} {form} of type {:?}", form.slot, pair.2.and_then(|c| Type::from_code(c.into())))
        })
        .collect();
    assert!(missing.is_empty(), "{} without a test:\n{}", missing.len(), missing.join("\n"));
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/tpc/tests/coverage.csv");
    let table = table_of(&covered);
    if std::env::var_os("COVERAGE_WRITE").is_some() {
        std::fs::write(path, &table).unwrap();
    }
    let known = std::fs::read_to_string(path).unwrap_or_default();
    let differs = known.lines().zip(table.lines()).find(|(known, now)| known != now);
    assert!(known == table, "coverage.csv is out of date (COVERAGE_WRITE=1 writes it): {differs:?}");
}
