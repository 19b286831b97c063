// SPDX-License-Identifier: GPL-2.0-only
/*
 * main.c - the reference GPU as a program: makes the device (librefgpu) and hands it
 * to a front end
 */
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "front/front_end.h"
#include "front/unix_socket.h"

static const struct front_end *front_end;

static void on_signal(int number)
{
	(void)number;
	front_end->stop(front_end->context);
}

static struct device *make_device(const struct options *o)
{
	const struct device_config config = {
		.vram_size = o->vram,
		.board = o->board,
		.switch_ns = o->switch_ns,
		.switch_bytes = o->switch_bytes,
		.version = o->version,
		.compute_slices = o->compute_slices,
		.memory_slices = o->memory_slices,
		.mode = o->mode,
		.ops = front_end->device_ops,
		.context = front_end->context,
	};
	struct device *dev = device_create(&config);

	if (!dev)
		fprintf(stderr, "refgpu: cannot make a GPU with %" PRIu64 " MiB: %s\n",
			o->vram >> 20, strerror(errno));
	return dev;
}

/* Serve machines until a signal or an error. Returns 0 or a negative errno. */
static int serve(struct device *dev, const struct options *o)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct control *control = NULL;
	int ret;

	ret = front_end->open(front_end->context, dev, o);
	if (ret)
		return ret;
	if (o->control) {
		control = control_start(o->control, dev, front_end->control_ops,
					front_end->context);
		if (!control) {
			ret = -errno;
			fprintf(stderr, "refgpu: %s: %s\n", o->control, strerror(-ret));
			return ret;
		}
	}
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	printf("ready\n");
	fflush(stdout);
	unix_notify("READY=1");
	ret = front_end->run(front_end->context, o);
	control_stop(control);
	return ret;
}

int main(int argc, char **argv)
{
	struct device *dev;
	struct options o;
	int ret;

	ret = options_parse(&o, argc, argv);
	if (ret)
		return ret - 1;
	if (o.quiet)
		log_quiet();
	/* Whoever reaches a socket owns the GPU, and the machine's memory through it. */
	umask(S_IRWXG | S_IRWXO);
	signal(SIGPIPE, SIG_IGN);
	front_end = o.soft ? &soft_front_end : &vfio_user_front_end;
	dev = make_device(&o);
	if (!dev)
		return EXIT_FAILURE;
	ret = serve(dev, &o);
	/* The engines use the front end until the device is gone. */
	device_destroy(dev);
	front_end->close(front_end->context);
	return ret ? EXIT_FAILURE : EXIT_SUCCESS;
}
