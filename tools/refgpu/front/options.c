// SPDX-License-Identifier: GPL-2.0-only
/*
 * options.c - the command line of the program
 */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "front/control.h"
#include "front/options.h"
#include "refgpu_hw.h"

#define EXIT_USAGE	2
#define SOFT_DEVICE	"/dev/openvgpu-soft"

/* struct switch_cost - a named cost of a context switch */
struct switch_cost {
	const char *name;
	u64 ns;
	u64 bytes;	/* a microsecond */
};

/* Bandwidth is scaled to contexts of 100 KiB. */
static const struct switch_cost switch_costs[] = {
	{ "fast", 50000, 20000 },
	{ "amd-like", 200000, 10000 },
	{ "gvt-like", 700000, 5000 },
};

/* By enum refgpu_mode. */
static const char *const modes[] = {
	[REFGPU_MODE_MIXED] = "mixed",
	[REFGPU_MODE_GRAPHICS] = "graphics",
	[REFGPU_MODE_COMPUTE] = "compute",
};

static void usage(FILE *to)
{
	fprintf(to,
		"Usage: refgpu --socket PATH [OPTION]...\n"
		"       refgpu --soft[=DEVICE] [OPTION]...\n"
		"The reference GPU: a PCI Express GPU that QEMU (10.1 and later) plugs in with\n"
		"  -device '{\"driver\":\"vfio-user-pci\",\"socket\":{\"type\":\"unix\",\"path\":\"PATH\"}}'\n"
		"The machine's memory must be shared (memory-backend-memfd,share=on).\n"
		"Prints 'ready' when it listens and serves one machine after another.\n"
		"With --soft it is a GPU of this machine, by the module openvgpu.\n"
		"\n"
		"  --socket PATH          the vfio-user socket\n"
		"  --soft[=DEVICE]        the module's device (default /dev/openvgpu-soft), or - if\n"
		"                         standard input is it, opened for reading and writing\n"
		"  --control PATH         a socket for commands, below\n"
		"  --vram SIZE            video memory, 64M to 64G (default 1G)\n"
		"  --board NAME           board code, at most 8 characters\n"
		"  --serial DIGITS        serial number, 1 to 16 hexadecimal digits (default: none);\n"
		"                         with --socket only\n"
		"  --switch-cost PROFILE  cost of a context switch: fast (50 us, the default),\n"
		"                         amd-like (200 us) or gvt-like (700 us), plus the live\n"
		"                         state over 20, 10 or 5 GB/s\n"
		"  --hw VERSION           hardware interface: 1.1 (the default) or 1.0\n"
		"  --slices COMPUTE/MEMORY  slices to divide it by, 1 to 8 of each (default 8/8;\n"
		"                         7/8 is as an A100); with --hw 1.0 it has 8/8\n"
		"  --mode MODE            what it is for at first: mixed (the default), graphics or\n"
		"                         compute (no heads); a driver can change it\n"
		"  --socket-timeout S     end when no machine connects for S seconds (default: never);\n"
		"                         with --socket only\n"
		"  --once                 end when the first machine disconnects; with --socket only\n"
		"  --quiet                no messages on standard error\n"
		"  --help                 this text\n"
		"\n"
		"Commands, one a line; each is answered by a line of JSON:\n%s", control_help);
}

static bool parse_size(const char *text, u64 *size)
{
	unsigned int shift = 0;
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*size = strtoull(text, &end, 10);
	if (errno)
		return false;
	switch (*end) {
	case 'G': case 'g':
		shift += 10;
		/* fall through */
	case 'M': case 'm':
		shift += 10;
		/* fall through */
	case 'K': case 'k':
		shift += 10;
		end++;
		break;
	default:
		break;
	}
	if (*end || *size > UINT64_MAX >> shift)
		return false;
	*size <<= shift;
	return *size >= REFGPU_VRAM_MIN && *size <= REFGPU_VRAM_MAX &&
		!(*size % REFGPU_VRAM_ALIGN);
}

/* COMPUTE/MEMORY, a digit each */
static bool parse_slices(const char *text, struct options *o)
{
	if (strlen(text) != 3 || text[1] != '/')
		return false;
	o->compute_slices = (u32)(text[0] - '0');
	o->memory_slices = (u32)(text[2] - '0');
	return o->compute_slices - 1 < REFGPU_SLICES && o->memory_slices - 1 < REFGPU_SLICES;
}

/* All ones is what a device that does not answer reads. */
static bool parse_serial(const char *text, u64 *serial)
{
	size_t digits = strspn(text, "0123456789abcdefABCDEF");

	if (!digits || digits > 16 || text[digits])
		return false;
	*serial = strtoull(text, NULL, 16);
	return *serial && *serial != UINT64_MAX;
}

static int bad_value(const char *option, const char *value, const char *wanted)
{
	fprintf(stderr, "refgpu: --%s %s: %s; try --help\n", option, value, wanted);
	return EXIT_USAGE;
}

