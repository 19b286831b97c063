// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * main.c - openvgpu-entitled: quotas of tenants, across hosts
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "listen.h"
#include "options.h"

static const char usage[] =
	"usage: openvgpu-entitled serve [OPTION]...\n"
	"       openvgpu-entitled token --pool POOL [OPTION]...\n"
	"\n"
	"Keeps quotas of tenants across hosts: a pool says how many vGPUs, how much\n"
	"video memory and how many compute slices a tenant may have open at a time.\n"
	"\n"
	"serve    answers hosts and administrators over HTTP, until SIGTERM\n"
	"  --listen ADDRESS:PORT   default " LISTEN_DEFAULT "; port 0: any that is free\n"
	"  --tls-cert FILE         certificate and chain, PEM\n"
	"  --tls-key FILE          its private key; both are needed but on loopback\n"
	"  --token-key FILE        public key, default /etc/openvgpu/entitled/token.pub\n"
	"  --database FILE         default /var/lib/openvgpu-entitled/leases.db\n"
	"\n"
	"token    prints a token, which its bearer shows to the server\n"
	"  --pool POOL             of a tenant, or '*' for all\n"
	"  --host HOST             the only one whose leases it is for; default: all hosts\n"
	"  --scope SCOPE           host (default): leases; read: usage and metrics; admin\n"
	"  --days DAYS             until it expires, default 365\n"
	"  --url URL               of a server that takes it; may be repeated\n"
	"  --vgpus NUMBER          a quota of that host alone, which then needs no server\n"
	"  --token-key FILE        private key, default /etc/openvgpu/entitled/token.key\n"
	"\n"
	"-h, --help     this text\n"
	"-V, --version  version\n"
	"\n"
	"Exit status: 0 done, 1 failed, 2 wrong usage. See openvgpu-entitled(8).\n";

static enum exit_status run(int argc, char **argv)
{
	struct options options;
	enum exit_status status;
	int i;

	for (i = 1; i < argc; i++)
		if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h")) {
			fputs(usage, stdout);
			return EXIT_OK;
		}
	if (argc == 2 && (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V"))) {
		puts("openvgpu-entitled " OPENVGPU_VERSION);
		return EXIT_OK;
	}
	if (argc > 1 && !strcmp(argv[1], "serve")) {
		status = options_serve(argc - 1, argv + 1, &options);
		return status == EXIT_OK ? command_serve(&options) : status;
	}
	if (argc > 1 && !strcmp(argv[1], "token")) {
		status = options_token(argc - 1, argv + 1, &options);
		return status == EXIT_OK ? command_token(&options) : status;
	}
	if (argc > 1)
		return complain(EXIT_USAGE,
				"'%s' is not serve or token: try 'openvgpu-entitled --help'",
				argv[1]);
	return complain(EXIT_USAGE, "no command given: try 'openvgpu-entitled --help'");
}

int main(int argc, char **argv)
{
	enum exit_status status = run(argc, argv);

	if ((fflush(stdout) || ferror(stdout)) && status == EXIT_OK)
		status = complain(EXIT_FAILED, "cannot write the output: %s", strerror(errno));
	return status;
}
