# SPDX-License-Identifier: GPL-2.0-only
# The runtime's part for heads, with the device core where the vGPU would be.
SOURCES_runtime_head = $(DEVICE) $(addprefix $(TOP)/tests/runtime/,head.c head_crc.c ring.c message.c)
