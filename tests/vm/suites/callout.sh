#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# machine: none
# kernels: 6.12
#
# mdevctl's script and the command behind it against the real mdevctl, on a
# made-up sysfs tree: what is listed, kept in definitions, changed live, and
# refused. Each answer alone is the unit test cli_callout's. No kernel takes part
# in it.

cd "$(dirname "$0")/../../.." || exit 1
tests/vm/chroot bash -s <<'EOF'
. /src/tests/vm/suite.sh

gpu=0000:01:00.0
uuid=11111111-1111-4111-8111-111111111111
other=22222222-2222-4222-8222-222222222222
new=44444444-4444-4444-8444-444444444444
scripts=/usr/lib/mdevctl/scripts.d
make -s -C tools/openvgpu BUILD=/tmp/build >/tmp/make.log 2>&1 || { cat /tmp/make.log; exit 1; }
install -m 755 /tmp/build/tools/openvgpu /usr/bin/openvgpu
make -s -C tools/dist install BUILD=/tmp/build DESTDIR=/tmp/stage PREFIX=/usr || exit 1

export MDEVCTL_ENV_ROOT=/tmp/machine
root=$MDEVCTL_ENV_ROOT
script=$root$scripts/callouts/openvgpu.sh
device=$root/sys/devices/pci0000:00/$gpu
vgpu=$root/sys/bus/mdev/devices/$uuid

# put FILE VALUE
put()
{
	mkdir -p "${1%/*}"
	printf '%s\n' "$2" >"$1"
}

# add_type ID AVAILABLE DESCRIPTION
add_type()
{
	local type=$device/mdev_supported_types/$1

	put "$type/available_instances" "$2"
	put "$type/device_api" vfio-pci
	put "$type/name" "OpenVGPU ${1#openvgpu-}"
	put "$type/description" "$3"
	: >"$type/create"
}

# add_vgpu UUID TYPE PERSONALITY DISPLAY
add_vgpu()
{
	local at=$device/$1

	put "$at/openvgpu/weight" 100
	put "$at/openvgpu/cap_percent" 100
	put "$at/openvgpu/timeslice_us" 0
	put "$at/openvgpu/frame_rate_limit" 60
	put "$at/openvgpu/frozen" 0
	put "$at/openvgpu/display" "$4"
	put "$at/openvgpu/personality" "$3"
	put "$at/openvgpu/owner_pid" 0
	put "$at/openvgpu/refuse_opens" 0
	put "$at/openvgpu/state" closed
	: >"$at/remove"
	ln -s "../mdev_supported_types/$2" "$at/mdev_type"
	ln -s "../../../devices/pci0000:00/$gpu/$1" "$root/sys/bus/mdev/devices/$1"
}

machine()
{
	rm -rf "$root"
	mkdir -p "$root"
	cp -a /tmp/stage/usr /tmp/stage/etc "$root"
	mkdir -p "$root/etc/mdevctl.d" "$root/proc" "$root/sys/bus/mdev/devices" "$root/sys/bus/pci/devices" \
		"$root/sys/class/mdev_bus"
	put "$device/openvgpu/scheduler" '[best_effort] equal_share fixed_share'
	put "$device/openvgpu/last_error" ''
	put "$device/openvgpu/framebuffer_free" $((512 << 20))
	put "$device/openvgpu/largest_free" $((256 << 20))
	ln -s "../../devices/pci0000:00/$gpu" "$root/sys/class/mdev_bus/$gpu"
	ln -s "../../../devices/pci0000:00/$gpu" "$root/sys/bus/pci/devices/$gpu"
	add_type openvgpu-256mq 2 \
		'num_heads=1, frl_config=60, framebuffer=256M, max_resolution=1920x1200, max_instance=4'
	add_type openvgpu-1q 0 \
		'num_heads=1, frl_config=60, framebuffer=1024M, max_resolution=1920x1200, max_instance=1'
	add_type openvgpu-256mc 1 \
		'num_heads=0, frl_config=60, framebuffer=256M, max_resolution=0x0, max_instance=4'
	add_vgpu "$uuid" openvgpu-256mq '[native] bochs' '[region] dmabuf off'
	add_vgpu "$other" openvgpu-256mc '[native]' '[off]'
}

