// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * settings.c - what can be set, and setting it
 *
 * Names and ranges are the driver's own, of uapi/openvgpu_settings.h. They are
 * checked here so that a set of several values is refused whole, before the
 * first is written; the driver has the last word.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "internal.h"
#include "openvgpu_settings.h"
#include "openvgpu_work_mode.h"

#define OF(setting, kind_of_value, options, words)	\
	.name = #setting, .meaning = (words), .kind = (kind_of_value),	\
	.scheduler = ((options) & OPENVGPU_SCHEDULING) != 0,	\
	.closed_only = ((options) & OPENVGPU_CLOSED_ONLY) != 0,	\
	.for_now = ((options) & OPENVGPU_FOR_NOW) != 0,
#define NUMBER(id, name, min, max, by_default, flags, meaning)	\
	[OVGPU_##id] = {	\
		OF(name, OVGPU_NUMBER, flags, meaning)	\
		.zero = ((flags) & OPENVGPU_OR_ZERO) != 0,	\
		.minimum = (min), .maximum = (max),	\
		.default_number = {	\
			.known = !((flags) & OPENVGPU_TYPE_DEFAULT),	\
			.number = (by_default),	\
		},	\
	},
#define CHOICE(id, name, words, flags, meaning)	\
	[OVGPU_##id] = {	\
		OF(name, OVGPU_CHOICE, flags, meaning)	\
		.choices = (words),	\
	},
