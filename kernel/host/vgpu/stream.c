// SPDX-License-Identifier: GPL-2.0-only OR LGPL-2.1-or-later
/*
 * stream.c - the form of a migrated vGPU: records, and the checks of them
 *
 * The reader collects one record in the caller's buffer, checks all of it and hands
 * it on: how the bytes were cut into writes makes no difference, and what was not
 * checked reaches nobody. Its first error is its last.
 */
#ifdef __KERNEL__
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "compat/compat.h"
#else
#include <errno.h>
#include <stdio.h>
#include <string.h>
#endif

#include "vgpu/stream.h"

#define VERSION			0x0100	/* of each kind of record so far */
#define CHECKSUM		12	/* its offset in a header, and what it covers of it */
#define PINS_HEADER		16
#define PINS_RUN		16
#define KINDS			11
#define GUEST_PAGES_MAX		(1ULL << 52)

/**
 * struct kind - one kind of record
 * @tag: its tag
 * @min: bytes of payload, at least
 * @max: and at most
 * @repeats: there may be more than one, or of the next kind any in between
 * @required: a stream without it is not whole
 */
struct kind {
	enum stream_tag tag;
	size_t min, max;
	bool repeats;
	bool required;
};

/* In the order that they come in; VRAM and ZERO mix. */
static const struct kind kinds[KINDS] = {
	{ STREAM_HELLO, STREAM_HELLO_SIZE, STREAM_HELLO_SIZE, false, true },
	{ STREAM_VRAM, 8 + STREAM_GRANULE, 8 + STREAM_GRANULE, true, false },
	{ STREAM_ZERO, 16, 16, true, false },
	{ STREAM_STATE_CONFIG, STREAM_CONFIG, STREAM_CONFIG, false, true },
	{ STREAM_MONITOR, 0, STREAM_PAYLOAD_MAX, false, true },
	{ STREAM_PERSONALITY, 0, STREAM_PAYLOAD_MAX, false, true },
	{ STREAM_FAMILY, 0, STREAM_PAYLOAD_MAX, false, false },
	{ STREAM_CONTEXT, 8, STREAM_PAYLOAD_MAX, true, false },
	{ STREAM_PINS, PINS_HEADER + PINS_RUN, STREAM_PAYLOAD_MAX, true, false },
	{ STREAM_CORE, 0, STREAM_PAYLOAD_MAX, false, true },
	{ STREAM_END, 16, 16, false, true },
};

#define TAG_LETTERS(tag)	(tag) & 0xff, (tag) >> 8 & 0xff, (tag) >> 16 & 0xff, (tag) >> 24

#ifdef __KERNEL__
#define checksum_more	vgpu_crc32c
#else
static __u32 checksum_more(__u32 crc, const __u8 *bytes, size_t count)
{
	static const __u32 nibble[16] = {
		0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1,
		0x417b1dbc, 0x5125dad3, 0x61c69362, 0x7198540d,
		0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9,
		0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
	};

	for (; count; count--) {
		crc ^= *bytes++;
		crc = crc >> 4 ^ nibble[crc & 15];
		crc = crc >> 4 ^ nibble[crc & 15];
	}
	return crc;
}
#endif

/* Of a record in @buffer with so many bytes of payload. */
static __u32 checksum(const __u8 *buffer, size_t bytes)
{
	__u32 crc = checksum_more(~0u, buffer, CHECKSUM);

	return ~checksum_more(crc, buffer + STREAM_HEADER, bytes);
}

/**
 * stream_rank - the place of a kind of record in the order
 * @tag: a known one
 *
 * Return: a number below 32 that no other kind has.
 */
unsigned int stream_rank(enum stream_tag tag)
{
	unsigned int rank;

	for (rank = 0; rank < KINDS - 1; rank++)
		if (kinds[rank].tag == tag)
			break;
	return rank;
}

/* ------------------------------------------------------------------ the writer */

