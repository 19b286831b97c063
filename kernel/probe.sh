#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# probe.sh HEADERS LIST: looks into a kernel's headers, the folder HEADERS, for the
# forms of the interfaces that LIST names, a script that calls probe for each, and
# prints -DVGPU_HAVE_NAME for each that has its first form. Kbuild calls it.
#
# A kernel's version does not answer this: distributions and stable releases
# bring newer interfaces back to older kernels. A header with neither form has
# changed once more: exit status 1, and a message that names what was looked for.

headers=$1 list=$2
flags=
failed=0

# has HEADER FORM: FORM, a basic regular expression, is in HEADER, however it is
# broken into lines
has()
{
	tr -s '[:space:]' ' ' <"$headers/$1" | grep -q -e "$2"
}

# probe NAME HEADER FIRST SECOND: where an interface was added or removed and no
# other took its place, SECOND is what it stands beside
probe()
{
	if has "$2" "$3"; then
		flags="$flags -DVGPU_HAVE_$1"
	elif ! has "$2" "$4"; then
		echo "openvgpu: $headers/$2 has neither '$3' nor '$4'" >&2
		failed=1
	fi
}

# file NAME HEADER: a header that some kernels do not have
file()
{
	[ ! -e "$headers/$2" ] || flags="$flags -DVGPU_HAVE_$1"
}

# shellcheck source=/dev/null
. "$list"

[ "$failed" = 0 ] || exit 1
echo "$flags"
