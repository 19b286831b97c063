// SPDX-License-Identifier: GPL-2.0-only
/*
 * tenant.c - whose a vGPU is, the notice of its ceilings, and its admission: what may be
 * written, what keeps it, and who is told
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "admin.h"
#include "watch.h"

static const char *file(const struct vgpu *vgpu, const char *name)
{
	static char path[2][PATH_SIZE];
	static unsigned int i;

	i ^= 1;
	snprintf(path[i], PATH_SIZE, "%s/%s", admin_vgpu_path(vgpu->uuid, "openvgpu"), name);
	return path[i];
}

TEST(values, ONCE)
{
	static const char *const bad[] = {
		"\n", " ", "a b", "a/b", "a\n\n", "a\x01", "\xc3\xa4", "a\tb",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	};
	static const char longest[] =
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
	const char *const words[] = { "tenant", "letters, digits" };
	const char *const notices[] = { "notice", "none, grace and limited" };
	struct vgpu vgpu;
	unsigned int i;

	OK(host_create_any("64mq", vgpu.uuid));
	admin_expect(file(&vgpu, "tenant"), "none");
	admin_expect(file(&vgpu, "notice"), "[none] grace limited");
	admin_set(file(&vgpu, "tenant"), "Blue.team-7_x\n");
	admin_expect(file(&vgpu, "tenant"), "Blue.team-7_x");
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		admin_refused(file(&vgpu, "tenant"), bad[i], EINVAL, words, 2);
	admin_set(file(&vgpu, "tenant"), longest);
	admin_expect(file(&vgpu, "tenant"), longest);
	admin_set(file(&vgpu, "tenant"), "a");
	admin_expect(file(&vgpu, "tenant"), "a");
	admin_refused(file(&vgpu, "notice"), "soon", EINVAL, notices, 2);
	admin_refused(file(&vgpu, "notice"), "[none]", EINVAL, notices, 2);
	admin_set(file(&vgpu, "notice"), "limited\n");
	admin_expect(file(&vgpu, "notice"), "none grace [limited]");
	admin_set(file(&vgpu, "tenant"), "none\n");
	admin_expect(file(&vgpu, "tenant"), "none");
}

/* They are the host's: neither VMM nor guest changes them, and another vGPU has its own. */
TEST(kept, 0)
{
	struct vgpu vgpu, other;

	vgpu_make(&vgpu, "64mq");
	admin_set(file(&vgpu, "tenant"), "blue");
	admin_set(file(&vgpu, "notice"), "grace");
	OK(host_create_any("64mc", other.uuid));
	admin_expect(file(&other, "tenant"), "none");
	admin_expect(file(&other, "notice"), "[none] grace limited");
	vgpu_works(&vgpu, 1);
	vgpu_reset(&vgpu, BY_VMM);
	vgpu_reset(&vgpu, BY_FUNCTION);
	vgpu_close(&vgpu);
	vgpu_open(&vgpu);
	vgpu_works(&vgpu, 2);
	admin_expect(file(&vgpu, "tenant"), "blue");
	admin_expect(file(&vgpu, "notice"), "none [grace] limited");
	vgpu_remove(&vgpu);
	OK(host_create("64mq", vgpu.uuid));
	admin_expect(file(&vgpu, "tenant"), "none");
}

static void expect_event(int events, const struct vgpu *vgpu, const char *event,
			 const char *word)
{
	char text[TEXT_SIZE];

	CHECK(uevents_next(events, vgpu->uuid, text), "no uevent '%s'", event);
	CHECK(strstr(text, event) && strstr(text, word), "not '%s' with '%s': %s", event, word,
	      text);
}

