// SPDX-License-Identifier: GPL-2.0-only
/*
 * entitled.c - fuzzes what anybody can send to openvgpu-entitled: tokens, and with
 * a good one paths, queries and bodies
 *
 * The key is another one in each run; no branch depends on it.
 */
#include <jwt.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "fuzz.h"
#include "service.h"

#define NOW	1800000000

static const char *const methods[] = { "PUT", "POST", "POST", "DELETE", "GET", "GET", "POST" };
static const char *const paths[] = {
	"/v1/pools/blue", "/v1/leases", "/v1/leases/0/renew", "/v1/leases/0", "/v1/usage",
	"/metrics", NULL	/* out of the input */
};

#define ROUTES	(sizeof(paths) / sizeof(paths[0]))

static char *private_key, *public_key, *bearer;

static char *pem(EVP_PKEY *key, bool private)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *data, *text;
	long length;

	if (private)
		PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL);
	else
		PEM_write_bio_PUBKEY(bio, key);
	length = BIO_get_mem_data(bio, &data);
	text = strndup(data, (size_t)length);
	BIO_free(bio);
	return text;
}

static void make_keys(void)
{
	struct token admin = { .id = "0", .pool = "blue", .scope = SCOPE_ADMIN,
			       .issued = NOW, .expires = NOW + 1 };
	EVP_PKEY *key = EVP_EC_gen("P-256");
	char *token;

	private_key = pem(key, true);
	public_key = pem(key, false);
	EVP_PKEY_free(key);
	token = token_make(&admin, NULL, 0, private_key);
	FUZZ_CHECK(token && asprintf(&bearer, "Bearer %s", token) > 0, "no token");
	free(token);
	service_silent = true;
}

/* Nobody but who has the key makes a good token. */
static void try_token(const char *text)
{
	struct token token;

	FUZZ_CHECK(token_check(text, public_key, NOW, &token) != TOKEN_GOOD, "'%s' is good", text);
}

/* Claims that are signed, of another program with our key. */
static void try_claims(const char *claims)
{
	enum token_verdict verdict;
	struct token token;
	char *text = NULL;
	jwt_t *jwt;

	FUZZ_CHECK(!jwt_new(&jwt), "no token");
	if (!jwt_set_alg(jwt, JWT_ALG_ES256, (const unsigned char *)private_key,
			 (int)strlen(private_key)) && !jwt_add_grants_json(jwt, claims))
		text = jwt_encode_str(jwt);
	jwt_free(jwt);
	if (!text)
		return;
	verdict = token_check(text, public_key, NOW, &token);
	FUZZ_CHECK(verdict != TOKEN_FORGED && verdict != TOKEN_ALGORITHM, "%s: %s", claims,
		   token_reason(verdict));
	FUZZ_CHECK(verdict != TOKEN_GOOD || token.expires > NOW, "%s has expired", claims);
	free(text);
}

static void look_at(const struct answer *answer)
{
	struct json_object *error, *reason;

	FUZZ_CHECK(answer->status >= 200 && answer->status < 500 && (answer->json || answer->text),
		   "status %u", answer->status);
	if (answer->status >= 400)
		FUZZ_CHECK(json_object_object_get_ex(answer->json, "error", &error) &&
			   json_object_object_get_ex(error, "reason", &reason), "no reason");
}

static void ask(struct service *service, struct request *request)
{
	struct answer answer = { .status = 0 };
	struct call call;

	if (route_find(service, request, &call, &answer))
		route_run(service, &call, request, &answer);
	look_at(&answer);
	answer_free(&answer);
}

/* A line of the input: up to a newline, which becomes its end. */
static char *line(char **rest)
{
	char *start = *rest;

	*rest = strchrnul(start, '\n');
	if (**rest)
		*(*rest)++ = '\0';
	return start;
}

/* Requests one after another: a letter for the route, path or query, body. */
static void try_requests(char *text)
{
	struct service service = { .public_key = public_key };
	char wrong[256];

	service.store = store_open(":memory:", wrong, sizeof(wrong));
	FUZZ_CHECK(service.store, "%s", wrong);
	while (*text) {
		struct request request = { .authorization = bearer, .today = NOW };
		unsigned int route = (unsigned char)*text++ % ROUTES;
		char *extra = line(&text);

		request.method = methods[route];
		request.path = paths[route] ? paths[route] : extra;
		request.pool = *extra ? extra : NULL;
		request.after = request.pool;
		request.body = line(&text);
		request.length = strlen(request.body);
		request.now = (int64_t)request.length;
		ask(&service, &request);
	}
	store_close(service.store);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text;

	if (!private_key)
		make_keys();
	if (!size)
		return 0;
	text = malloc(size);
	FUZZ_CHECK(text, "no memory");
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	if (data[0] % 3 == 0)
		try_token(text);
	else if (data[0] % 3 == 1)
		try_claims(text);
	else
		try_requests(text);
	free(text);
	return 0;
}
