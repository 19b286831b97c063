// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_config_file.c - reading the configuration file
 *
 * What a file says is found in what config_read() gives; what does not belong
 * in one is refused on the right line; and no file of any bytes does harm.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "config.h"
#include "unit.h"

static struct config_error error;

static struct config *read_bytes(const char *bytes, size_t length, int *err)
{
	int fd = memfd_create("config", MFD_CLOEXEC);
	struct config *config;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, bytes, length), length);
	ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
	*err = config_read(fd, &config, &error);
	close(fd);
	ck_assert_msg(!*err == !!config, "returned %d with %p", *err,
		      (void *)config);
	return config;
}

static struct config *read_good(const char *text)
{
	int err;
	struct config *config = read_bytes(text, strlen(text), &err);

	ck_assert_msg(!err, "line %u: %s", error.line, error.text);
	return config;
}

static void read_bad(const char *text, size_t length, unsigned int line,
		     const char *why)
{
	int err;

	config_free(read_bytes(text, length, &err));
	ck_assert_msg(err == -EINVAL, "'%.80s' gave %d", text, err);
	ck_assert_msg(error.line == line && strstr(error.text, why),
		      "'%s' was refused on line %u (expected %u), because '%s'",
		      text, error.line, line, error.text);
}

static const char example[] =
	"# what a user writes\n"
	"version: v1\n"
	"vgpu-configs:\n"
	"  default:\n"
	"    - devices: all\n"
	"      settings:\n"
	"        scheduler: equal_share\n"
	"        timeslice_us: 2000\n"
	"  two:\n"
	"    - devices: [0000:3b:00.0, 1]\n"
	"      vgpu-devices:\n"
	"        \"1q\": 4\n"
	"        openvgpu-256mq:\n"
	"          - uuid: 11111111-1111-4111-8111-111111111111\n"
	"            weight: 200\n"
	"          - {uuid: 22222222-2222-4222-8222-222222222222, cap_percent: 50}\n"
	"    - devices:\n"
	"        - 2\n"
	"      settings: {console: none}\n"
	"      vgpu-devices: {}\n"
	"      use: vgpu\n"
	"  none: []\n";

START_TEST(everything_is_found)
{
	struct config *config = read_good(example);
	const struct config_entry *entry;

	ck_assert_uint_eq(config->label_count, 3);
	ck_assert_str_eq(config->labels[0].name, "default");
	ck_assert_uint_eq(config->labels[0].line, 4);
	ck_assert_uint_eq(config->labels[0].entry_count, 1);
	entry = &config->labels[0].entries[0];
	ck_assert(entry->all && !entry->device_count && !entry->has_types);
	ck_assert(entry->use == CONFIG_USE_LEFT_ALONE);
	ck_assert_uint_eq(entry->settings.count, 2);
	ck_assert_str_eq(entry->settings.list[1].name, "timeslice_us");
	ck_assert_str_eq(entry->settings.list[1].value, "2000");
	ck_assert_uint_eq(entry->settings.list[1].line, 8);

	ck_assert_uint_eq(config->labels[1].entry_count, 2);
	entry = &config->labels[1].entries[0];
	ck_assert(!entry->all && entry->has_types);
	ck_assert_uint_eq(entry->device_count, 2);
	ck_assert_str_eq(entry->devices[0].text, "0000:3b:00.0");
	ck_assert_str_eq(entry->devices[1].text, "1");
	ck_assert_uint_eq(entry->type_count, 2);
	ck_assert_str_eq(entry->types[0].type, "1q");
	ck_assert_uint_eq(entry->types[0].count, 4);
	ck_assert_ptr_null(entry->types[0].vgpus);
	ck_assert_uint_eq(entry->types[1].count, 2);
	ck_assert_str_eq(entry->types[1].vgpus[0].settings.list[0].value, "200");
	ck_assert_str_eq(entry->types[1].vgpus[1].uuid,
			 "22222222-2222-4222-8222-222222222222");
	ck_assert_uint_eq(entry->types[1].vgpus[1].line, 16);

	entry = &config->labels[1].entries[1];
	ck_assert(entry->has_types && !entry->type_count);
	ck_assert(entry->use == CONFIG_USE_VGPU);
	ck_assert_str_eq(entry->settings.list[0].value, "none");
	ck_assert_uint_eq(config->labels[2].entry_count, 0);
	config_free(config);
}
END_TEST

