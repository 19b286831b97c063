/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hello.h - the module's own form of streams, and its rule of which vGPUs suit
 * each other
 *
 * Compiled into the library from the module's source, so that it says what the
 * module would. Its functions get the library's prefix: programs that link the
 * archive may have names of their own.
 */
#ifndef OVGPU_HELLO_H
#define OVGPU_HELLO_H

#define stream_hello_pack	ovgpu_stream_hello_pack
#define stream_hello_unpack	ovgpu_stream_hello_unpack
#define stream_capabilities	ovgpu_stream_capabilities
#define stream_refuses		ovgpu_stream_refuses
#define stream_rank		ovgpu_stream_rank
#define stream_put		ovgpu_stream_put
#define stream_put_hello	ovgpu_stream_put_hello
#define stream_put_vram		ovgpu_stream_put_vram
#define stream_put_zero		ovgpu_stream_put_zero
#define stream_put_end		ovgpu_stream_put_end
#define stream_parser_init	ovgpu_stream_parser_init
#define stream_room		ovgpu_stream_room
#define stream_filled		ovgpu_stream_filled
#define stream_feed		ovgpu_stream_feed
#define stream_finish		ovgpu_stream_finish
#define stream_range		ovgpu_stream_range
#define stream_pins		ovgpu_stream_pins
#define stream_pins_run		ovgpu_stream_pins_run

#include "vgpu/stream.h"

#endif /* OVGPU_HELLO_H */
