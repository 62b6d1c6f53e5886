/*
 * copy.h
 *		Live copies of tables: from an endpoint elsewhere into a table here (COPY_FROM), or the other way round (COPY_TO).
 *
 * One process copies: it knows a source and a target (remote.h), one of which is this database.  It creates the target, notes where the source's
 * stream is, reads the source's segments by Scan, and follows the stream from that place on until somebody cuts over.
 *
 * Why the target ends as the source.  Call a state of an item by the record that made it.  Three rules hold:
 *
 *	1. The places in the stream are noted before the first page is asked for, and pages are read consistently.  So a page has each item as the
 *	   last record before the place left it, or a later one: what a page is too early for comes with the stream.
 *	2. No page is on its way, or waits to be written, while records are applied: rounds of pages and rounds of records alternate.  So a page
 *	   that is written was read after all records that have been applied, and has no state that is older than those.  An item that has been
 *	   removed by an applied record is not brought back, and needs no tombstone.
 *	3. All records of an item are applied in their order: its shard's, a parent before its children, and one write of an item at a time.
 *
 * Then after each write, the item's state in the target is at or behind that of the last record of it that has been applied, or ahead of it
 * because a page was; in that case the records between come later and lead it back and forth again, but the last of them is the item's last state
 * or one after it.  When the stream has been applied up to its end, the state of every item with a record behind the place is its last record's, and
 * that of any other one is its page's.  Records may be applied again from any earlier place (an iterator that was lost before its first record): they
 * end in the same state, as all that follow come again too.
 *
 * What has been written is committed with the position that says so: in one transaction if the target is here; if it is elsewhere, the position
 * follows when all writes have been acknowledged, and what was written twice after a crash ends in the same state by the same reasons.
 *
 * Gaps.  A stream keeps records for 24 hours.  Each shard has the time up to which it is known to be read (checked_at).  If its position is no longer
 * there (TrimmedDataAccessException) and that time is over SAFE_AGE ago, records may be lost, and the copy FAILED (StreamTrimmed); else
 * the shard was only quiet, and is read on from its oldest record.
 *
 * The end.  Cutting over takes for granted that the writers at the source have stopped: it waits until every shard has been read up to its end by a
 * request that was sent `settle` seconds after it was asked for (the service's stream is a moment behind its table), and ends the copy.  As long as
 * records come it goes on.
 *
 * What this does not cover: a write to a target elsewhere that got no answer is sent again, and if the endpoint carries out the first one after all that
 * followed it, minutes later, an old state comes back.  Nothing but a condition on each write would prevent that; copy_verify() finds it.
 */
#ifndef DYNAPG_COPY_H
#define DYNAPG_COPY_H

#include "transfer/remote.h"
#include "transfer/transfer.h"
#include "value/attr.h"

#define COPY_ROUND_MS 20000			/* of pages, before records have their turn */
#define COPY_MAX_SEGMENTS 256
#define COPY_MAX_CALLS 16			/* on their way at once */

/* Numbers of parts. */
#define COPY_FIRST_SHARD 1024		/* below: segments of the source */
#define COPY_FIRST_VERIFICATION 1000000	/* each verification has VERIFICATION_PARTS */

typedef struct CopyOptions
{
	char	   *endpoint;
	char	   *streams_endpoint;	/* NULL: by the endpoint */
	char	   *region;
	char	   *credentials;	/* their name; NULL: none */
	char	   *source;			/* tables */
	char	   *target;
	int			segments;
	double		read_units;		/* a second, of the endpoint elsewhere; 0: no limit */
	double		write_units;
	int			settle;			/* seconds */
	bool		stream;			/* follows the stream */
	bool		enable_stream;	/* may enable one at the source */
	bool		create_table;	/* else the target is there */
	bool		indexes;
	bool		time_to_live;
	bool		tags;
} CopyOptions;

/* A rate limit: a debt is paid back before more is taken. */
typedef struct CopyMeter
{
	double		rate;			/* units a second; 0: none */
	double		units;			/* that may be taken; below 0: debt */
	TimestampTz at;
} CopyMeter;

