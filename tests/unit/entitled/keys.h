/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * keys.h - key pairs of a test, each time others
 */
#ifndef KEYS_H
#define KEYS_H

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

struct keys {
	char *private, *public;	/* PEM */
};

static inline char *pem_of(EVP_PKEY *key, int private)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *data, *text;
	long length;

	ck_assert_int_eq(private ? PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) :
				   PEM_write_bio_PUBKEY(bio, key), 1);
	length = BIO_get_mem_data(bio, &data);
	text = strndup(data, (size_t)length);
	BIO_free(bio);
	return text;
}

static inline struct keys made_keys(const char *curve)
{
	EVP_PKEY *key = EVP_EC_gen(curve);
	struct keys keys;

	ck_assert_ptr_nonnull(key);
	keys.private = pem_of(key, 1);
	keys.public = pem_of(key, 0);
	EVP_PKEY_free(key);
	return keys;
}

static inline void free_keys(struct keys *keys)
{
	free(keys->private);
	free(keys->public);
}

#endif /* KEYS_H */