static int put(struct stream_writer *writer, __u8 *buffer, size_t size, enum stream_tag tag,
	       size_t bytes)
{
	struct vgpu_pack pack = { .at = buffer, .left = STREAM_HEADER };

	if (bytes > STREAM_PAYLOAD_MAX || size < STREAM_HEADER + bytes)
		return -E2BIG;
	vgpu_pack(&pack, 4, tag);
	vgpu_pack(&pack, 2, VERSION);
	vgpu_pack(&pack, 2, 0);
	vgpu_pack(&pack, 4, bytes);
	vgpu_pack(&pack, 4, checksum(buffer, bytes));
	writer->records++;
	writer->bytes += STREAM_HEADER + bytes;
	return STREAM_HEADER + bytes;
}

/**
 * stream_put - write one record
 * @writer: the stream; zero at its beginning
 * @buffer: receives the record
 * @size: of @buffer; STREAM_RECORD_MAX suffices for any
 * @tag: what it holds
 * @payload: its payload, which may stand in @buffer at STREAM_HEADER already
 * @bytes: of it
 *
 * Return: bytes of the record, or -E2BIG: it is too large, for @buffer or at all.
 */
int stream_put(struct stream_writer *writer, __u8 *buffer, size_t size, enum stream_tag tag,
	       const void *payload, size_t bytes)
{
	if (bytes > STREAM_PAYLOAD_MAX || size < STREAM_HEADER + bytes)
		return -E2BIG;
	if (bytes && payload != buffer + STREAM_HEADER)
		memcpy(buffer + STREAM_HEADER, payload, bytes);
	return put(writer, buffer, size, tag, bytes);
}

/* A payload of two numbers. */
static int put_two(struct stream_writer *writer, __u8 *buffer, size_t size, enum stream_tag tag,
		   __u64 first, __u64 second)
{
	__u8 payload[16];
	struct vgpu_pack pack = { .at = payload, .left = sizeof(payload) };

	vgpu_pack(&pack, 8, first);
	vgpu_pack(&pack, 8, second);
	return stream_put(writer, buffer, size, tag, payload, sizeof(payload));
}

/**
 * stream_put_hello - write the record that says what the vGPU is
 * @writer: the stream
 * @buffer: receives the record
 * @size: of @buffer
 * @hello: what it is
 *
 * Return: as stream_put().
 */
int stream_put_hello(struct stream_writer *writer, __u8 *buffer, size_t size,
		     const struct stream_hello *hello)
{
	struct vgpu_pack pack = { .at = buffer + STREAM_HEADER, .left = STREAM_HELLO_SIZE };

	if (size < STREAM_HEADER + STREAM_HELLO_SIZE)
		return -E2BIG;
	stream_hello_pack(hello, &pack);
	return put(writer, buffer, size, STREAM_HELLO, STREAM_HELLO_SIZE);
}

/**
 * stream_put_vram - write the record of a granule of video memory
 * @writer: the stream
 * @buffer: receives the record; has the granule's bytes at STREAM_VRAM_DATA already
 * @size: of @buffer
 * @granule: its number
 *
 * Return: as stream_put().
 */
int stream_put_vram(struct stream_writer *writer, __u8 *buffer, size_t size, __u64 granule)
{
	struct vgpu_pack pack = { .at = buffer + STREAM_HEADER, .left = 8 };

	if (size < STREAM_VRAM_DATA + STREAM_GRANULE)
		return -E2BIG;
	vgpu_pack(&pack, 8, granule);
	return put(writer, buffer, size, STREAM_VRAM, 8 + STREAM_GRANULE);
}

/**
 * stream_put_zero - write the record of granules that are all zero
 * @writer: the stream
 * @buffer: receives the record
 * @size: of @buffer
 * @first: number of the first
 * @granules: number of them
 *
 * Return: as stream_put().
 */
int stream_put_zero(struct stream_writer *writer, __u8 *buffer, size_t size,
		    __u64 first, __u64 granules)
{
	return put_two(writer, buffer, size, STREAM_ZERO, first, granules);
}

