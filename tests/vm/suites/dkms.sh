#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# machine: none
# kernels: 6.1 6.12 7.2
# check: 6.12
#
# The modules build and install through DKMS, as a distribution's kernel
# upgrade would do it, from nothing but the files of the tree that each needs.

cd "$(dirname "$0")/../../.." || exit 1
source=build/dkms/$KERNEL
rm -rf "$source"
mkdir -p "$source"/{openvgpu,refgpu}/kernel
cp -a Kbuild Makefile dkms.conf uapi "$source/openvgpu/"
cp -a kernel/probe.sh kernel/host "$source/openvgpu/kernel/"
cp -a kernel/guest/dkms.conf uapi "$source/refgpu/"
cp -a kernel/probe.sh kernel/guest "$source/refgpu/kernel/"

tests/vm/chroot --kernel "$KERNEL" bash -s "/src/$source" <<'EOF'
. /src/tests/vm/suite.sh

# module SOURCE MODULE DEPENDS CONFIG: through DKMS, and not for a kernel without CONFIG
module()
{
	local name=$2 release taken='' wanted folder package found depends

	eval "$(grep '^PACKAGE_' "$1/dkms.conf")"
	# DKMS compares with =~, too.
	eval "$(grep '^BUILD_EXCLUSIVE_KERNEL=' "$1/dkms.conf")"
	for release in 5.10.0-28-amd64 6.0.19 6.1.0-56-amd64 6.8.12-4-pve 6.12.118+deb13-amd64 7.2.12 10.0.1; do
		[[ ! $release =~ $BUILD_EXCLUSIVE_KERNEL ]] || taken+=" $release"
	done
	wanted=' 6.1.0-56-amd64 6.8.12-4-pve 6.12.118+deb13-amd64 7.2.12 10.0.1'
	same "$name-kernels" "$wanted" "$taken"
	package=$PACKAGE_NAME/$PACKAGE_VERSION
	folder=/usr/src/$PACKAGE_NAME-$PACKAGE_VERSION
	cp -a "$1" "$folder"
	run "$name-add" 0 dkms add "$package"
	# Status 77 is that of a kernel that is skipped.
	sed "/^$4=/d" "$KDIR/.config" >/tmp/config
	run "$name-skips-kernel-without-$4" 77 dkms build "$package" -k "$KVER" --config /tmp/config
	if dkms build "$package" -k "$KVER" >/tmp/log 2>&1; then
		pass "$name-build"
	else
		cat /tmp/log "/var/lib/dkms/$PACKAGE_NAME"/*/build/make.log 2>/dev/null | tail -n 30
		fail "$name-build" "dkms build failed on $KVER"
	fi
	if grep -i 'deprecated' /tmp/log; then
		fail "$name-conf" "dkms calls something in dkms.conf deprecated"
	else
		pass "$name-conf"
	fi
	dkms install "$package" -k "$KVER" >/tmp/log 2>&1
	found=$(modinfo -k "$KVER" -F vermagic "$name" 2>&1)
	case $found in
	"$KVER "*) pass "$name-install" ;;
	*) fail "$name-install" "modinfo says '$found' on $KVER" ;;
	esac
	depends=$(modinfo -k "$KVER" -F depends "$name" 2>&1)
	case ,$depends, in
	*,"$3",*) pass "$name-depends-on-$3" ;;
	*) fail "$name-depends-on-$3" "modprobe would load '$depends'" ;;
	esac
}

module "$1/openvgpu" openvgpu mdev CONFIG_VFIO_MDEV
module "$1/refgpu" refgpu gpu-sched CONFIG_DRM_SCHED
finish
EOF
