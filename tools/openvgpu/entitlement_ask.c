// SPDX-License-Identifier: GPL-2.0-only
/*
 * entitlement_ask.c - ask a server, by curl
 *
 * One run of curl for all requests to a server, over one connection. The token is in
 * a file that only root reads: the list of processes shows arguments to everybody.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "entitlement.h"
#include "program.h"

#define NOBODY		ENT_STATE_FOLDER "/entitlement.nobody"	/* an empty folder */
#define ANSWER_MAX	4096		/* bytes of one, a server's has 500 */
#define MARK		"\n@@ "		/* behind each; JSON in a line has no newline */

/* Between double quotes of a file of curl. */
static void put_quoted(FILE *file, const char *name, const char *text)
{
	fprintf(file, "%s = \"", name);
	for (; *text; text++)
		fprintf(file, *text == '"' || *text == '\\' ? "\\%c" : "%c", *text);
	fputs("\"\n", file);
}

/**
 * ent_ttl - for how long a seat is asked for
 * @round: round
 * @seat: seat
 *
 * Return: s.
 */
int64_t ent_ttl(const struct ent_round *round, const struct ent_seat *seat)
{
	return seat->borrowed ? seat->borrowed * (int64_t)ENT_DAY :
	       60 * (int64_t)round->settings.lease_minutes;
}

static void put_body(FILE *file, const struct ent_round *round, const struct ent_request *request)
{
	const struct ent_seat *seat = request->seat;
	struct json_object *body = json_object_new_object();

	if (request->call == ENT_TRY)
		json_set(body, "dry_run", json_object_new_boolean(true));
	if (request->call != ENT_RENEW) {
		json_set_text(body, "pool", seat->pool);
		json_set_text(body, "host", round->host);
		json_set_text(body, "vgpu", seat->uuid);
		json_set_text(body, "series", seat->series);
		json_set_number(body, "framebuffer_mib", seat->framebuffer_mib);
		json_set_number(body, "compute_slices", seat->compute_slices);
	}
	json_set_number(body, "ttl", ent_ttl(round, seat));
	put_quoted(file, "data", json_object_to_json_string_ext(body, JSON_C_TO_STRING_PLAIN));
	json_object_put(body);
}

static void put_request(FILE *file, const struct ent_round *round, const char *url,
			const struct ent_token *token, const struct ent_request *request)
{
	static const char *const forms[] = {
		[ENT_ASK] = "%.*s/v1/leases%s%s", [ENT_TRY] = "%.*s/v1/leases%s%s",
		[ENT_RENEW] = "%.*s/v1/leases/%s%s",
		[ENT_RETURN] = "%.*s/v1/leases/%s%s",
	};
	char text[ENT_URL_SIZE + ENT_TOKEN_MAX + 64], path[PATH_MAX];
	int length = (int)strlen(url);

	while (length && url[length - 1] == '/')
		length--;
	snprintf(text, sizeof(text), forms[request->call], length, url,
		 request->call == ENT_ASK || request->call == ENT_TRY ? "" : request->seat->id,
		 request->call == ENT_RENEW ? "/renew" : "");
	put_quoted(file, "url", text);
	/* Whoever runs a proxy would see the token. */
	if (!strncmp(url, "http:", 5))
		put_quoted(file, "noproxy", "*");
	put_quoted(file, "request", request->call == ENT_RETURN ? "DELETE" : "POST");
	snprintf(text, sizeof(text), "Authorization: Bearer %s", token->text);
	put_quoted(file, "header", text);
	if (request->call != ENT_RETURN) {
		put_quoted(file, "header", "Content-Type: application/json");
		put_body(file, round, request);
	}
	/* As POOL.crt beside POOL.tok: who the server has to be. */
	snprintf(path, sizeof(path), "%s/" ENT_FOLDER "/%.*s.crt", round->cli->root,
		 (int)strlen(token->file) - 4, token->file);
	if (!access(path, F_OK)) {
		put_quoted(file, "cacert", path);
		/* Without this everybody in the system's folder is good, too. */
		snprintf(path, sizeof(path), "%s/" NOBODY, round->cli->root);
		put_quoted(file, "capath", path);
	}
	fputs("connect-timeout = 5\nmax-time = 20\nmax-filesize = 65536\n"
	      "globoff\nproto = \"=http,https\"\n"
	      "write-out = \"\\n@@ %{http_code} %{errormsg}\\n\"\n", file);
}

