# SPDX-License-Identifier: GPL-2.0-only
# Heads of the device core, and the pure parts below them.
SOURCES_heads = $(DEVICE)
SOURCES_heads_bounds = $(DEVICE)
SOURCES_scanout := $(addprefix $(REFGPU)/,device/scanout.c device/crc32.c cpu/memory.c)
SOURCES_head_threads = $(DEVICE)
$(OUT)/test_head_threads: SANITIZE = -fsanitize=thread -Wno-tsan
