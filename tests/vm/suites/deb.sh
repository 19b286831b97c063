#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# machine: none
# kernels: 6.12
#
# The Debian packages: built in the root file system, judged by lintian,
# installed into a root file system that has never seen the project, where DKMS
# builds the modules; then what was installed is checked by those who read it,
# and purged. Suite dkms builds the modules on the other kernels.

cd "$(dirname "$0")/../../.." || exit 1
folder=build/check/deb
rm -rf "$folder"
mkdir -p "$folder"

# shellcheck source=suite.sh
. tests/vm/suite.sh

tests/vm/chroot bash -s "/src/$folder" >"$folder/build.txt" 2>&1 <<'EOF'
# /src is the work of others: packages are built from a copy of it.
mkdir /tmp/tree
tar -C /src --exclude=./build --exclude-vcs -cf - . | tar -C /tmp/tree -xf -
. /src/tests/vm/suite.sh
holds make-deb "see the lines before" make -s -C /tmp/tree deb BUILD=/tmp/build
cp /tmp/build/deb/* "$1"
# Built for another architecture, everything is that one's: compiler, archiver and
# pkg-config, which this root file system does not have.
(cd /tmp/tree && dpkg-architecture -aarm64 -c make -n -f debian/rules override_dh_auto_build-arch) >/tmp/cross 2>&1
same cross-build-runs-nothing-of-here '' "$(grep -E '^(cc|gcc|ar|pkg-config) ' /tmp/cross | head -n 1)"
run cross-compiler 0 grep -qm 1 '^aarch64-linux-gnu-gcc ' /tmp/cross
run cross-pkg-config 0 grep -qm 1 aarch64-linux-gnu-pkg /tmp/cross
holds lintian "it found errors, see the lines before" lintian --fail-on error "$1"/*.changes
finish
EOF
grep -E '^(ok|not ok) ' "$folder/build.txt"
add build "$folder/build.txt"
grep -E '^[EW]: ' "$folder/build.txt"
for package in openvgpu-dkms openvgpu-utils openvgpu-entitled libopenvgpu0 libopenvgpu-dev refgpu refgpu-dkms librefgpu-drm0 librefgpu-drm-dev; do
	file=$(echo "$folder/$package"_*.deb)
	holds "has-$package" "there is no $file" test -e "$file"
done
file=$(echo "$folder"/openvgpu_*.dsc)
holds has-source "there is no $file" test -e "$file"
[ "$failed" = 0 ] || {
	tail -n 60 "$folder/build.txt" | sed 's/^/  | /'
	finish
}

tests/vm/chroot bash -s "/src/$folder" >"$folder/install.txt" 2>&1 <<'EOF'
. /src/tests/vm/suite.sh
packages=(openvgpu-dkms openvgpu-utils openvgpu-entitled libopenvgpu0 libopenvgpu-dev refgpu
	refgpu-dkms librefgpu-drm0 librefgpu-drm-dev)
# Pages are left out of this root file system to save time; ours are tested.
apt=(apt-get -y --no-install-recommends -o 'Dpkg::Options::=--path-include=/usr/share/man/*'
	-o 'Dpkg::Options::=--path-include=/usr/share/doc/*')
export DEBIAN_FRONTEND=noninteractive

# check NAME CMD...: the command succeeds
check()
{
	local name=$1

	shift
	run "$name" 0 "$@"
}

# says NAME TEXT CMD...: the command's output has this
says()
{
	local name=$1 text=$2 said

	shift 2
	said=$("$@" 2>&1)
	case $said in
	*"$text"*) pass "$name" ;;
	*) fail "$name" "'$*' says '$(echo "$said" | tail -n 3 | tr '\n' ' ')', expected '$text'" ;;
	esac
}

# Everything but what others keep: of packages, of the linker, of modules, of
# manuals, and the signing key that DKMS makes for the machine.
files()
{
	find / -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /tmp -o -path /src \
		-o -path /export -o -path /var/lib/dpkg -o -path /var/log -o -path /var/cache \
		-o -path /var/lib/apt -o -path '/usr/lib/modules/*/modules.*' \
		-o -path /var/lib/dkms/mok.key -o -path /var/lib/dkms/mok.pub \
		-o -path /etc/ld.so.cache -o -path /run/systemd \) -prune -o -print | sort
}

