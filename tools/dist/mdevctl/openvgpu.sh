#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# openvgpu.sh - what mdevctl asks about vGPUs of the driver openvgpu
#
# mdevctl runs it as  openvgpu.sh -t TYPE -e EVENT -a ACTION -s STATE -u UUID
# -p PARENT  and gives the configuration of the device as JSON on standard
# input. Exit status 0: done, or nothing to do; 1: no, and standard error says
# why; 2: a device of somebody else's type.
#
# It answers for both forms of the protocol: with capabilities (mdevctl 1.3 and
# later) and without (1.2). It reads the trees below MDEVCTL_ENV_ROOT, as
# mdevctl does.

LC_ALL=C
export LC_ALL

# Definitions are a few hundred bytes; a file of another kind is not read whole.
CONFIG_BYTES=65536
# How long a process that just died may take to let go of its vGPU, in tenths of
# a second.
PATIENCE=20

# mdevctl asks about every device of every driver: others must cost nothing.
type='' event='' action='' state='' uuid='' parent=''
while [ $# -gt 1 ]; do
	case $1 in
	-t) type=$2 ;;
	-e) event=$2 ;;
	-a) action=$2 ;;
	-s) state=$2 ;;
	-u) uuid=$2 ;;
	-p) parent=$2 ;;
	esac
	shift 2
done
case $type in
openvgpu-*) ;;
*) exit 2 ;;
esac
# They become parts of paths.
case $type$uuid$parent in
*[!A-Za-z0-9:._-]*) exit 2 ;;
esac

root=${MDEVCTL_ENV_ROOT:-}
sys=${root%/}/sys
vgpu=$sys/bus/mdev/devices/$uuid
gpu=$sys/class/mdev_bus/$parent

refuse()
{
	echo "vGPU $uuid: $*" >&2
	exit 1
}

# value FILE: prints what an attribute says; of a list with one in brackets,
# the one.
value()
{
	[ -r "$1" ] || return 1
	read -r line <"$1" || [ -n "$line" ] || return 1
	case $line in
	*\[*\]*)
		line=${line#*\[}
		line=${line%%\]*}
		;;
	esac
	printf '%s\n' "$line"
}

# attributes: prints "NAME<tab>VALUE" for each entry of "attrs" of the JSON on
# standard input, in order. A string with an escape that is neither a quote nor
# a slash has "?" for it, which no setting takes.
attributes()
{
	head -c "$CONFIG_BYTES" | tr '\n\t' '  ' | awk '
	{
		depth = 0; want_key = 1; top = ""; name = ""
		length_of = length($0)
		for (i = 1; i <= length_of; i++) {
			c = substr($0, i, 1)
			if (c == "{" || c == "[") {
				depth++
				want_key = 1
			} else if (c == "}" || c == "]") {
				depth--
				want_key = 1
			} else if (c == ":") {
				want_key = 0
			} else if (c == ",") {
				want_key = 1
			} else if (c == "\"") {
				text = ""
				while (++i <= length_of && (c = substr($0, i, 1)) != "\"") {
					if (c == "\\") {
						c = substr($0, ++i, 1)
						if (c != "\"" && c != "\\" && c != "/")
							c = "?"
					}
					text = text c
				}
				if (want_key && depth == 1)
					top = text
				else if (want_key && depth == 3)
					name = text
				else if (depth == 3 && top == "attrs")
					printf "%s\t%s\n", name, text
			}
		}
	}'
}

# number VALUE LOW HIGH: is it a decimal number in this range
number()
{
	case $1 in
	'' | *[!0-9]* | 0?* | ?????????*) return 1 ;;
	esac
	[ "$1" -ge "$2" ] && [ "$1" -le "$3" ]
}

# expected NAME: prints what a setting takes; fails where there is none of this
# name. doc/sysfs-driver-openvgpu describes them.
expected()
{
	case $1 in
	weight) echo '1 to 10000' ;;
	cap_percent) echo '1 to 100' ;;
	timeslice_us) echo '100 to 1000000, or 0 for that of the GPU' ;;
	frame_rate_limit) echo '1 to 60, or 0 for no limit' ;;
	frozen) echo '0 or 1' ;;
	display) echo 'region, dmabuf or off' ;;
	personality) echo 'native or bochs' ;;
	*) return 1 ;;
	esac
}

# allowed NAME VALUE
allowed()
{
	case $1 in
	weight) number "$2" 1 10000 ;;
	cap_percent) number "$2" 1 100 ;;
	timeslice_us) [ "$2" = 0 ] || number "$2" 100 1000000 ;;
	frame_rate_limit) number "$2" 0 60 ;;
	frozen) number "$2" 0 1 ;;
	display) [ "$2" = region ] || [ "$2" = dmabuf ] || [ "$2" = off ] ;;
	personality) [ "$2" = native ] || [ "$2" = bochs ] ;;
	esac
}

# Settings that a running VM must not see changed.
closed_only()
{
	[ "$1" = display ] || [ "$1" = personality ]
}