/* What has been asked of the copy in its row, as last looked at. */
typedef struct CopyOrders
{
	bool		paused;
	bool		cut_over;
	int			verify;			/* how many verifications have been asked for */
	int			verified;		/* and done */
} CopyOrders;

typedef struct Copy
{
	MemoryContext context;		/* of the step */
	const Transfer *transfer;
	CopyOptions options;
	Remote	   *source;
	Remote	   *target;
	CopyMeter	reads;
	CopyMeter	writes;
	CopyOrders	orders;
	TimestampTz looked_at;
	bool		is_complete;
	bool		works;			/* something has been answered */
	const char *hash_name;		/* the table here, as items store its key's names */
	const char *sort_name;		/* NULL: none */

	/* the stream */
	char	   *stream;			/* its ARN; NULL: none */
	List	   *shards;			/* of CopyShard */
	int			next_part;
	TimestampTz described_at;	/* when the shards were asked for last; 0: they are to be asked for */
	TimestampTz last_described_at;	/* the same, always */
	bool		caught_up;		/* it was read up to its end once */
	bool		stream_ended;	/* it is DISABLED, or gone */
	int64		records;		/* applied */
	double		lag;			/* seconds */
	TimestampTz lag_noted_at;
} Copy;

/* A write of an item. */
typedef struct CopyWrite
{
	bool		is_delete;
	AttributeMap *attributes;	/* the item, or its key */
} CopyWrite;

/* ---- copy.c: the process ---- */

/*
 * Looks at the row now and then (at_once: now): what has been asked for; waits while it is paused; ends the step, by an error that is nobody's
 * failure, if the copy is not wanted any more.
 */
extern void copy_look(Copy *copy, bool at_once);

/* Sends a call and waits for its answer; nothing else may be on its way. */
extern void copy_ask(Copy *copy, Remote *remote, RemoteCall *call);

/* A transaction of the process, with the extension there; memory goes on coming from where it came. */
extern void copy_begin(void);
extern void copy_commit(void);

/* In a transaction: sets members of the row's state, and its phase unless that is NULL. */
extern void copy_set_state(const Copy *copy, const char *phase, Jsonb *members);

/* An object of members that are given as JSON, without the braces. */
extern Jsonb *copy_members(const char *format,...) pg_attribute_printf(1, 2);

/* An object with the members of another one. */
extern Jsonb *copy_merged(Jsonb *object, Jsonb *members);

/* A member of the row's state that is a string; NULL: there is none. */
extern char *copy_state(const Copy *copy, const char *member);

/* Members of an object: NULL, 0, false if it has none of that type. */
extern char *copy_text_member(Jsonb *object, const char *name);
extern double copy_number_member(Jsonb *object, const char *name);
extern bool copy_boolean_member(Jsonb *object, const char *name);
extern Jsonb *copy_object_member(Jsonb *object, const char *name);	/* an object or array */

/* Text as a string of JSON. */
extern char *copy_quoted(const char *text);

/*
 * Calls a function on what others have sent: what it raises since that is not what DynamoDB's API or the table allows, ends the copy with this
 * code.
 */
extern void copy_guard(const char *code, const char *what, void (*function) (Copy *copy, void *argument), Copy *copy, void *argument);

/* Waits until all that had been written when it was called has been applied. */
extern void copy_drain(Copy *copy);

/* Units a second: what is taken before it is there is a debt, for which copy_meter_wait() tells the milliseconds. */
extern void copy_meter_take(CopyMeter *meter, double units);
extern int64 copy_meter_wait(CopyMeter *meter);

/* Takes the names of a table's key. */
extern void copy_set_key_names(Copy *copy, const TableInfo *table);

/* Waits, answering to interrupts. */
extern void copy_sleep(int64 milliseconds);

/* ---- copy_prepare.c: the two tables ---- */

/* Creates the target, finds or enables the source's stream, notes its places and the segments; goes to phase COPYING. */
extern void copy_prepare(Copy *copy);

/* Enables time to live at the target, if it is enabled at the source. */
extern void copy_finish_target(Copy *copy);

/* ---- copy_scan.c: pages ---- */