START_TEST(instances_are_found)
{
	struct config *config = read_good("version: v1\nmig-configs:\n  a:\n"
		"    - devices: all\n      instances:\n"
		"        train: {profile: 4g.512m, scheduler: fixed_share, compute: [2, 1, 1]}\n"
		"        night: {profile: 1g}\n"
		"    - devices: [1]\n      mig-enabled: true\n"
		"      mig-devices: {\"1g.5gb\": 2, 3g.20gb: 0}\n"
		"    - devices: [2]\n      mig-enabled: false\n"
		"    - devices: [3]\n      instances: {}\n"
		"    - devices: [4]\n      mig-enabled: true\n");
	const struct config_entry *entry = config->labels[0].entries;

	ck_assert_uint_eq(config->labels[0].entry_count, 5);
	ck_assert(entry->has_instances && !entry->has_types);
	ck_assert_uint_eq(entry->instance_count, 2);
	ck_assert_str_eq(entry->instances[0].name, "train");
	ck_assert_str_eq(entry->instances[0].profile, "4g.512m");
	ck_assert_uint_eq(entry->instances[0].count, 1);
	ck_assert_uint_eq(entry->instances[0].line, 6);
	ck_assert_uint_eq(entry->instances[0].settings.count, 1);
	ck_assert_str_eq(entry->instances[0].settings.list[0].value, "fixed_share");
	ck_assert_str_eq(entry->instances[0].compute, "2,1,1");
	ck_assert_uint_eq(entry->instances[1].settings.count, 0);
	ck_assert_str_eq(entry->instances[1].compute, "");
	entry++;
	ck_assert(entry->has_instances);
	ck_assert_uint_eq(entry->instance_count, 2);
	ck_assert_str_eq(entry->instances[0].name, "");
	ck_assert_str_eq(entry->instances[0].profile, "1g.5gb");
	ck_assert_uint_eq(entry->instances[0].count, 2);
	ck_assert_uint_eq(entry->instances[1].count, 0);
	ck_assert(entry[1].has_instances && !entry[1].instance_count);
	ck_assert(entry[2].has_instances && !entry[2].instance_count);
	ck_assert(!entry[3].has_instances);
	config_free(config);
}
END_TEST

START_TEST(nothing_is_fine)
{
	static const char *const texts[] = {
		"", "\n", "# only comments\n# version: v1\n", "---\n", "---\n...\n",
		"version: v1\n", "version: v1\nvgpu-configs:\n",
		"version: v1\nvgpu-configs: {}\n",
	};
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct config *config = read_good(texts[i]);

		ck_assert_uint_eq(config->label_count, 0);
		config_free(config);
	}
}
END_TEST

#define HEAD	"version: v1\nvgpu-configs:\n  a:\n"