# config ATTRS: a definition with these attributes
config()
{
	printf '{"mdev_type":"openvgpu-256mq","start":"auto","attrs":[%s]}' "$1" >/tmp/config
}

# answers NAME STATUS TEXT CMD...: the command ends so and says this
answers()
{
	local name=$1 status=$2 text=$3 said got=0

	shift 3
	said=$("$@" 2>&1) || got=$?
	if [ "$got" = "$status" ] && [[ $said = *"$text"* ]]; then
		pass "$name"
	else
		fail "$name" "expected status $status and '$text', saw status $got and '$said'"
	fi
}

# reads NAME FILE VALUE
reads()
{
	same "$1" "$3" "$(cat "$2" 2>&1)"
}

# -------------------------------------------------------------- the protocol
machine
answers other-type 2 '' "$script" -t nvidia-63 -e pre -a start -s none -u $uuid -p $gpu </dev/null
answers no-type 2 '' "$script" </dev/null

# ------------------------------------------------------------------ listing
answers types 0 '"available_instances": 2' mdevctl types --dumpjson
answers list-attributes 0 '{"openvgpu/personality":"native"}' mdevctl list -v -u $uuid
answers list-weight 0 '{"openvgpu/weight":"100"}' mdevctl list -v -u $uuid

# ------------------------------------------------------------------- define
answers define-active 0 '' mdevctl define -u $uuid
answers define-keeps 0 '"openvgpu/cap_percent": "100"' cat "$root/etc/mdevctl.d/$gpu/$uuid"
config '{"openvgpu/weight":"512"},{"openvgpu/display":"dmabuf"}'
answers define-file 0 '' mdevctl define -u $new -p $gpu --jsonfile /tmp/config
answers define-file-keeps 0 '"openvgpu/weight": "512"' cat "$root/etc/mdevctl.d/$gpu/$new"
rm "$root/etc/mdevctl.d/$gpu/$new"

# refused NAME ATTRS TEXT: a definition with it is not written
refused()
{
	config "$2"
	answers "define-$1" 1 "$3" mdevctl define -u $new -p $gpu --jsonfile /tmp/config
	[ ! -e "$root/etc/mdevctl.d/$gpu/$new" ] || {
		fail "define-$1-nothing" "it was written"
		rm "$root/etc/mdevctl.d/$gpu/$new"
	}
}
refused weight-0 '{"openvgpu/weight":"0"}' "openvgpu/weight can't be '0': it takes 1 to 10000"
refused weight-number '{"openvgpu/weight":50000}' ""
refused unknown '{"openvgpu/wieght":"5"}' "there is no setting 'openvgpu/wieght'"
refused not-utf8 "$(printf '{"openvgpu/weight":"\377"}')" "valid UTF-8"

answers define-no-type 1 "GPU $gpu has no type openvgpu-9q; it has openvgpu-256mc openvgpu-256mq openvgpu-1q" \
	mdevctl define -u $new -p $gpu -t openvgpu-9q
[ ! -e "$root/etc/mdevctl.d/$gpu/$new" ] || fail define-no-type-nothing "it was written"
answers define-gpu-elsewhere 0 '' mdevctl define -u $new -p 0000:99:00.0 -t openvgpu-9q

answers modify-stored 0 '' mdevctl modify -u $uuid --addattr openvgpu/weight --value 9
answers modify-stored-bad 1 "it takes 0 or 1" mdevctl modify -u $uuid --addattr openvgpu/frozen --value x
answers undefine 0 '' mdevctl undefine -u $uuid

# -------------------------------------------------------------- live changes
live() { mdevctl modify -u $uuid --live --jsonfile /tmp/config; }
machine
# Files of sysfs are not shortened by a write.
put "$vgpu/openvgpu/cap_percent" 90
config '{"openvgpu/weight":"300"},{"openvgpu/cap_percent":"50"},{"openvgpu/frame_rate_limit":"30"}'
answers live 0 '' live
reads live-weight "$vgpu/openvgpu/weight" 300
reads live-cap "$vgpu/openvgpu/cap_percent" 50
reads live-limit "$vgpu/openvgpu/frame_rate_limit" 30
config '{"openvgpu/weight":"100"},{"openvgpu/cap_percent":"0"}'
answers live-bad 1 "openvgpu/cap_percent can't be '0'" live
reads live-bad-nothing "$vgpu/openvgpu/weight" 300

