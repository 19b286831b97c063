/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * soft_engine.h - a GPU that is a process, as its family drives it
 *
 * The process may do anything at any time. Each access of a register is bounded, and
 * what the process does not answer reads all ones, as registers of a GPU that was pulled
 * out do. It reaches host memory that is mapped for it, until that is unmapped, whatever
 * becomes of its bus mastering.
 */
#ifndef FAMILY_SOFT_ENGINE_H
#define FAMILY_SOFT_ENGINE_H

#include <linux/types.h>

struct page;
struct pci_dev;
struct soft_engine;

/* soft/bridge.c */
struct soft_engine *soft_engine_of(const struct pci_dev *pdev);
void soft_decode_memory(struct pci_dev *pdev);
void soft_take_mode(struct soft_engine *engine);

/* soft/engine.c: registers and interrupts */
bool soft_engine_is_shown(const struct soft_engine *engine);
u64 soft_engine_read(struct soft_engine *engine, u64 offset, unsigned int bytes);
void soft_engine_write(struct soft_engine *engine, u64 offset,
		       unsigned int bytes, u64 value);
void soft_engine_listen(struct soft_engine *engine,
			void (*interrupt)(void *data, unsigned int vector),
			void *data);

/* soft/engine_memory.c: video memory, and what the GPU reaches of the host's */
u64 soft_engine_vram_bytes(const struct soft_engine *engine);
struct page *soft_engine_vram_page(struct soft_engine *engine, u64 offset,
				   bool make);
void soft_engine_vram_forget(struct soft_engine *engine, u64 offset, u64 bytes);
int soft_engine_map(struct soft_engine *engine, struct page *page, bool write,
		    dma_addr_t *address);
void soft_engine_unmap(struct soft_engine *engine, const dma_addr_t *address,
		       u32 count);
void *soft_engine_alloc(struct soft_engine *engine, size_t bytes,
			dma_addr_t *address);
void soft_engine_free(struct soft_engine *engine, size_t bytes, void *memory,
		      dma_addr_t address);

#endif /* FAMILY_SOFT_ENGINE_H */