# Suite dkms builds for every kernel; here the one with headers is enough.
for kernel in /usr/lib/modules/*/; do
	[ "$kernel" = "/usr/lib/modules/$KVER/" ] || rm -f "$kernel/build"
done
files >/tmp/before
debs=()
for package in "${packages[@]}"; do
	debs+=("$(echo "$1/${package}"_*.deb)")
done
holds install "apt-get said the lines before" "${apt[@]}" install "${debs[@]}"
for package in "${packages[@]}"; do
	says "installed-$package" 'install ok installed' dpkg-query -W -f '${Status}' "$package"
done
check dpkg-verify dpkg --verify "${packages[@]}"

version=$(sed -n 's/^#define VGPU_DRIVER_VERSION[[:space:]]*"\(.*\)"/\1/p' /src/kernel/host/base/version.h)
says dkms installed dkms status "openvgpu/$version" -k "$KVER"
says vermagic "$KVER " modinfo -k "$KVER" -F vermagic openvgpu
says module-version "$version" modinfo -k "$KVER" -F version openvgpu
says module-licence GPL modinfo -k "$KVER" -F license openvgpu
says module-description GPU modinfo -k "$KVER" -F description openvgpu
says module-author OpenVGPU modinfo -k "$KVER" -F author openvgpu
says module-signed sha256 modinfo -k "$KVER" -F sig_hashalgo openvgpu
says module-loads-mdev mdev.ko modprobe -S "$KVER" --show-depends openvgpu
says module-parameters scheduler modinfo -k "$KVER" -F parm openvgpu
# udev finds the module by this; no GPU of another kind is taken.
says module-alias 'pci:v' modinfo -k "$KVER" -F alias openvgpu
same module-takes-no-class '' "$(modinfo -k "$KVER" -F alias openvgpu | grep bc03sc)"
# Every parameter is in the example.
want=$(modinfo -k "$KVER" -F parm openvgpu | sed 's/:.*//' | sort | tr '\n' ' ')
have=$(sed -n 's/^#options openvgpu \([a-z_]*\)=.*/\1/p' /usr/lib/modprobe.d/openvgpu.conf | sort | tr '\n' ' ')
same modprobe-d-complete "$want" "$have"
check modprobe-d modprobe -S "$KVER" -c

# The guests' driver and library are apart from the host's.
says guest-dkms installed dkms status "refgpu/$version" -k "$KVER"
says guest-module-loads-the-scheduler gpu-sched.ko modprobe -S "$KVER" --show-depends refgpu
says guest-vermagic "$KVER " modinfo -k "$KVER" -F vermagic refgpu
says guest-module-licence GPL modinfo -k "$KVER" -F license refgpu
says guest-module-signed sha256 modinfo -k "$KVER" -F sig_hashalgo refgpu
says guest-module-alias pci:v00001234d00005248 modinfo -k "$KVER" -F alias refgpu
same guest-module-takes-no-class '' "$(modinfo -k "$KVER" -F alias refgpu | grep bc03sc)"
same guest-module-has-no-host 0 "$(find "/usr/src/refgpu-$version" -path '*host*' | wc -l)"
same host-module-has-no-guest 0 "$(find "/usr/src/openvgpu-$version" -path '*guest/*' | wc -l)"
# The example compiles, shared and static; there is no device here.
cp /usr/share/doc/librefgpu-drm-dev/examples/example-job.c /tmp/guest.c
check guest-library sh -c 'gcc -Wall -Wextra -Werror /tmp/guest.c -o /tmp/guest $(pkg-config --cflags --libs librefgpu_drm)'
check guest-library-static sh -c 'gcc /tmp/guest.c -o /tmp/guest-static -static $(pkg-config --static --cflags --libs librefgpu_drm)'
says guest-library-without-device 'no render node of driver refgpu: No such device' /tmp/guest
says guest-library-uses-the-shared-one '/librefgpu_drm.so.0' ldd /tmp/guest

says command "openvgpu $version" openvgpu --version
says command-uses-the-library '/libopenvgpu.so.0' ldd /usr/bin/openvgpu
check command-lacks-nothing sh -c '! ldd -r /usr/bin/openvgpu | grep "not found\|undefined"'
check refgpu refgpu --help
cat >/tmp/program.c <<'END'
#include <openvgpu.h>
#include <stdio.h>

