// SPDX-License-Identifier: GPL-2.0-only
/*
 * control.c - fuzzes the lines of the reference GPU's control socket
 */
#include <json-c/json.h>

#include "device/device.h"
#include "front/control.h"
#include "fuzz.h"
#include "refgpu_hw.h"

static void nothing(void *opaque)
{
	(void)opaque;
}

static int done(void *opaque)
{
	(void)opaque;
	return 0;
}

static char *no_stats(void *opaque)
{
	(void)opaque;
	return strdup("{}");
}

static const struct control_ops ops = {
	.remove = nothing, .insert = done, .front_end_stats = no_stats,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct device_config config = {
		.vram_size = REFGPU_VRAM_MIN, .virtual_clock = true,
	};
	static struct device *device;
	struct json_object *answer, *ok;
	char *line = malloc(size + 1), *text;

	if (!device)
		device = device_create(&config);
	FUZZ_CHECK(device && line, "no device");
	memcpy(line, data, size);
	line[size] = '\0';
	text = control_execute(device, &ops, NULL, line);
	FUZZ_CHECK(text && !strchr(text, '\n'), "the answer is not a line");
	answer = json_tokener_parse(text);
	FUZZ_CHECK(json_object_object_get_ex(answer, "ok", &ok) &&
		   json_object_is_type(ok, json_type_boolean), "'%s'", text);
	json_object_put(answer);
	free(text);
	free(line);
	return 0;
}
