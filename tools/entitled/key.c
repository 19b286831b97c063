// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * key.c - keys that sign and check tokens
 *
 * libjwt would say of a wrong key only that each token is forged.
 */
#include <errno.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "token.h"

static char *read_file(const char *path, char *wrong, unsigned int size)
{
	FILE *file = fopen(path, "re");
	char *text = calloc(1, KEY_MAX + 1);
	size_t length = 0;

	if (file && text)
		length = fread(text, 1, KEY_MAX, file);
	if (file && text && !ferror(file) && length && length < KEY_MAX &&
	    strlen(text) == length) {
		fclose(file);
		return text;
	}
	snprintf(wrong, size, "%s", !file || !text || ferror(file) ? strerror(errno) :
		 "it is not a key in PEM");
	if (file)
		fclose(file);
	free(text);
	return NULL;
}

/* A key with a password is not asked for it. */
static int no_password(char *buffer, int size, int writing, void *data)
{
	(void)buffer;
	(void)size;
	(void)writing;
	(void)data;
	return -1;
}

static bool is_p256(const EVP_PKEY *key)
{
	char curve[64];

	return EVP_PKEY_is_a(key, "EC") &&
	       EVP_PKEY_get_group_name(key, curve, sizeof(curve), NULL) &&
	       !strcmp(curve, "prime256v1");
}

/**
 * key_read - read a key for ES256
 * @path: file
 * @private: the key that signs, not the one that checks
 * @wrong: receives the reason of a failure
 * @size: of @wrong
 *
 * Return: PEM, to be freed, or NULL.
 */
char *key_read(const char *path, bool private, char *wrong, unsigned int size)
{
	char *text = read_file(path, wrong, size);
	EVP_PKEY *key;
	bool good;
	BIO *bio;

	if (!text)
		return NULL;
	bio = BIO_new_mem_buf(text, -1);
	key = private ? PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL) :
			PEM_read_bio_PUBKEY(bio, NULL, no_password, NULL);
	good = key && is_p256(key);
	if (!good)
		snprintf(wrong, size, key ? "it is not of the curve P-256" :
			 "it has no %s key in PEM", private ? "private" : "public");
	EVP_PKEY_free(key);
	BIO_free(bio);
	if (good)
		return text;
	free(text);
	return NULL;
}
