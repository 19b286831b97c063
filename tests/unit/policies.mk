# SPDX-License-Identifier: GPL-2.0-only
# The scheduling policies, alone and on the simulated GPU.
SCHED := $(addprefix $(TOP)/kernel/host/policy/,heap.c turns.c cap.c best_effort.c equal_share.c fixed_share.c)
POLICIES := policies.c $(addprefix $(TOP)/tests/sim/,gpu.c turns_scheduler.c balance.c) $(SCHED)
SOURCES_heap := $(TOP)/kernel/host/policy/heap.c
SOURCES_policy_rules := $(POLICIES)
SOURCES_policy_bounds := $(POLICIES)
SOURCES_policy_changes := $(POLICIES)
SOURCES_policy_targets := $(POLICIES)
