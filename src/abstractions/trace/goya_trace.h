/* SPDX-License-Identifier: GPL-2.0-only */
/* SPDX-FileCopyrightText: The goya-rs authors */
/*
 * Trace points (Documentation/ABI/testing/tracepoints-goya). A new one has the same name and arguments in events.rs.
 * Fields that upstream's habanalabs has in its trace points are called the same here.
 */

#undef TRACE_SYSTEM
#define TRACE_SYSTEM goya

#if !defined(_GOYA_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _GOYA_TRACE_H

#include <linux/device.h>
#include <linux/tracepoint.h>

/* enum goya_queue_id */
#define goya_show_queue(queue)						\
	__print_symbolic(queue,						\
		{ 0, "dma0" }, { 1, "dma1" }, { 2, "dma2" },		\
		{ 3, "dma3" }, { 4, "dma4" }, { 5, "cpu" },		\
		{ 6, "mme" }, { 7, "tpc0" }, { 8, "tpc1" },		\
		{ 9, "tpc2" }, { 10, "tpc3" }, { 11, "tpc4" },		\
		{ 12, "tpc5" }, { 13, "tpc6" }, { 14, "tpc7" })

TRACE_EVENT(goya_cs_submit,
	TP_PROTO(struct device *dev, u32 ctx, u64 seq, u32 external_jobs, u32 internal_jobs),
	TP_ARGS(dev, ctx, seq, external_jobs, internal_jobs),
	TP_STRUCT__entry(
		__string(dname, dev_name(dev))
		__field(u32, ctx)
		__field(u64, seq)
		__field(u32, external_jobs)
		__field(u32, internal_jobs)
	),
	TP_fast_assign(
		__assign_str(dname);
		__entry->ctx = ctx;
		__entry->seq = seq;
		__entry->external_jobs = external_jobs;
		__entry->internal_jobs = internal_jobs;
	),
	TP_printk("%s: ctx: %u, seq: %llu, external: %u, internal: %u",
		__get_str(dname), __entry->ctx, __entry->seq,
		__entry->external_jobs, __entry->internal_jobs)
);

TRACE_EVENT(goya_cs_complete,
	TP_PROTO(struct device *dev, u32 ctx, u64 seq, int error),
	TP_ARGS(dev, ctx, seq, error),
	TP_STRUCT__entry(
		__string(dname, dev_name(dev))
		__field(u32, ctx)
		__field(u64, seq)
		__field(int, error)
	),
	TP_fast_assign(
		__assign_str(dname);
		__entry->ctx = ctx;
		__entry->seq = seq;
		__entry->error = error;
	),
	TP_printk("%s: ctx: %u, seq: %llu, error: %d",
		__get_str(dname), __entry->ctx, __entry->seq, __entry->error)
);

DECLARE_EVENT_CLASS(goya_job_template,
	TP_PROTO(struct device *dev, u32 ctx, u64 seq, u32 job, u32 queue),
	TP_ARGS(dev, ctx, seq, job, queue),
	TP_STRUCT__entry(
		__string(dname, dev_name(dev))
		__field(u32, ctx)
		__field(u64, seq)
		__field(u32, job)
		__field(u32, queue)
	),
	TP_fast_assign(
		__assign_str(dname);
		__entry->ctx = ctx;
		__entry->seq = seq;
		__entry->job = job;
		__entry->queue = queue;
	),
	TP_printk("%s: ctx: %u, seq: %llu, job: %u, queue: %s",
		__get_str(dname), __entry->ctx, __entry->seq, __entry->job,
		goya_show_queue(__entry->queue))
);

DEFINE_EVENT(goya_job_template, goya_job_start,
	TP_PROTO(struct device *dev, u32 ctx, u64 seq, u32 job, u32 queue),
	TP_ARGS(dev, ctx, seq, job, queue));

DEFINE_EVENT(goya_job_template, goya_job_complete,
	TP_PROTO(struct device *dev, u32 ctx, u64 seq, u32 job, u32 queue),
	TP_ARGS(dev, ctx, seq, job, queue));

