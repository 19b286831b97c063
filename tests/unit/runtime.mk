# SPDX-License-Identifier: GPL-2.0-only
# The pure parts of tests/runtime and tests/guest.
SOURCES_runtime := $(TOP)/tests/runtime/random.c $(TOP)/tests/runtime/sha256.c \
	$(TOP)/tests/guest/crc32.c \
	$(TOP)/tests/guest/png.c
