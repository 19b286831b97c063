// SPDX-License-Identifier: GPL-2.0-only
/*
 * capacity.c - creating vGPUs until the GPU is full
 */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/wait.h>

#include "vm.h"

#define TYPES_MAX	128
#define VGPUS_MAX	64

static char types[TYPES_MAX][32];
static int type_count;

static void find_types(void)
{
	type_count = host_types(types, TYPES_MAX);
	CHECK(type_count > 0, "no types: %s", rt_message());
}

/* Those of GPU instances are spatial_place's. */
static void find_plain_types(void)
{
	int i, plain = 0;

	find_types();
	for (i = 0; i < type_count; i++)
		if (!host_type_compute(types[i]))
			memmove(types[plain++], types[i], sizeof(types[0]));
	type_count = plain;
}

static int available(const char *type)
{
	int count = host_available(type);

	CHECK(count >= 0, "available_instances of %s: %s", type, rt_message());
	return count;
}

TEST(types, ONCE)
{
	static const char *const wanted[] = {
		"1q", "512mq", "256mq", "128mq", "64mq", "32mq", "16mq",
		"1c", "512mc", "256mc", "128mc", "64mc", "32mc", "16mc",
	};
	static const char name_letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 _.-";
	char path[PATH_MAX], text[512], expected[32];
	unsigned int i;
	int j;

	find_types();
	for (i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		for (j = 0; j < type_count; j++)
			if (!strcmp(wanted[i], types[j]))
				break;
		CHECK(j < type_count, "there is no type openvgpu-%s", wanted[i]);
	}
	for (j = 0; j < type_count; j++) {
		snprintf(path, sizeof(path),
			 "/sys/class/mdev_bus/%s/mdev_supported_types/openvgpu-%.31s/device_api",
			 host_gpu(), types[j]);
		OK(host_read(path, text, sizeof(text)));
		CHECK(!strcmp(text, "vfio-pci"), "%s: device_api '%s'", types[j],
		      text);
		strcpy(strrchr(path, '/'), "/name");
		OK(host_read(path, text, sizeof(text)));
		CHECK(!strncmp(text, "OpenVGPU ", 9) && strlen(text) < 50 &&
		      strspn(text, name_letters) == strlen(text), "%s: name '%s'", types[j], text);
		strcpy(strrchr(path, '/'), "/description");
		OK(host_read(path, text, sizeof(text)));
		CHECK(!strncmp(text, "num_heads=", 10) && !strchr(text, '\n'),
		      "%s: description '%s'", types[j], text);
		snprintf(expected, sizeof(expected), "framebuffer=%lluM",
			 (unsigned long long)(host_type_bytes(types[j]) >> 20));
		CHECK(strstr(text, expected), "%s: description '%s' has no %s",
		      types[j], text, expected);
		snprintf(expected, sizeof(expected), "max_instance=%d",
			 available(types[j]));
		CHECK(strstr(text, expected),
		      "%s: description '%s', but %d are available", types[j],
		      text, available(types[j]));
	}
}

/* N read, N creates succeed, the next one fails and says why. */
TEST(fill_with_each, ONCE | SLOW)
{
	char uuid[VGPUS_MAX + 1][UUID_LENGTH + 1], text[512];
	int i, j, k, count, error;

	find_plain_types();
	for (j = 0; j < type_count; j++) {
		count = available(types[j]);
		if (harness_slow_kernel() && count > 16)
			continue;
		CHECK(count > 0 && count <= VGPUS_MAX, "%s: %d available",
		      types[j], count);
		for (i = 0; i < count; i++) {
			OK(host_create_any(types[j], uuid[i]));
			CHECK(available(types[j]) == count - i - 1,
			      "%s: %d available after %d of %d creates",
			      types[j], available(types[j]), i + 1, count);
		}
		error = host_create_any(types[j], uuid[count]);
		CHECK(error == -ENOSPC || error == -EUSERS,
		      "%s: creating number %d of %d: %s", types[j], count + 1,
		      count, error ? strerror(-error) : "accepted");
		OK(host_last_error(text, sizeof(text)));
		CHECK(strlen(text) > 10, "last_error is '%s'", text);
		for (k = 0; k < type_count; k++)
			CHECK(host_type_bytes(types[k]) < host_type_bytes(types[j]) ||
			      !available(types[k]),
			      "full of %s, but %d of %s are available", types[j],
			      available(types[k]), types[k]);
		for (i = 0; i < count; i++)
			OK(host_remove(uuid[i]));
		CHECK(available(types[j]) == count, "%s: %d available, before %d",
		      types[j], available(types[j]), count);
	}
}

