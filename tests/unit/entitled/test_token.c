// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_token.c - tokens that are good, and all that are not
 */
#include <jwt.h>
#include <unistd.h>

#include "keys.h"
#include "token.h"

#define NOW	1800000000

static struct keys ours, others;
static struct token good = { .id = "0123", .pool = "blue", .issued = NOW, .expires = NOW + 60 };

static void set_up(void)
{
	ours = made_keys("P-256");
	others = made_keys("P-256");
}

static void tear_down(void)
{
	free_keys(&ours);
	free_keys(&others);
}

static void check_at(int64_t now, const char *text, enum token_verdict expected)
{
	struct token token;
	enum token_verdict verdict = token_check(text, ours.public, now, &token);

	ck_assert_msg(verdict == expected, "'%s' is %s, expected %s", text, token_reason(verdict),
		      token_reason(expected));
}

static void check(const char *text, enum token_verdict expected)
{
	check_at(NOW, text, expected);
}

/* The token that an attacker makes with libjwt. */
static char *made(jwt_alg_t algorithm, const char *key, const char *claims)
{
	jwt_t *jwt;
	char *text;

	ck_assert_int_eq(jwt_new(&jwt), 0);
	ck_assert_int_eq(jwt_set_alg(jwt, algorithm, (const unsigned char *)key,
				     key ? (int)strlen(key) : 0), 0);
	ck_assert_int_eq(jwt_add_grants_json(jwt, claims), 0);
	text = jwt_encode_str(jwt);
	ck_assert_ptr_nonnull(text);
	jwt_free(jwt);
	return text;
}

#define CLAIMS	"\"jti\": \"0123\", \"pool\": \"blue\", \"exp\": 1800000060"
#define ADMIN	"{\"iss\": \"openvgpu-entitled\", \"scope\": \"admin\", " CLAIMS "}"

START_TEST(test_good)
{
	static const char *const urls[] = { "https://one.example:8484", "https://two.example" };
	struct token token;
	char *text;
	jwt_t *jwt;
	int i;

	for (i = 0; i < SCOPES; i++) {
		good.scope = i;
		text = token_make(&good, urls, 2, ours.private);
		ck_assert_ptr_nonnull(text);
		ck_assert_int_eq(token_check(text, ours.public, NOW, &token), TOKEN_GOOD);
		ck_assert_str_eq(token.id, "0123");
		ck_assert_str_eq(token.pool, "blue");
		ck_assert_int_eq(token.scope, i);
		ck_assert_int_eq(token.expires, NOW + 60);
		ck_assert_str_eq(token.host, "");
		check_at(NOW + 59, text, TOKEN_GOOD);
		check_at(NOW + 60, text, TOKEN_EXPIRED);
		/* The clock set back a year, and forward. */
		check_at(NOW - 366 * 86400, text, TOKEN_EARLY);
		check_at(NOW - TOKEN_EARLY_MAX - 1, text, TOKEN_EARLY);
		check_at(NOW - TOKEN_EARLY_MAX, text, TOKEN_GOOD);
		check_at(NOW + 366 * 86400, text, TOKEN_EXPIRED);
		ck_assert_int_eq(jwt_decode(&jwt, text, NULL, 0), 0);
		free(text);
		text = jwt_get_grants_json(jwt, "urls");
		ck_assert_ptr_nonnull(strstr(text, urls[1]));
		free(text);
		jwt_free(jwt);
	}
}
END_TEST

START_TEST(test_host)
{
	struct token token, wanted = good;
	char *text;

	strcpy(wanted.host, "h1");
	wanted.scope = SCOPE_HOST;
	text = token_make(&wanted, NULL, 0, ours.private);
	ck_assert_int_eq(token_check(text, ours.public, NOW, &token), TOKEN_GOOD);
	ck_assert_str_eq(token.host, "h1");
	free(text);
	/* It would look as if it bound an administrator. */
	wanted.scope = SCOPE_ADMIN;
	text = token_make(&wanted, NULL, 0, ours.private);
	check(text, TOKEN_FOREIGN);
	free(text);
}
END_TEST

START_TEST(test_forged)
{
	char *text = token_make(&good, NULL, 0, others.private);
	char *mine = token_make(&good, NULL, 0, ours.private), *p;
	char mixed[TOKEN_MAX];

	check(text, TOKEN_FORGED);
	/* Another's signature below ours, and ours below another's. */
	snprintf(mixed, sizeof(mixed), "%.*s%s", (int)(strrchr(mine, '.') - mine), mine,
		 strrchr(text, '.'));
	check(mixed, TOKEN_FORGED);
	free(text);
	text = made(JWT_ALG_ES256, others.private, ADMIN);
	snprintf(mixed, sizeof(mixed), "%.*s%s", (int)(strrchr(text, '.') - text), text,
		 strrchr(mine, '.'));
	check(mixed, TOKEN_FORGED);
	free(text);
	/* None at all, with the algorithm named. */
	snprintf(mixed, sizeof(mixed), "%.*s.", (int)(strrchr(mine, '.') - mine), mine);
	check(mixed, TOKEN_FORGED);
	snprintf(mixed, sizeof(mixed), "%.*s", (int)(strrchr(mine, '.') - mine), mine);
	check(mixed, TOKEN_FORGED);
	/* Any one character of claims and signature. */
	for (p = strchr(mine, '.') + 1; p[1]; p++) {
		struct token token;
		char was = *p;

		if (was == '.')
			continue;
		*p = was == 'A' ? 'B' : 'A';
		ck_assert_int_ne(token_check(mine, ours.public, NOW, &token), TOKEN_GOOD);
		*p = was;
	}
	free(mine);
}
END_TEST

