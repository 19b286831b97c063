#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# probe.sh FOLDER: looks into a kernel's headers, FOLDER/linux, for the forms of
# the interfaces that this folder adapts, and prints -DVGPU_HAVE_NAME for each
# that has its first form. Kbuild calls it.
#
# A kernel's version does not answer this: distributions and stable releases
# bring newer interfaces back to older kernels. A header with neither form has
# changed once more: exit status 1, and a message that names what was looked for.

headers=$1
flags=
failed=0

# has HEADER FORM: FORM, a basic regular expression, is in HEADER, however it is
# broken into lines
has()
{
	tr -s '[:space:]' ' ' <"$headers/linux/$1" | grep -q -e "$2"
}

# probe NAME HEADER FIRST SECOND: where an interface was added or removed and no
# other took its place, SECOND is what it stands beside
probe()
{
	if has "$2" "$3"; then
		flags="$flags -DVGPU_HAVE_$1"
	elif ! has "$2" "$4"; then
		echo "openvgpu: $headers/linux/$2 has neither '$3' nor '$4'" >&2
		failed=1
	fi
}

probe VFIO_FREE_DEVICE vfio.h \
	'void vfio_free_device(' '_vfio_alloc_device('
probe VFIO_IOMMUFD vfio.h \
	'int vfio_iommufd_emulated_bind(' 'struct vfio_device_ops {'
probe VFIO_INODE vfio.h \
	'struct inode \*inode;' 'struct vfio_device {'
probe VFIO_REGION_INFO_OP vfio.h \
	'(\*get_region_info_caps)(' 'struct vfio_device_ops {'
probe VM_FLAGS_SET mm.h \
	'void vm_flags_set(' 'void vma_init('
probe EVENTFD_SIGNAL_COUNT eventfd.h \
	' eventfd_signal([^,)]*, __u64' ' eventfd_signal([^,)]*)'
probe HRTIMER_SETUP hrtimer.h \
	'void hrtimer_setup(' 'void hrtimer_init('
probe KTHREAD_RUN_WORKER kthread.h \
	'#define kthread_run_worker(' ' kthread_create_worker(unsigned int'

[ "$failed" = 0 ] || exit 1
echo "$flags"