/* A change is told, and every event of the vGPU says whose it is. */
TEST(told, ONCE)
{
	int events = uevents_listen(), log = log_begin();
	struct vgpu vgpu;
	char line[96];

	OK(host_create_any("64mq", vgpu.uuid));
	expect_event(events, &vgpu, "OPENVGPU_EVENT=create ", "OPENVGPU_TENANT=none ");
	admin_set(file(&vgpu, "tenant"), "blue");
	expect_event(events, &vgpu, "OPENVGPU_EVENT=tenant ", "OPENVGPU_TENANT=blue ");
	admin_set(file(&vgpu, "notice"), "grace");
	expect_event(events, &vgpu, "OPENVGPU_EVENT=notice ", "OPENVGPU_NOTICE=grace ");
	/* No change, no event. */
	admin_set(file(&vgpu, "notice"), "grace");
	admin_set(file(&vgpu, "notice"), "limited");
	expect_event(events, &vgpu, "OPENVGPU_EVENT=notice ", "OPENVGPU_NOTICE=limited ");
	vgpu_open(&vgpu);
	expect_event(events, &vgpu, "OPENVGPU_EVENT=open ", "OPENVGPU_TENANT=blue ");
	vgpu_close(&vgpu);
	expect_event(events, &vgpu, "OPENVGPU_EVENT=close ", "OPENVGPU_TENANT=blue ");
	OK(host_remove(vgpu.uuid));
	expect_event(events, &vgpu, "OPENVGPU_EVENT=remove ", "OPENVGPU_TENANT=blue ");
	snprintf(line, sizeof(line), "vGPU %s: notice: ", vgpu.uuid);
	CHECK(log_count(log, line, NULL) == 2, "the log does not say '%s' twice", line);
}

static void open_refused(const struct vgpu *vgpu)
{
	char text[256];

	CHECK(!rt_open_vfio(vgpu->uuid, transport, NULL), "it was opened although admission is refuse");
	CHECK(errno == EPERM, "the open failed with %s, not EPERM", strerror(errno));
	OK(host_last_error(text, sizeof(text)));
	CHECK(strstr(text, vgpu->uuid) && strstr(text, "admission is refuse"), "last_error: '%s'",
	      text);
}

/* Nobody opens it; who has it open keeps it, and a removal is as ever. */
TEST(admission, 0)
{
	const char *const words[] = { "admission", "allow and refuse" };
	int log = log_begin();
	struct vgpu vgpu, other;
	char line[96];

	vgpu_make(&vgpu, "64mq");
	admin_expect(file(&vgpu, "admission"), "[allow] refuse");
	admin_refused(file(&vgpu, "admission"), "ask", EINVAL, words, 2);
	admin_set(file(&vgpu, "admission"), "refuse\n");
	/* No change, nothing in the log. */
	admin_set(file(&vgpu, "admission"), "refuse");
	admin_expect(file(&vgpu, "admission"), "allow [refuse]");
	vgpu_works(&vgpu, 1);
	vgpu_reset(&vgpu, BY_VMM);
	vgpu_reset(&vgpu, BY_FUNCTION);
	vgpu_works(&vgpu, 2);
	vgpu_close(&vgpu);
	open_refused(&vgpu);
	/* Whoever gives up a removal lets nobody in. */
	admin_set(admin_vgpu_path(vgpu.uuid, "openvgpu/refuse_opens"), "1");
	admin_set(admin_vgpu_path(vgpu.uuid, "openvgpu/refuse_opens"), "0");
	open_refused(&vgpu);
	OK(host_create_any("64mc", other.uuid));
	admin_expect(file(&other, "admission"), "[allow] refuse");
	vgpu_open(&other);
	vgpu_close(&other);
	admin_set(file(&vgpu, "admission"), "allow");
	vgpu_open(&vgpu);
	vgpu_works(&vgpu, 3);
	vgpu_close(&vgpu);
	admin_set(file(&vgpu, "admission"), "refuse");
	OK(host_remove(vgpu.uuid));
	OK(host_create("64mq", vgpu.uuid));
	admin_expect(file(&vgpu, "admission"), "[allow] refuse");
	snprintf(line, sizeof(line), "vGPU %s: admission: ", vgpu.uuid);
	CHECK(log_count(log, line, NULL) == 3, "the log does not say '%s' three times", line);
}