int main(void)
{
	struct ovgpu *ovgpu;

	if (ovgpu_open(&ovgpu, "/sys", "/proc", "/"))
		return 1;
	ovgpu_close(ovgpu);
	return puts(ovgpu_version()) < 0;
}
END
check pkg-config sh -c 'gcc -Wall -Werror /tmp/program.c -o /tmp/program $(pkg-config --cflags --libs libopenvgpu)'
says program "$version" /tmp/program
check example sh -c 'gcc -Wall -Werror /usr/share/doc/libopenvgpu-dev/examples/example-list.c \
	-o /tmp/example $(pkg-config --cflags --libs libopenvgpu) && /tmp/example'
check pkg-config-static sh -c 'gcc /tmp/program.c -o /tmp/static -static $(pkg-config --static --cflags --libs libopenvgpu)'

units=/usr/lib/systemd/system
check systemd-analyze systemd-analyze verify "$units/openvgpu-restore.service" \
	"$units/openvgpu-restore@.service" "$units/openvgpu-metrics.service" "$units/openvgpu-metrics.timer" \
	"$units/openvgpu-entitled.service" "$units/openvgpu-entitlement.service"
check systemd-analyze-engine systemd-analyze verify "$units/openvgpu-soft@.service"
cp "$units/openvgpu-soft@.service" /tmp/openvgpu-soft@1G.service
check engine-is-in-a-sandbox systemd-analyze security --offline=yes --threshold=25 /tmp/openvgpu-soft@1G.service
check udevadm udevadm verify /usr/lib/udev/rules.d/61-openvgpu.rules
says restore-at-boot enabled systemctl --root=/ is-enabled openvgpu-restore.service
says metrics-only-when-asked disabled systemctl --root=/ is-enabled openvgpu-metrics.timer
says entitlement-only-when-asked disabled systemctl --root=/ is-enabled openvgpu-entitlement.service
# The quota service, apart from the hosts'.
says entitled "openvgpu-entitled $version" openvgpu-entitled --version
says entitled-only-when-asked disabled systemctl --root=/ is-enabled openvgpu-entitled.service
says entitled-refuses-without-a-key 'token.pub' openvgpu-entitled serve
same utils-lack-the-service '' "$(dpkg-query -L openvgpu-utils | grep entitled)"
for page in openvgpu.8 openvgpu-entitled.8 openvgpu.4 openvgpu-config.5 libopenvgpu.3 librefgpu_drm.3 refgpu_drm_wait.3 refgpu.1; do
	check "page-$page" man -w "${page##*.}" "${page%.*}"
done
check completion bash -c '. /usr/share/bash-completion/bash_completion &&
	. /usr/share/bash-completion/completions/openvgpu && complete -p openvgpu'
check completion-of-entitled bash -c '. /usr/share/bash-completion/completions/openvgpu-entitled &&
	complete -p openvgpu-entitled'
check mdevctl mdevctl types
check script test -x /usr/lib/mdevctl/scripts.d/callouts/openvgpu.sh
# mdevctl 1.3 and later would ask it twice.
check script-only-there test ! -e /etc/mdevctl.d/scripts.d
says script-finds-the-command '"supports"' /usr/lib/mdevctl/scripts.d/callouts/openvgpu.sh \
	-t openvgpu-1q -e get -a capabilities -s none -u "" -p ""
# What configures nothing would make every boot wait for udev.
check no-configuration test ! -e /etc/openvgpu/config.yaml
check example-of-configuration openvgpu apply --dry-run /usr/share/doc/openvgpu-utils/examples/config.yaml
same no-conffiles '' "$(dpkg-query -W -f '${Conffiles}' "${packages[@]}")"
says symbols 'OVGPU_0' dpkg-query --control-show libopenvgpu0 symbols
says guest-symbols 'REFGPU_DRM_0' dpkg-query --control-show librefgpu-drm0 symbols
says depends-on-the-library 'libopenvgpu0 (>= ' dpkg-query -W -f '${Depends}' openvgpu-utils

# doctor knows what DKMS lacks, on this distribution. (There is no module here for
# the kernel that runs, which is none of Debian's.)
mkdir -p "/usr/lib/modules/$(uname -r)"
echo kernel/drivers/vfio/mdev/mdev.ko: >"/usr/lib/modules/$(uname -r)/modules.dep"
says doctor-headers "apt install linux-headers-$(uname -r) && dkms autoinstall -k $(uname -r)" openvgpu doctor
rm -r "/usr/lib/modules/$(uname -r)"

