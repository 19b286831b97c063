#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# machine: none
# kernels: 6.1 6.12 7.2
# check: 6.12
#
# The module builds and installs through DKMS, as a distribution's kernel
# upgrade would do it, from nothing but the files of the tree.

cd "$(dirname "$0")/../../.." || exit 1
source=build/dkms/$KERNEL
rm -rf "$source"
mkdir -p "$source"
cp -a Kbuild Makefile dkms.conf kernel uapi "$source/"
# The package of the host's module has not the other one's source, and the reverse.
mkdir -p "$source/guest/kernel"
mv "$source/kernel/guest" "$source/guest/kernel/"
cp -a kernel/probe.sh "$source/guest/kernel/"
cp -a uapi "$source/guest/"
mv "$source/guest/kernel/guest/dkms.conf" "$source/guest/"

tests/vm/chroot --kernel "$KERNEL" bash -s "/src/$source" <<'EOF'
. /src/tests/vm/suite.sh

eval "$(grep '^PACKAGE_' "$1/dkms.conf")"
# DKMS compares with =~, too.
eval "$(grep '^BUILD_EXCLUSIVE_KERNEL=' "$1/dkms.conf")"
taken=
for release in 5.10.0-28-amd64 6.0.19 6.1.0-56-amd64 6.8.12-4-pve 6.12.118+deb13-amd64 7.2.12 10.0.1; do
	[[ ! $release =~ $BUILD_EXCLUSIVE_KERNEL ]] || taken+=" $release"
done
wanted=' 6.1.0-56-amd64 6.8.12-4-pve 6.12.118+deb13-amd64 7.2.12 10.0.1'
same dkms-kernels "$wanted" "$taken"
folder=/usr/src/$PACKAGE_NAME-$PACKAGE_VERSION
cp -a "$1" "$folder"
run dkms-add 0 dkms add "$PACKAGE_NAME/$PACKAGE_VERSION"
if dkms build "$PACKAGE_NAME/$PACKAGE_VERSION" -k "$KVER" >/tmp/log 2>&1; then
	pass dkms-build
else
	cat /tmp/log /var/lib/dkms/$PACKAGE_NAME/*/build/make.log 2>/dev/null | tail -n 30
	fail dkms-build "dkms build failed on $KVER"
fi
if grep -i 'deprecated' /tmp/log; then
	fail dkms-conf "dkms calls something in dkms.conf deprecated"
else
	pass dkms-conf
fi
dkms install "$PACKAGE_NAME/$PACKAGE_VERSION" -k "$KVER" >/tmp/log 2>&1
found=$(modinfo -k "$KVER" -F vermagic openvgpu 2>&1)
case $found in
"$KVER "*) pass dkms-install ;;
*) fail dkms-install "modinfo says '$found' on $KVER" ;;
esac
depends=$(modinfo -k "$KVER" -F depends openvgpu 2>&1)
case $depends in
*mdev*) pass depends-on-mdev ;;
*) fail depends-on-mdev "modprobe would load '$depends'" ;;
esac

# The guest's module.
cp -a "$1/guest" "/usr/src/refgpu-$PACKAGE_VERSION"
run guest-dkms-add 0 dkms add "refgpu/$PACKAGE_VERSION"
if dkms install "refgpu/$PACKAGE_VERSION" -k "$KVER" >/tmp/log 2>&1; then
	pass guest-dkms-install
else
	cat /tmp/log /var/lib/dkms/refgpu/*/build/make.log 2>/dev/null | tail -n 30
	fail guest-dkms-install "dkms install failed on $KVER"
fi
modinfo -k "$KVER" -F depends refgpu >/tmp/depends 2>&1
contains guest-loads-the-scheduler /tmp/depends gpu-sched
# A kernel without what it needs is skipped, not a failure.
eval "$(grep '^BUILD_EXCLUSIVE_CONFIG=' "/usr/src/refgpu-$PACKAGE_VERSION/dkms.conf")"
same guest-needs 'CONFIG_PCI CONFIG_DRM_SCHED CONFIG_DRM_GEM_SHMEM_HELPER' "$BUILD_EXCLUSIVE_CONFIG"
finish
EOF