/* Sizes mixed at random: what is promised is kept, at every step. */
TEST(mixed, ONCE | SLOW)
{
	char uuid[VGPUS_MAX + 1][UUID_LENGTH + 1], path[PATH_MAX];
	uint64_t size[VGPUS_MAX + 1], total, free_bytes, used = 0;
	int steps = harness_slow_kernel() ? 50 : 200;
	int count = 0, step, pick, promised, error;
	uint32_t seed = 2;

	find_plain_types();
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/openvgpu/framebuffer_total",
		 host_gpu());
	OK(host_read_number(path, &total));
	strcpy(strrchr(path, '/'), "/framebuffer_free");
	for (step = 0; step < steps; step++) {
		if (count && work_random(&seed) % 5 < 2) {
			pick = (int)(work_random(&seed) % (unsigned int)count);
			OK(host_remove(uuid[pick]));
			used -= size[pick];
			count--;
			memcpy(uuid[pick], uuid[count], sizeof(uuid[0]));
			size[pick] = size[count];
		} else {
			pick = (int)(work_random(&seed) % (unsigned int)type_count);
			promised = available(types[pick]);
			error = host_create_any(types[pick], uuid[count]);
			CHECK(!error == (promised > 0),
			      "step %d: %d of %s promised, create: %s", step,
			      promised, types[pick],
			      error ? strerror(-error) : "done");
			if (!error) {
				size[count] = host_type_bytes(types[pick]);
				used += size[count++];
			}
		}
		OK(host_read_number(path, &free_bytes));
		CHECK(free_bytes == total - used,
		      "step %d: %llu bytes free, should be %llu", step,
		      (unsigned long long)free_bytes,
		      (unsigned long long)(total - used));
	}
	while (count)
		OK(host_remove(uuid[--count]));
}

static void keep_promises(int of_256mq)
{
	char more[VGPUS_MAX + 1][UUID_LENGTH + 1];
	int i, j, promised;

	for (j = 0; j < type_count; j++) {
		promised = available(types[j]);
		if (harness_slow_kernel() && promised > 16)
			continue;
		CHECK(promised <= VGPUS_MAX, "%s: %d promised", types[j], promised);
		for (i = 0; i < promised; i++)
			OK(host_create_any(types[j], more[i]));
		CHECK(host_create_any(types[j], more[promised]) < 0,
		      "%s: one more than the %d promised", types[j], promised);
		for (i = 0; i < promised; i++)
			OK(host_remove(more[i]));
		if (!strcmp(types[j], "256mq"))
			CHECK(promised == of_256mq, "%d of 256mq promised, not %d",
			      promised, of_256mq);
	}
}

/*
 * What available_instances says in a fragmented GPU holds for all N: where what is
 * left is open, and stays where it is, and where it is closed, and may move.
 */
TEST(promise_when_fragmented, ONCE | SLOW)
{
	static struct vgpu vgpu[32];
	int i;

	find_plain_types();
	for (i = 0; i < 32; i++)
		OK(host_create_any("32mq", vgpu[i].uuid));
	/* Every other one goes, and one aligned block of 256 MiB. */
	for (i = 0; i < 32; i++)
		if (i % 2 || i < 8)
			OK(host_remove(vgpu[i].uuid));
		else
			vgpu_open(&vgpu[i]);
	keep_promises(1);
	for (i = 8; i < 32; i += 2)
		vgpu_close(&vgpu[i]);
	keep_promises(2);
}

/* Creators from several processes never get more than there is. */
TEST(racing_creators, ONCE | SLOW)
{
	char uuid[UUID_LENGTH + 1];
	int round, i, promised, got, status;
	pid_t child[8];

	for (round = 0; round < (harness_slow_kernel() ? 1 : 5); round++) {
		promised = available("64mq");
		for (i = 0; i < 8; i++) {
			child[i] = fork();
			if (child[i])
				continue;
			for (got = 0; got < 64; ) {
				int error = host_create_any("64mq", uuid);

				if (error == -ENOSPC || error == -EUSERS)
					_exit(got);
				if (error)
					_exit(100);
				got++;
			}
			_exit(101);
		}
		for (got = i = 0; i < 8; i++) {
			waitpid(child[i], &status, 0);
			CHECK(WIFEXITED(status) && WEXITSTATUS(status) < 100,
			      "a creator failed with status 0x%x", status);
			got += WEXITSTATUS(status);
		}
		CHECK(got == promised && host_count() == (unsigned int)promised,
		      "%d promised, %d created, %u exist", promised, got,
		      host_count());
		CHECK(!available("64mq") && !available("1q"),
		      "full, but %d of 64mq and %d of 1q are available",
		      available("64mq"), available("1q"));
		OK(host_clean());
		CHECK(available("64mq") == promised, "%d available, before %d",
		      available("64mq"), promised);
	}
}

/* Creators and removers at once: the books balance in the end. */
TEST(create_remove_race, ONCE | SLOW)
{
	static const char *const sizes[] = { "64mq", "256mq", "16mc", "128mc" };
	char uuid[UUID_LENGTH + 1];
	int i, j, before = available("16mq");
	pid_t child[4];

	for (i = 0; i < 4; i++) {
		child[i] = fork();
		if (child[i])
			continue;
		for (j = 0; j < (harness_slow_kernel() ? 15 : 60); j++) {
			int error = host_create_any(sizes[i], uuid);

			if (error && error != -ENOSPC && error != -EUSERS)
				_exit(1);
			if (!error && host_remove(uuid))
				_exit(2);
		}
		_exit(0);
	}
	for (i = 0; i < 4; i++)
		wait_child(child[i], "a process that creates and removes");
	CHECK(available("16mq") == before, "%d of 16mq available, before %d",
	      available("16mq"), before);
}

