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
finish
EOF
