// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! What is at work: command buffers, submissions, jobs, engines.

use kernel::prelude::*;

use super::bench::{ro, Bench};
use super::table::Table;
use crate::abstractions::debugfs::{File, Output};
use crate::queue::id::CPU;
use crate::queue::submission::Submission;

pub(super) const FILES: &[File<Bench>] = &[
    ro(c"command_buffers", command_buffers),
    ro(c"command_submission", submissions),
    ro(c"command_submission_jobs", jobs),
    ro(c"engines", engines),
];

fn command_buffers(bench: &Bench, text: &mut Output<'_>) -> Result {
    let mut table = Table::new(
        text,
        " CB ID   CTX ID   CB size    CB RefCnt    mmap?   CS counter",
        "---------------------------------------------------------------",
    );
    bench.card.users.each(|context| {
        let asid = context.asid();
        context.buffers.each(|handle, buffer| {
            if buffer.is_for_stamps() {
                return;
            }
            let (mapped, users) = (i32::from(buffer.is_mapped()), buffer.users());
            let references = users.saturating_add(mapped).saturating_add(1);
            table.row(format_args!(
                "   {:03}        {}    {:#010x}      {}          {}          {}",
                handle,
                asid,
                buffer.size(),
                references,
                mapped,
                users
            ));
        });
    });
    table.end();
    Ok(())
}

fn submissions(bench: &Bench, text: &mut Output<'_>) -> Result {
    let mut table = Table::new(
        text,
        " CS ID   CS TYPE   CTX ASID   CS RefCnt   Submitted    Completed",
        "----------------------------------------------------------------",
    );
    bench.card.users.each(|context| {
        let asid = context.asid();
        context.each_at_work(|fence| {
            let left = fence.remaining();
            table.row(format_args!(
                "   {}        0          {}          {}           {}            {}",
                fence.sequence(),
                asid,
                left.saturating_add(1),
                i32::from(left > 0),
                i32::from(fence.result().is_some())
            ));
        });
    });
    table.end();
    Ok(())
}

fn jobs(bench: &Bench, text: &mut Output<'_>) -> Result {
    let mut table = Table::new(
        text,
        " JOB ID   CS ID    CS TYPE    CTX ASID   JOB RefCnt   H/W Queue",
        "---------------------------------------------------------------",
    );
    let mut row = |submission: &Submission, number: u32, queue: usize| {
        table.row(format_args!(
            "   {:02}      {}        0        {}          1           {}",
            number,
            submission.fence.sequence(),
            submission.owner.asid(),
            queue
        ));
    };
    for (queue, external) in (0..CPU).zip(bench.card.queues.externals()) {
        external.each_job(|submission, number, first| {
            row(submission, number, queue);
            // Those of internal queues are shown with the first of the others: they are at work as long.
            if let Some(internal) = submission.internal.as_ref().filter(|_| first) {
                for (number, queue) in internal.jobs() {
                    row(submission, *number, queue.saturating_add(CPU + 1));
                }
            }
        });
    }
    table.end();
    Ok(())
}

fn engines(bench: &Bench, text: &mut Output<'_>) -> Result {
    if bench.can("check device idle") {
        bench.card.engines(Some(text));
    }
    Ok(())
}
