# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What every script of tests/vm shares: where the cache lies, which kernels
# there are, and how a command gets into the cached root file system.
# Sourced, never run.

set -euo pipefail

VM_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
TREE=$(cd "$VM_DIR/../.." && pwd)
BUILD=${BUILD:-$TREE/build}
CACHE=${OPENVGPU_CACHE:-$HOME/.cache/openvgpu}
# shellcheck source=sum.sh
. "$VM_DIR/sum.sh"

# The kernels under test, by the names every script takes.
VM_KERNELS=(6.1 6.12 7.2)
# How the module is built for them, so that all that build it share the objects.
# shellcheck disable=SC2034 # for the scripts that source this
MODULE_CHECKS=(W=1 KCFLAGS=-Werror)

say()
{
	printf '%s: %s\n' "${0##*/}" "$*" >&2
}

die()
{
	say "$*"
	exit 1
}

usage_error()
{
	say "$*"
	say "try '$0 --help'"
	exit 2
}

# The header comment of a script is its --help text.
print_help()
{
	sed -n '4,/^[^#]/{/^#/{s/^# \{0,1\}//;p}}' "$0"
}

need_root()
{
	[ "$(id -u)" = 0 ] || die "must be root: it mounts, changes root and starts machines"
}

# install_packages PACKAGE...: those that this machine (Debian, root) lacks
install_packages()
{
	local missing=() package attempt

	for package; do
		[ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] ||
			missing+=("$package")
	done
	[ ${#missing[@]} -gt 0 ] || return 0
	say "installing on this machine: ${missing[*]}"
	mkdir -p "$CACHE"
	for attempt in 1 2 3; do
		# An up-to-date machine needs no new lists; a fresh one has none.
		if [ "$attempt" -gt 1 ] || ! apt-cache policy "${missing[0]}" | grep -q Candidate; then
			apt-get update -q >&2 || true
		fi
		if DEBIAN_FRONTEND=noninteractive apt-get install -y -q \
		   --no-install-recommends "${missing[@]}" >"$CACHE/apt.log" 2>&1; then
			return 0
		fi
		say "attempt $attempt failed: $(tail -n 1 "$CACHE/apt.log")"
		sleep 5
	done
	tail -n 20 "$CACHE/apt.log" >&2
	die "cannot install ${missing[*]}"
}

# The cache is keyed by what the root file system is made from, so that a
# changed package list builds a new one and an old checkout still finds its own.
rootfs_key()
{
	cat "$VM_DIR/rootfs-packages" "$VM_DIR/build-rootfs" "$VM_DIR/extract-vmlinux" \
		"$VM_DIR/make-base-cpio" |
		sha256sum | cut -c1-12
}

BASE=$CACHE/$(rootfs_key)
# shellcheck disable=SC2034 # for the scripts that source this
ROOTFS=$BASE/root

need_setup()
{
	[ -e "$BASE/complete" ] ||
		die "no root file system in $CACHE: run tests/vm/setup"
}

# kernel_release 6.12 -> 6.12.107+deb13-amd64
kernel_release()
{
	local file=$BASE/kernels/$1/release

	case $1 in
	debug) [ -e "$file" ] || die "no debug kernel: run tests/vm/setup --debug-kernel" ;;
	*) [ -e "$file" ] || die "no kernel '$1': there are ${VM_KERNELS[*]} and debug" ;;
	esac
	cat "$file"
}

# module_dir 6.12: where build-module leaves the module for a kernel. With
# COVERAGE set it is another module, which counts the lines that run.
module_dir()
{
	echo "$BUILD/module/$1${COVERAGE:+-coverage}"
}

# Runs "$@" in namespaces of its own, so that a killed script leaves no mount
# and no process behind. Usually followed by tests/vm/enter.
in_namespace()
{
	unshare --mount --propagation private --pid --fork --kill-child -- "$@"
}

# tree_hash: stands for every file of the source tree, and for what the root file
# system is made from; fails where there is no git
tree_hash()
{
	git -C "$TREE" rev-parse HEAD >/dev/null 2>&1 || return
	{
		echo "$ROOTFS"
		# What was deleted has no sum.
		(cd "$TREE" && git ls-files -co --exclude-standard -z | sort -zu |
			xargs -0 sha256sum 2>/dev/null) || true
	} | sha256sum | cut -c1-16
}
