// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_library_events.c - libopenvgpu's events: messages of every form, and a
 * kernel's socket in a network namespace of the test's own
 *
 * The kernel passes a uevent that the owner of the namespace hands in on to all
 * who listen there, as its own: so everything but the driver is real.
 */
#include <linux/netlink.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "fake_sysfs.h"
#include "internal.h"
#include "unit.h"

#define UUID	"00000003-0000-0000-0000-000000000100"
#define HEAD	"change@/devices/pci0000:00/0000:01:00.0/" UUID "\0" \
		"ACTION=change\0" \
		"DEVPATH=/devices/pci0000:00/0000:01:00.0/" UUID "\0" \
		"SUBSYSTEM=mdev\0"
#define WHERE	"OPENVGPU_TYPE=openvgpu-1q\0OPENVGPU_GPU=0000:01:00.0\0"

/* ---------------------------------------------------------------- messages */

START_TEST(test_messages)
{
	static const char fault[] = HEAD WHERE
		"OPENVGPU_EVENT=faulted\0OPENVGPU_FAULT=6\0"
		"OPENVGPU_FAULT_NAME=run timeout\0SEQNUM=18446744073709551615";
	static const char opened[] = HEAD WHERE
		"OPENVGPU_EVENT=open\0OPENVGPU_PID=4242";
	static const char instance[] =
		"change@/devices/pci0000:00/0000:01:00.0\0ACTION=change\0"
		"DEVPATH=/devices/pci0000:00/0000:01:00.0\0SUBSYSTEM=pci\0"
		"OPENVGPU_EVENT=instance-create\0OPENVGPU_GPU=0000:01:00.0\0"
		"OPENVGPU_INSTANCE=3\0OPENVGPU_INSTANCE_NAME=train";
	static const char newer[] = HEAD "OPENVGPU_EVENT=migrate\0OPENVGPU_X=1";
	struct ovgpu_event event;

	ck_assert(ovgpu_event_parse(fault, sizeof(fault), &event));
	ck_assert_int_eq(event.kind, OVGPU_EVENT_FAULTED);
	ck_assert_str_eq(event.name, "faulted");
	ck_assert_str_eq(event.uuid, UUID);
	ck_assert_str_eq(event.gpu, "0000:01:00.0");
	ck_assert_str_eq(event.type, "openvgpu-1q");
	ck_assert(event.fault.known);
	ck_assert_uint_eq(event.fault.number, 6);
	ck_assert_str_eq(event.fault_name, "run timeout");
	ck_assert_uint_eq(event.sequence, UINT64_MAX);
	ck_assert_int_eq(event.pid, 0);

	ck_assert(ovgpu_event_parse(opened, sizeof(opened), &event));
	ck_assert_int_eq(event.kind, OVGPU_EVENT_OPEN);
	ck_assert_int_eq(event.pid, 4242);
	ck_assert(!event.fault.known);

	/* Of the GPU's device. */
	ck_assert(ovgpu_event_parse(instance, sizeof(instance), &event));
	ck_assert_int_eq(event.kind, OVGPU_EVENT_INSTANCE_CREATE);
	ck_assert_str_eq(event.uuid, "");
	ck_assert_str_eq(event.gpu, "0000:01:00.0");
	ck_assert(event.instance.known && event.instance.number == 3);
	ck_assert_str_eq(event.instance_name, "train");

	/* What a later driver tells is told, if not understood. */
	ck_assert(ovgpu_event_parse(newer, sizeof(newer), &event));
	ck_assert_int_eq(event.kind, OVGPU_EVENT_OTHER);
	ck_assert_str_eq(event.name, "migrate");
	ck_assert_str_eq(event.gpu, "");
}
END_TEST

START_TEST(test_kinds)
{
	static const struct {
		const char *name;
		enum ovgpu_event_kind kind;
	} kinds[] = {
		{ "create", OVGPU_EVENT_CREATE }, { "remove", OVGPU_EVENT_REMOVE },
		{ "open", OVGPU_EVENT_OPEN }, { "close", OVGPU_EVENT_CLOSE },
		{ "fault", OVGPU_EVENT_FAULT }, { "faulted", OVGPU_EVENT_FAULTED },
		{ "recover", OVGPU_EVENT_RECOVER }, { "request", OVGPU_EVENT_REQUEST },
		{ "instance-create", OVGPU_EVENT_INSTANCE_CREATE },
		{ "instance-remove", OVGPU_EVENT_INSTANCE_REMOVE },
	};
	struct ovgpu_event event;
	char message[512];
	size_t i, n;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		memcpy(message, HEAD, sizeof(HEAD) - 1);
		n = sizeof(HEAD) - 1 +
		    sprintf(message + sizeof(HEAD) - 1, "OPENVGPU_EVENT=%s",
			    kinds[i].name) + 1;
		ck_assert(ovgpu_event_parse(message, n, &event));
		ck_assert_int_eq(event.kind, kinds[i].kind);
	}
}
END_TEST

