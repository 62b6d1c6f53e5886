/*
 * copy_verify.c
 *		Whether both sides of a copy have the same items: counts, and sums of their hashes.
 *
 * Both are read by Scan.  An item's hash is that of its stored form, in which the names are sorted, the members of sets too, and a number has one
 * spelling: however a side writes it.  Sums do not depend on the order.
 */
#include "postgres.h"

#include <inttypes.h>

#include "common/cryptohash.h"
#include "common/sha2.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "port/pg_bswap.h"
#include "utils/builtins.h"

#include "transfer/copy.h"
#include "value/attr_build.h"

#define VERIFICATION_PARTS 1024 /* segments of the source, then those of the target */
#define TARGET_PARTS 512

typedef struct Sum
{
	int64		items;
	uint64		high;
	uint64		low;
} Sum;

static void
add_item(Sum *sum, Jsonb *item)
{
	uint8		digest[PG_SHA256_DIGEST_LENGTH];
	pg_cryptohash_ctx *hash = pg_cryptohash_create(PG_SHA256);
	uint64		part[2];

	if (hash == NULL || pg_cryptohash_init(hash) < 0 ||
		pg_cryptohash_update(hash, (const uint8 *) VARDATA(item), VARSIZE(item) - VARHDRSZ) < 0 ||
		pg_cryptohash_final(hash, digest, sizeof(digest)) < 0)
		elog(ERROR, "could not compute a hash");
	pg_cryptohash_free(hash);
	memcpy(part, digest, sizeof(part));
	sum->items++;
	sum->high += pg_ntoh64(part[0]);
	sum->low += pg_ntoh64(part[1]);
}

static void
read_sum(Jsonb *state, Sum *sum)
{
	char	   *text = state ? copy_text_member(state, "Sum") : NULL;

	memset(sum, 0, sizeof(*sum));
	if (text == NULL)
		return;
	sum->items = (int64) copy_number_member(state, "Items");
	if (sscanf(text, "%16" SCNx64 "%16" SCNx64, &sum->high, &sum->low) != 2)
		elog(ERROR, "a verification's state is damaged");
}

static Jsonb *
sum_members(const Sum *sum)
{
	return copy_members("\"Items\": " INT64_FORMAT ", \"Sum\": \"%016" PRIx64 "%016" PRIx64 "\"", sum->items, sum->high,
						sum->low);
}

/* Adds a page to its segment's sum. */
static void
sum_page(Copy *copy, const CopyScan *scan, const CopyPage *page)
{
	CopySegment *segment = page->segment;
	MemoryContext caller;
	Jsonb	   *state;
	Sum			sum;

	/* hashes belong to a transaction */
	copy_begin();
	read_sum(segment->state, &sum);
	for (int i = 0; i < page->count; i++)
	{
		Jsonb	   *item = attr_to_jsonb(&page->items[i].object);

		add_item(&sum, item);
		pfree(item);
	}
	state = copy_segment_state(page, sum_members(&sum));
	catalog_advance_transfer_part(copy->transfer->id, segment->part, segment->pages + 1, page->next_key == NULL, state, NULL);
	copy_commit();
	caller = MemoryContextSwitchTo(copy->context);
	segment->state = sum_members(&sum);
	MemoryContextSwitchTo(caller);
}

/* Begins, or goes on with, the scan of one side. */
static void
begin_side(Copy *copy, CopyScan *scan, Remote *remote, const char *table, int first_part)
{
	*scan = (CopyScan) {.remote = remote, .table = table, .total = copy->options.segments, .page = sum_page};
	if (!remote_is_here(remote))
		scan->meter = &copy->reads;
	copy_begin();
	for (int i = 0; i < scan->total; i++)
		catalog_add_transfer_part(copy->transfer->id, first_part + i, psprintf("verification of \"%s\", segment %d", table, i), -1,
								  copy_members("%s", ""));
	copy_commit();
	copy_scan_begin(copy, scan, first_part);
}

/* Reads one side; the stream is followed meanwhile. */
static void
read_side(Copy *copy, CopyScan *scan)
{
	while (!copy_scan_round(copy, scan, TimestampTzPlusMilliseconds(GetCurrentTimestamp(), COPY_ROUND_MS)))
		if (copy->stream != NULL)
			copy_stream_round(copy, TimestampTzPlusMilliseconds(GetCurrentTimestamp(), COPY_ROUND_MS));
}

static Sum
side_sum(const CopyScan *scan)
{
	Sum			total = {0};

	for (int i = 0; i < scan->total; i++)
	{
		Sum			sum;

		read_sum(scan->segments[i].state, &sum);
		total.items += sum.items;
		total.high += sum.high;
		total.low += sum.low;
	}
	return total;
}

/* Notes what was found. */
static void
note_result(Copy *copy, int number, const Sum *source, const Sum *target, int64 changes)
{
	bool		equal = memcmp(source, target, sizeof(Sum)) == 0;

	copy_begin();
	copy_set_state(copy, NULL,
				   copy_members("\"Verified\": %d, \"Verification\": {\"SourceItems\": " INT64_FORMAT ", \"TargetItems\": " INT64_FORMAT
								", \"SourceChecksum\": \"%016" PRIx64 "%016" PRIx64 "\", \"TargetChecksum\": \"%016"
								PRIx64 "%016" PRIx64 "\", \"Equal\": %s, \"ChangesMeanwhile\": " INT64_FORMAT ", \"At\": %s}",
								number, source->items, target->items, source->high, source->low, target->high, target->low,
								equal ? "true" : "false", changes,
								copy_quoted(timestamptz_to_str(GetCurrentTimestamp()))));
	copy_commit();
}

void
copy_verify(Copy *copy)
{
	int			number = copy->orders.verified + 1;
	int			first_part = COPY_FIRST_VERIFICATION + number * VERIFICATION_PARTS;
	CopyScan	source;
	CopyScan	target;
	Sum			here;
	Sum			there;
	int64		records;

	pgstat_report_activity(STATE_RUNNING, "verifying a copy");
	copy_drain(copy);
	records = copy->records;
	begin_side(copy, &source, copy->source, copy->options.source, first_part);
	read_side(copy, &source);
	begin_side(copy, &target, copy->target, copy->options.target, first_part + TARGET_PARTS);
	read_side(copy, &target);
	copy_drain(copy);
	here = side_sum(&source);
	there = side_sum(&target);
	note_result(copy, number, &here, &there, copy->records - records);
	copy_look(copy, true);
}
