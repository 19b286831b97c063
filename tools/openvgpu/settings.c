// SPDX-License-Identifier: GPL-2.0-only
/*
 * settings.c - openvgpu settings: what can be set, and to what
 *
 * What it is now, openvgpu show says.
 */
#include <stdio.h>
#include <string.h>

#include "cli.h"

#define COLUMNS	5

static const char by_default[] = "OF,NAME,VALUES,DEFAULT,MEANING";

static const char *const objects[] = {
	[OVGPU_GPU] = "gpu", [OVGPU_VGPU] = "vgpu",
};

static const char *const kinds[] = {
	[OVGPU_NUMBER] = "number", [OVGPU_CHOICE] = "choice",
	[OVGPU_UUID_OR_NONE] = "uuid", [OVGPU_NAME_OR_NONE] = "name",
};

/**
 * show_numbers - the numbers that a setting can be
 * @setting: which
 *
 * Return: as "0, 100-1000000".
 */
struct shown show_numbers(const struct ovgpu_setting *setting)
{
	struct shown s;

	snprintf(s.text, sizeof(s.text), "%s%llu-%llu",
		 setting->zero ? "0, " : "",
		 (unsigned long long)setting->minimum,
		 (unsigned long long)setting->maximum);
	return s;
}

/* The first of its choices. */
static struct shown first_choice(const struct ovgpu_setting *setting)
{
	struct shown s;

	snprintf(s.text, sizeof(s.text), "%.*s",
		 (int)strcspn(setting->choices, " "), setting->choices);
	return s;
}

static void add_row(struct table *table, enum ovgpu_object object,
		    const struct ovgpu_setting *setting)
{
	struct shown values = { "UUID, none" }, standard = { "none" };

	if (setting->kind == OVGPU_NUMBER) {
		values = show_numbers(setting);
		standard = show_value(setting->default_number);
	} else if (setting->kind == OVGPU_NAME_OR_NONE) {
		values = shown("NAME, none");
	} else if (setting->kind == OVGPU_CHOICE) {
		values = shown(setting->choices);
		standard = first_choice(setting);
	}
	table_row(table, COLUMNS, objects[object], setting->name, values.text,
		  standard.text, setting->meaning);
}

static struct json_object *choices_json(const struct ovgpu_setting *setting)
{
	struct json_object *array = json_object_new_array();
	const char *word = setting->choices;
	char text[OVGPU_NAME_SIZE];
	size_t n;

	for (; *(word += strspn(word, " ")); word += n) {
		n = strcspn(word, " ");
		snprintf(text, sizeof(text), "%.*s", (int)n, word);
		json_object_array_add(array, json_text(text));
	}
	return array;
}

static struct json_object *setting_json(enum ovgpu_object object,
					const struct ovgpu_setting *setting)
{
	struct json_object *json = json_object_new_object();
	bool number = setting->kind == OVGPU_NUMBER;
	struct ovgpu_value value = { .known = number };

	json_set_text(json, "of", objects[object]);
	json_set_text(json, "name", setting->name);
	json_set_text(json, "kind", kinds[setting->kind]);
	value.number = setting->minimum;
	json_set_value(json, "minimum", value);
	value.number = setting->maximum;
	json_set_value(json, "maximum", value);
	json_set(json, "zero", json_object_new_boolean(setting->zero));
	json_set(json, "choices",
		 setting->choices ? choices_json(setting) : NULL);
	if (number)
		json_set_value(json, "default", setting->default_number);
	else
		json_set_text(json, "default", setting->choices ?
			      first_choice(setting).text : "none");
	json_set(json, "scheduler", json_object_new_boolean(setting->scheduler));
	json_set(json, "closed_only",
		 json_object_new_boolean(setting->closed_only));
	json_set(json, "for_now", json_object_new_boolean(setting->for_now));
	json_set_text(json, "meaning", setting->meaning);
	return json;
}

/**
 * command_settings - list what can be set
 * @cli: the run
 *
 * Return: exit status.
 */
enum cli_exit command_settings(struct cli *cli)
{
	struct json_object *object, *array = json_object_new_array();
	const struct ovgpu_setting *setting;
	struct table table = { 0 };
	enum ovgpu_object of;
	enum cli_exit code;
	unsigned int i;

	table_row(&table, COLUMNS, "OF", "NAME", "VALUES", "DEFAULT", "MEANING");
	code = table_choose(cli, &table, by_default);
	for (of = OVGPU_GPU; of <= OVGPU_VGPU; of++)
		for (i = 0; (setting = ovgpu_setting(of, i)); i++) {
			json_object_array_add(array, setting_json(of, setting));
			add_row(&table, of, setting);
		}
	if (code == CLI_OK && cli->json) {
		object = json_start();
		json_set(object, "settings", json_object_get(array));
		json_print(object);
	} else if (code == CLI_OK) {
		table_print(&table);
	}
	json_object_put(array);
	table_free(&table);
	return code;
}