/* Other devices' events, and what no kernel would send. */
START_TEST(test_no_messages)
{
#define CASE(text)	{ text, sizeof(text) }
	static const struct {
		const char *text;
		size_t size;
	} cases[] = {
		{ "", 0 }, CASE(""), CASE("\0\0\0"), CASE(HEAD), CASE(HEAD WHERE),
		CASE("add@/devices/x\0ACTION=add\0DEVPATH=/devices/x"),
		CASE("OPENVGPU_EVENT=open"), CASE("OPENVGPU_EVENT=open\0DEVPATH="),
		CASE("OPENVGPU_EVENT=open\0DEVPATH=" UUID),
		CASE("OPENVGPU_EVENT=open\0DEVPATH=/x/" UUID "x"),
		CASE(HEAD "OPENVGPU_EVENT="), CASE(HEAD "OPENVGPU_EVENT"),
		CASE(HEAD "XOPENVGPU_EVENT=open"), CASE(HEAD "OPENVGPU_EVENTS=open"),
		CASE(HEAD "OPENVGPU_EVENT=\x1b[2J"), CASE(HEAD "OPENVGPU_EVENT=\xff"),
	};
	struct ovgpu_event event;
	char *copy;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		/* In memory of its size, so that reading past it is seen. */
		copy = malloc(cases[i].size + !cases[i].size);
		memcpy(copy, cases[i].text, cases[i].size);
		ck_assert_msg(!ovgpu_event_parse(copy, cases[i].size, &event),
			      "case %zu was taken for an event", i);
		free(copy);
	}
	/* Without a NUL at its end. */
	copy = malloc(sizeof(HEAD));
	memset(copy, 'x', sizeof(HEAD));
	ck_assert(!ovgpu_event_parse(copy, sizeof(HEAD), &event));
	free(copy);
}
END_TEST

START_TEST(test_bad_values)
{
	static const char bad[] = HEAD
		"OPENVGPU_EVENT=fault\0OPENVGPU_PID=-1\0OPENVGPU_PID=99999999999\0"
		"OPENVGPU_FAULT=x\0OPENVGPU_GPU=../..\0OPENVGPU_TYPE=\x1b[31m\0"
		"OPENVGPU_FAULT_NAME=a\nb\0SEQNUM=-";
	struct ovgpu_event event;
	struct unit_random random = { 5 };
	char message[sizeof(bad)];
	size_t i, n, round;

	ck_assert(ovgpu_event_parse(bad, sizeof(bad), &event));
	ck_assert_int_eq(event.pid, 0);
	ck_assert(!event.fault.known);
	ck_assert_str_eq(event.gpu, "");
	ck_assert_str_eq(event.type, "");
	ck_assert_str_eq(event.fault_name, "");
	/* Damaged ones: whatever is made of them is made of safe characters. */
	for (round = 0; round < 20000; round++) {
		n = unit_random(&random) % sizeof(bad) + 1;
		memcpy(message, bad, n);
		for (i = 0; i < 4; i++)
			message[unit_random(&random) % n] = unit_random(&random);
		message[n - 1] = '\0';
		if (!ovgpu_event_parse(message, n, &event))
			continue;
		for (i = 0; event.name[i]; i++)
			unit_assert(event.name[i] >= ' ' && event.name[i] < 0x7f,
				    "a name has the byte %d", event.name[i]);
	}
}
END_TEST

/* ------------------------------------------------------------------ socket */

static int enter_namespace(void)
{
	return unshare(geteuid() ? CLONE_NEWUSER | CLONE_NEWNET : CLONE_NEWNET);
}

static int sender_open(void)
{
	return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT);
}

/* Hands a message to the kernel, which passes it on. */
static void kernel_sends(int sender, const char *message, size_t size)
{
	struct sockaddr_nl to = { .nl_family = AF_NETLINK };
	struct nlmsghdr header = {
		.nlmsg_len = sizeof(header) + size, .nlmsg_type = NLMSG_MIN_TYPE,
		.nlmsg_flags = NLM_F_REQUEST,
	};
	char packet[1024];

	memcpy(packet, &header, sizeof(header));
	memcpy(packet + sizeof(header), message, size);
	ck_assert_int_eq(sendto(sender, packet, sizeof(header) + size, 0,
				(struct sockaddr *)&to, sizeof(to)),
			 (int)(sizeof(header) + size));
}

