// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_runtime.c - the parts of the guest runtime that need no vGPU: what
 * results are compared with, and the picture's file
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "png.h"
#include "unit.h"
#include "workload.h"

static void expect_digest(const void *message, size_t bytes, const char *hex)
{
	uint8_t digest[32];
	char text[65];
	int i;

	sha256(message, bytes, digest);
	for (i = 0; i < 32; i++)
		sprintf(text + 2 * i, "%02x", digest[i]);
	ck_assert_str_eq(text, hex);
}

/* FIPS 180-4 examples, and the lengths around the padding's block borders. */
START_TEST(sha256_examples)
{
	char *million = malloc(1000000);

	expect_digest("", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	expect_digest("abc", 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	expect_digest("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56,
		      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
	memset(million, 'a', 1000000);
	expect_digest(million, 1000000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
	expect_digest(million, 55, "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318");
	expect_digest(million, 64, "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb");
	free(million);
}
END_TEST

/* Two jobs with different seeds must not have the same input. */
START_TEST(random_differs)
{
	uint32_t a = 1, b = 2, same = 0;
	int i;

	for (i = 0; i < 1000; i++)
		same += work_random(&a) == work_random(&b);
	ck_assert_uint_lt(same, 3);
}
END_TEST

/* A reader that is not ours must see the pixels. */
START_TEST(png_is_read_by_others)
{
	static const uint32_t pixels[2 * 3] = { 0xff0000, 0x00ff00, 0x0000ff,
						0x123456, 0xffffff, 0 };
	static const char script[] =
		"import zlib, struct, sys\n"
		"d = open(sys.argv[1], 'rb').read()\n"
		"assert d[:8] == b'\\x89PNG\\r\\n\\x1a\\n'\n"
		"p, data = 8, b''\n"
		"while p < len(d):\n"
		"    n, t = struct.unpack('>I4s', d[p:p + 8]); c = d[p + 8:p + 8 + n]\n"
		"    assert struct.unpack('>I', d[p + 8 + n:p + 12 + n])[0] == zlib.crc32(t + c)\n"
		"    if t == b'IHDR': assert struct.unpack('>IIBBBBB', c) == (3, 2, 8, 2, 0, 0, 0)\n"
		"    if t == b'IDAT': data += c\n"
		"    p += 12 + n\n"
		"raw = zlib.decompress(data)\n"
		"assert raw == bytes.fromhex('00ff000000ff000000ff' '00123456ffffff000000'), raw\n";
	char path[] = "/tmp/openvgpu-png-XXXXXX", command[4096];
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	close(fd);
	ck_assert_int_eq(png_write(path, pixels, 3, 2), 0);
	snprintf(command, sizeof(command), "python3 - %s <<'END'\n%sEND\n", path, script);
	ck_assert_int_eq(system(command), 0);
	unlink(path);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("runtime");
	TCase *tests = tcase_create("runtime");

	tcase_add_test(tests, sha256_examples);
	tcase_add_test(tests, random_differs);
	tcase_add_test(tests, png_is_read_by_others);
	suite_add_tcase(suite, tests);
	return unit_run(suite, "runtime");
}