/**
 * stream_put_end - write the last record
 * @writer: the stream
 * @buffer: receives the record
 * @size: of @buffer
 *
 * Return: as stream_put().
 */
int stream_put_end(struct stream_writer *writer, __u8 *buffer, size_t size)
{
	return put_two(writer, buffer, size, STREAM_END, writer->records, writer->bytes);
}

/* ------------------------------------------------------------------ the reader */

/* The stream's end: a sentence, and the error. */
#define fail(parser, code, format, ...)							\
	(snprintf((parser)->reason, sizeof((parser)->reason),				\
		  "migration refused: record %llu: " format,				\
		  (unsigned long long)(parser)->records, ##__VA_ARGS__),		\
	 (parser)->error = (code))

static int check_hello(struct stream_parser *parser, struct vgpu_unpack *unpack)
{
	if (!stream_hello_unpack(&parser->source, unpack))
		return fail(parser, -EBADMSG, "no vGPU wrote this");
	if (parser->target && stream_refuses(&parser->source, parser->target, 0, parser->reason,
					     sizeof(parser->reason)))
		parser->error = -EINVAL;
	return parser->error;
}

static int check_range(struct stream_parser *parser, const struct stream_record *record)
{
	__u64 all = parser->target->framebuffer / STREAM_GRANULE;
	struct stream_range range;

	stream_range(record, &range);
	if (!range.granules || range.first >= all || range.granules > all - range.first)
		return fail(parser, -EBADMSG, "video memory outside the framebuffer");
	return 0;
}

static int check_pins(struct stream_parser *parser, const struct stream_record *record)
{
	__u64 all = parser->target->aperture_pages, page, pages;
	struct vgpu_unpack unpack = { .at = record->payload, .left = record->bytes };
	struct stream_pins pins;
	__u32 write;

	vgpu_unpack(&unpack, 8);
	write = vgpu_unpack(&unpack, 4);
	stream_pins(record, &pins);
	if (write > 1 || pins.unpack.left != (size_t)pins.runs * PINS_RUN)
		return fail(parser, -EBADMSG, "a field has no meaning");
	if (pins.first >= all || pins.pages > all - pins.first)
		return fail(parser, -EBADMSG, "a mapping outside the aperture");
	if (pins.pages > STREAM_MAP_PAGES)
		return fail(parser, -EBADMSG, "a mapping of too many pages");
	while (stream_pins_run(&pins, &page, &pages))
		if (!pages || page >= GUEST_PAGES_MAX || pages > GUEST_PAGES_MAX - page)
			return fail(parser, -EBADMSG, "pages outside guest memory");
	return 0;
}

static int check_end(struct stream_parser *parser, struct vgpu_unpack *unpack)
{
	__u64 records = vgpu_unpack(unpack, 8), bytes = vgpu_unpack(unpack, 8);
	unsigned int rank;

	if (records != parser->records || bytes != parser->bytes)
		return fail(parser, -EBADMSG, "%llu records and %llu bytes were sent",
			    (unsigned long long)records, (unsigned long long)bytes);
	for (rank = 0; rank < KINDS; rank++)
		if (parser->required & ~parser->seen & 1u << rank)
			return fail(parser, -EBADMSG, "record %c%c%c%c is missing",
				    TAG_LETTERS(kinds[rank].tag));
	return 0;
}

/* A known record in whole: is it right, and right here? */
static int check(struct stream_parser *parser, const struct stream_record *record)
{
	struct vgpu_unpack unpack = {
		.at = record->payload, .left = record->bytes, .newer = record->newer
	};
	unsigned int rank = stream_rank(record->tag);
	const struct kind *kind = &kinds[rank];
	__u32 later = ~0u << rank << 1;

	if (record->bytes < kind->min || (record->bytes > kind->max && !record->newer))
		return fail(parser, -EBADMSG, "it has %zu bytes", record->bytes);
	if (record->tag == STREAM_VRAM)
		later &= ~(1u << stream_rank(STREAM_ZERO));
	if ((parser->seen & later) || (!kind->repeats && parser->seen & 1u << rank))
		return fail(parser, -EBADMSG, "it is out of order");
	/* END itself is what is checked to be there, not what must have been. */
	parser->seen |= 1u << rank;
	switch (record->tag) {
	case STREAM_HELLO:
		return check_hello(parser, &unpack);
	case STREAM_VRAM:
	case STREAM_ZERO:
		return check_range(parser, record);
	case STREAM_PINS:
		return check_pins(parser, record);
	case STREAM_END:
		return check_end(parser, &unpack);
	default:
		return 0;
	}
}

/* The buffer holds a whole record. */
static int take(struct stream_parser *parser)
{
	struct vgpu_unpack header = { .at = parser->buffer, .left = STREAM_HEADER };
	struct stream_record record = { .payload = parser->buffer + STREAM_HEADER };
	bool known;
	__u16 flags;
	__u32 sum;
	int ret;

	record.tag = vgpu_unpack(&header, 4);
	record.version = vgpu_unpack(&header, 2);
	flags = vgpu_unpack(&header, 2);
	record.bytes = vgpu_unpack(&header, 4);
	sum = vgpu_unpack(&header, 4);
	if (sum != checksum(parser->buffer, record.bytes))
		return fail(parser, -EBADMSG, "damaged: the checksum is wrong");
	if (flags & ~STREAM_OPTIONAL)
		return fail(parser, -EINVAL, "flags 0x%x are of a newer version", flags);

	known = kinds[stream_rank(record.tag)].tag == record.tag &&
		record.version >> 8 == VERSION >> 8;
	record.newer = record.version > VERSION;
	if (!known && (!(flags & STREAM_OPTIONAL) || !parser->seen))
		return fail(parser, -EINVAL,
			    "0x%08x of version %u.%u is not known here: update openvgpu on %s host",
			    record.tag, record.version >> 8, record.version & 0xff,
			    record.version < VERSION ? "the source's" : "this");
	ret = known ? check(parser, &record) : 0;
	if (!ret && known) {
		ret = parser->ops->record(parser, &record);
		if (ret && !parser->reason[0])
			fail(parser, ret, "error %d", ret);
	}
	if (ret) {
		parser->error = ret;
		return ret;
	}
	parser->records++;
	parser->bytes += STREAM_HEADER + record.bytes;
	parser->ended = known && record.tag == STREAM_END;
	return 0;
}

/**
 * stream_parser_init - begin to read a stream
 * @parser: filled in
 * @ops: who takes the records
 * @context: the caller's, for @ops
 * @target: what the vGPU is that the stream is for; kept; NULL: see struct stream_parser
 * @buffer: STREAM_RECORD_MAX bytes; kept
 */
void stream_parser_init(struct stream_parser *parser, const struct stream_ops *ops, void *context,
			const struct stream_hello *target, __u8 *buffer)
{
	unsigned int rank;

	memset(parser, 0, sizeof(*parser));
	parser->ops = ops;
	parser->context = context;
	parser->target = target;
	parser->buffer = buffer;
	parser->need = STREAM_HEADER;
	for (rank = 0; rank < KINDS; rank++)
		if (kinds[rank].required)
			parser->required |= 1u << rank;
}

/**
 * stream_room - where the next bytes of the stream go
 * @parser: the stream
 * @room: receives how many may go there, at least 1
 *
 * For callers that copy from user memory; stream_filled() follows.
 *
 * Return: where.
 */
__u8 *stream_room(struct stream_parser *parser, size_t *room)
{
	*room = parser->need - parser->fill;
	return parser->buffer + parser->fill;
}

/**
 * stream_filled - bytes have been put into the room
 * @parser: the stream
 * @count: how many, at most those that stream_room() told
 *
 * Return: 0; -EINVAL: the vGPUs are not compatible, or the stream is of a newer
 * version; -EBADMSG: it is damaged; -E2BIG: a record is too large; or what
 * ops->record() returned. After an error always that.
 */
int stream_filled(struct stream_parser *parser, size_t count)
{
	struct vgpu_unpack header = { .at = parser->buffer, .left = STREAM_HEADER };
	__u32 tag, bytes;

	if (parser->error || !count)
		return parser->error;
	if (parser->ended)
		return fail(parser, -EBADMSG, "bytes behind the end");
	parser->fill += count;
	if (parser->fill < parser->need)
		return 0;
	if (parser->need == STREAM_HEADER) {
		tag = vgpu_unpack(&header, 4);
		vgpu_unpack(&header, 4);
		bytes = vgpu_unpack(&header, 4);
		if (!parser->records && tag != STREAM_HELLO)
			return fail(parser, -EBADMSG, "no vGPU wrote this");
		if (bytes > STREAM_PAYLOAD_MAX)
			return fail(parser, -E2BIG, "it has %u bytes", bytes);
		parser->need += bytes;
		if (bytes)
			return 0;
	}
	parser->fill = 0;
	parser->need = STREAM_HEADER;
	return take(parser);
}

/**
 * stream_feed - the next bytes of the stream
 * @parser: the stream
 * @bytes: they
 * @count: how many, in any portions
 *
 * Return: as stream_filled().
 */
int stream_feed(struct stream_parser *parser, const void *bytes, size_t count)
{
	const __u8 *from = bytes;

	while (count && !parser->error) {
		size_t room;
		__u8 *to = stream_room(parser, &room);

		if (room > count)
			room = count;
		memcpy(to, from, room);
		stream_filled(parser, room);
		from += room;
		count -= room;
	}
	return parser->error;
}

/**
 * stream_finish - no more bytes come
 * @parser: the stream
 *
 * Return: 0 if its end has come, or nothing at all; what was wrong with it, or
 * -EBADMSG if it is not whole.
 */
int stream_finish(const struct stream_parser *parser)
{
	if (parser->error)
		return parser->error;
	return parser->ended || (!parser->records && !parser->fill) ? 0 : -EBADMSG;
}

/**
 * stream_range - which granules a record is about
 * @record: STREAM_VRAM or STREAM_ZERO
 * @range: filled in
 */
void stream_range(const struct stream_record *record, struct stream_range *range)
{
	struct vgpu_unpack unpack = { .at = record->payload, .left = record->bytes };

	range->first = vgpu_unpack(&unpack, 8);
	if (record->tag == STREAM_VRAM) {
		range->granules = 1;
		range->data = unpack.at;
	} else {
		range->granules = vgpu_unpack(&unpack, 8);
		range->data = NULL;
	}
}

/**
 * stream_pins - which mapping a record is about
 * @record: STREAM_PINS
 * @pins: filled in; stream_pins_run() takes its runs
 */
void stream_pins(const struct stream_record *record, struct stream_pins *pins)
{
	struct vgpu_unpack unpack = { .at = record->payload, .left = record->bytes };
	__u64 page, pages;

	pins->first = vgpu_unpack(&unpack, 8);
	pins->write = vgpu_unpack(&unpack, 4);
	pins->runs = vgpu_unpack(&unpack, 4);
	pins->pages = 0;
	pins->unpack = unpack;
	while (stream_pins_run(pins, &page, &pages))
		if (__builtin_add_overflow(pins->pages, pages, &pins->pages))
			pins->pages = ~0ULL;
	pins->unpack = unpack;
}

/**
 * stream_pins_run - take the next run of a mapping
 * @pins: of stream_pins()
 * @page: receives its first guest page
 * @pages: receives how many there are
 *
 * Return: false: there was none.
 */
bool stream_pins_run(struct stream_pins *pins, __u64 *page, __u64 *pages)
{
	if (pins->unpack.left < PINS_RUN)
		return false;
	*page = vgpu_unpack(&pins->unpack, 8);
	*pages = vgpu_unpack(&pins->unpack, 8);
	return true;
}
