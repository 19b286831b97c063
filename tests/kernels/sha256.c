// SPDX-License-Identifier: GPL-2.0-only
/* sha256.c - see struct sha256_argument */
#include "refgpu_kernel.h"

static const u32 constants[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4,
	0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe,
	0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
	0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
	0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc,
	0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
	0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116,
	0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
	0xc67178f2,
};

static inline u32 rotate(u32 value, unsigned int bits)
{
	return value >> bits | value << (32 - bits);
}

/* One block of 64 bytes, given as 16 big-endian words. */
static void absorb(u32 hash[8], u32 w[16])
{
	u32 s[8], t1, t2;
	u32 i;

	for (i = 0; i < 8; i++)
		s[i] = hash[i];
	for (i = 0; i < 64; i++) {
		u32 a = w[(i + 1) & 15], b = w[(i + 14) & 15];

		if (i >= 16)
			w[i & 15] += (rotate(a, 7) ^ rotate(a, 18) ^ a >> 3) + w[(i + 9) & 15] +
				     (rotate(b, 17) ^ rotate(b, 19) ^ b >> 10);
		t1 = s[7] + (rotate(s[4], 6) ^ rotate(s[4], 11) ^ rotate(s[4], 25)) +
		     ((s[4] & s[5]) ^ (~s[4] & s[6])) + constants[i] + w[i & 15];
		t2 = (rotate(s[0], 2) ^ rotate(s[0], 13) ^ rotate(s[0], 22)) +
		     ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
		s[7] = s[6];
		s[6] = s[5];
		s[5] = s[4];
		s[4] = s[3] + t1;
		s[3] = s[2];
		s[2] = s[1];
		s[1] = s[0];
		s[0] = t1 + t2;
	}
	for (i = 0; i < 8; i++)
		hash[i] += s[i];
}

/* Byte @i of the message with its padding, which ends at @end. */
static u8 padded(const u8 *message, u64 bytes, u64 end, u64 i)
{
	if (i < bytes)
		return message[i];
	if (i == bytes)
		return 0x80;
	if (i < end - 8)
		return 0;
	return (u8)(bytes * 8 >> (end - 1 - i) * 8);
}

KERNEL(struct sha256_argument, argument)
{
	u32 hash[8], w[16];
	u64 item = global_id(0), bytes = argument->bytes, end = (bytes + 9 + 63) & ~63ULL, i;
	const u8 *message = POINTER(const u8, argument->messages + item * argument->pitch);
	u8 *digest = POINTER(u8, argument->digests + item * 32);

	if (item >= argument->count)
		return;
	hash[0] = 0x6a09e667;
	hash[1] = 0xbb67ae85;
	hash[2] = 0x3c6ef372;
	hash[3] = 0xa54ff53a;
	hash[4] = 0x510e527f;
	hash[5] = 0x9b05688c;
	hash[6] = 0x1f83d9ab;
	hash[7] = 0x5be0cd19;
	for (i = 0; i < end; i += 4) {
		w[i / 4 & 15] = (u32)padded(message, bytes, end, i) << 24 |
				(u32)padded(message, bytes, end, i + 1) << 16 |
				(u32)padded(message, bytes, end, i + 2) << 8 |
				padded(message, bytes, end, i + 3);
		if ((i & 63) == 60)
			absorb(hash, w);
	}
	for (i = 0; i < 32; i++)
		digest[i] = (u8)(hash[i / 4] >> (24 - i % 4 * 8));
}
