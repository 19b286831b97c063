// SPDX-License-Identifier: GPL-2.0-only
/*
 * output.c - messages, JSON, and values for people
 *
 * Text from the command line or from sysfs never reaches the terminal or a
 * JSON parser as it is: control characters and broken UTF-8 are replaced.
 */
#include <err.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "hand_over.h"

/**
 * shown - text in a form that is safe to print
 * @text: anything
 *
 * Return: printable ASCII of bounded length.
 */
struct shown shown(const char *text)
{
	struct shown s;
	size_t n = 0;

	for (; *text; text++) {
		unsigned char c = *text;

		if (n + 8 > sizeof(s.text)) {
			memcpy(s.text + n, "...", 3);
			n += 3;
			break;
		}
		if (c >= 0x20 && c < 0x7f)
			s.text[n++] = c;
		else
			n += sprintf(s.text + n, "\\x%02x", c);
	}
	s.text[n] = '\0';
	return s;
}

/**
 * cli_note - a line for people on standard error
 * @format: printf format
 */
void cli_note(const char *format, ...)
{
	va_list args;

	fputs("openvgpu: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

/**
 * cli_note_no_gpu - say why a listing is empty when there is no GPU at all
 * @cli: the run
 */
void cli_note_no_gpu(const struct cli *cli)
{
	if (ovgpu_exists(cli->ovgpu, OVGPU_SYSFS, "bus/pci/drivers/" OVGPU_DRIVER))
		cli_note("no GPU is bound to the driver: 'openvgpu doctor' tells what to do");
	else
		cli_note("the module openvgpu is not loaded: 'openvgpu doctor' tells what to do");
}

/**
 * cli_fail - end a command with a reason
 * @cli: the run
 * @code: exit status
 * @format: printf format of the reason, one line
 *
 * The reason goes to standard error; with --json, an error object goes to
 * standard output as well.
 *
 * Return: @code.
 */
enum cli_exit cli_fail(const struct cli *cli, enum cli_exit code,
		       const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	cli_note("%s", text);
	if (cli->json)
		json_print(json_error(code, text));
	return code;
}

/**
 * cli_exit_of_errno - class of an error
 * @err: negative errno
 *
 * Return: exit status.
 */
enum cli_exit cli_exit_of_errno(int err)
{
	switch (-err) {
	case 0:
		return CLI_OK;
	case ENOENT:
	case ENODEV:
		return CLI_NOT_FOUND;
	case EBUSY:
	case EEXIST:
		return CLI_BUSY;
	case ENOSPC:
	case EUSERS:
		return CLI_NO_CAPACITY;
	default:
		return CLI_FAILURE;
	}
}

/**
 * cli_fail_errno - end a command that could not look at something
 * @cli: the run
 * @err: negative errno
 * @what: what was tried, as in "cannot WHAT"
 *
 * Return: exit status of the error's class.
 */
enum cli_exit cli_fail_errno(const struct cli *cli, int err, const char *what)
{
	return cli_fail(cli, cli_exit_of_errno(err), "cannot %s: %s", what,
			ovgpu_strerror(err));
}

/**
 * cli_fail_vgpu - end a command that ovgpu_vgpu_get() failed
 * @cli: the run
 * @err: what it returned
 * @uuid: which vGPU was looked for
 *
 * Return: exit status of the error's class.
 */
enum cli_exit cli_fail_vgpu(const struct cli *cli, int err, const char *uuid)
{
	char type[OVGPU_NAME_SIZE];

	if (err == -ENOENT)
		return cli_fail(cli, CLI_NOT_FOUND, "there is no vGPU %s", uuid);
	if (err == -ENODEV) {
		ovgpu_link(cli->ovgpu, OVGPU_SYSFS, type, sizeof(type),
			   "bus/mdev/devices/%s/mdev_type", uuid);
		return cli_fail(cli, CLI_NOT_FOUND,
				"mediated device %s is not OpenVGPU's: its type is %s",
				uuid, shown(type).text);
	}
	return cli_fail_errno(cli, err, "look at the vGPU");
}

/**
 * cli_fail_no_gpu - end a command for a GPU the driver does not have
 * @cli: the run
 * @bdf: PCI address
 *
 * Return: CLI_NOT_FOUND.
 */
enum cli_exit cli_fail_no_gpu(const struct cli *cli, const char *bdf)
{
	return cli_fail(cli, CLI_NOT_FOUND, "%s",
			gpu_missing(cli->ovgpu, bdf).text);
}

/* Length of the UTF-8 character at @s, 0 if there is no valid one. */
static size_t utf8_length(const unsigned char *s)
{
	size_t n, i;

	if (s[0] < 0x80)
		return 1;
	if (s[0] >= 0xc2 && s[0] <= 0xdf)
		n = 2;
	else if (s[0] >= 0xe0 && s[0] <= 0xef)
		n = 3;
	else if (s[0] >= 0xf0 && s[0] <= 0xf4)
		n = 4;
	else
		return 0;
	for (i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	/* Overlong forms, surrogates, beyond U+10FFFF. */
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
	    (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return n;
}

static struct json_object *json_check(struct json_object *object)
{
	if (!object)
		errx(CLI_FAILURE, "out of memory");
	return object;
}

/**
 * json_start - the object every JSON output is
 *
 * Return: an object with the version of the output in it.
 */
struct json_object *json_start(void)
{
	struct json_object *object = json_check(json_object_new_object());

	json_set_number(object, "version", OUTPUT_VERSION);
	return object;
}

/**
 * json_text - a JSON string of text from outside
 * @text: anything; what is not UTF-8 becomes U+FFFD
 *
 * Return: the string.
 */
struct json_object *json_text(const char *text)
{
	struct json_object *object;
	/* Every byte can grow to the three of U+FFFD. */
	char *clean = malloc(strlen(text) * 3 + 1), *to = clean;
	size_t n;

	if (!clean)
		errx(CLI_FAILURE, "out of memory");
	while (*text) {
		n = utf8_length((const unsigned char *)text);
		if (n) {
			memcpy(to, text, n);
			to += n;
			text += n;
		} else {
			memcpy(to, "\xef\xbf\xbd", 3);
			to += 3;
			text++;
		}
	}
	*to = '\0';
	object = json_check(json_object_new_string(clean));
	free(clean);
	return object;
}

/**
 * json_set - put a value into an object
 * @object: object
 * @key: its name there
 * @value: becomes the object's
 */
void json_set(struct json_object *object, const char *key,
	      struct json_object *value)
{
	if (json_object_object_add(json_check(object), key, value))
		errx(CLI_FAILURE, "out of memory");
}

/**
 * json_set_text - put text from outside into an object
 * @object: object
 * @key: its name there
 * @text: anything
 */
void json_set_text(struct json_object *object, const char *key,
		   const char *text)
{
	json_set(object, key, json_text(text));
}

/**
 * json_set_number - put a number into an object
 * @object: object
 * @key: its name there
 * @number: value
 */
void json_set_number(struct json_object *object, const char *key,
		     uint64_t number)
{
	json_set(object, key, json_check(json_object_new_uint64(number)));
}

/**
 * json_set_value - put a number into an object that may be unknown
 * @object: object
 * @key: its name there
 * @value: null where it is not known
 */
void json_set_value(struct json_object *object, const char *key,
		    struct ovgpu_value value)
{
	if (value.known)
		json_set_number(object, key, value.number);
	else
		json_set(object, key, NULL);
}

/**
 * json_error - what --json prints when a command fails
 * @code: exit status
 * @text: reason
 *
 * Return: an object to be printed.
 */
struct json_object *json_error(enum cli_exit code, const char *text)
{
	struct json_object *object = json_start();
	struct json_object *error = json_object_new_object();

	json_set_number(error, "code", code);
	json_set_text(error, "message", text);
	json_set(object, "error", error);
	return object;
}

/**
 * json_write - write an object to a stream and free it
 * @object: object
 * @stream: where to
 */
void json_write(struct json_object *object, FILE *stream)
{
	fputs(json_object_to_json_string_ext(object, JSON_C_TO_STRING_PRETTY |
					     JSON_C_TO_STRING_SPACED |
					     JSON_C_TO_STRING_NOSLASHESCAPE),
	      stream);
	putc('\n', stream);
	json_object_put(object);
}

/**
 * json_print - print an object and free it
 * @object: object
 */
void json_print(struct json_object *object)
{
	json_write(object, stdout);
}

/**
 * json_print_line - print an object in one line and free it
 * @object: object
 *
 * For output without an end, that is read line by line.
 */
void json_print_line(struct json_object *object)
{
	puts(json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN |
					    JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(object);
}

/**
 * show_size - a size for people
 * @bytes: size
 *
 * Return: whole MiB or GiB where that is exact, else bytes.
 */
struct shown show_size(uint64_t bytes)
{
	struct shown s;

	if (bytes && bytes % (1ULL << 30) == 0)
		snprintf(s.text, sizeof(s.text), "%llu GiB",
			 (unsigned long long)(bytes >> 30));
	else if (bytes % (1ULL << 20) == 0)
		snprintf(s.text, sizeof(s.text), "%llu MiB",
			 (unsigned long long)(bytes >> 20));
	else
		snprintf(s.text, sizeof(s.text), "%llu B",
			 (unsigned long long)bytes);
	return s;
}

/**
 * show_time - a length of time for people
 * @ns: nanoseconds
 *
 * Return: three to six digits and the unit, as "2.083 ms".
 */
struct shown show_time(uint64_t ns)
{
	struct shown s;

	if (ns < 1000)
		snprintf(s.text, sizeof(s.text), "%d ns", (int)ns);
	else if (ns < 1000000)
		snprintf(s.text, sizeof(s.text), "%.3f us", ns / 1e3);
	else if (ns < 1000000000)
		snprintf(s.text, sizeof(s.text), "%.3f ms", ns / 1e6);
	else
		snprintf(s.text, sizeof(s.text), "%.3f s", ns / 1e9);
	return s;
}

/**
 * show_value - a number for people that may be unknown
 * @value: the number
 *
 * Return: its digits, or "-".
 */
struct shown show_value(struct ovgpu_value value)
{
	struct shown s = { "-" };

	if (value.known)
		snprintf(s.text, sizeof(s.text), "%llu",
			 (unsigned long long)value.number);
	return s;
}

/**
 * show_value_time - a length of time for people that may be unknown
 * @ns: nanoseconds
 *
 * Return: as show_time(), or "-".
 */
struct shown show_value_time(struct ovgpu_value ns)
{
	return ns.known ? show_time(ns.number) : show_value(ns);
}

/**
 * cli_now - what a clock says
 * @clock: CLOCK_MONOTONIC for intervals, CLOCK_REALTIME for show_utc(), or another
 *
 * Return: nanoseconds.
 */
uint64_t cli_now(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * UINT64_C(1000000000) + now.tv_nsec;
}

/**
 * show_utc - a time of the day, for people and programs
 * @ns: CLOCK_REALTIME
 *
 * Return: as "2026-11-21T20:40:00.123456Z".
 */
struct shown show_utc(uint64_t ns)
{
	time_t seconds = ns / 1000000000;
	struct tm parts;
	struct shown s;
	size_t n;

	gmtime_r(&seconds, &parts);
	n = strftime(s.text, sizeof(s.text), "%Y-%m-%dT%H:%M:%S", &parts);
	snprintf(s.text + n, sizeof(s.text) - n, ".%06uZ",
		 (unsigned int)(ns % 1000000000 / 1000));
	return s;
}

/**
 * show_owner - who has a vGPU open
 * @vgpu: the vGPU
 *
 * Return: "1234 (qemu-system-x86)", "1234 (ended)", or "-".
 */
struct shown show_owner(const struct ovgpu_vgpu *vgpu)
{
	struct shown s, name = shown(vgpu->owner_name);

	if (!vgpu->owner_pid)
		strcpy(s.text, "-");
	else if (vgpu->owner_ended)
		snprintf(s.text, sizeof(s.text), "%d (ended)", vgpu->owner_pid);
	else if (!name.text[0])
		snprintf(s.text, sizeof(s.text), "%d", vgpu->owner_pid);
	else
		snprintf(s.text, sizeof(s.text), "%d (%.100s)",
			 vgpu->owner_pid, name.text);
	return s;
}
