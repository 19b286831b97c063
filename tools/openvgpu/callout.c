// SPDX-License-Identifier: GPL-2.0-only
/*
 * callout.c - openvgpu callout: what mdevctl asks about vGPUs of the driver
 *
 * mdevctl runs scripts as  SCRIPT -t TYPE -e EVENT -a ACTION -s STATE -u UUID
 * -p PARENT  with the configuration of the device on standard input. Ours
 * (tools/dist/mdevctl) hands all of that over. Exit status 0: done, or nothing
 * to do; 1: no, and standard error says why; 2: a device of somebody else's.
 *
 * Both forms of the protocol are answered: with capabilities (mdevctl 1.3 and
 * later) and without (1.2).
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "definition.h"
#include "hand_over.h"
#include "openvgpu_settings.h"

#define NOT_OURS	CLI_USAGE	/* mdevctl asks another script then */
/* How long a process that just died may take to let go of its vGPU. */
#define PATIENCE_MS	2000
#define LOOK_MS		100

/**
 * struct callout - one question
 * @cli: the run
 * @type: id of the type
 * @uuid: of the vGPU
 * @gpu: PCI address of its GPU
 * @definition: of the vGPU
 */
struct callout {
	const struct cli *cli;
	char type[OVGPU_NAME_SIZE];
	char uuid[OVGPU_UUID_SIZE];
	char gpu[OVGPU_BDF_SIZE];
	struct definition definition;
};

static enum cli_exit refuse(const struct callout *callout, const char *format,
			    ...) __attribute__((format(printf, 2, 3)));

static enum cli_exit refuse(const struct callout *callout, const char *format,
			    ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	cli_note("vGPU %s: %s", callout->uuid, text);
	return CLI_FAILURE;
}

/* ----------------------------------------------- what a setting can be */