# A VM runs: what it would see changed is refused by name, the same value is not.
sleep 1000 &
vm=$!
put "$root/proc/$vm/comm" qemu-system-x86
put "$vgpu/openvgpu/owner_pid" $vm
put "$vgpu/openvgpu/state" running
config '{"openvgpu/weight":"200"},{"openvgpu/display":"dmabuf"}'
answers live-display 1 "openvgpu/display can't be changed from 'region' to 'dmabuf' while process $vm (qemu-system-x86) uses it" live
reads live-display-nothing "$vgpu/openvgpu/weight" 300
config '{"openvgpu/personality":"bochs"}'
answers live-personality 1 "openvgpu/personality can't be changed" live
config '{"openvgpu/weight":"200"},{"openvgpu/display":"region"},{"openvgpu/personality":"native"}'
answers live-same 0 '' live
reads live-same-weight "$vgpu/openvgpu/weight" 200
config '{"openvgpu/weight":"250"},{"power/control":"on"}'
answers live-foreign-attribute 1 "power/control can't be changed while the device exists" live
answers define-then-live 0 '' mdevctl define -u $uuid
config '{"openvgpu/weight":"400"}'
answers live-and-stored 0 '' mdevctl modify -u $uuid --live --defined --jsonfile /tmp/config
reads live-and-stored-now "$vgpu/openvgpu/weight" 400
answers live-and-stored-kept 0 '"openvgpu/weight": "400"' cat "$root/etc/mdevctl.d/$gpu/$uuid"

# The driver refuses one: what was written before it is taken back.
mount --bind "$vgpu/openvgpu/cap_percent" "$vgpu/openvgpu/cap_percent"
mount -o remount,bind,ro "$vgpu/openvgpu/cap_percent"
put "$device/openvgpu/last_error" "vGPU $uuid: cap_percent not changed: because of the test"
config '{"openvgpu/weight":"450"},{"openvgpu/cap_percent":"20"}'
answers live-driver-refuses 1 "cap_percent not changed: because of the test" live
reads live-taken-back "$vgpu/openvgpu/weight" 400
umount "$vgpu/openvgpu/cap_percent"

# --------------------------------------------------------------------- stop
answers stop-in-use 1 "process $vm (qemu-system-x86) uses it; end that first" mdevctl stop -u $uuid
reads stop-in-use-nothing "$vgpu/remove" ''
# A VM that ends meanwhile is waited for.
{ sleep 0.5; put "$vgpu/openvgpu/owner_pid" 0; } &
answers stop-waits 0 '' mdevctl stop -u $uuid
reads stop-done "$vgpu/remove" 1
reads stop-refused-opens "$vgpu/openvgpu/refuse_opens" 1
kill $vm

# -------------------------------------------------------------------- start
machine
start() { mdevctl start -u $new -p "${2:-$gpu}" -t "$1"; }
answers start-no-room 1 "GPU $gpu has no room for another vGPU of type openvgpu-1q: 512 MiB are free, 256 MiB of them in one piece" \
	start openvgpu-1q
answers start-no-type 1 "GPU $gpu has no type openvgpu-9q; it has" start openvgpu-9q
answers start-no-gpu 1 "no GPU 0000:99:00.0 is bound to the driver openvgpu" start openvgpu-1q 0000:99:00.0
answers start 0 '' start openvgpu-256mq
reads start-created "$device/mdev_supported_types/openvgpu-256mq/create" $new
answers start-exists 1 'already exists' mdevctl start -u $uuid -p $gpu -t openvgpu-256mq
# The reason the driver gives, when it is about this vGPU.
rm "$device/mdev_supported_types/openvgpu-256mq/create"
mkdir "$device/mdev_supported_types/openvgpu-256mq/create"
put "$device/openvgpu/last_error" "vGPU $new not created: all 4 partitions are taken; remove a vGPU"
answers start-driver-refuses 1 "not created: all 4 partitions are taken" start openvgpu-256mq
put "$device/openvgpu/last_error" "vGPU $other not created: of no interest"
said=$(start openvgpu-256mq 2>&1)
holds start-old-reason "says '$said'" test "${said/of no interest/}" = "$said"

finish
EOF
