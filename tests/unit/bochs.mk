# SPDX-License-Identifier: GPL-2.0-only
SOURCES_bochs_registers := $(TOP)/kernel/host/personality/bochs_registers.c
CFLAGS_bochs_registers := -I$(TOP)/kernel/host
