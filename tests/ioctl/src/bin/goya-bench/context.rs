// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! What an open context costs: time, and kernel memory.
//!
//! Memory is summed up from the kernel's own trace events of allocations, because the free memory of a
//! system also counts what allocators keep for themselves.

use std::collections::HashMap;
use std::time::Instant;

use goya_tests::card::Card;
use goya_tests::tracefs::Trace;
use goya_tests::{Result, check};

use crate::row;
use crate::stream::Stream;

/// How often a context is opened.
const CONTEXTS: usize = 3;
/// The events of allocators.
const EVENTS: [&str; 6] = [
    "kmem/kmalloc",
    "kmem/kfree",
    "kmem/kmem_cache_alloc",
    "kmem/kmem_cache_free",
    "kmem/mm_page_alloc",
    "kmem/mm_page_free",
];

/// All rows about contexts.
pub fn rows() {
    let times = times();
    let tell = |name, what: fn(&(f64, f64)) -> f64| {
        row::samples(name, &times.as_ref().map(|t| t.iter().map(what).collect()).map_err(Clone::clone));
    };
    tell("open_ms", |(open, _)| *open);
    tell("close_ms", |(_, close)| *close);
    let memory = Trace::of(&EVENTS).and_then(|trace| (0..CONTEXTS).map(|_| memory(&trace)).collect());
    row::samples("context_kib", &memory);
}

/// Milliseconds to open a context, and to close it after a submission.
fn times() -> Result<Vec<(f64, f64)>> {
    let once = |_| {
        wait_unused()?;
        let start = Instant::now();
        let card = Card::open()?;
        let open = start.elapsed();
        Stream::nops(&card, 1)?.run()?;
        let start = Instant::now();
        drop(card);
        Ok((open.as_secs_f64() * 1e3, start.elapsed().as_secs_f64() * 1e3))
    };
    (0..CONTEXTS).map(once).collect()
}

/// Waits until the last context is gone. A driver without a control node cannot be asked: there, opening waits.
pub fn wait_unused() -> Result {
    Card::open_control().map_or(Ok(()), |control| control.wait_unused())
}

/// KiB of kernel memory that a context has after a submission.
fn memory(trace: &Trace) -> Result<f64> {
    wait_unused()?;
    trace.clear()?;
    let card = Card::open()?;
    Stream::nops(&card, 1)?.run()?;
    let bytes = held(&trace.text()?, std::process::id())?;
    Ok(bytes as f64 / 1024.0)
}

/// Bytes that process `pid` has allocated and nobody has freed, by the events of `trace`.
fn held(trace: &str, pid: u32) -> Result<u64> {
    let mut held: HashMap<(&str, &str), u64> = HashMap::new();
    for line in trace.lines() {
        if let Some(counts) = line.strip_prefix("# entries-in-buffer/entries-written: ") {
            let counts = counts.split_whitespace().next().and_then(|c| c.split_once('/'));
            check!(counts.is_some_and(|(kept, written)| kept == written), "the trace has lost events");
        }
        let Some((head, event)) = line.split_once(": ") else { continue };
        let Some((name, fields)) = event.split_once(": ") else { continue };
        let field = |name| fields.split_whitespace().find_map(|f| f.strip_prefix(name)?.strip_prefix('='));
        let (Some(kind), Some(id)) = (kind(name), field("ptr").or_else(|| field("pfn"))) else { continue };
        match name {
            "kmalloc" | "kmem_cache_alloc" if ours(head, pid) => {
                held.insert((kind, id), field("bytes_alloc").and_then(|n| n.parse().ok()).unwrap_or(0));
            }
            // Compound pages are the allocators' own, whose objects count, or the process's.
            "mm_page_alloc" if ours(head, pid) && !fields.contains("__GFP_COMP") => {
                let order = field("order").and_then(|n| n.parse().ok()).unwrap_or(0u32);
                held.insert((kind, id), 4096u64.checked_shl(order).unwrap_or(0));
            }
            "kfree" | "kmem_cache_free" | "mm_page_free" => {
                held.remove(&(kind, id));
            }
            _ => {}
        }
    }
    Ok(held.values().sum())
}

/// Which of two kinds of memory an event is about.
fn kind(event: &str) -> Option<&'static str> {
    match event {
        "kmalloc" | "kmem_cache_alloc" | "kfree" | "kmem_cache_free" => Some("object"),
        "mm_page_alloc" | "mm_page_free" => Some("page"),
        _ => None,
    }
}

/// Whether the line that begins with `head` is of process `pid`.
fn ours(head: &str, pid: u32) -> bool {
    let task = head.split_once(" [").map_or("", |(task, _)| task.trim_end());
    task.rsplit_once('-').is_some_and(|(_, number)| number.parse() == Ok(pid))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "# entries-in-buffer/entries-written: 6/6   #P:2
      goya-bench-55      [000] .....     6.83: kmalloc: call_site=a+0x1/0x2 ptr=00000000a bytes_req=200 bytes_alloc=256 gfp_flags=GFP_KERNEL
      goya-bench-55      [000] .....     6.83: kmem_cache_alloc: call_site=b ptr=00000000b name=x bytes_req=9 bytes_alloc=16 node=-1
      goya-bench-55      [000] .....     6.84: mm_page_alloc: page=c pfn=0x1 order=1 migratetype=0 gfp_flags=GFP_KERNEL
      goya-bench-55      [000] .....     6.84: mm_page_alloc: page=d pfn=0x2 order=3 migratetype=0 gfp_flags=GFP_KERNEL|__GFP_COMP
              sh-155     [001] .....     6.85: kmalloc: call_site=a+0x1/0x2 ptr=00000000e bytes_req=200 bytes_alloc=256 gfp_flags=GFP_KERNEL
          <idle>-0       [001] ..s1.     6.86: kmem_cache_free: call_site=b ptr=00000000b name=x
";

    #[test]
    fn what_the_process_holds_is_counted() {
        assert_eq!(held(TRACE, 55), Ok(256 + 8192));
        assert_eq!(held(TRACE, 155), Ok(256));
        assert!(held(&TRACE.replace("6/6", "6/7"), 55).is_err());
    }
}
