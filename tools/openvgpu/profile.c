// SPDX-License-Identifier: GPL-2.0-only
/*
 * profile.c - the names of GPU instances and their profiles
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "instance.h"

#define NAME_MAX_LENGTH	31	/* of a GPU instance */

/**
 * profile_find - the profile that a word names
 * @profiles: of ovgpu_profile_list()
 * @count: their number
 * @text: "4g.512m", or "4g" for the one with the usual memory
 * @suggestion: is given all names there are; may be NULL
 *
 * Return: the profile; NULL: there is none.
 */
const struct ovgpu_profile *profile_find(struct ovgpu_profile *const *profiles,
					 size_t count, const char *text,
					 struct suggestion *suggestion)
{
	const struct ovgpu_profile *found = NULL;
	size_t i, n;

	for (i = 0; i < count; i++) {
		n = strcspn(profiles[i]->name, ".");
		if (!strcasecmp(profiles[i]->name, text) ||
		    (profiles[i]->usual && strlen(text) == n &&
		     !strncasecmp(profiles[i]->name, text, n)))
			found = profiles[i];
		if (suggestion)
			suggest_try(suggestion, profiles[i]->name);
	}
	return found;
}

/**
 * profile_is_mig - take a profile's name of other files apart
 * @text: as "1g.5gb", "1g.10gb+me", or one of ours
 * @compute: receives the compute slices
 * @memory: receives the bytes; 0: it says none
 *
 * Return: whether it has the form of one.
 */
bool profile_is_mig(const char *text, unsigned int *compute, uint64_t *memory)
{
	size_t n = strspn(text, "0123456789");
	unsigned long number;
	char unit;

	if (!n || n > 2 || tolower((unsigned char)text[n]) != 'g')
		return false;
	*compute = strtoul(text, NULL, 10);
	*memory = 0;
	text += n + 1;
	if (!*text)
		return *compute;
	n = *text == '.' ? strspn(text + 1, "0123456789") : 0;
	if (!n || n > 6)
		return false;
	number = strtoul(text + 1, NULL, 10);
	text += n + 1;
	unit = tolower((unsigned char)*text);
	if (unit != 'g' && unit != 'm')
		return false;
	*memory = (uint64_t)number << (unit == 'g' ? 30 : 20);
	text++;
	if (tolower((unsigned char)*text) == 'b')
		text++;
	/* What else such an instance has, as media engines: ours have it all. */
	return *compute && number && (!*text || *text == '+');
}

/**
 * profile_find_mig - the profile that is meant by a name of other files
 * @profiles: of ovgpu_profile_list()
 * @count: their number
 * @text: as "1g.5gb"
 *
 * Compute slices are what is meant by them. Memory is that of the profile with so
 * many if there is one, else the usual: other GPUs have other sizes.
 *
 * Return: the profile; NULL: none has so many compute slices.
 */
const struct ovgpu_profile *profile_find_mig(struct ovgpu_profile *const *profiles,
					     size_t count, const char *text)
{
	const struct ovgpu_profile *usual = NULL;
	unsigned int compute;
	uint64_t memory;
	size_t i;

	if (!profile_is_mig(text, &compute, &memory))
		return NULL;
	for (i = 0; i < count; i++) {
		if (profiles[i]->compute_slices != compute)
			continue;
		if (profiles[i]->framebuffer == memory)
			return profiles[i];
		if (profiles[i]->usual)
			usual = profiles[i];
	}
	return usual;
}

/**
 * instance_name_valid - whether a GPU instance can have that name
 * @name: anything
 *
 * Return: true if it can.
 */
bool instance_name_valid(const char *name)
{
	size_t n = 0;

	while (isascii(name[n]) &&
	       (isalnum((unsigned char)name[n]) ||
		(name[n] && strchr("_.-", name[n]))))
		n++;
	return n && n <= NAME_MAX_LENGTH && !name[n];
}

/**
 * show_slices - which slices, for people
 * @mask: a bit for each
 *
 * Return: as "0-3,6"; "-": none.
 */
struct shown show_slices(uint32_t mask)
{
	struct shown s = { "-" };
	unsigned int i, last;
	size_t used = 0;

	for (i = 0; i < 32; i = last + 1) {
		last = i;
		if (!(mask >> i & 1))
			continue;
		while (last < 31 && mask >> (last + 1) & 1)
			last++;
		used += snprintf(s.text + used, sizeof(s.text) - used,
				 last > i ? "%s%u-%u" : "%s%u", used ? "," : "",
				 i, last);
	}
	return s;
}

/**
 * show_range - which memory slices, for people
 * @first: the first
 * @count: how many
 *
 * Return: as "4-7".
 */
struct shown show_range(unsigned int first, unsigned int count)
{
	struct shown s = { "-" };

	if (count == 1)
		snprintf(s.text, sizeof(s.text), "%u", first);
	else if (count)
		snprintf(s.text, sizeof(s.text), "%u-%u", first,
			 first + count - 1);
	return s;
}

/**
 * division_of - how the compute slices of a GPU instance are divided among queues
 * @cli: the run
 * @instance: the instance
 * @text: receives it, as "2,1,1"; empty: one queue has all
 * @size: bytes at @text
 *
 * Return: 0 or a negative errno.
 */
int division_of(const struct cli *cli, const struct ovgpu_instance *instance,
		char *text, size_t size)
{
	struct ovgpu_queue **queues;
	size_t count, i, n = 0;
	int err;

	text[0] = '\0';
	err = ovgpu_queue_list(cli->ovgpu, instance->gpu, instance->id, &queues,
			       &count);
	if (err)
		return err;
	for (i = 0; i < count && n < size; i++)
		n += snprintf(text + n, size - n, "%s%u", i ? "," : "",
			      queues[i]->compute_slices);
	if (count == 1 && queues[0]->compute_slices == instance->compute_slices)
		text[0] = '\0';
	ovgpu_free(queues);
	return 0;
}
