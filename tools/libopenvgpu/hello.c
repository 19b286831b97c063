// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * hello.c - the module's own form of streams, see hello.h
 */
#include "hello.h"

#include "vgpu/stream.c"
#include "vgpu/stream_hello.c"
