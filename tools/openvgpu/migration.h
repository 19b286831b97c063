/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * migration.h - what is known of the two ends of a migration
 */
#ifndef MIGRATION_H
#define MIGRATION_H

#include "cli.h"

/**
 * struct migration_end - a vGPU that a guest is to leave or to come to
 * @what: "source" or "target"
 * @migration: what it is; NULL: of a version that is not known here
 * @mode: of its attribute migration; empty: not known
 * @possible: that could be another one than off
 * @dma_logging: of its GPU: its kernel has device DMA logging
 * @vgpu: of this host; NULL: it is described in a file
 * @refused: why @migration is not known
 */
struct migration_end {
	const char *what;
	struct ovgpu_migration *migration;
	char mode[OVGPU_NAME_SIZE];
	bool possible;
	struct ovgpu_value dma_logging;
	struct ovgpu_vgpu *vgpu;
	char refused[OVGPU_TEXT_SIZE];
};

/* migration_end.c */
enum cli_exit migration_end_find(const struct cli *cli, const char *word,
				 struct migration_end *end);
struct json_object *migration_end_json(const struct migration_end *end);
void migration_end_free(struct migration_end *end);

#endif /* MIGRATION_H */
