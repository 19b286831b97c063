# SPDX-License-Identifier: GPL-2.0-only
#
# test_version.py asks the openvgpu of cli.mk for its version, which is this one:
$(OUT)/test_version: $(OUT)/openvgpu
$(OUT)/openvgpu: $(TOP)/kernel/host/base/version.h