static int write_requests(const struct ent_round *round, const char *url,
			  const struct ent_token *token, const struct ent_request *requests,
			  size_t count)
{
	int root = ovgpu_dirfd(round->cli->ovgpu, OVGPU_ROOT), fd, err;
	FILE *file;
	size_t i;

	if (mkdirat(root, NOBODY, 0700) && errno != EEXIST)
		return -errno;
	unlinkat(root, ENT_CURL, 0);
	fd = openat(root, ENT_CURL, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	file = fdopen(fd, "w");
	if (!file) {
		close(fd);
		return -ENOMEM;
	}
	fputs("silent\nfail-early\n", file);
	for (i = 0; i < count; i++) {
		if (i)
			fputs("next\n", file);
		put_request(file, round, url, token, &requests[i]);
	}
	/* A token that is cut off must go nowhere. */
	err = ferror(file) ? -EIO : 0;
	return fclose(file) ? -EIO : err;
}

/* How many of them have an answer. Of the first without one, why. */
static size_t take_answers(char *text, struct ent_request *requests, size_t count)
{
	char *mark, *end;
	size_t i;

	for (i = 0; i < count; i++, text = end) {
		mark = strstr(text, MARK);
		end = mark ? strchr(mark + strlen(MARK), '\n') : NULL;
		if (!end)
			return i;
		*mark = '\0';
		*end++ = '\0';
		requests[i].status = (unsigned int)strtoul(mark + strlen(MARK), &mark, 10);
		if (!requests[i].status) {
			snprintf(requests[i].message, sizeof(requests[i].message), "%.127s",
				 shown(*mark ? mark + 1 : "").text);
			return i;
		}
		requests[i].answer = json_tokener_parse(text);
		if (!json_object_is_type(requests[i].answer, json_type_object)) {
			json_object_put(requests[i].answer);
			requests[i].answer = NULL;
		}
	}
	return count;
}

static size_t ask_server(const struct ent_round *round, const char *curl, const char *url,
			 const struct ent_token *token, struct ent_request *requests,
			 size_t count, int64_t seconds)
{
	int root = ovgpu_dirfd(round->cli->ovgpu, OVGPU_ROOT), err;
	size_t size = count * ANSWER_MAX + 65536, answered = 0;
	char path[PATH_MAX], *text = malloc(size);
	char *argv[5] = {
		(char *)"curl", (char *)"-q", (char *)"--config", path, NULL
	};

	snprintf(path, sizeof(path), "%s/" ENT_CURL, round->cli->root);
	err = text ? write_requests(round, url, token, requests, count) : -ENOMEM;
	if (!err) {
		text[0] = '\0';
		err = program_run(curl, argv, text, size, (int)(seconds * 1000));
		answered = take_answers(text, requests, count);
	}
	unlinkat(root, ENT_CURL, 0);
	if (err < 0 && answered < count && !requests[answered].message[0])
		snprintf(requests[answered].message, sizeof(requests[answered].message),
			 "curl: %s", ovgpu_strerror(err));
	free(text);
	return answered;
}

/**
 * ent_ask - ask the servers of a token, one after another until one answers
 * @round: with the host's name
 * @token: shown to them
 * @requests: receive the answers; those of which none has one know why
 * @count: of these
 * @until: no longer than that, s of CLOCK_BOOTTIME
 */
void ent_ask(const struct ent_round *round, const struct ent_token *token,
	     struct ent_request *requests, size_t count, int64_t until)
{
	const char *message = "curl is not installed";
	char curl[PATH_MAX];
	size_t done = 0, i;
	unsigned int url;
	int64_t left;

	if (program_find(round->cli->root, "curl", curl, sizeof(curl)))
		for (url = 0; url < token->url_count && done < count; url++) {
			left = until - ent_uptime();
			if (left <= 0)
				break;
			done += ask_server(round, curl, token->urls[url], token, requests + done,
					   count - done, left);
			message = done < count && requests[done].message[0] ?
				  requests[done].message : "there is no answer";
		}
	for (i = done; i < count; i++)
		if (&requests[i].message[0] != message)
			snprintf(requests[i].message, sizeof(requests[i].message), "%s", message);
}