START_TEST(what_does_not_belong_there)
{
	static const struct {
		const char *text;
		unsigned int line;
		const char *why;
	} cases[] = {
		{ "hello\n", 1, "the file must be" },
		{ "[1, 2]\n", 1, "the file must be" },
		{ "vgpu-configs: {}\n", 1, "lacks 'version: v1'" },
		{ "version: v2\n", 1, "'v2' is not known" },
		{ "version: [v1]\n", 1, "single value" },
		{ "version:\nvgpu-configs: {}\n", 1, "missing" },
		{ "version: v1\nversion: v1\n", 2, "twice" },
		{ "version: v1\nconfigs: {}\n", 2, "unknown key 'configs'" },
		{ "version: v1\n? [a]\n: b\n", 2, "single value" },
		{ "version: v1\nvgpu-configs: [a]\n", 2, "vgpu-configs must be" },
		{ HEAD "    devices: all\n", 4, "a list of entries" },
		{ HEAD "    - settings: {a: b}\n", 4, "without 'devices:'" },
		{ HEAD "    - devices: some\n", 4, "not 'some'" },
		{ HEAD "    - devices: []\n", 4, "devices must be" },
		{ HEAD "    - devices: {a: b}\n", 4, "devices must be" },
		{ HEAD "    - devices: [[0]]\n", 4, "single value" },
		{ HEAD "    - devices: all\n      devices: all\n", 5, "twice" },
		{ HEAD "    - devices: all\n      vgpus: 1\n", 5, "unknown key 'vgpus'" },
		{ HEAD "    - devices: all\n      settings: [a]\n", 5, "settings must be" },
		{ HEAD "    - devices: all\n      settings:\n        a: 1\n        a: 2\n",
		  7, "twice, first on line 6" },
		{ HEAD "    - devices: all\n      settings:\n        a: [1]\n", 6,
		  "single value" },
		{ HEAD "    - devices: all\n      settings:\n        a:\n", 6, "missing" },
		{ HEAD "    - devices: all\n      instances:\n        a: {profile: 4g, compute: []}\n",
		  6, "compute can't be" },
		{ HEAD "    - devices: all\n      instances:\n        a: {compute: [2, x]}\n",
		  6, "compute can't be '2,x'" },
		{ HEAD "    - devices: all\n      instances:\n        a: {compute: 0}\n",
		  6, "compute can't be '0'" },
		{ HEAD "    - devices: all\n      instances:\n        a: {compute: {b: 1}}\n",
		  6, "single value" },
		{ HEAD "    - devices: all\n      instances:\n        a: {compute: [[1]]}\n",
		  6, "single value" },
		{ HEAD "    - devices: all\n      instances:\n        a:\n          compute: 1\n"
		  "          compute: 1\n", 8, "'compute' is there twice" },
		{ HEAD "    - devices: all\n      vgpu-devices:\n", 5, "write {}" },
		{ HEAD "    - devices: all\n      vgpu-devices: 4\n", 5, "must be TYPE" },
		{ HEAD "    - devices: all\n      vgpu-devices: {1q: -1}\n", 5,
		  "not a number of vGPUs" },
		{ HEAD "    - devices: all\n      vgpu-devices: {1q: 4097}\n", 5,
		  "not a number of vGPUs" },
		{ HEAD "    - devices: all\n      vgpu-devices: {1q: 18446744073709551617}\n",
		  5, "not a number of vGPUs" },
		{ HEAD "    - devices: all\n      vgpu-devices: {1q: 1.0}\n", 5,
		  "not a number of vGPUs" },
		{ HEAD "    - devices: all\n      vgpu-devices: {1q: 1, 1q: 2}\n", 5,
		  "twice" },
		{ HEAD "    - devices: all\n      vgpu-devices: {1q: [a]}\n", 5,
		  "a vGPU must be" },
		{ HEAD "    - devices: all\n      vgpu-devices: {1q: [{weight: 1}]}\n", 5,
		  "needs 'uuid: UUID'" },
		{ HEAD "    - devices: all\n      vgpu-devices: {1q: [{uuid: a, uuid: b}]}\n",
		  5, "twice" },
		{ HEAD "    - devices: all\n      instances:\n", 5, "write {}" },
		{ HEAD "    - devices: all\n      instances: [a]\n", 5, "must be NAME" },
		{ HEAD "    - devices: all\n      instances: {a: 1g}\n", 5,
		  "a GPU instance must be" },
		{ HEAD "    - devices: all\n      instances: {a: {weight: 1}}\n", 5,
		  "lacks 'profile:'" },
		{ HEAD "    - devices: all\n      instances: {a: {profile: 1g, profile: 2g}}\n",
		  5, "twice" },
		{ HEAD "    - devices: all\n      instances:\n        a: {profile: 1g}\n"
		  "        a: {profile: 2g}\n", 7, "'a' is there twice, first on line 6" },
		{ HEAD "    - devices: all\n      mig-devices: {1g: 1, 1g: 2}\n", 5,
		  "'1g' is there twice" },
		{ HEAD "    - devices: all\n      mig-devices: {1g: 257}\n", 5,
		  "not a number of GPU instances" },
		{ HEAD "    - devices: all\n      mig-devices: 7\n", 5, "must be PROFILE" },
		{ HEAD "    - devices: all\n      mig-enabled: maybe\n", 5,
		  "true or false" },
		{ HEAD "    - devices: all\n      mig-devices: {}\n      instances: {}\n", 6,
		  "forms of the same" },
		{ HEAD "    - devices: all\n      mig-devices: {1g: 1}\n"
		  "      mig-enabled: false\n", 6, "forms of the same" },
		{ HEAD "    - devices: all\n  a: []\n", 5, "twice, first on line 3" },
		/* What YAML has beyond plain data. */
		{ "version: &x v1\n", 1, "anchors" },
		{ "version: v1\nvgpu-configs: *x\n", 2, "aliases" },
		{ "version: !!str v1\n", 1, "tags" },
		{ "version: v1\n---\nversion: v1\n", 2, "second document" },
		/* No YAML at all. */
		{ "version: v1\n\tvgpu-configs: {}\n", 2, "not YAML" },
		{ "version: \"v1\n", 2, "not YAML" },
		{ "version: v1\nvgpu-configs: {\n", 3, "not YAML" },
		{ "version: \"v1\\0\"\n", 1, "zero byte" },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		read_bad(cases[i].text, strlen(cases[i].text), cases[i].line,
			 cases[i].why);
	read_bad("version: \xff\xfe\n", 12, 0, "UTF-8");
	read_bad("version: v1\n# \0\n", 17, 0, "UTF-8");
	read_bad("\xff\xfe", 2, 0, "UTF-8");
	read_bad("version: \xed\xa0\x80\n", 13, 0, "UTF-8");
}
END_TEST

START_TEST(sizes_are_bounded)
{
	size_t size = CONFIG_BYTES_MAX + 10;
	char *text = malloc(size);
	struct config *config;
	int err, fd;

	/* A name and a value that are too long. */
	memset(text, 'x', size);
	memcpy(text, "version: ", 9);
	read_bad(text, 1000, 1, "too long");
	read_bad(text + 9, 1000, 1, "the file must be");
	/* A file that is. */
	memset(text, '#', size);
	config = read_bytes(text, CONFIG_BYTES_MAX, &err);
	ck_assert_int_eq(err, 0);
	config_free(config);
	read_bytes(text, CONFIG_BYTES_MAX + 1, &err);
	ck_assert_int_eq(err, -EFBIG);
	/* Depth. */
	memset(text, '[', size);
	read_bad(text, CONFIG_BYTES_MAX, 1, "the file must be");
	for (size = 0; size < CONFIG_BYTES_MAX; size += 2)
		memcpy(text + size, "- ", 2);
	read_bad(text, CONFIG_BYTES_MAX, 1, "");
	/* Very many vGPUs. */
	size = sprintf(text, HEAD "    - devices: all\n      vgpu-devices:\n        1q:\n");
	while (size + 30 < CONFIG_BYTES_MAX)
		size += sprintf(text + size, "        - {uuid: a}\n");
	read_bad(text, size, 7 + CONFIG_COUNT_MAX, "more than 4096");
	free(text);

	fd = open("/", O_RDONLY | O_CLOEXEC);
	ck_assert_int_eq(config_read(fd, &config, &error), -EISDIR);
	ck_assert_ptr_nonnull(strstr(error.text, "directory"));
	close(fd);
	fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	ck_assert_int_eq(config_read(fd, &config, &error), -EFBIG);
	close(fd);
}
END_TEST

/* Every beginning of a file, and files with bytes that are wrong. */
START_TEST(damaged_files)
{
	static const char bytes[] = "\n\t -:?,[]{}#&*!|>'\"%@`\xff\xc3\xe2\0zv10";
	struct unit_random random = { 5 };
	char copy[sizeof(example)];
	size_t i, n, good = 0;
	int err;

	for (i = 0; i < sizeof(example); i++)
		config_free(read_bytes(example, i, &err));
	for (i = 0; i < 20000; i++) {
		memcpy(copy, example, sizeof(copy));
		for (n = unit_random(&random) % 4 + 1; n; n--)
			copy[unit_random(&random) % (sizeof(copy) - 1)] =
				bytes[unit_random(&random) % (sizeof(bytes) - 1)];
		config_free(read_bytes(copy, sizeof(copy) - 1, &err));
		good += !err;
		unit_assert(!err || error.text[0], "refused without a reason: %s",
			    copy);
	}
	ck_assert_msg(good > 100 && good < 19900, "%zu were taken", good);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("config_file");
	TCase *tests = tcase_create("config_file");

	tcase_set_timeout(tests, 120);
	tcase_add_test(tests, everything_is_found);
	tcase_add_test(tests, instances_are_found);
	tcase_add_test(tests, nothing_is_fine);
	tcase_add_test(tests, what_does_not_belong_there);
	tcase_add_test(tests, sizes_are_bounded);
	tcase_add_test(tests, damaged_files);
	suite_add_tcase(suite, tests);
	return unit_run(suite, "config_file");
}
