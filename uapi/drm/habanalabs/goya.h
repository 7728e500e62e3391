/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/* SPDX-FileCopyrightText: The goya-rs authors */

/*
 * The card in numbers: queues, engines, PLLs, directions of a copy.
 *
 * Device addresses, as a user sees them:
 *   0x0000000800000000 - 0x0000002000000000   DRAM that was allocated and mapped; where nothing is
 *                                             mapped, a default page answers
 *   0x0000007ff0008000 - 0x0000007ff32a0000   SRAM, untranslated
 *   0x0000007ffc000000 - 0x0000008000000000   registers, most of them protected
 *   0x0001000000000000 - 0x0003ff8000000000   host memory that was mapped; else a page fault
 */

#ifndef HABANALABS_GOYA_H_
#define HABANALABS_GOYA_H_

/* Bytes of SRAM from its base that the driver keeps for the rings of the internal queues. */
#define GOYA_KMD_SRAM_RESERVED_SIZE_FROM_START	0x8000

/*
 * Queues, as hl_cs_chunk.queue_index numbers them.
 *
 * External queues feed the DMA channels. Their command buffers are the driver's (HL_CB_OP_CREATE),
 * which checks and copies them at submission. Their jobs tell when they are done.
 *
 * Internal queues feed the MME and the TPCs. Their command buffers lie in SRAM or DRAM, wherever
 * the user put them; the card executes them under the user's own rights. Nobody is told when such a
 * job is done: synchronize with a job on an external queue, by sync objects and fences.
 */
enum goya_queue_id {
	GOYA_QUEUE_ID_DMA_0,
	GOYA_QUEUE_ID_DMA_1,	/* the only one that may read host memory */
	GOYA_QUEUE_ID_DMA_2,
	GOYA_QUEUE_ID_DMA_3,
	GOYA_QUEUE_ID_DMA_4,
	GOYA_QUEUE_ID_CPU_PQ,	/* the driver's: to the firmware */
	GOYA_QUEUE_ID_MME,	/* internal from here on */
	GOYA_QUEUE_ID_TPC0,
	GOYA_QUEUE_ID_TPC1,
	GOYA_QUEUE_ID_TPC2,
	GOYA_QUEUE_ID_TPC3,
	GOYA_QUEUE_ID_TPC4,
	GOYA_QUEUE_ID_TPC5,
	GOYA_QUEUE_ID_TPC6,
	GOYA_QUEUE_ID_TPC7,
	GOYA_QUEUE_ID_SIZE
};

/* Engines: bit numbers of the masks of HL_INFO_HW_IDLE. */
enum goya_engine_id {
	GOYA_ENGINE_ID_DMA_0,
	GOYA_ENGINE_ID_DMA_1,
	GOYA_ENGINE_ID_DMA_2,
	GOYA_ENGINE_ID_DMA_3,
	GOYA_ENGINE_ID_DMA_4,
	GOYA_ENGINE_ID_MME_0,
	GOYA_ENGINE_ID_TPC_0,
	GOYA_ENGINE_ID_TPC_1,
	GOYA_ENGINE_ID_TPC_2,
	GOYA_ENGINE_ID_TPC_3,
	GOYA_ENGINE_ID_TPC_4,
	GOYA_ENGINE_ID_TPC_5,
	GOYA_ENGINE_ID_TPC_6,
	GOYA_ENGINE_ID_TPC_7,
	GOYA_ENGINE_ID_SIZE
};

/* PLLs, as HL_INFO_PLL_FREQUENCY numbers them. */
enum hl_goya_pll_index {
	HL_GOYA_CPU_PLL,
	HL_GOYA_IC_PLL,
	HL_GOYA_MC_PLL,
	HL_GOYA_MME_PLL,
	HL_GOYA_PCI_PLL,
	HL_GOYA_EMMC_PLL,
	HL_GOYA_TPC_PLL,
	HL_GOYA_PLL_MAX
};

/* Bits 22:20 of a LIN_DMA packet: for the driver, which checks addresses by it; the card ignores it. */
enum hl_goya_dma_direction {
	HL_DMA_HOST_TO_DRAM,
	HL_DMA_HOST_TO_SRAM,
	HL_DMA_DRAM_TO_SRAM,
	HL_DMA_SRAM_TO_DRAM,
	HL_DMA_SRAM_TO_HOST,
	HL_DMA_DRAM_TO_HOST,
	HL_DMA_DRAM_TO_DRAM,
	HL_DMA_SRAM_TO_SRAM,
	HL_DMA_ENUM_MAX
};

#endif /* HABANALABS_GOYA_H_ */
