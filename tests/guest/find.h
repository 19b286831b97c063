/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FIND_H
#define FIND_H

int find_vgpu(char address[64]);

#endif /* FIND_H */
