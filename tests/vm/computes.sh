# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Whether guests compute, and are right: what the guest of a name says is in the file
# NAME.log, each line with a label of the program that says it, `compute: ` for one.
# Sourced after suite.sh, in the host machine.

# oks NAME WHO: how many results WHO in its guest found right: each line begins with WHO
oks() { grep -c "\\<$2: ok " "$1.log"; }

has_oks() { [ "$(oks "$1" "$2")" -ge "$3" ]; }

# computes NAME [N [WHO...]]: N more results of each, from now on. Without them: a whole
# round of compute's work, and more.
computes()
{
	local name=$1 more=${2:-10} who
	declare -A before

	shift $(($# < 2 ? $# : 2))
	for who in "${@:-compute}"; do
		before[$who]=$(oks "$name" "$who")
	done
	for who in "${!before[@]}"; do
		within 120 has_oks "$name" "$who" $((before[$who] + more)) || return
	done
}

# wrong NAME...: results that were not right
wrong() { grep -hE '(^|\] |: )not ok' "${@/%/.log}"; }
