/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * grid_image.h - context image of an unfinished grid
 */
#ifndef REFGPU_GRID_IMAGE_H
#define REFGPU_GRID_IMAGE_H

#include "types.h"

struct grid;

/* Bound of grid_image_size(): less than REFGPU_CONTEXT_BYTES_MAX. */
#define GRID_IMAGE_MAX	(1000U << 10)

/**
 * grid_image_size() - bytes grid_save() needs
 * @grid: a grid
 *
 * Return: a multiple of 8, at most GRID_IMAGE_MAX; 0: not active.
 */
size_t grid_image_size(const struct grid *grid);

/**
 * grid_save() - write an unfinished grid as a context image
 * @grid: an active grid
 * @image: for grid_image_size() bytes
 *
 * The format is that of grid_image.c on every host. The grid is unchanged.
 */
void grid_save(const struct grid *grid, void *image);

/**
 * grid_load() - continue from a context image
 * @grid: a grid; its former work is dropped
 * @image: the image; not trusted
 * @size: its bytes, exactly
 *
 * Return: REFGPU_ERROR_NONE, or REFGPU_ERROR_CONTEXT; then the grid is not
 * active.
 */
u32 grid_load(struct grid *grid, const void *image, size_t size);

#endif /* REFGPU_GRID_IMAGE_H */