/* A segment of a table's Scan. */
typedef struct CopySegment
{
	int			part;
	int			number;
	Jsonb	   *key;			/* behind which it goes on; NULL: at its beginning */
	bool		done;
	bool		is_sent;
	int64		pages;
	double		expected_units; /* of the page that is on its way */
	Jsonb	   *state;			/* its part's, as it was at the beginning; NULL: none */
} CopySegment;

typedef struct CopyPage
{
	CopySegment *segment;
	int			count;
	AttributeMap *items;
	Jsonb	   *next_key;		/* NULL: the segment is done */
	double		units;
	int64		bytes;
} CopyPage;

typedef struct CopyScan
{
	Remote	   *remote;
	const char *table;
	CopyMeter  *meter;			/* NULL: none */
	int			total;			/* segments */
	CopySegment *segments;
	double		units_an_item;	/* of the last page; 0: not known */
	void		(*page) (Copy *copy, const struct CopyScan *scan, const CopyPage *page);	/* outside of a transaction: uses it, and notes the place */
} CopyScan;

/* Reads the segments whose parts begin with a number. */
extern void copy_scan_begin(Copy *copy, CopyScan *scan, int first_part);

/* Asks for pages until a time, and waits for all that were asked for; true: all segments are done. */
extern bool copy_scan_round(Copy *copy, CopyScan *scan, TimestampTz until);

/* The state of a segment's part behind a page, with further members of it (NULL: none). */
extern Jsonb *copy_segment_state(const CopyPage *page, Jsonb *members);

/* Reading answers, called by copy_guard(): a token that must be there; a map of attribute values, without errors; the name of a member. */
extern void copy_expect(WireToken token, WireToken expected);
extern void copy_read_map(WireReader *reader, AttributeMap *map);
extern bool copy_key_is(const WireReader *reader, const char *name);

/* The next value, a ConsumedCapacity: its units. */
extern double copy_read_units(WireReader *reader);

/* ---- copy_stream.c: records ---- */

typedef struct CopyShard
{
	int			part;
	char	   *id;
	char	   *parent;			/* NULL: none that is known */
	char	   *after;			/* SequenceNumber of the last record applied; NULL: none yet */
	char	   *first;			/* where it begins: its StartingSequenceNumber; NULL: at the end that there was when the copy began */
	TimestampTz checked_at;		/* up to when it is known to be read */
	TimestampTz noted_at;		/* checked_at, as it was committed last */
	bool		done;
	bool		from_oldest;	/* its position is gone, and nothing is lost */
	char	   *iterator;		/* NULL: to be asked for */
	bool		is_sent;
	int			empty_answers;	/* one after the other */
	int64		records;		/* applied */
	TimestampTz next_at;		/* when to read it again */
	TimestampTz read_to_end_at;	/* when the last request was sent that found nothing more; 0: there was something */
	double		newest;			/* epoch of the last record */
} CopyShard;

/* Notes the source's shards, which are open, and their ends: before the first page. */
extern void copy_stream_note(Copy *copy);

/* The shards that the row's parts tell of. */
extern void copy_stream_load(Copy *copy);

/* Applies records until there are none at the moment, or a time. */
extern void copy_stream_round(Copy *copy, TimestampTz until);

/* Whether all shards that are known have been read up to their ends, or a few seconds before. */
extern bool copy_stream_has_caught_up(const Copy *copy);

/* Whether all was read by requests sent after a time. */
extern bool copy_stream_is_read(Copy *copy, TimestampTz since);

/* ---- copy_write.c ---- */

/* Notes a position, in the transaction of the writes or after they are acknowledged. */
typedef void (*CopyNote) (Copy *copy, void *argument);

/* Writes in their order; of writes of one item only the last may be seen.  are_page: they are the items of a page. */
extern void copy_write(Copy *copy, CopyWrite *writes, int count, bool are_page, CopyNote note, void *argument);

/* ---- copy_verify.c ---- */

/* Reads both sides and compares them, as has been asked for; the stream is followed meanwhile. */
extern void copy_verify(Copy *copy);

#endif							/* DYNAPG_COPY_H */