/* The words of a choice. A GPU that could be asked may not be there. */
static const char *words_of(const struct ovgpu_setting *setting)
{
#define NUMBER(...)
#define CHOICE(id, name, words, flags, meaning)	\
	[OVGPU_##id] = (words),
#define UUID(...)
#define NAME(...)
	static const char *const words[] = {
		OPENVGPU_VGPU_SETTINGS(NUMBER, CHOICE, UUID, NAME)
	};
	const size_t count = sizeof(words) / sizeof(words[0]);
	size_t i;

	for (i = 0; i < count; i++)
		if (ovgpu_setting(OVGPU_VGPU, i) == setting)
			return words[i];
	return NULL;
}

static bool is_one_of(const char *word, const char *words)
{
	const char *at = strstr(words, word);
	size_t n = strlen(word);

	for (; n && at; at = strstr(at + 1, word))
		if ((at == words || at[-1] == ' ') && (!at[n] || at[n] == ' '))
			return true;
	return false;
}

static bool takes(const struct ovgpu_setting *setting, const char *value)
{
	const char *words = words_of(setting);

	return !ovgpu_setting_check(setting, value) &&
	       (!words || is_one_of(value, words));
}

/* "1 to 10000", "region, dmabuf or off" */
static void describe(const struct ovgpu_setting *setting, char *text,
		     size_t size)
{
	unsigned long long low = setting->minimum, high = setting->maximum;
	const char *at = words_of(setting);
	size_t used = 0, n;

	if (setting->kind == OVGPU_NAME_OR_NONE) {
		snprintf(text, size, "1 to 63 letters, digits, dots, dashes and underscores");
		return;
	}
	if (!at) {
		snprintf(text, size, "%llu %s %llu%s", low,
			 high == low + 1 ? "or" : "to", high,
			 setting->zero ? ", or 0" : "");
		return;
	}
	for (text[0] = '\0'; *at && used < size; at += n + !!at[n]) {
		n = strcspn(at, " ");
		used += snprintf(text + used, size - used, "%s%.*s",
				 !used ? "" : at[n] ? ", " : " or ", (int)n, at);
	}
}

static enum cli_exit check_attribute(const struct callout *callout,
				     const struct definition_attribute *attribute)
{
	const struct ovgpu_setting *setting = definition_setting(attribute);
	char names[OVGPU_TEXT_SIZE] = "";
	size_t used = 0;
	unsigned int i;

	/* What is not below our folder is the mdev core's. */
	if (strncmp(attribute->path, OVGPU_DRIVER "/", strlen(OVGPU_DRIVER "/")))
		return CLI_OK;
	if (!setting) {
		for (i = 0; (setting = ovgpu_setting(OVGPU_VGPU, i)) &&
		     used < sizeof(names); i++)
			used += snprintf(names + used, sizeof(names) - used,
					 "%s%s", i ? ", " : "", setting->name);
		return refuse(callout, "there is no setting '%s'; there are %s/ %s",
			      shown(attribute->path).text, OVGPU_DRIVER, names);
	}
	if (takes(setting, attribute->value))
		return CLI_OK;
	describe(setting, names, sizeof(names));
	return refuse(callout, "%s can't be '%s': it takes %s", attribute->path,
		      shown(attribute->value).text, names);
}

/*
 * Reads the definition and checks its settings. Nothing on standard input is a
 * definition without any.
 */
static enum cli_exit read_settings(struct callout *callout)
{
	struct definition *definition = &callout->definition;
	enum cli_exit code = CLI_OK;
	size_t i;

	if (definition_read(STDIN_FILENO, definition) == -EINVAL)
		return refuse(callout, "%s", definition->problem);
	for (i = 0; code == CLI_OK && i < definition->count; i++)
		code = check_attribute(callout, &definition->attributes[i]);
	return code;
}

/* -------------------------------------------------------- the GPU's types */

/* The types of the GPU, all in one block; NULL: there is no GPU of ours. */
static struct ovgpu_type **types_of_gpu(const struct callout *callout,
					size_t *count)
{
	struct ovgpu_type **types;

	if (ovgpu_type_list(callout->cli->ovgpu, callout->gpu, &types, count))
		return NULL;
	return types;
}

static const struct ovgpu_type *find_type(struct ovgpu_type *const *types,
					  const char *id)
{
	for (; *types; types++)
		if (!strcmp((*types)->id, id))
			return *types;
	return NULL;
}

static enum cli_exit refuse_type(const struct callout *callout,
				 struct ovgpu_type *const *types)
{
	char names[OVGPU_TEXT_SIZE] = "";
	size_t used = 0;

	for (; *types && used < sizeof(names); types++)
		used += snprintf(names + used, sizeof(names) - used, " %s",
				 (*types)->id);
	return refuse(callout, "GPU %s has no type %s; it has%s", callout->gpu,
		      callout->type, names);
}

/* The GPU is there, has the type, and can take one more. */
static enum cli_exit check_room(const struct callout *callout)
{
	const struct ovgpu *ovgpu = callout->cli->ovgpu;
	static const char *const names[] = { "framebuffer_free", "largest_free" };
	const struct ovgpu_type *type;
	enum cli_exit code = CLI_OK;
	struct ovgpu_type **types;
	uint64_t bytes[2] = { 0 };
	char text[32];
	size_t count, i;

	types = types_of_gpu(callout, &count);
	if (!types || !count) {
		ovgpu_free(types);
		if (gpu_is_handed_over(ovgpu, callout->gpu))
			return refuse(callout, "%s",
				      gpu_missing(ovgpu, callout->gpu).text);
		return refuse(callout, "no GPU %s is bound to the driver openvgpu; 'openvgpu doctor' tells what to do",
			      callout->gpu);
	}
	type = find_type(types, callout->type);
	if (!type) {
		code = refuse_type(callout, types);
	} else if (!type->available &&
		   !ovgpu_exists(ovgpu, OVGPU_SYSFS, "bus/mdev/devices/%s",
				 callout->uuid)) {
		/* mdevctl itself says that a vGPU exists. */
		for (i = 0; i < 2; i++)
			if (!ovgpu_attribute_get(ovgpu, OVGPU_GPU, callout->gpu,
						 OVGPU_DRIVER, names[i], text,
						 sizeof(text)))
				ovgpu_number_parse(text, &bytes[i]);
		code = refuse(callout,
			      "GPU %s has no room for another vGPU of type %s: %s%s%llu MiB are free, %llu MiB of them in one piece",
			      callout->gpu, callout->type,
			      shown(type->why_unavailable).text,
			      type->why_unavailable[0] ? "; " : "",
			      (unsigned long long)bytes[0] >> 20,
			      (unsigned long long)bytes[1] >> 20);
	}
	ovgpu_free(types);
	return code;
}

/*
 * A vGPU can be defined while its GPU is not there, or another has its address:
 * then nobody knows its types. Where there is one of ours, it has to have it.
 */
static enum cli_exit check_type(const struct callout *callout)
{
	enum cli_exit code = CLI_OK;
	struct ovgpu_type **types;
	size_t count;

	types = types_of_gpu(callout, &count);
	if (types && count && !find_type(types, callout->type))
		code = refuse_type(callout, types);
	ovgpu_free(types);
	return code;
}

/* ------------------------------------------------------ vGPUs that exist */

/* Lets no process open the vGPU, or any. An older module can't refuse. */
static void refuse_opens(const struct callout *callout, bool refuse)
{
	int err = ovgpu_write(callout->cli->ovgpu, refuse ? "1" : "0",
			      "bus/mdev/devices/%s/" OVGPU_DRIVER "/refuse_opens",
			      callout->uuid);

	if (err && err != -ENOENT)
		cli_note("vGPU %s: cannot write refuse_opens: %s", callout->uuid,
			 ovgpu_strerror(err));
}

/*
 * mdevctl would wait for ever, in the kernel, for a VM to end. A VM that ends
 * right now is waited for; none can begin between this look and the removal.
 */
static enum cli_exit prepare_stop(const struct callout *callout)
{
	struct ovgpu_vgpu *vgpu;
	unsigned int waited;
	struct shown owner;
	bool used;

	for (waited = 0;; waited += LOOK_MS) {
		refuse_opens(callout, true);
		if (ovgpu_vgpu_get(callout->cli->ovgpu, callout->uuid, &vgpu))
			return CLI_OK;
		used = vgpu->owner_pid;
		owner = show_owner(vgpu);
		ovgpu_free(vgpu);
		if (!used)
			return CLI_OK;
		refuse_opens(callout, false);
		if (waited >= PATIENCE_MS)
			return refuse(callout, "process %s uses it; end that first",
				      owner.text);
		usleep(LOOK_MS * 1000);
	}
}

static void add_attribute(void *data, const struct ovgpu_setting *setting,
			  const char *value)
{
	struct json_object *item = json_object_new_object();
	char path[DEFINITION_PATH_SIZE];

	snprintf(path, sizeof(path), OVGPU_DRIVER "/%s", setting->name);
	json_set_text(item, path, value);
	json_object_array_add(data, item);
}

/* Settings that a definition should keep. */
static enum cli_exit print_attributes(const struct callout *callout)
{
	struct json_object *array = json_object_new_array();
	struct ovgpu_vgpu *vgpu;

	if (!ovgpu_vgpu_get(callout->cli->ovgpu, callout->uuid, &vgpu)) {
		kept_of_vgpu(callout->cli, vgpu, add_attribute, array);
		ovgpu_free(vgpu);
	}
	json_print_line(array);
	return CLI_OK;
}

/* What the driver said, without the vGPU that the line begins with already. */
static const char *without_name(const struct callout *callout, const char *why)
{
	char name[64];
	size_t n = snprintf(name, sizeof(name), "vGPU %s", callout->uuid);

	return strncmp(why, name, n) ? why : why + n + strspn(why + n, ": ");
}

/*
 * Writes the settings of the definition that differ from what is in force.
 * Either all are written or none is.
 */
static enum cli_exit change(const struct callout *callout)
{
	const struct definition *definition = &callout->definition;
	const struct ovgpu *ovgpu = callout->cli->ovgpu;
	const struct ovgpu_setting *setting;
	char (*before)[OVGPU_NAME_SIZE], why[OVGPU_TEXT_SIZE];
	const struct definition_attribute *attribute;
	enum cli_exit code = CLI_OK;
	struct ovgpu_vgpu *vgpu;
	struct shown owner;
	size_t i, done;
	bool used;
	int err;

	if (ovgpu_vgpu_get(ovgpu, callout->uuid, &vgpu))
		return refuse(callout, "it does not exist");
	used = vgpu->owner_pid;
	owner = show_owner(vgpu);
	ovgpu_free(vgpu);
	before = calloc(definition->count + 1, sizeof(*before));
	if (!before)
		return refuse(callout, "out of memory");
	for (i = 0; code == CLI_OK && i < definition->count; i++) {
		attribute = &definition->attributes[i];
		setting = definition_setting(attribute);
		if (!setting)
			code = refuse(callout, "%s can't be changed while the device exists",
				      shown(attribute->path).text);
		else if (ovgpu_setting_read(ovgpu, OVGPU_VGPU, callout->uuid,
					    setting, before[i],
					    sizeof(before[i]), NULL, 0))
			code = refuse(callout, "this driver has no %s",
				      attribute->path);
		else if (used && setting->closed_only &&
			 strcmp(before[i], attribute->value))
			code = refuse(callout, "%s can't be changed from '%s' to '%s' while process %s uses it; end that first",
				      attribute->path, shown(before[i]).text,
				      attribute->value, owner.text);
	}
	for (done = 0; code == CLI_OK && done < definition->count; done++) {
		attribute = &definition->attributes[done];
		if (!strcmp(before[done], attribute->value))
			continue;
		err = ovgpu_setting_write(ovgpu, OVGPU_VGPU, callout->uuid,
					  definition_setting(attribute),
					  attribute->value, why, sizeof(why));
		if (!err)
			continue;
		code = refuse(callout, "%s can't be changed from '%s' to '%s': %s",
			      attribute->path, shown(before[done]).text,
			      attribute->value, why[0] ?
			      shown(without_name(callout, why)).text :
			      ovgpu_strerror(err));
		while (done-- > 0) {
			attribute = &definition->attributes[done];
			if (strcmp(before[done], attribute->value))
				ovgpu_setting_write(ovgpu, OVGPU_VGPU,
						    callout->uuid,
						    definition_setting(attribute),
						    before[done], why,
						    sizeof(why));
		}
		break;
	}
	free(before);
	return code;
}

/* mdevctl itself only has the number of the error. */
static enum cli_exit explain(const struct callout *callout)
{
	char said[OVGPU_TEXT_SIZE], start[64];

	snprintf(start, sizeof(start), "vGPU %s", callout->uuid);
	if (!ovgpu_attribute_get(callout->cli->ovgpu, OVGPU_GPU, callout->gpu,
				 OVGPU_DRIVER, "last_error", said, sizeof(said)) &&
	    !strncmp(said, start, strlen(start)))
		cli_note("%s", shown(said).text);
	return CLI_OK;
}

/* ----------------------------------------------------------------- command */

static enum cli_exit answer(struct callout *callout, const char *event,
			    const char *action, bool failed)
{
	enum cli_exit code;

	if (!strcmp(event, "get"))
		return strcmp(action, "attributes") ? CLI_OK :
		       print_attributes(callout);
	if (!strcmp(event, "live") && !strcmp(action, "modify")) {
		code = read_settings(callout);
		return code == CLI_OK ? change(callout) : code;
	}
	if (!strcmp(event, "post") && !strcmp(action, "start") && failed)
		return explain(callout);
	if (!strcmp(event, "post") && !strcmp(action, "stop") && failed)
		refuse_opens(callout, false);
	if (strcmp(event, "pre"))
		return CLI_OK;
	if (!strcmp(action, "stop"))
		return prepare_stop(callout);
	if (!strcmp(action, "start")) {
		code = read_settings(callout);
		return code == CLI_OK ? check_room(callout) : code;
	}
	if (!strcmp(action, "define") || !strcmp(action, "modify")) {
		code = read_settings(callout);
		return code == CLI_OK ? check_type(callout) : code;
	}
	return CLI_OK;
}

/**
 * command_callout - answer a question of mdevctl's
 * @cli: the run; its arguments are mdevctl's
 *
 * Return: exit status, of mdevctl's protocol.
 */
enum cli_exit command_callout(struct cli *cli)
{
	static const char letters[] = "teasup";
	const char *value[sizeof(letters) - 1] = { "", "", "", "", "", "" };
	const char *type, *event, *action, *state, *uuid, *parent, *letter;
	struct callout callout = { .cli = cli };
	enum cli_exit code;
	int i;

	for (i = 0; i + 1 < cli->argument_count; i += 2) {
		const char *option = cli->arguments[i];

		letter = option[0] == '-' && option[1] && !option[2] ?
			 strchr(letters, option[1]) : NULL;
		if (letter)
			value[letter - letters] = cli->arguments[i + 1];
	}
	type = value[0], event = value[1], action = value[2];
	state = value[3], uuid = value[4], parent = value[5];
	/* What is no name of ours is not about ours. */
	if (strncmp(type, OVGPU_TYPE_PREFIX, strlen(OVGPU_TYPE_PREFIX)) ||
	    ovgpu_type_parse(type, callout.type))
		return NOT_OURS;
	if (!strcmp(event, "get") && !strcmp(action, "capabilities")) {
		/* All of the protocol's: mdevctl refuses what is not listed. */
		puts("{\"supports\":{\"version\":2,\"actions\":[\"start\",\"stop\","
		     "\"define\",\"undefine\",\"modify\",\"attributes\","
		     "\"capabilities\"],\"events\":[\"pre\",\"post\",\"notify\","
		     "\"get\",\"live\"]}}");
		return CLI_OK;
	}
	if (ovgpu_uuid_parse(uuid, callout.uuid) ||
	    ovgpu_bdf_parse(parent, callout.gpu))
		return NOT_OURS;
	code = answer(&callout, event, action, !strcmp(state, "failure"));
	free(callout.definition.attributes);
	return code;
}
