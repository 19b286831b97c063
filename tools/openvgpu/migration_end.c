// SPDX-License-Identifier: GPL-2.0-only
/*
 * migration_end.c - one end of a migration: a vGPU of this host, or the description
 * of one, which has all that can be known of it elsewhere
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "migration.h"

#define DESCRIPTION_BYTES_MAX	(64 << 10)

/* -------------------------------------------------------- a vGPU of this host */

static void look_around(const struct cli *cli, struct migration_end *end)
{
	char text[OVGPU_NAME_SIZE], modes[OVGPU_TEXT_SIZE];
	const struct ovgpu_setting *setting =
		ovgpu_setting(OVGPU_VGPU, OVGPU_MIGRATION);
	uint64_t number;

	/* Both are empty if an older module has no such setting. */
	ovgpu_setting_read(cli->ovgpu, OVGPU_VGPU, end->vgpu->uuid, setting,
			   end->mode, sizeof(end->mode), modes, sizeof(modes));
	end->possible = strcmp(modes, "off");
	if (!ovgpu_attribute_get(cli->ovgpu, OVGPU_GPU, end->vgpu->gpu, OVGPU_DRIVER,
				 "dma_logging", text, sizeof(text)) &&
	    !ovgpu_number_parse(text, &number))
		end->dma_logging = (struct ovgpu_value) { true, number };
}

static enum cli_exit find_here(const struct cli *cli, const char *uuid,
			       struct migration_end *end)
{
	int err = ovgpu_vgpu_get(cli->ovgpu, uuid, &end->vgpu);

	if (err)
		return cli_fail_vgpu(cli, err, uuid);
	err = ovgpu_migration_get(cli->ovgpu, uuid, &end->migration, end->refused,
				  sizeof(end->refused));
	if (err == -EOPNOTSUPP)
		return cli_fail(cli, CLI_FAILURE,
				"the loaded module is too old to say what vGPU %s is: update it",
				uuid);
	if (err && end->refused[0])
		return cli_fail(cli, CLI_FAILURE, "vGPU %s: %s", uuid,
				shown(end->refused).text);
	if (err)
		return cli_fail_vgpu(cli, err, uuid);
	look_around(cli, end);
	return CLI_OK;
}

/* -------------------------------------------------------------- a description */

static const char *text_of(struct json_object *object, const char *key)
{
	struct json_object *value;

	if (!json_object_object_get_ex(object, key, &value) ||
	    !json_object_is_type(value, json_type_string))
		return "";
	return json_object_get_string(value);
}

static struct ovgpu_value flag_of(struct json_object *object, const char *key)
{
	struct ovgpu_value flag = { 0 };
	struct json_object *value;

	flag.known = json_object_object_get_ex(object, key, &value) &&
		     json_object_is_type(value, json_type_boolean);
	if (flag.known)
		flag.number = json_object_get_boolean(value);
	return flag;
}

static enum cli_exit take(const struct cli *cli, const char *name,
			  struct json_object *object, struct migration_end *end)
{
	struct json_object *migration;
	int err;

	if (!json_object_object_get_ex(object, "migration", &migration) ||
	    !json_object_is_type(migration, json_type_object))
		return cli_fail(cli, CLI_USAGE,
				"%s is no description that 'openvgpu migration describe' printed",
				name);
	err = ovgpu_migration_parse(text_of(migration, "record"), &end->migration,
				    end->refused, sizeof(end->refused));
	if (err == -ENOMEM)
		return cli_fail_errno(cli, err, "read the description");
	/* A newer one may be right, and is refused as a stream of it would be. */
	if (err && err != -EINVAL)
		return cli_fail(cli, CLI_USAGE, "%s: %s", name,
				shown(end->refused).text);
	snprintf(end->mode, sizeof(end->mode), "%s", text_of(migration, "mode"));
	end->possible = true;
	end->dma_logging = flag_of(migration, "dma_logging");
	return CLI_OK;
}

static enum cli_exit find_described(const struct cli *cli, const char *path,
				    struct migration_end *end)
{
	bool input = !strcmp(path, "-");
	struct shown name = shown(input ? "standard input" : path);
	int fd = input ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	char wrong[OVGPU_TEXT_SIZE];
	struct json_object *object;
	enum cli_exit code;
	int err;

	if (fd < 0)
		return cli_fail(cli, cli_exit_of_errno(-errno), "cannot open %s: %s",
				name.text, ovgpu_strerror(errno));
	err = json_read(fd, DESCRIPTION_BYTES_MAX, &object, wrong, sizeof(wrong));
	if (!input)
		close(fd);
	if (err)
		return cli_fail(cli, CLI_USAGE, "%s %s", name.text, wrong);
	code = take(cli, name.text, object, end);
	json_object_put(object);
	return code;
}

/**
 * migration_end_find - what is known of a vGPU
 * @cli: the run
 * @word: its UUID on this host, or where its description is
 * @end: filled in, also on failure; all zero but @what before
 *
 * Return: exit status; the reason is said.
 */
enum cli_exit migration_end_find(const struct cli *cli, const char *word,
				 struct migration_end *end)
{
	char uuid[OVGPU_UUID_SIZE];
	enum cli_exit code;

	if (!cli_uuid(cli, word, uuid, &code))
		return find_described(cli, word, end);
	return code == CLI_OK ? find_here(cli, uuid, end) : code;
}

static void set_version(struct json_object *object, const char *key, uint32_t version)
{
	char text[OVGPU_NAME_SIZE];

	snprintf(text, sizeof(text), "%u.%u", version >> 16, version & 0xffff);
	json_set(object, key, version ? json_text(text) : NULL);
}

/**
 * migration_end_json - what is known of a vGPU, as JSON
 * @end: of a vGPU of this host
 *
 * Return: the object, which migration_end_find() reads on another host.
 */
struct json_object *migration_end_json(const struct migration_end *end)
{
	const struct ovgpu_migration *migration = end->migration;
	struct json_object *object = json_object_new_object();

	json_set_text(object, "uuid", migration->uuid);
	json_set_text(object, "type", migration->type);
	json_set_text(object, "personality", migration->personality);
	json_set_text(object, "family", migration->family);
	json_set_text(object, "board", migration->board);
	json_set(object, "any_gpu", json_object_new_boolean(migration->any_gpu));
	set_version(object, "hardware_version", migration->hardware);
	set_version(object, "interface_version", migration->interface);
	json_set_number(object, "capabilities", migration->capabilities);
	json_set_number(object, "framebuffer_bytes", migration->framebuffer);
	json_set_number(object, "bar_bytes", migration->bar_size);
	json_set_number(object, "user_page_bytes", migration->user_page_size);
	json_set_number(object, "aperture_pages", migration->aperture_pages);
	json_set_number(object, "heads", migration->heads);
	json_set_number(object, "max_x", migration->max_x);
	json_set_number(object, "max_y", migration->max_y);
	json_set_number(object, "vectors", migration->vectors);
	json_set_number(object, "compute_slices", migration->compute_slices);
	json_set_number(object, "memory_slices", migration->memory_slices);
	json_set(object, "mode", end->mode[0] ? json_text(end->mode) : NULL);
	json_set(object, "dma_logging", end->dma_logging.known ?
		 json_object_new_boolean(end->dma_logging.number != 0) : NULL);
	json_set_text(object, "record", migration->record);
	return object;
}

/**
 * migration_end_free - give back what is known of a vGPU
 * @end: of migration_end_find()
 */
void migration_end_free(struct migration_end *end)
{
	ovgpu_free(end->migration);
	ovgpu_free(end->vgpu);
}
