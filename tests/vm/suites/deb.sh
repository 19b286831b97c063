#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# machine: none
# kernels: 6.12
#
# The Debian packages: built in the root file system, judged by lintian,
# installed into a root file system that has never seen the project, where DKMS
# builds the module; then what was installed is checked by those who read it,
# and purged. Suite dkms builds the module on the other kernels.

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
holds lintian "it found errors, see the lines before" lintian --fail-on error "$1"/*.changes
finish
EOF
grep -E '^(ok|not ok) ' "$folder/build.txt"
add build "$folder/build.txt"
grep -E '^[EW]: ' "$folder/build.txt"
for package in openvgpu-dkms openvgpu-utils libopenvgpu0 libopenvgpu-dev; do
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
packages=(openvgpu-dkms openvgpu-utils libopenvgpu0 libopenvgpu-dev)
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
holds install "apt-get said the lines before" "${apt[@]}" install "$1"/{openvgpu-dkms,openvgpu-utils,libopenvgpu0,libopenvgpu-dev}_*.deb
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
	"$units/openvgpu-restore@.service" "$units/openvgpu-metrics.service" "$units/openvgpu-metrics.timer"
check udevadm udevadm verify /usr/lib/udev/rules.d/61-openvgpu.rules
says restore-at-boot enabled systemctl --root=/ is-enabled openvgpu-restore.service
says metrics-only-when-asked disabled systemctl --root=/ is-enabled openvgpu-metrics.timer
for page in openvgpu.8 openvgpu.4 openvgpu-config.5 libopenvgpu.3 refgpu.1; do
	check "page-$page" man -w "${page##*.}" "${page%.*}"
done
check completion bash -c '. /usr/share/bash-completion/bash_completion &&
	. /usr/share/bash-completion/completions/openvgpu && complete -p openvgpu'
check mdevctl mdevctl types
for folder in /usr/lib/mdevctl/scripts.d /etc/mdevctl.d/scripts.d; do
	check "script-in-$folder" test -x "$folder/callouts/openvgpu.sh"
done
check shipped-configuration openvgpu apply --dry-run /etc/openvgpu/config.yaml

# An upgrade keeps what an administrator wrote, and builds the module anew.
echo '# mine' >>/etc/openvgpu/config.yaml
systemctl --root=/ disable -q openvgpu-restore.service
check reinstall "${apt[@]}" --reinstall -o Dpkg::Options::=--force-confold install \
	"$1"/{openvgpu-dkms,openvgpu-utils,libopenvgpu0,libopenvgpu-dev}_*.deb
says keeps-configuration '# mine' tail -n 1 /etc/openvgpu/config.yaml
says keeps-disabled disabled systemctl --root=/ is-enabled openvgpu-restore.service
says dkms-again installed dkms status "openvgpu/$version" -k "$KVER"

check remove "${apt[@]}" remove openvgpu-dkms
run remove-module 1 modinfo -k "$KVER" openvgpu
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
check make-uninstall make -s uninstall BUILD=/tmp/make DESTDIR=/tmp/made
left=$(find /tmp/made ! -type d)
same uninstall-leaves-nothing '' "$left"
finish
EOF
grep -E '^(ok|not ok) ' "$folder/install.txt"
add install "$folder/install.txt"
[ "$failed" = 0 ] || tail -n 40 "$folder/install.txt" | sed 's/^/  | /'
finish