int options_parse(struct options *o, int argc, char **argv)
{
	static const struct option list[] = {
		{ "socket", required_argument, NULL, 's' },
		{ "soft", optional_argument, NULL, 'o' },
		{ "control", required_argument, NULL, 'c' },
		{ "vram", required_argument, NULL, 'v' },
		{ "board", required_argument, NULL, 'b' },
		{ "serial", required_argument, NULL, 'n' },
		{ "switch-cost", required_argument, NULL, 'w' },
		{ "hw", required_argument, NULL, 'i' },
		{ "slices", required_argument, NULL, 'l' },
		{ "mode", required_argument, NULL, 'm' },
		{ "socket-timeout", required_argument, NULL, 't' },
		{ "once", no_argument, NULL, '1' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
	unsigned int i;
	char *end;
	long seconds;
	int c;

	*o = (struct options){
		.vram = 1ull << 30,
		.switch_ns = switch_costs[0].ns,
		.switch_bytes = switch_costs[0].bytes,
		.version = REFGPU_VERSION,
		.compute_slices = REFGPU_SLICES,
		.memory_slices = REFGPU_SLICES,
		.timeout_ms = -1,
	};
	while ((c = getopt_long(argc, argv, "h", list, NULL)) != -1) {
		switch (c) {
		case 's':
			o->socket = optarg;
			break;
		case 'o':
			o->soft = optarg ? optarg : SOFT_DEVICE;
			break;
		case 'c':
			o->control = optarg;
			break;
		case 'v':
			if (!parse_size(optarg, &o->vram))
				return bad_value("vram", optarg,
						 "want 64M to 64G, a multiple of 64K") + 1;
			break;
		case 'b':
			if (!*optarg || strlen(optarg) > 8)
				return bad_value("board", optarg, "want 1 to 8 characters") + 1;
			o->board = optarg;
			break;
		case 'w':
			for (i = 0; i < ARRAY_SIZE(switch_costs); i++)
				if (!strcmp(optarg, switch_costs[i].name))
					break;
			if (i == ARRAY_SIZE(switch_costs))
				return bad_value("switch-cost", optarg,
						 "want fast, amd-like or gvt-like") + 1;
			o->switch_ns = switch_costs[i].ns;
			o->switch_bytes = switch_costs[i].bytes;
			break;
		case 'i':
			if (strcmp(optarg, "1.0") && strcmp(optarg, "1.1"))
				return bad_value("hw", optarg, "want 1.0 or 1.1") + 1;
			o->version = strcmp(optarg, "1.0") ? REFGPU_VERSION : REFGPU_VERSION_1_0;
			break;
		case 'n':
			if (!parse_serial(optarg, &o->serial))
				return bad_value("serial", optarg,
						 "want 1 to 16 hexadecimal digits") + 1;
			break;
		case 'l':
			if (!parse_slices(optarg, o))
				return bad_value("slices", optarg,
						 "want COMPUTE/MEMORY, 1 to 8 of each") + 1;
			break;
		case 'm':
			for (i = 0; i < ARRAY_SIZE(modes); i++)
				if (!strcmp(optarg, modes[i]))
					break;
			if (i == ARRAY_SIZE(modes))
				return bad_value("mode", optarg,
						 "want mixed, graphics or compute") + 1;
			o->mode = i;
			break;
		case 't':
			errno = 0;
			seconds = strtol(optarg, &end, 10);
			if (errno || *end || end == optarg || seconds < 1 || seconds > 1000000)
				return bad_value("socket-timeout", optarg,
						 "want seconds, 1 to 1000000") + 1;
			o->timeout_ms = (int)seconds * 1000;
			break;
		case '1':
			o->once = true;
			break;
		case 'q':
			o->quiet = true;
			break;
		case 'h':
			usage(stdout);
			return EXIT_SUCCESS + 1;
		default:
			fprintf(stderr, "Try 'refgpu --help'.\n");
			return EXIT_USAGE + 1;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "refgpu: unexpected argument '%s'; try --help\n", argv[optind]);
		return EXIT_USAGE + 1;
	}
	if (o->version == REFGPU_VERSION_1_0 &&
	    (o->compute_slices != REFGPU_SLICES || o->memory_slices != REFGPU_SLICES)) {
		fprintf(stderr, "refgpu: --hw 1.0 has 8/8 slices and no others; try --help\n");
		return EXIT_USAGE + 1;
	}
	if (o->version == REFGPU_VERSION_1_0 && o->mode) {
		fprintf(stderr, "refgpu: --hw 1.0 has mode mixed and no other; try --help\n");
		return EXIT_USAGE + 1;
	}
	if (!o->socket == !o->soft) {
		fprintf(stderr, "refgpu: want either --socket or --soft; try --help\n");
		return EXIT_USAGE + 1;
	}
	if (o->soft && (o->once || o->serial || o->timeout_ms >= 0)) {
		fprintf(stderr,
			"refgpu: --serial, --once and --socket-timeout go with --socket; try --help\n");
		return EXIT_USAGE + 1;
	}
	return 0;
}
