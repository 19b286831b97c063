# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The last line of every layer, suite and test program, written and read:
# `N passed, N failed` or `N passed, N failed, N skipped`. Sourced, never run.

# print_sum PASSED FAILED SKIPPED
print_sum()
{
	local line="$1 passed, $2 failed"

	[ "$3" = 0 ] || line+=", $3 skipped"
	echo "$line"
}

# sum_line LOG: prints passed, failed and skipped of the last such line of a run;
# fails when there is none.
sum_line()
{
	grep -oE '^[0-9]+ passed, [0-9]+ failed(, [0-9]+ skipped)?$' "$1" | tail -n 1 |
		awk '{ print $1, $3, $5 + 0; found = 1 } END { exit !found }'
}
