/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hostile.h - guests that do their neighbours no good
 *
 * Each opens the vGPU and goes on until its process is killed.
 */
#ifndef HOSTILE_H
#define HOSTILE_H

#include "vgpu.h"

void hostile_not(const char *uuid) __attribute__((noreturn));
void hostile_endless(const char *uuid) __attribute__((noreturn));
void hostile_doorbells(const char *uuid) __attribute__((noreturn));
void hostile_rings(const char *uuid) __attribute__((noreturn));
void hostile_faults(const char *uuid) __attribute__((noreturn));
void hostile_resets(const char *uuid) __attribute__((noreturn));

#endif /* HOSTILE_H */
