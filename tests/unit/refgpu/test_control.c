// SPDX-License-Identifier: GPL-2.0-only
/* The control socket of the reference GPU: its language, and its clients. */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <json-c/json.h>

#include "front/control.h"
#include "refgpu_hw.h"
#include "unit.h"

static struct device *dev;
static int removes, inserts, insert_error;

static void on_remove(void *opaque)
{
	ck_assert_ptr_eq(opaque, &removes);
	removes++;
}

static int on_insert(void *opaque)
{
	ck_assert_ptr_eq(opaque, &removes);
	inserts++;
	return insert_error;
}

static char *on_stats(void *opaque)
{
	(void)opaque;
	return strdup("{\"messages\":42}");
}

static const struct control_ops ops = {
	.remove = on_remove,
	.insert = on_insert,
	.front_end_stats = on_stats,
};

static void setup(void)
{
	const struct device_config config = { .vram_size = REFGPU_VRAM_MIN, .virtual_clock = true };

	removes = 0;
	inserts = 0;
	insert_error = 0;
	dev = device_create(&config);
	ck_assert_ptr_nonnull(dev);
}

static void teardown(void)
{
	device_destroy(dev);
}

static struct json_object *ask(const char *request)
{
	char *line = strdup(request), *text;
	struct json_object *answer;

	text = control_execute(dev, &ops, &removes, line);
	ck_assert_ptr_nonnull(text);
	ck_assert_msg(!strchr(text, '\n'), "an answer of more than one line: %s", text);
	answer = json_tokener_parse(text);
	ck_assert_msg(answer, "not JSON: %s", text);
	free(text);
	free(line);
	return answer;
}

static bool accepted(const char *request)
{
	struct json_object *answer = ask(request), *ok, *error;
	bool result;

	ck_assert(json_object_object_get_ex(answer, "ok", &ok));
	result = json_object_get_boolean(ok);
	if (!result) {
		ck_assert(json_object_object_get_ex(answer, "error", &error));
		ck_assert_uint_gt(strlen(json_object_get_string(error)), 0);
	}
	json_object_put(answer);
	return result;
}

START_TEST(good_requests)
{
	static const char *const good[] = {
		"hang", "hang partition=0", "hang partition=63", "hang partition=any",
		"slow-preempt ns=1000000", "slow-preempt ns=0", "lost-preempt",
		"lost-preempt count=3", "lost-interrupt", "lost-interrupt count=2 vector=65",
		"lost-interrupt vector=0x40", "  extra-interrupt\tcount=1  ",
		"late-interrupt ns=5000", "late-interrupt count=1 ns=5000 vector=any",
		"lost-event count=0", "memory-error address=0x1000", "dma-fault count=7",
		"stale", "stale partition=5", "stale partition=any count=0", "mute", "mute count=0",
		"remove", "insert", "stats",
	};
	unsigned int i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		ck_assert_msg(accepted(good[i]), "'%s' was refused", good[i]);
	ck_assert_int_eq(removes, 1);
	ck_assert_int_eq(inserts, 1);
	insert_error = -EACCES;
	ck_assert(!accepted("insert"));
}
END_TEST

START_TEST(bad_requests)
{
	static const char *const bad[] = {
		"", "   ", "nonsense", "Hang", "hang 3", "hang partition", "hang partition=",
		"hang partition=64", "hang partition=-1", "hang partition=3x",
		"hang partition=4294967296", "hang partition=1 partition=2", "hang count=1",
		"hang ns=any", "slow-preempt", "slow-preempt ns=99999999999999999999999",
		"slow-preempt ns=+5", "late-interrupt", "late-interrupt count=1",
		"lost-interrupt vector=66", "lost-interrupt count=any", "memory-error",
		"memory-error address=0x4000000", "memory-error address=any", "remove now",
		"insert count=1", "stale partition=64", "stale ns=1", "mute partition=1",
		"stats partition=1", "hang=1", "=",
		"nonsense-of-a-length-that-does-not-fit-into-any-buffer-one-might-have-made-for-it-"
		"nonsense-of-a-length-that-does-not-fit-into-any-buffer-one-might-have-made-for-it",
	};
	unsigned int i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(!accepted(bad[i]), "'%s' was taken", bad[i]);
	ck_assert_int_eq(removes + inserts, 0);
}
END_TEST