static bool readable(struct ovgpu_events *events)
{
	struct pollfd fd = { .fd = ovgpu_events_fd(events), .events = POLLIN };

	return poll(&fd, 1, 5000) == 1;
}

static const char created[] = HEAD WHERE "OPENVGPU_EVENT=create";
static const char removed[] = HEAD WHERE "OPENVGPU_EVENT=remove";
static const char other[] = "add@/devices/x\0ACTION=add\0DEVPATH=/devices/x";

START_TEST(test_socket)
{
	struct ovgpu_event *event, *second;
	struct ovgpu_events *events;
	int sender;

	ck_assert_msg(!enter_namespace(), "no network namespace: %s",
		      strerror(errno));
	ck_assert_int_eq(ovgpu_events_open(&events), 0);
	ck_assert_int_eq(ovgpu_events_next(events, &event), -EAGAIN);
	ck_assert_ptr_null(event);
	sender = sender_open();
	kernel_sends(sender, other, sizeof(other));
	kernel_sends(sender, created, sizeof(created));
	kernel_sends(sender, removed, sizeof(removed));
	ck_assert(readable(events));
	ck_assert_int_eq(ovgpu_events_next(events, &event), 0);
	ck_assert_int_eq(event->kind, OVGPU_EVENT_CREATE);
	ck_assert_str_eq(event->uuid, UUID);
	ck_assert_int_eq(ovgpu_events_next(events, &second), 0);
	ck_assert_int_eq(second->kind, OVGPU_EVENT_REMOVE);
	ck_assert(second->sequence > event->sequence);
	ck_assert(second->received_ns >= event->received_ns);
	ovgpu_free(event);
	ovgpu_free(second);
	ck_assert_int_eq(ovgpu_events_next(events, &event), -EAGAIN);
	close(sender);
	ovgpu_events_close(events);
	ovgpu_events_close(NULL);
}
END_TEST

/* What the kernel sends next still arrives. Closes both. */
static void end_with_removal(struct ovgpu_events *events, int sender)
{
	struct ovgpu_event *event;

	kernel_sends(sender, removed, sizeof(removed));
	ck_assert(readable(events));
	ck_assert_int_eq(ovgpu_events_next(events, &event), 0);
	ck_assert_int_eq(event->kind, OVGPU_EVENT_REMOVE);
	ovgpu_free(event);
	close(sender);
	ovgpu_events_close(events);
}

/* A process that sends to the group itself is not the kernel. */
START_TEST(test_forged)
{
	struct sockaddr_nl group = { .nl_family = AF_NETLINK, .nl_groups = 1 };
	struct ovgpu_events *events;
	struct ovgpu_event *event;
	int sender;

	ck_assert_int_eq(enter_namespace(), 0);
	ck_assert_int_eq(ovgpu_events_open(&events), 0);
	sender = sender_open();
	ck_assert_int_eq(sendto(sender, created, sizeof(created), 0,
				(struct sockaddr *)&group, sizeof(group)),
			 (int)sizeof(created));
	ck_assert_msg(readable(events), "the forged message never came");
	ck_assert_int_eq(ovgpu_events_next(events, &event), -EAGAIN);
	end_with_removal(events, sender);
}
END_TEST

/* Who does not read is told once that something was lost, and goes on. */
START_TEST(test_lost)
{
	struct ovgpu_events *events;
	struct ovgpu_event *event;
	int sender, i, err, lost = 0, taken = 0;

	ck_assert_int_eq(enter_namespace(), 0);
	ck_assert_int_eq(ovgpu_events_open(&events), 0);
	sender = sender_open();
	for (i = 0; i < 20000; i++)
		kernel_sends(sender, created, sizeof(created));
	while ((err = ovgpu_events_next(events, &event)) != -EAGAIN) {
		if (err == -ENOBUFS)
			lost++;
		else
			ck_assert_int_eq(err, 0);
		taken += !err;
		ovgpu_free(event);
	}
	ck_assert_int_eq(lost, 1);
	ck_assert_msg(taken > 0 && taken < 20000, "%d of 20000 were kept", taken);
	end_with_removal(events, sender);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("library_events");
	TCase *tests = tcase_create("library_events");

	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, test_messages);
	tcase_add_test(tests, test_kinds);
	tcase_add_test(tests, test_no_messages);
	tcase_add_test(tests, test_bad_values);
	tcase_add_test(tests, test_socket);
	tcase_add_test(tests, test_forged);
	tcase_add_test(tests, test_lost);
	suite_add_tcase(suite, tests);
	return unit_run(suite, "library_events");
}