# check LIST: every setting in LIST (from attributes) exists and takes its value
check()
{
	while IFS='	' read -r name wanted; do
		case $name in
		openvgpu/*) ;;
		*) continue ;; # none, or the mdev core's
		esac
		takes=$(expected "${name#openvgpu/}") || refuse "there is no setting" \
			"'$name'; there are openvgpu/ weight, cap_percent," \
			"timeslice_us, frame_rate_limit, frozen, display, personality"
		allowed "${name#openvgpu/}" "$wanted" ||
			refuse "$name can't be '$wanted': it takes $takes"
	done <<-LIST
		$1
	LIST
}

# room: the GPU is there, has the type, and can take one more
room()
{
	types=$gpu/mdev_supported_types
	[ -d "$types" ] || refuse "no GPU $parent is bound to the driver openvgpu;" \
		"'openvgpu doctor' tells what to do"
	[ -d "$types/$type" ] || refuse "GPU $parent has no type $type; it has" \
		"$(cd "$types" && echo *)"
	[ ! -e "$vgpu" ] || return 0 # mdevctl says so itself
	[ "$(value "$types/$type/available_instances")" = 0 ] || return 0
	free=$(value "$gpu/openvgpu/framebuffer_free") || free=0
	largest=$(value "$gpu/openvgpu/largest_free") || largest=0
	refuse "GPU $parent has no room for another vGPU of type $type:" \
		"$((free / 1048576)) MiB are free, $((largest / 1048576)) MiB of them in one piece"
}

# owner: prints who has the vGPU open; fails when nobody has
owner()
{
	pid=$(value "$vgpu/openvgpu/owner_pid") || return 1
	[ "$pid" != 0 ] || return 1
	name=$(value "${root%/}/proc/$pid/comm") || name='unknown name'
	echo "process $pid ($name)"
}

# mdevctl would wait for ever, in the kernel, for a VM to end. A VM that ends
# right now is waited for.
not_in_use()
{
	tries=0
	while who=$(owner); do
		tries=$((tries + 1))
		[ "$tries" -le "$PATIENCE" ] ||
			refuse "$who uses it; end that first"
		sleep 0.1
	done
}

# get_attributes: prints the settings that a definition should keep, in the
# order in which they can be written. What can't be written to this vGPU is left
# out, because mdevctl gives up a device that refuses a value. A pause (frozen)
# is not kept: nobody expects a vGPU that stands still after a restart.
get_attributes()
{
	names=
	for name in personality display; do
		# One choice is no choice, and writing it is refused.
		case $(cat "$vgpu/openvgpu/$name" 2>/dev/null) in
		*' '*) names="$names $name" ;;
		esac
	done
	heads=$(value "$vgpu/mdev_type/description") || heads=
	case $heads,$(value "$vgpu/openvgpu/personality") in
	*num_heads=0,* | *,bochs) ;;
	*) names="$names frame_rate_limit" ;;
	esac
	case $(value "$gpu/openvgpu/scheduler") in
	none | '') ;;
	*) names="$names weight cap_percent timeslice_us" ;;
	esac
	separator=
	printf '['
	for name in $names; do
		now=$(value "$vgpu/openvgpu/$name") || continue
		printf '%s{"openvgpu/%s":"%s"}' "$separator" "$name" "$now"
		separator=,
	done
	printf ']\n'
}

# put NAME VALUE: writes a setting; prints the driver's reason when it refuses
put()
{
	{ printf '%s' "$2" >"$vgpu/openvgpu/$1"; } 2>/dev/null || {
		why=$(reason) || why="the driver refused it"
		echo "$why"
		return 1
	}
}

# reason: what the driver said last, if it was about this vGPU
reason()
{
	said=$(cat "$gpu/openvgpu/last_error" 2>/dev/null)
	case $said in
	"vGPU $uuid"*) printf '%s\n' "${said#"vGPU $uuid"?}" ;;
	*) return 1 ;;
	esac
}

# change LIST: writes the settings of LIST that differ from what is in force.
# Either all are written or none is.
change()
{
	[ -d "$vgpu/openvgpu" ] || refuse "it does not exist"
	who=$(owner) || who=
	todo=
	while IFS='	' read -r name wanted; do
		case $name in
		openvgpu/*) ;;
		'') continue ;;
		*) refuse "$name can't be changed while the device exists" ;;
		esac
		name=${name#openvgpu/}
		now=$(value "$vgpu/openvgpu/$name") || refuse "this driver has no openvgpu/$name"
		[ "$now" != "$wanted" ] || continue
		if [ -n "$who" ] && closed_only "$name"; then
			refuse "openvgpu/$name can't be changed from '$now' to '$wanted'" \
				"while $who uses it; end that first"
		fi
		todo="$todo $name=$wanted=$now"
	done <<-LIST
		$1
	LIST
	changed=
	for item in $todo; do
		name=${item%%=*} wanted=${item#*=} now=${item##*=}
		wanted=${wanted%%=*}
		if why=$(put "$name" "$wanted"); then
			changed="$name=$now $changed"
			continue
		fi
		for back in $changed; do
			put "${back%%=*}" "${back#*=}" >/dev/null
		done
		refuse "openvgpu/$name can't be changed from '$now' to '$wanted': $why"
	done
}

case $event-$action in
get-capabilities)
	# All of the protocol's: mdevctl refuses what is not listed here.
	echo '{"supports":{"version":2,"actions":["start","stop","define","undefine","modify",' \
		'"attributes","capabilities"],"events":["pre","post","notify","get","live"]}}'
	;;
get-attributes)
	get_attributes
	;;
pre-start)
	list=$(attributes)
	check "$list" || exit 1
	room
	;;
pre-define | pre-modify)
	# The GPU may be absent now, and another may have its address then.
	list=$(attributes)
	check "$list" || exit 1
	;;
live-modify)
	list=$(attributes)
	check "$list" || exit 1
	change "$list"
	;;
pre-stop)
	not_in_use
	;;
post-start)
	# mdevctl itself only has the number of the error.
	[ "$state" != failure ] || { ! why=$(reason) || echo "vGPU $uuid:$why" >&2; }
	;;
esac
exit 0
