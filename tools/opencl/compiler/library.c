// SPDX-License-Identifier: GPL-2.0-only
/* library.c - what clang calls by itself */

void *memcpy(void *target, const void *source, unsigned long bytes);
void *memset(void *target, int value, unsigned long bytes);
void *memmove(void *target, const void *source, unsigned long bytes);

void *memcpy(void *target, const void *source, unsigned long bytes)
{
	const char *from = source;
	char *to = target;

	while (bytes--)
		*to++ = *from++;
	return target;
}

void *memset(void *target, int value, unsigned long bytes)
{
	char *to = target;

	while (bytes--)
		*to++ = (char)value;
	return target;
}

void *memmove(void *target, const void *source, unsigned long bytes)
{
	const char *from = source;
	char *to = target;

	if (to < from)
		return memcpy(target, source, bytes);
	while (bytes--)
		to[bytes] = from[bytes];
	return target;
}