TEST(odd_names, ONCE)
{
	static const char *const good[] = {
		"00000000-0000-0000-0000-000000000000",
		"ffffffff-ffff-ffff-ffff-ffffffffffff",
		"00000007-0000-0000-0000-000000000101", /* Proxmox */
		"A0B1C2D3-E4F5-0617-2839-4A5B6C7D8E9F",
	};
	static const char *const bad[] = {
		"", "x", "00000000-0000-0000-0000-00000000000",
		"00000000-0000-0000-0000-00000000000000",
		"0000000000000000000000000000000000000",
		"g0000000-0000-0000-0000-000000000000",
		"00000000-0000-0000-0000-000000000000\n\n",
		"../../../../../../../etc/passwd-----",
		"00000000-0000-0000-0000-000000000001 00000000-0000-0000-0000-000000000002",
	};
	char *giant = malloc(70000), path[PATH_MAX], fresh[UUID_LENGTH + 1];
	unsigned int i;
	ssize_t n;
	int error, fd;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		OK(host_create("16mq", good[i]));
		error = host_create("16mq", good[i]);
		CHECK(error == -EEXIST, "creating %s twice: %s", good[i],
		      error ? strerror(-error) : "accepted");
		error = host_create("32mc", good[i]);
		CHECK(error == -EEXIST, "creating %s again with another type: %s",
		      good[i], error ? strerror(-error) : "accepted");
	}
	CHECK(host_count() == 4, "%u vGPUs, not 4", host_count());
	OK(host_clean());
	for (i = 1; i < sizeof(bad) / sizeof(bad[0]); i++) {
		error = host_create("16mq", bad[i]);
		CHECK(error < 0, "'%s' was accepted as a name", bad[i]);
	}
	/* A text far too long. */
	memset(giant, 'a', 70000);
	snprintf(path, sizeof(path),
		 "/sys/class/mdev_bus/%s/mdev_supported_types/openvgpu-16mq/create",
		 host_gpu());
	fd = open(path, O_WRONLY);
	n = write(fd, giant, 70000);
	CHECK(n < 0, "70000 letters were accepted as a name: %zd", n);
	host_uuid(fresh);
	n = write(fd, fresh, UUID_LENGTH);
	CHECK(n == 36, "a good name after a bad one: %s", strerror(errno));
	close(fd);
	CHECK(host_count() == 1, "%u vGPUs, not 1", host_count());
	free(giant);
}

TEST(removal_forms, ONCE)
{
	char uuid[UUID_LENGTH + 1], path[PATH_MAX];
	int error;

	OK(host_create_any("16mq", uuid));
	snprintf(path, sizeof(path), "/sys/bus/mdev/devices/%s/remove", uuid);
	error = host_write(path, "no");
	CHECK(error < 0, "'no' was accepted by remove");
	OK(host_write(path, "0"));
	CHECK(host_exists(uuid), "writing 0 to remove removed it");
	OK(host_write(path, "1"));
	CHECK(!host_exists(uuid), "it is still there");
	error = host_write(path, "1");
	CHECK(error == -ENOENT, "removing again: %s",
	      error ? strerror(-error) : "accepted");
}

/* Nothing that a slice is made of is given to two. */
TEST(placement, ONCE)
{
	uint64_t offset[16], size[16], total;
	char uuid[16][UUID_LENGTH + 1], path[PATH_MAX];
	static const char *const mix[] = { "256mq", "16mc", "128mq", "64mc",
					   "32mq", "16mq" };
	int count = 0, i, j;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/openvgpu/framebuffer_total",
		 host_gpu());
	OK(host_read_number(path, &total));
	while (count < 16 && !host_create_any(mix[count % 6], uuid[count]))
		count++;
	CHECK(count >= 10, "only %d vGPUs fit", count);
	for (i = 0; i < count; i++) {
		offset[i] = host_attribute(uuid[i], "framebuffer_offset");
		size[i] = host_attribute(uuid[i], "framebuffer_size");
		CHECK(size[i] == host_type_bytes(mix[i % 6]), "%s has %llu bytes",
		      mix[i % 6], (unsigned long long)size[i]);
		CHECK(offset[i] % size[i] == 0 && offset[i] + size[i] <= total,
		      "%s lies at 0x%llx of 0x%llx", mix[i % 6],
		      (unsigned long long)offset[i], (unsigned long long)total);
		for (j = 0; j < i; j++)
			CHECK(offset[i] + size[i] <= offset[j] ||
			      offset[j] + size[j] <= offset[i],
			      "vGPUs %d and %d overlap", i, j);
	}
}