DECLARE_EVENT_CLASS(goya_mmu_template,
	TP_PROTO(struct device *dev, u32 ctx, u64 virt_addr, u64 phys_addr, u64 size, u32 page_size),
	TP_ARGS(dev, ctx, virt_addr, phys_addr, size, page_size),
	TP_STRUCT__entry(
		__string(dname, dev_name(dev))
		__field(u32, ctx)
		__field(u64, virt_addr)
		__field(u64, phys_addr)
		__field(u64, size)
		__field(u32, page_size)
	),
	TP_fast_assign(
		__assign_str(dname);
		__entry->ctx = ctx;
		__entry->virt_addr = virt_addr;
		__entry->phys_addr = phys_addr;
		__entry->size = size;
		__entry->page_size = page_size;
	),
	TP_printk("%s: ctx: %u, vaddr: %#llx, paddr: %#llx, size: %#llx, psize: %#x",
		__get_str(dname), __entry->ctx, __entry->virt_addr,
		__entry->phys_addr, __entry->size, __entry->page_size)
);

DEFINE_EVENT(goya_mmu_template, goya_mmu_map,
	TP_PROTO(struct device *dev, u32 ctx, u64 virt_addr, u64 phys_addr, u64 size, u32 page_size),
	TP_ARGS(dev, ctx, virt_addr, phys_addr, size, page_size));

DEFINE_EVENT(goya_mmu_template, goya_mmu_unmap,
	TP_PROTO(struct device *dev, u32 ctx, u64 virt_addr, u64 phys_addr, u64 size, u32 page_size),
	TP_ARGS(dev, ctx, virt_addr, phys_addr, size, page_size));

TRACE_EVENT(goya_mmu_invalidate,
	TP_PROTO(struct device *dev, int error),
	TP_ARGS(dev, error),
	TP_STRUCT__entry(
		__string(dname, dev_name(dev))
		__field(int, error)
	),
	TP_fast_assign(
		__assign_str(dname);
		__entry->error = error;
	),
	TP_printk("%s: error: %d", __get_str(dname), __entry->error)
);

DECLARE_EVENT_CLASS(goya_reset_template,
	TP_PROTO(struct device *dev, bool hard, int error),
	TP_ARGS(dev, hard, error),
	TP_STRUCT__entry(
		__string(dname, dev_name(dev))
		__field(bool, hard)
		__field(int, error)
	),
	TP_fast_assign(
		__assign_str(dname);
		__entry->hard = hard;
		__entry->error = error;
	),
	TP_printk("%s: %s, error: %d", __get_str(dname),
		__entry->hard ? "hard" : "soft", __entry->error)
);

DEFINE_EVENT(goya_reset_template, goya_reset_start,
	TP_PROTO(struct device *dev, bool hard, int error),
	TP_ARGS(dev, hard, error));

DEFINE_EVENT(goya_reset_template, goya_reset_done,
	TP_PROTO(struct device *dev, bool hard, int error),
	TP_ARGS(dev, hard, error));

TRACE_EVENT(goya_event,
	TP_PROTO(struct device *dev, u32 event_id),
	TP_ARGS(dev, event_id),
	TP_STRUCT__entry(
		__string(dname, dev_name(dev))
		__field(u32, event_id)
	),
	TP_fast_assign(
		__assign_str(dname);
		__entry->event_id = event_id;
	),
	TP_printk("%s: event: %u", __get_str(dname), __entry->event_id)
);

TRACE_EVENT(goya_fw_message,
	TP_PROTO(struct device *dev, u32 opcode, u32 argument, u64 result, int error, u64 ns),
	TP_ARGS(dev, opcode, argument, result, error, ns),
	TP_STRUCT__entry(
		__string(dname, dev_name(dev))
		__field(u32, opcode)
		__field(u32, argument)
		__field(u64, result)
		__field(int, error)
		__field(u64, ns)
	),
	TP_fast_assign(
		__assign_str(dname);
		__entry->opcode = opcode;
		__entry->argument = argument;
		__entry->result = result;
		__entry->error = error;
		__entry->ns = ns;
	),
	TP_printk("%s: opcode: %u, argument: %#x, result: %#llx, error: %d, ns: %llu",
		__get_str(dname), __entry->opcode, __entry->argument,
		__entry->result, __entry->error, __entry->ns)
);

#endif /* _GOYA_TRACE_H */

/* Found by -I, see src/Kbuild. */
#undef TRACE_INCLUDE_PATH
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_PATH .
#define TRACE_INCLUDE_FILE goya_trace
#include <trace/define_trace.h>
