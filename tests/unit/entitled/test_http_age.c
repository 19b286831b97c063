// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_http_age.c - a connection that is too old ends, however busy it is
 */
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http.h"
#include "unit.h"

static struct service service;
static struct clock clock_of_test;
static struct http http = { .service = &service, .clock = &clock_of_test,
			    .uptime = &clock_of_test };

static int connected(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	address.sin_port = htons(http_port(&http));
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

/* Until the server has that many connections. */
static void run_until(unsigned int count)
{
	const union MHD_DaemonInfo *info;

	do {
		http_run(&http);
		info = MHD_get_daemon_info(http.daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);
	} while (info->num_connections != count);
}

static bool is_open(int fd)
{
	char byte;

	return recv(fd, &byte, 1, MSG_DONTWAIT) < 0;
}

START_TEST(test_age)
{
	struct listen_address listen;
	int64_t now = 1000;
	int first, second;

	clock_start(&clock_of_test, now);
	ck_assert(listen_parse("127.0.0.1:0", &listen));
	ck_assert_msg(http_start(&http, &listen, NULL, NULL), "%s", http.wrong);
	first = connected();
	run_until(1);
	/* It goes on without an end, a byte at a time. */
	ck_assert_int_eq(send(first, "GET /", 5, 0), 5);
	clock_start(&clock_of_test, now + HTTP_AGE / 2);
	second = connected();
	run_until(2);
	ck_assert(is_open(first));
	clock_start(&clock_of_test, now + HTTP_AGE + 1);
	ck_assert_int_eq(send(first, "v", 1, 0), 1);
	run_until(1);
	ck_assert(!is_open(first));
	ck_assert(is_open(second));
	/* One that its client ended is forgotten. */
	close(second);
	run_until(0);
	ck_assert_ptr_null(http.ages);
	close(first);
	http_stop(&http);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("http_age");
	TCase *tests = tcase_create("http_age");

	tcase_set_timeout(tests, 0);
	tcase_add_test(tests, test_age);
	suite_add_tcase(suite, tests);
	return unit_run(suite, "http_age");
}