# As autopkgtest does.
status=0
(cd /src && AUTOPKGTEST_TMP=$(mktemp -d) debian/tests/command) >/tmp/autopkgtest 2>&1 || status=$?
same autopkgtest-command "0 " "$status $(grep -E '^(FAIL|ERROR):' /tmp/autopkgtest | head -n 20 | tr '\n' ' ')"

# An upgrade keeps what an administrator wrote, and builds the module anew.
echo '# mine' >/etc/openvgpu/config.yaml
systemctl --root=/ disable -q openvgpu-restore.service
# systemd of a machine that runs is told of the new units.
mv /usr/bin/systemctl /usr/bin/systemctl.real
printf '#!/bin/sh\necho "$*" >>/tmp/systemctl\n' >/usr/bin/systemctl
chmod 755 /usr/bin/systemctl
mkdir -p /run/systemd/system
check reinstall "${apt[@]}" --reinstall -o Dpkg::Options::=--force-confold install \
	"${debs[@]}"
says daemon-reload daemon-reload cat /tmp/systemctl
rmdir /run/systemd/system
mv /usr/bin/systemctl.real /usr/bin/systemctl
says keeps-configuration '# mine' tail -n 1 /etc/openvgpu/config.yaml
says keeps-disabled disabled systemctl --root=/ is-enabled openvgpu-restore.service
says dkms-again installed dkms status "openvgpu/$version" -k "$KVER"
says guest-dkms-again installed dkms status "refgpu/$version" -k "$KVER"

check remove-guests "${apt[@]}" remove refgpu-dkms
run remove-guest-module 1 modinfo -k "$KVER" refgpu
check remove-keeps-the-other modinfo -k "$KVER" openvgpu
check remove "${apt[@]}" remove openvgpu-dkms
run remove-module 1 modinfo -k "$KVER" openvgpu
mkdir -p /var/lib/prometheus/node-exporter
echo 'openvgpu_gpus 1' >/var/lib/prometheus/node-exporter/openvgpu.prom
check remove-utils "${apt[@]}" remove openvgpu-utils
check remove-metrics test ! -e /var/lib/prometheus/node-exporter/openvgpu.prom
rmdir -p --ignore-fail-on-non-empty /var/lib/prometheus/node-exporter
says remove-keeps-configuration '# mine' cat /etc/openvgpu/config.yaml
check purge "${apt[@]}" purge "${packages[@]}"
files >/tmp/after
check purge-leaves-nothing diff /tmp/before /tmp/after

# Without packages: what make install makes, make uninstall removes.
mkdir /tmp/tree
tar -C /src --exclude=./build --exclude-vcs -cf - . | tar -C /tmp/tree -xf -
cd /tmp/tree || exit 1
check make-install make -s install-tools BUILD=/tmp/make DESTDIR=/tmp/made
says unit-names-the-place '/usr/local/bin/openvgpu' \
	cat /tmp/made/usr/local/lib/systemd/system/openvgpu-restore@.service
check script-of-mdevctl test -x /tmp/made/usr/lib/mdevctl/scripts.d/callouts/openvgpu.sh
check make-install-without-old-script test ! -e /tmp/made/etc/mdevctl.d
check make-install-for-mdevctl-1.2 make -s -C tools/dist install BUILD=/tmp/make DESTDIR=/tmp/old OLD_MDEVCTL=y
says old-script-is-a-link /usr/lib/mdevctl/scripts.d/callouts/openvgpu.sh \
	readlink /tmp/old/etc/mdevctl.d/scripts.d/callouts/openvgpu.sh
check old-notifiers test -d /tmp/old/etc/mdevctl.d/scripts.d/notifiers
# A program finds the library at once.
check make-install-here make -s install-tools BUILD=/tmp/make
check program-here sh -c 'gcc /tmp/program.c -o /tmp/here $(PKG_CONFIG_PATH=/usr/local/lib/pkgconfig pkg-config --cflags --libs libopenvgpu) && /tmp/here'
check make-uninstall-here make -s uninstall BUILD=/tmp/make INSTALL_MOD_PATH=/nowhere
check make-uninstall make -s uninstall BUILD=/tmp/make DESTDIR=/tmp/made
left=$(find /tmp/made ! -type d)
same uninstall-leaves-nothing '' "$left"
finish
EOF
grep -E '^(ok|not ok) ' "$folder/install.txt"
add install "$folder/install.txt"
[ "$failed" = 0 ] || tail -n 40 "$folder/install.txt" | sed 's/^/  | /'
finish