#define UUID(id, name, flags, meaning)	\
	[OVGPU_##id] = { OF(name, OVGPU_UUID_OR_NONE, flags, meaning) },
#define NAME(id, name, flags, meaning)	\
	[OVGPU_##id] = { OF(name, OVGPU_NAME_OR_NONE, flags, meaning) },

static const struct ovgpu_setting gpu_settings[OVGPU_GPU_SETTINGS] = {
	OPENVGPU_GPU_SETTINGS(NUMBER, CHOICE, UUID)
};

static const struct ovgpu_setting vgpu_settings[OVGPU_VGPU_SETTINGS] = {
	OPENVGPU_VGPU_SETTINGS(NUMBER, CHOICE, UUID, NAME)
};

/* A GPU instance is scheduled as a GPU is. */
static const struct ovgpu_setting *instance_setting(unsigned int index)
{
	unsigned int i;

	for (i = 0; i < OVGPU_GPU_SETTINGS; i++)
		if (gpu_settings[i].scheduler && !index--)
			return &gpu_settings[i];
	return NULL;
}

/**
 * ovgpu_setting - the settings, one by one
 * @object: whose
 * @index: from 0
 *
 * Return: the setting; NULL after the last.
 */
const struct ovgpu_setting *ovgpu_setting(enum ovgpu_object object,
					  unsigned int index)
{
	if (object == OVGPU_GPU)
		return index < OVGPU_GPU_SETTINGS ? &gpu_settings[index] : NULL;
	if (object == OVGPU_INSTANCE)
		return instance_setting(index);
	return index < OVGPU_VGPU_SETTINGS ? &vgpu_settings[index] : NULL;
}

/**
 * ovgpu_setting_find - a setting by its name
 * @object: whose
 * @name: anything
 *
 * Return: the setting; NULL when there is none of that name.
 */
const struct ovgpu_setting *ovgpu_setting_find(enum ovgpu_object object,
					       const char *name)
{
	const struct ovgpu_setting *setting;
	unsigned int i;

	for (i = 0; (setting = ovgpu_setting(object, i)); i++)
		if (!strcmp(setting->name, name))
			return setting;
	return NULL;
}

/**
 * ovgpu_setting_check - whether a value is one the setting can have
 * @setting: which
 * @value: anything
 *
 * Return: 0, -EINVAL when it has not the form, -ERANGE when it is a number
 * that is too large or too small.
 */
int ovgpu_setting_check(const struct ovgpu_setting *setting, const char *value)
{
	char uuid[OVGPU_UUID_SIZE];
	uint64_t number;
	int err;

	/* Which words there are the driver knows. */
	if (setting->kind == OVGPU_CHOICE)
		return ovgpu_file_name_valid(value) ? 0 : -EINVAL;
	if (setting->kind == OVGPU_UUID_OR_NONE)
		return strcmp(value, "none") ? ovgpu_uuid_parse(value, uuid) : 0;
	if (setting->kind == OVGPU_NAME_OR_NONE)
		return openvgpu_name_valid(value, strlen(value)) ? 0 : -EINVAL;
	err = ovgpu_number_parse(value, &number);
	if (err)
		return err;
	if (!number && setting->zero)
		return 0;
	return number < setting->minimum || number > setting->maximum ?
	       -ERANGE : 0;
}

/**
 * ovgpu_setting_exists - whether the loaded module has a setting
 * @ovgpu: handle
 * @object: what @of names
 * @of: PCI address or UUID, as the parse functions give them
 * @setting: which
 *
 * Return: true if it has.
 */
bool ovgpu_setting_exists(const struct ovgpu *ovgpu, enum ovgpu_object object,
			  const char *of, const struct ovgpu_setting *setting)
{
	char path[PATH_MAX];

	return !ovgpu_object_path(path, sizeof(path), object, of, OVGPU_DRIVER,
				  setting->name) &&
	       ovgpu_exists(ovgpu, OVGPU_SYSFS, "%s", path);
}

/**
 * ovgpu_choice_parse - take "[best_effort] equal_share" apart
 * @text: the value of an attribute
 * @chosen: receives the word in brackets; empty when there is none
 * @chosen_size: bytes at @chosen
 * @choices: receives all words, separated by blanks
 * @choices_size: bytes at @choices
 *
 * A single word without brackets is both: what there is when there is no
 * choice. Words that do not fit are left out, and all behind them.
 */
void ovgpu_choice_parse(const char *text, char *chosen, size_t chosen_size,
			char *choices, size_t choices_size)
{
	size_t used = 0, n;
	bool in_force;

	chosen[0] = '\0';
	choices[0] = '\0';
	while (*(text += strspn(text, " "))) {
		n = strcspn(text, " ");
		in_force = n > 2 && text[0] == '[' && text[n - 1] == ']';
		if (in_force) {
			text++;
			n -= 2;
		}
		if (n >= chosen_size || used + n + 2 > choices_size)
			return;
		if (used)
			choices[used++] = ' ';
		memcpy(choices + used, text, n);
		used += n;
		choices[used] = '\0';
		if (in_force)
			snprintf(chosen, chosen_size, "%.*s", (int)n, text);
		text += n + in_force;
	}
	if (!chosen[0] && used < chosen_size && !strchr(choices, ' '))
		memcpy(chosen, choices, used + 1);
}

/**
 * ovgpu_work_mode_has - whether a GPU in a work mode has vGPUs of a type
 * @mode: a value of the setting work_mode
 * @type: id of the type, as ovgpu_type_parse() gives it
 *
 * Return: true if it has; also of a mode that this version does not know.
 */
bool ovgpu_work_mode_has(const char *mode, const char *type)
{
	static const char *const modes[] = {
		[OPENVGPU_GRAPHICS] = "graphics", [OPENVGPU_COMPUTE] = "compute",
	};
	size_t n = strlen(type);
	enum openvgpu_work_mode i;

	for (i = OPENVGPU_GRAPHICS; i <= OPENVGPU_COMPUTE; i++)
		if (!strcmp(mode, modes[i]))
			return openvgpu_work_mode_has(i, n ? type[n - 1] : '\0');
	return true;
}

/**
 * ovgpu_setting_read - what a setting is now
 * @ovgpu: handle
 * @object: what @of names
 * @of: PCI address or UUID, as the parse functions give them
 * @setting: which
 * @value: receives it, in the form that ovgpu_setting_write() takes
 * @value_size: bytes at @value; OVGPU_NAME_SIZE is enough
 * @choices: receives the words there are, separated by blanks, of a setting
 *	that is a choice; else it is made empty. May be NULL
 * @choices_size: bytes at @choices
 *
 * Return: 0 or a negative errno: -ENOENT when the module has no such setting,
 * or there is no such object.
 */
int ovgpu_setting_read(const struct ovgpu *ovgpu, enum ovgpu_object object,
		       const char *of, const struct ovgpu_setting *setting,
		       char *value, size_t value_size, char *choices,
		       size_t choices_size)
{
	char text[OVGPU_TEXT_SIZE], words[OVGPU_TEXT_SIZE];
	int err;

	value[0] = '\0';
	if (choices)
		choices[0] = '\0';
	err = ovgpu_attribute_get(ovgpu, object, of, OVGPU_DRIVER,
				  setting->name, text, sizeof(text));
	if (err)
		return err;
	if (setting->kind == OVGPU_CHOICE) {
		ovgpu_choice_parse(text, value, value_size,
				   choices ? choices : words,
				   choices ? choices_size : sizeof(words));
		return 0;
	}
	if (strlen(text) >= value_size)
		return -EPROTO;
	strcpy(value, text);
	return 0;
}

/**
 * ovgpu_setting_write - set something
 * @ovgpu: handle
 * @object: what @of names
 * @of: PCI address or UUID, as the parse functions give them
 * @setting: which
 * @value: one that ovgpu_setting_check() takes
 * @reason: receives why the driver refused; empty when the refusal was not
 *	the driver's
 * @size: bytes at @reason
 *
 * It is in force when this returns.
 *
 * Return: 0 or the kernel's negative errno: -ENOENT or -ENODEV when the object
 * is gone (-ENODEV also when the vGPU that @value names is not one of the
 * GPU's), -EACCES not root, -EBUSY when the vGPU has to be closed for it,
 * -EPROTO when the module is not one that this library was made for, -EINVAL
 * and whatever else the driver answers.
 */
int ovgpu_setting_write(const struct ovgpu *ovgpu, enum ovgpu_object object,
			const char *of, const struct ovgpu_setting *setting,
			const char *value, char *reason, size_t size)
{
	char path[PATH_MAX], uuid[OVGPU_UUID_SIZE], about[OVGPU_TEXT_SIZE];
	char gpu[OVGPU_BDF_SIZE];
	struct ovgpu_vgpu *vgpu = NULL;
	int err;

	reason[0] = '\0';
	err = ovgpu_object_path(path, sizeof(path), object, of, OVGPU_DRIVER,
				setting->name);
	if (!err)
		err = ovgpu_abi_check(ovgpu, object, of, reason, size);
	if (err)
		return err;
	/* The driver compares UUIDs in the form that it gives them. */
	if (setting->kind == OVGPU_UUID_OR_NONE && !ovgpu_uuid_parse(value, uuid))
		value = uuid;
	err = ovgpu_write(ovgpu, value, "%s", path);
	/* The last two never reached the driver. */
	if (!err || err == -ENOENT || err == -EACCES)
		return err;
	snprintf(about, sizeof(about), "%s", setting->name);
	if (object == OVGPU_INSTANCE) {
		snprintf(gpu, sizeof(gpu), "%.*s", (int)strcspn(of, "/"), of);
		of = gpu;
		strcpy(about, "instance");
	}
	if (object == OVGPU_VGPU) {
		if (ovgpu_vgpu_get(ovgpu, of, &vgpu))
			return err;
		snprintf(about, sizeof(about), "vGPU %s: %s", of, setting->name);
		of = vgpu->gpu;
	}
	ovgpu_refusal(ovgpu, of, about, reason, size);
	ovgpu_free(vgpu);
	return err;
}
