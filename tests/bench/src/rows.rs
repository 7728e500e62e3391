// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The rows of the report: what is measured, in what unit, and which way is better.

/// A row.
#[derive(Debug, PartialEq, Eq)]
pub struct Row {
    /// Stable name, which `goya-bench` uses as well.
    pub name: &'static str,
    /// Unit of its values.
    pub unit: &'static str,
    /// Whether less is better.
    pub lower_is_better: bool,
    /// What it is, for people.
    pub title: &'static str,
}

const fn lower(name: &'static str, unit: &'static str, title: &'static str) -> Row {
    Row { name, unit, lower_is_better: true, title }
}

const fn higher(name: &'static str, unit: &'static str, title: &'static str) -> Row {
    Row { name, unit, lower_is_better: false, title }
}

/// All rows, as they are shown, in sections.
pub const SECTIONS: &[(&str, &[Row])] = &[
    (
        "A submission that does nothing",
        &[
            lower("nop_latency_us", "us", "submit and wait"),
            higher("nop_per_second_depth1", "1/s", "1 under way"),
            higher("nop_per_second_depth16", "1/s", "16 under way"),
            higher("nop_per_second_depth64", "1/s", "64 under way"),
            higher("uring_per_second_depth64", "1/s", "64 in a call by io_uring"),
            higher("nop_per_second_depth1_jobs4", "1/s", "4 jobs each, 1 under way"),
            higher("nop_per_second_depth16_jobs4", "1/s", "4 jobs each, 16 under way"),
            higher("nop_per_second_depth64_jobs4", "1/s", "4 jobs each, 64 under way"),
            higher("nop_per_second_depth1_jobs16", "1/s", "16 jobs each, 1 under way"),
            higher("nop_per_second_depth16_jobs16", "1/s", "16 jobs each, 16 under way"),
            higher("nop_per_second_depth64_jobs16", "1/s", "16 jobs each, 64 under way"),
            higher("nop_per_second_depth16_queues5", "1/s", "a job on 5 queues, 16 under way"),
            higher("nop_per_second_depth1_threads4", "1/s", "4 threads, 1 under way each"),
            higher("nop_per_second_depth16_threads4", "1/s", "4 threads, 16 under way each"),
            lower("nop_cpu_us", "us", "processor time of submit and wait"),
            lower("nop_cpu_us_depth64", "us", "processor time, 64 under way"),
            lower("late_cpu_us", "us", "processor time, a job of milliseconds"),
            lower("nop_guest_instructions", "instr", "submit and wait"),
            lower("submit_guest_instructions", "instr", "submit"),
            lower("nop_guest_instructions_depth64", "instr", "64 under way"),
            lower("uring_guest_instructions_depth64", "instr", "64 in a call by io_uring"),
            lower("nop_register_reads", "reads", "registers read"),
            lower("nop_register_writes", "writes", "registers written"),
            lower("nop_bar_accesses", "words", "card memory accesses"),
            lower("nop_interrupts", "irqs", "interrupts"),
        ],
    ),
    (
        "The card with no driver in between",
        &[
            lower("bare_latency_us", "us", "doorbell until the end is seen"),
            higher("bare_per_second_depth16", "1/s", "16 under way"),
            higher("bare_per_second_depth64", "1/s", "64 under way"),
        ],
    ),
    (
        "Two loads at a time",
        &[
            higher("mixed_dma_gb_s", "GB/s", "copies of 64 KiB beside NOPs"),
            higher("mixed_nop_per_second", "1/s", "NOPs beside them"),
            lower("nop_latency_p50_us", "us", "submit and wait: half"),
            lower("nop_latency_p99_us", "us", "99 of 100"),
            lower("nop_latency_p999_us", "us", "999 of 1000"),
            lower("flooded_latency_p50_us", "us", "beside a queue kept full: half"),
            lower("flooded_latency_p99_us", "us", "99 of 100"),
            lower("flooded_latency_p999_us", "us", "999 of 1000"),
        ],
    ),
    (
        "Memory",
        &[
            lower("map_4k_us", "us", "map and unmap 4 KiB"),
            lower("map_64m_us", "us", "64 MiB in 4 KiB pages"),
            lower("map_1g_us", "us", "1 GiB in 4 KiB pages"),
            lower("map_2m_huge_us", "us", "map and unmap a 2 MiB page"),
            lower("map_64m_huge_us", "us", "64 MiB in 2 MiB pages"),
            lower("map_1g_huge_us", "us", "1 GiB in 2 MiB pages"),
            lower("map_64m_guest_instructions", "instr", "64 MiB in 4 KiB pages"),
            lower("map_64m_huge_guest_instructions", "instr", "64 MiB in 2 MiB pages"),
            lower("map_64m_register_reads", "reads", "64 MiB: registers read"),
            lower("map_64m_register_writes", "writes", "64 MiB: registers written"),
            lower("map_64m_bar_accesses", "words", "64 MiB: card memory accesses"),
            lower("alloc_64m_us", "us", "allocate and free 64 MiB of DRAM"),
            higher("dma_4k_gb_s", "GB/s", "DMA of 4 KiB of mapped memory to DRAM"),
            higher("dma_64k_gb_s", "GB/s", "DMA of 64 KiB"),
            higher("dma_1m_gb_s", "GB/s", "DMA of 1 MiB"),
            higher("dma_64m_gb_s", "GB/s", "DMA of 64 MiB"),
        ],
    ),
    (
        "The driver",
        &[
            lower("probe_ms", "ms", "load until the card can be opened"),
            lower("probe_register_reads", "reads", "registers read by it"),
            lower("probe_register_writes", "writes", "registers written by it"),
            lower("probe_bar_accesses", "words", "card memory accesses of it"),
            lower("remove_ms", "ms", "remove"),
            lower("module_kib", "KiB", "size of the loaded module"),
            lower("open_ms", "ms", "open a context"),
            lower("close_ms", "ms", "close it after a submission"),
            lower("context_kib", "KiB", "kernel memory of an open context"),
        ],
    ),
];

/// All rows.
pub fn all() -> impl Iterator<Item = &'static Row> {
    SECTIONS.iter().flat_map(|(_, rows)| *rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique() {
        for row in all() {
            assert_eq!(all().filter(|other| other.name == row.name).count(), 1, "{}", row.name);
        }
    }
}