START_TEST(stats_has_both_sides)
{
	struct json_object *answer = ask("stats"), *stats, *side, *value;

	ck_assert(json_object_object_get_ex(answer, "stats", &stats));
	ck_assert(json_object_object_get_ex(stats, "device", &side));
	ck_assert(json_object_is_type(side, json_type_object));
	ck_assert(json_object_object_get_ex(stats, "front_end", &side));
	ck_assert(json_object_object_get_ex(side, "messages", &value));
	ck_assert_int_eq(json_object_get_int(value), 42);
	json_object_put(answer);
}
END_TEST

/* ---- over the socket ---- */

static char path[64], dir[] = "/tmp/control-XXXXXX";
static struct control *control;

static void socket_setup(void)
{
	setup();
	strcpy(dir, "/tmp/control-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/control", dir);
	control = control_start(path, dev, &ops, &removes);
	ck_assert_ptr_nonnull(control);
}

static void socket_teardown(void)
{
	control_stop(control);
	ck_assert_int_ne(access(path, F_OK), 0);
	rmdir(dir);
	teardown();
}

static int dial(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strcpy(addr.sun_path, path);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	return fd;
}

static void say(int fd, const char *text)
{
	ck_assert_int_eq(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

/* One line of answer, or NULL if the connection ended. */
static char *hear(int fd)
{
	static char line[65536];
	size_t len = 0;

	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };

		ck_assert_msg(poll(&p, 1, 5000) == 1, "no answer within 5 s");
		if (recv(fd, line + len, 1, 0) != 1)
			return NULL;
		if (line[len] == '\n')
			break;
		ck_assert_uint_lt(++len, sizeof(line));
	}
	line[len] = '\0';
	return line;
}

START_TEST(lines_in_pieces)
{
	int fd = dial();

	say(fd, "han");
	usleep(20000);
	say(fd, "g\nlost-event count=1\r\nbogus\n");
	ck_assert_str_eq(hear(fd), "{\"ok\":true}");
	ck_assert_str_eq(hear(fd), "{\"ok\":true}");
	ck_assert_ptr_nonnull(strstr(hear(fd), "\"ok\":false"));
	close(fd);
}
END_TEST

START_TEST(too_long_a_line)
{
	char text[3000];
	int fd = dial();

	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	say(fd, text);
	say(fd, "\nhang\n");
	ck_assert_ptr_nonnull(strstr(hear(fd), "longer than"));
	ck_assert_str_eq(hear(fd), "{\"ok\":true}");
	close(fd);
}
END_TEST

START_TEST(many_clients)
{
	int fds[12], i, served = 0;

	for (i = 0; i < 12; i++) {
		fds[i] = dial();
		/* One beyond the limit is hung up on, perhaps before it could speak. */
		if (send(fds[i], "lost-event\n", 11, MSG_NOSIGNAL) == 11 && hear(fds[i]))
			served++;
	}
	ck_assert_int_eq(served, 8);
	for (i = 0; i < 12; i++)
		close(fds[i]);
	/* Their places are free again. */
	usleep(50000);
	i = dial();
	say(i, "hang\n");
	ck_assert_str_eq(hear(i), "{\"ok\":true}");
	close(i);
}
END_TEST

START_TEST(client_that_never_reads)
{
	int deaf = dial(), fd, i;

	/* Its answers fill its socket; it is dropped, and nobody else waits for it. */
	for (i = 0; i < 20000; i++)
		if (send(deaf, "stats\n", 6, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 && errno == EPIPE)
			break;
	fd = dial();
	say(fd, "hang\n");
	ck_assert_str_eq(hear(fd), "{\"ok\":true}");
	close(fd);
	close(deaf);
}
END_TEST

START_TEST(one_server_a_path)
{
	ck_assert_ptr_null(control_start(path, dev, &ops, &removes));
	ck_assert_int_eq(errno, EADDRINUSE);
	ck_assert_ptr_null(control_start("/nonexistent/control", dev, &ops, &removes));
	ck_assert_int_eq(errno, ENOENT);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("control");
	TCase *lines = tcase_create("lines"), *sockets = tcase_create("socket");

	tcase_add_checked_fixture(lines, setup, teardown);
	tcase_add_test(lines, good_requests);
	tcase_add_test(lines, bad_requests);
	tcase_add_test(lines, stats_has_both_sides);
	suite_add_tcase(s, lines);
	tcase_add_checked_fixture(sockets, socket_setup, socket_teardown);
	tcase_set_timeout(sockets, 60);
	tcase_add_test(sockets, lines_in_pieces);
	tcase_add_test(sockets, too_long_a_line);
	tcase_add_test(sockets, many_clients);
	tcase_add_test(sockets, client_that_never_reads);
	tcase_add_test(sockets, one_server_a_path);
	suite_add_tcase(s, sockets);
	return unit_run(s, "test_control");
}