START_TEST(test_other_algorithms)
{
	struct keys large = made_keys("P-384");
	char *text;

	text = made(JWT_ALG_NONE, NULL, ADMIN);
	check(text, TOKEN_ALGORITHM);
	free(text);
	/* The public key as a password. */
	text = made(JWT_ALG_HS256, ours.public, ADMIN);
	check(text, TOKEN_ALGORITHM);
	free(text);
	text = made(JWT_ALG_ES384, large.private, ADMIN);
	check(text, TOKEN_ALGORITHM);
	free(text);
	free_keys(&large);
	/* {"alg":"none","alg":"ES256"}, {"alg":"es256"}, {"typ":"JWT"} */
	check("eyJhbGciOiJub25lIiwiYWxnIjoiRVMyNTYifQ.e30.", TOKEN_FORGED);
	check("eyJhbGciOiJlczI1NiJ9.e30.", TOKEN_ALGORITHM);
	check("eyJ0eXAiOiJKV1QifQ.e30.", TOKEN_MALFORMED);
}
END_TEST

START_TEST(test_foreign)
{
	static const char *const claims[] = {
		"{}",
		"{\"iss\": \"another\", \"scope\": \"admin\", " CLAIMS "}",
		"{\"iss\": \"openvgpu-entitled\", \"scope\": \"root\", " CLAIMS "}",
		"{\"iss\": \"openvgpu-entitled\", \"scope\": \"admin\", \"pool\": \"blue\","
		" \"exp\": 1800000060}",
		"{\"iss\": \"openvgpu-entitled\", \"scope\": \"admin\", \"pool\": \"blue\","
		" \"jti\": \"0\"}",
		"{\"iss\": \"openvgpu-entitled\", \"scope\": \"admin\", \"pool\": \"blue\","
		" \"jti\": \"0\", \"exp\": \"1800000060\"}",
		"{\"iss\": \"openvgpu-entitled\", \"scope\": \"admin\", \"pool\": \"a/b\","
		" \"jti\": \"0\", \"exp\": 1800000060}",
		"{\"iss\": \"openvgpu-entitled\", \"scope\": [\"admin\"], " CLAIMS "}",
		"{\"iss\": \"openvgpu-entitled\", \"scope\": \"host\", \"host\": 1, " CLAIMS "}",
		"{\"iss\": \"openvgpu-entitled\", \"scope\": \"host\", \"host\": \"\", " CLAIMS "}",
		"{\"iss\": \"openvgpu-entitled\", \"scope\": \"host\", \"host\": null, " CLAIMS "}",
	};
	unsigned int i;
	char *text;

	text = made(JWT_ALG_ES256, ours.private, ADMIN);
	check(text, TOKEN_GOOD);
	free(text);
	for (i = 0; i < sizeof(claims) / sizeof(claims[0]); i++) {
		text = made(JWT_ALG_ES256, ours.private, claims[i]);
		check(text, TOKEN_FOREIGN);
		free(text);
	}
}
END_TEST

START_TEST(test_malformed)
{
	static const char *const texts[] = {
		"", ".", "..", "...", "a", "a.b.c", "e30.e30.e30", "bnVsbA.e30.", "W10.e30.",
		"eyJhbGciOjF9.e30.", "eyJhbGciOiJFUzI1NiI.e30.", "=.=.=", "AA.e30.",
		"eyJhbGciOiJFUzI1NiJ9",
	};
	char *text = malloc(100000);
	unsigned int i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		check(texts[i], TOKEN_MALFORMED);
	memset(text, 'A', 99999);
	text[99999] = '\0';
	check(text, TOKEN_MALFORMED);
	text[100] = '.';
	text[2000] = '\0';
	check(text, TOKEN_MALFORMED);
	free(text);
}
END_TEST

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
}

/* A key that does not read, and why. */
static void reads_not(const char *path, bool private, const char *reason)
{
	char wrong[256] = "";

	ck_assert_ptr_null(key_read(path, private, wrong, sizeof(wrong)));
	ck_assert_msg(strstr(wrong, reason), "it says '%s', expected '%s'", wrong, reason);
}

START_TEST(test_keys)
{
	char path[] = "/tmp/openvgpu-entitled.XXXXXX", wrong[256];
	struct keys large = made_keys("P-384");
	int fd = mkstemp(path);
	char *text;

	ck_assert_int_ge(fd, 0);
	close(fd);
	reads_not("/nowhere", true, "No such file");
	reads_not("/", true, "Is a directory");
	reads_not("/dev/zero", true, "not a key");
	reads_not(path, true, "not a key");
	write_file(path, "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n");
	reads_not(path, false, "no public key");
	write_file(path, large.private);
	reads_not(path, true, "P-256");
	write_file(path, ours.public);
	reads_not(path, true, "no private key");
	text = key_read(path, false, wrong, sizeof(wrong));
	ck_assert_str_eq(text, ours.public);
	free(text);
	write_file(path, ours.private);
	/* Nobody gives the service what signs. */
	reads_not(path, false, "no public key");
	text = key_read(path, true, wrong, sizeof(wrong));
	ck_assert_str_eq(text, ours.private);
	free(text);
	free_keys(&large);
	unlink(path);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("token");
	TCase *tests = tcase_create("token");

	tcase_set_timeout(tests, 0);
	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, test_good);
	tcase_add_test(tests, test_host);
	tcase_add_test(tests, test_forged);
	tcase_add_test(tests, test_other_algorithms);
	tcase_add_test(tests, test_foreign);
	tcase_add_test(tests, test_malformed);
	tcase_add_test(tests, test_keys);
	suite_add_tcase(suite, tests);
	return unit_run(suite, "token");
}
