// SPDX-License-Identifier: GPL-2.0-only
/*
 * library_abi.c - the layout of libopenvgpu.so.0, as programs were compiled with
 *
 * This is compiled, not run. What is here stays as it is: a structure may get
 * members behind these, an enumeration values behind these.
 */
#include <openvgpu.h>
#include <stddef.h>

#define AT(type, member, offset)	\
	_Static_assert(offsetof(struct type, member) == (offset), \
		       #type "." #member " has moved")
#define IS(name, value)	\
	_Static_assert((name) == (value), #name " has another value")

#ifndef __LP64__
#error This is the layout of 64-bit machines.
#endif

IS(OVGPU_UUID_SIZE, 37);
IS(OVGPU_BDF_SIZE, 20);
IS(OVGPU_NAME_SIZE, 64);
IS(OVGPU_TEXT_SIZE, 512);
IS(OVGPU_ATTRIBUTE_SIZE, 4097);

IS(OVGPU_GPU, 0);
IS(OVGPU_VGPU, 1);
IS(OVGPU_INSTANCE, 2);
IS(OVGPU_SYSFS, 0);
IS(OVGPU_PROC, 1);
IS(OVGPU_ROOT, 2);

AT(ovgpu_gpu, bdf, 0);
AT(ovgpu_gpu, vgpus, 20);
AT(ovgpu_gpu, compute_slices, 24);
AT(ovgpu_gpu, memory_slices, 40);
AT(ovgpu_gpu, pool_slices, 56);
AT(ovgpu_gpu, pool_slices_min, 72);
AT(ovgpu_gpu, max_instances, 88);
AT(ovgpu_gpu, uuid, 104);

AT(ovgpu_type, gpu, 0);
AT(ovgpu_type, id, 20);
AT(ovgpu_type, name, 84);
AT(ovgpu_type, device_api, 148);
AT(ovgpu_type, description, 212);
AT(ovgpu_type, available, 724);
AT(ovgpu_type, framebuffer, 728);
AT(ovgpu_type, compute_slices, 736);
AT(ovgpu_type, why_unavailable, 740);

AT(ovgpu_vgpu, uuid, 0);
AT(ovgpu_vgpu, gpu, 37);
AT(ovgpu_vgpu, type, 57);
AT(ovgpu_vgpu, type_name, 121);
AT(ovgpu_vgpu, state, 185);
AT(ovgpu_vgpu, owner_pid, 252);
AT(ovgpu_vgpu, owner_name, 256);
AT(ovgpu_vgpu, iommu_group, 320);
AT(ovgpu_vgpu, owner_ended, 324);
AT(ovgpu_vgpu, guest_driver, 325);
AT(ovgpu_vgpu, guest_interface, 389);
AT(ovgpu_vgpu, guest_verdict, 453);
AT(ovgpu_vgpu, instance, 520);
AT(ovgpu_vgpu, compute_slices, 536);
AT(ovgpu_vgpu, compute_instance, 552);
AT(ovgpu_vgpu, tenant, 568);
AT(ovgpu_vgpu, notice, 632);

AT(ovgpu_vm, name, 0);
AT(ovgpu_vm, uuid, 512);
AT(ovgpu_vm, libvirt, 549);

AT(ovgpu_instance, gpu, 0);
AT(ovgpu_instance, id, 20);
AT(ovgpu_instance, name, 24);
AT(ovgpu_instance, profile, 88);
AT(ovgpu_instance, compute_mask, 152);
AT(ovgpu_instance, compute_slices, 156);
AT(ovgpu_instance, memory_first, 160);
AT(ovgpu_instance, memory_slices, 164);
AT(ovgpu_instance, framebuffer, 168);
AT(ovgpu_instance, reserved, 176);
AT(ovgpu_instance, vgpus, 180);
AT(ovgpu_instance, scheduler, 184);
AT(ovgpu_instance, timeslice_us, 248);
AT(ovgpu_instance, busy_ns, 264);
AT(ovgpu_instance, idle_ns, 280);

AT(ovgpu_queue, id, 0);
AT(ovgpu_queue, name, 4);
AT(ovgpu_queue, compute_mask, 68);
AT(ovgpu_queue, compute_slices, 72);
AT(ovgpu_queue, vgpus, 76);
AT(ovgpu_queue, scheduler, 80);
AT(ovgpu_queue, timeslice_us, 144);
AT(ovgpu_queue, busy_ns, 160);
AT(ovgpu_queue, idle_ns, 176);

AT(ovgpu_profile, name, 0);
AT(ovgpu_profile, compute_slices, 64);
AT(ovgpu_profile, memory_slices, 68);
AT(ovgpu_profile, framebuffer, 72);
AT(ovgpu_profile, available, 80);
AT(ovgpu_profile, usual, 84);

IS(OVGPU_PLAN_PLACE, 0);
IS(OVGPU_PLAN_MOVE_VGPU, 1);
IS(OVGPU_PLAN_MOVE_INSTANCE, 2);
IS(OVGPU_PLAN_REFUSE, 3);
IS(OVGPU_PLAN_OBSTACLE, 4);

AT(ovgpu_plan_step, kind, 0);
AT(ovgpu_plan_step, request, 4);
AT(ovgpu_plan_step, name, 8);
AT(ovgpu_plan_step, err, 72);
AT(ovgpu_plan_step, reason, 76);
AT(ovgpu_plan_step, instance, 588);
AT(ovgpu_plan_step, made, 592);
AT(ovgpu_plan_step, uuid, 593);
AT(ovgpu_plan_step, compute_mask, 632);
AT(ovgpu_plan_step, compute_mask_before, 636);
AT(ovgpu_plan_step, offset, 640);
AT(ovgpu_plan_step, offset_before, 648);
AT(ovgpu_plan_step, size, 656);

AT(ovgpu_migration, uuid, 0);
AT(ovgpu_migration, type, 37);
AT(ovgpu_migration, personality, 101);
AT(ovgpu_migration, family, 165);
AT(ovgpu_migration, board, 229);
AT(ovgpu_migration, any_gpu, 293);
AT(ovgpu_migration, hardware, 296);
AT(ovgpu_migration, interface, 300);
AT(ovgpu_migration, capabilities, 304);
AT(ovgpu_migration, framebuffer, 312);
AT(ovgpu_migration, bar_size, 320);
AT(ovgpu_migration, user_page_size, 328);
AT(ovgpu_migration, aperture_pages, 336);
AT(ovgpu_migration, heads, 344);
AT(ovgpu_migration, max_x, 348);
AT(ovgpu_migration, max_y, 352);
AT(ovgpu_migration, vectors, 356);
AT(ovgpu_migration, compute_slices, 360);
AT(ovgpu_migration, memory_slices, 364);
AT(ovgpu_migration, record, 368);

AT(ovgpu_device, bdf, 0);
AT(ovgpu_device, driver, 20);
AT(ovgpu_device, driver_override, 84);
AT(ovgpu_device, known, 148);
AT(ovgpu_device, handed_over, 149);

AT(ovgpu_firmware_mode, now, 0);
AT(ovgpu_firmware_mode, next, 64);
AT(ovgpu_firmware_mode, choices, 128);

AT(ovgpu_attribute, name, 0);
AT(ovgpu_attribute, value, 64);

IS(OVGPU_SCHEDULER, 0);
IS(OVGPU_SCHED_HZ, 1);
IS(OVGPU_TIMESLICE_US, 2);
IS(OVGPU_AVERAGING_FACTOR, 3);
IS(OVGPU_PREEMPT_TIMEOUT_US, 4);
IS(OVGPU_FAULT_LIMIT, 5);
IS(OVGPU_FAULT_WINDOW_S, 6);
IS(OVGPU_CONSOLE, 7);
IS(OVGPU_TIMESLICE_MAX_US, 8);
IS(OVGPU_WAKE_BUDGET_PERMILLE, 9);
IS(OVGPU_POOL_SLICES_MIN, 10);
IS(OVGPU_WORK_MODE, 11);
IS(OVGPU_WEIGHT, 0);
IS(OVGPU_CAP_PERCENT, 1);
IS(OVGPU_VGPU_TIMESLICE_US, 2);
IS(OVGPU_FROZEN, 3);
IS(OVGPU_DISPLAY, 4);
IS(OVGPU_PERSONALITY, 5);
IS(OVGPU_FRAME_RATE_LIMIT, 6);
IS(OVGPU_MIGRATION, 7);
IS(OVGPU_MIGRATION_THROTTLE, 8);
IS(OVGPU_TENANT, 9);
IS(OVGPU_CAP_CEILING_PERCENT, 10);
IS(OVGPU_FRAME_RATE_CEILING, 11);
IS(OVGPU_NOTICE, 12);
IS(OVGPU_ADMISSION, 13);
IS(OVGPU_NUMBER, 0);
IS(OVGPU_CHOICE, 1);
IS(OVGPU_UUID_OR_NONE, 2);
IS(OVGPU_NAME_OR_NONE, 3);

AT(ovgpu_setting, name, 0);
AT(ovgpu_setting, meaning, 8);
AT(ovgpu_setting, kind, 16);
AT(ovgpu_setting, zero, 20);
AT(ovgpu_setting, minimum, 24);
AT(ovgpu_setting, maximum, 32);
AT(ovgpu_setting, scheduler, 40);
AT(ovgpu_setting, closed_only, 41);
AT(ovgpu_setting, choices, 48);
AT(ovgpu_setting, default_number, 56);
AT(ovgpu_setting, for_now, 72);

/* Comes by value: this one can't grow. */
AT(ovgpu_value, known, 0);
AT(ovgpu_value, number, 8);
_Static_assert(sizeof(struct ovgpu_value) == 16, "ovgpu_value has grown");

IS(OVGPU_BUSY_NS, 0);
IS(OVGPU_RESIDENT_NS, 1);
IS(OVGPU_WAIT_NS, 2);
IS(OVGPU_SWITCHES, 3);
IS(OVGPU_SWITCH_NS, 4);
IS(OVGPU_PREEMPT_MAX_NS, 5);
IS(OVGPU_RUN_NS, 6);
IS(OVGPU_SLICES, 7);
IS(OVGPU_PREEMPTIONS, 8);
IS(OVGPU_OVERRUN_NS, 9);
IS(OVGPU_DEBT_NS, 10);
IS(OVGPU_IDLE_NS, 11);
IS(OVGPU_WAIT_MAX_NS, 12);
IS(OVGPU_RESETS, 13);
IS(OVGPU_FAULTS, 14);
IS(OVGPU_WAIT_SUM_NS, 15);
IS(OVGPU_COUNTER(OVGPU_FAULTS), UINT64_C(16384));
IS(OVGPU_ALL_COUNTERS, UINT64_MAX);

AT(ovgpu_sched_gpu, bdf, 0);
AT(ovgpu_sched_gpu, state, 20);
AT(ovgpu_sched_gpu, scheduler, 84);
AT(ovgpu_sched_gpu, schedulers, 148);

AT(ovgpu_sched_vgpu, state, 0);
AT(ovgpu_sched_vgpu, framebuffer_size, 64);
AT(ovgpu_sched_vgpu, framebuffer_used, 80);
AT(ovgpu_sched_vgpu, last_fault, 96);
AT(ovgpu_sched_vgpu, last_reset_reason, 112);
AT(ovgpu_sched_vgpu, read_at, 624);
AT(ovgpu_sched_vgpu, lag_ns, 632);
AT(ovgpu_sched_vgpu, lag_known, 640);

AT(ovgpu_switch, time_ns, 0);
AT(ovgpu_switch, runqueue, 8);
AT(ovgpu_switch, partition, 12);
AT(ovgpu_switch, uuid, 16);
AT(ovgpu_switch, reason, 53);
AT(ovgpu_switch, quantum_ns, 120);
AT(ovgpu_switch, run_ns, 128);
AT(ovgpu_switch, switch_ns, 136);
AT(ovgpu_switch, wait_ns, 144);

IS(OVGPU_EVENT_OTHER, 0);
IS(OVGPU_EVENT_CREATE, 1);
IS(OVGPU_EVENT_REMOVE, 2);
IS(OVGPU_EVENT_OPEN, 3);
IS(OVGPU_EVENT_CLOSE, 4);
IS(OVGPU_EVENT_FAULT, 5);
IS(OVGPU_EVENT_FAULTED, 6);
IS(OVGPU_EVENT_RECOVER, 7);
IS(OVGPU_EVENT_REQUEST, 8);
IS(OVGPU_EVENT_INSTANCE_CREATE, 9);
IS(OVGPU_EVENT_INSTANCE_REMOVE, 10);
IS(OVGPU_EVENT_TENANT, 11);
IS(OVGPU_EVENT_NOTICE, 12);

AT(ovgpu_event, kind, 0);
AT(ovgpu_event, name, 4);
AT(ovgpu_event, uuid, 68);
AT(ovgpu_event, gpu, 105);
AT(ovgpu_event, type, 125);
AT(ovgpu_event, pid, 192);
AT(ovgpu_event, fault, 200);
AT(ovgpu_event, fault_name, 216);
AT(ovgpu_event, sequence, 280);
AT(ovgpu_event, received_ns, 288);
AT(ovgpu_event, instance, 296);
AT(ovgpu_event, instance_name, 312);
AT(ovgpu_event, tenant, 376);
AT(ovgpu_event, notice, 440);
