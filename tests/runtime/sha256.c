// SPDX-License-Identifier: GPL-2.0-only
/*
 * sha256.c - SHA-256 (FIPS 180-4) on this processor, to compare with
 *
 * On purpose not the code the GPU runs: constants are computed from the primes
 * as the standard defines them.
 */
#include <string.h>

#include "workload.h"

struct state {
	uint32_t h[8];
	uint32_t k[64];
};

static uint32_t rotate(uint32_t x, unsigned int n)
{
	return x >> n | x << (32 - n);
}

/* First 32 bits of the fraction of the square or cube root of a prime. */
static uint32_t root_fraction(uint32_t prime, unsigned int power)
{
	unsigned __int128 target = (unsigned __int128)prime << (32 * power);
	uint64_t low = 0, high = 1ULL << 36;

	/* Largest r with r^power <= prime * 2^(32 * power). */
	while (high - low > 1) {
		uint64_t middle = (low + high) / 2;
		unsigned __int128 value = middle;
		unsigned int i;

		for (i = 1; i < power; i++)
			value *= middle;
		if (value <= target)
			low = middle;
		else
			high = middle;
	}
	return (uint32_t)low;
}

static void begin(struct state *state)
{
	unsigned int count = 0, i;
	uint32_t n;

	for (n = 2; count < 64; n++) {
		for (i = 2; i * i <= n && n % i; i++)
			;
		if (i * i <= n)
			continue;
		if (count < 8)
			state->h[count] = root_fraction(n, 2);
		state->k[count++] = root_fraction(n, 3);
	}
}

static void block(struct state *state, const uint8_t *data)
{
	uint32_t w[64], v[8], t1, t2;
	unsigned int i;

	for (i = 0; i < 16; i++)
		w[i] = (uint32_t)data[4 * i] << 24 |
		       (uint32_t)data[4 * i + 1] << 16 |
		       (uint32_t)data[4 * i + 2] << 8 | data[4 * i + 3];
	for (; i < 64; i++)
		w[i] = w[i - 16] + w[i - 7] +
		       (rotate(w[i - 15], 7) ^ rotate(w[i - 15], 18) ^ w[i - 15] >> 3) +
		       (rotate(w[i - 2], 17) ^ rotate(w[i - 2], 19) ^ w[i - 2] >> 10);
	memcpy(v, state->h, sizeof(v));
	for (i = 0; i < 64; i++) {
		t1 = v[7] + (rotate(v[4], 6) ^ rotate(v[4], 11) ^ rotate(v[4], 25)) +
		     ((v[4] & v[5]) ^ (~v[4] & v[6])) + state->k[i] + w[i];
		t2 = (rotate(v[0], 2) ^ rotate(v[0], 13) ^ rotate(v[0], 22)) +
		     ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
		memmove(v + 1, v, 7 * sizeof(v[0]));
		v[4] += t1;
		v[0] = t1 + t2;
	}
	for (i = 0; i < 8; i++)
		state->h[i] += v[i];
}

/**
 * sha256 - digest of a message
 * @message: any
 * @bytes: its length
 * @digest: receives it
 */
void sha256(const void *message, size_t bytes, uint8_t digest[32])
{
	static struct state initial;
	struct state state;
	const uint8_t *at = message;
	uint8_t tail[128] = { 0 };
	size_t rest = bytes, i, end;

	if (!initial.k[0])
		begin(&initial);
	state = initial;
	for (; rest >= 64; rest -= 64, at += 64)
		block(&state, at);
	memcpy(tail, at, rest);
	tail[rest] = 0x80;
	end = rest < 56 ? 64 : 128;
	for (i = 0; i < 8; i++)
		tail[end - 1 - i] = (uint8_t)((uint64_t)bytes * 8 >> 8 * i);
	for (i = 0; i < end; i += 64)
		block(&state, tail + i);
	for (i = 0; i < 32; i++)
		digest[i] = (uint8_t)(state.h[i / 4] >> (24 - 8 * (i % 4)));
}
