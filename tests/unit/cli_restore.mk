# SPDX-License-Identifier: GPL-2.0-only
#
# test_cli_restore.py runs the openvgpu of cli.mk.

$(OUT)/test_cli_restore: $(OUT)/openvgpu
