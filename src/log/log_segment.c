/*
 * log_segment.c
 *		Which segments there are: dynapg.log_segments, and each backend's cache of it.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/dependency.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "storage/lock.h"
#include "storage/sinval.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/invalidation.h"
#include "catalog/owner.h"
#include "log/log.h"
#include "log/log_segment.h"


/* The columns of dynapg.log_segments. */
#define SEGMENTS_NUMBER		1	/* int4 */
#define SEGMENTS_KIND		2	/* text: STREAM, UNDO */
#define SEGMENTS_RELATION	3	/* regclass */
#define SEGMENTS_FORMAT		4	/* int4 */
#define SEGMENTS_CREATED_AT 5	/* timestamptz */
#define SEGMENTS_FIRST_SEQ	6	/* int8 */
#define SEGMENTS_CLOSED_SEQ 7	/* int8, null until it is closed */
#define SEGMENTS_CLOSED_AT	8	/* timestamptz, null until it is closed */
#define SEGMENTS_TIMELINE	9	/* int4 */
#define SEGMENTS_TRIM_SEQ	10	/* int8 */
#define SEGMENTS_COLUMNS	10

static Oid	segments_oid;		/* of dynapg.log_segments */
static LogSegment *cached;		/* in the order of their numbers; NULL: to be read */
static int	n_cached;

static TransactionId made_in = InvalidTransactionId;	/* the transaction of the last log_make_segment() here */

static const char *const kinds[] = {"STREAM", "UNDO"};

LogKind
log_segment_kind(LogKind kind)
{
	return kind == LOG_KINESIS ? LOG_STREAM : kind;
}

static void
on_relcache_invalidation(Datum argument, Oid relation)
{
	if (cached == NULL || (relation != InvalidOid && relation != segments_oid))
		return;
	pfree(cached);
	cached = NULL;
}

static void
read_segment(Relation catalog, HeapTuple row, LogSegment *segment)
{
	Datum		values[SEGMENTS_COLUMNS];
	bool		nulls[SEGMENTS_COLUMNS];

	heap_deform_tuple(row, RelationGetDescr(catalog), values, nulls);
	segment->number = DatumGetInt32(values[SEGMENTS_NUMBER - 1]);
	segment->kind = *VARDATA_ANY(DatumGetTextPP(values[SEGMENTS_KIND - 1])) == 'S' ? LOG_STREAM : LOG_UNDO;
	segment->relation = DatumGetObjectId(values[SEGMENTS_RELATION - 1]);
	segment->created_at = DatumGetTimestampTz(values[SEGMENTS_CREATED_AT - 1]);
	segment->first_seq = DatumGetInt64(values[SEGMENTS_FIRST_SEQ - 1]);
	segment->closed_seq = nulls[SEGMENTS_CLOSED_SEQ - 1] ? PG_INT64_MAX :
		DatumGetInt64(values[SEGMENTS_CLOSED_SEQ - 1]);
	segment->closed_at = nulls[SEGMENTS_CLOSED_AT - 1] ? 0 : DatumGetTimestampTz(values[SEGMENTS_CLOSED_AT - 1]);
	segment->timeline = (uint32) DatumGetInt32(values[SEGMENTS_TIMELINE - 1]);
	segment->trim_seq = DatumGetInt64(values[SEGMENTS_TRIM_SEQ - 1]);
}

/* All segments, in the order of their numbers, into memory that is the caller's. */
static LogSegment *
read_segments(int *count)
{
	Oid			schema = get_namespace_oid("dynapg", false);
	Relation	catalog = table_open(segments_oid, AccessShareLock);
	Relation	index = index_open(get_relname_relid("log_segments_pkey", schema), AccessShareLock);
	SysScanDesc scan = systable_beginscan_ordered(catalog, index, NULL, 0, NULL);
	int			size = 8;
	LogSegment *segments = (LogSegment *) palloc(size * sizeof(LogSegment));
	HeapTuple	row;

	*count = 0;
	while (HeapTupleIsValid(row = systable_getnext_ordered(scan, ForwardScanDirection)))
	{
		if (*count == size)
			segments = (LogSegment *) repalloc(segments, (size *= 2) * sizeof(LogSegment));
		read_segment(catalog, row, &segments[(*count)++]);
	}
	systable_endscan_ordered(scan);
	index_close(index, AccessShareLock);
	table_close(catalog, AccessShareLock);
	return segments;
}

/* Fills the cache; what comes while it is read makes it read again. */
static void
fill_cache(void)
{
	static bool registered;

	if (!registered)
	{
		invalidation_call(on_relcache_invalidation);
		registered = true;
	}
	AcceptInvalidationMessages();
	while (cached == NULL)
	{
		uint64		messages;
		LogSegment *segments;
		int			count;

		segments_oid = get_relname_relid("log_segments", get_namespace_oid("dynapg", false));
		messages = SharedInvalidMessageCounter;
		segments = read_segments(&count);
		if (messages != SharedInvalidMessageCounter)
			continue;
		cached = (LogSegment *) MemoryContextAlloc(CacheMemoryContext, Max(count, 1) * sizeof(LogSegment));
		memcpy(cached, segments, count * sizeof(LogSegment));
		n_cached = count;
	}
}

bool
log_is_stream_segment(Relation relation)
{
	static const Oid types[LOG_COLUMNS] = {
		INT8OID, XID8OID, TIMESTAMPTZOID, INT4OID, CHAROID, UUIDOID, BYTEAOID, JSONBOID, JSONBOID, JSONBOID
	};
	TupleDesc	columns = RelationGetDescr(relation);

	if (strncmp(RelationGetRelationName(relation), "stream_", strlen("stream_")) != 0 ||
		RelationGetNamespace(relation) != get_namespace_oid(CATALOG_LOG_SCHEMA, true) || columns->natts < LOG_COLUMNS)
		return false;
	for (int i = 0; i < LOG_COLUMNS; i++)
		if (TupleDescAttr(columns, i)->atttypid != types[i])
			return false;
	return true;
}

List *
log_segments(LogKind kind)
{
	List	   *segments = NIL;

	kind = log_segment_kind(kind);
	fill_cache();
	for (int i = 0; i < n_cached; i++)
		if (cached[i].kind == kind)
			segments = lappend(segments, memcpy(palloc(sizeof(LogSegment)), &cached[i], sizeof(LogSegment)));
	return segments;
}

int64
log_trimmed(LogKind kind)
{
	int64		trimmed = PG_INT64_MAX;

	kind = log_segment_kind(kind);
	fill_cache();
	for (int i = 0; i < n_cached; i++)
		if (cached[i].kind == kind)
			trimmed = trimmed == PG_INT64_MAX ? cached[i].trim_seq : Max(trimmed, cached[i].trim_seq);
	return trimmed;
}

/* The newest segment's relation; InvalidOid if there is none. */
static Oid
newest_segment(LogKind kind)
{
	kind = log_segment_kind(kind);
	fill_cache();
	for (int i = n_cached - 1; i >= 0; i--)
		if (cached[i].kind == kind)
			return cached[i].relation;
	return InvalidOid;
}

Relation
log_open_newest_segment(LogKind kind)
{
	for (;;)
	{
		Oid			oid = newest_segment(kind);
		Relation	relation;

		if (!OidIsValid(oid))
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("the change log has no segment to write to"),
					 errhint("Execute dynapg.rotate().")));
		relation = try_table_open(oid, RowExclusiveLock);
		if (relation != NULL && newest_segment(kind) == oid)
			return relation;
		if (relation != NULL)
			table_close(relation, RowExclusiveLock);
	}
}

/* Compressing images costs a fifth of the time where the server has LZ4. */
#ifdef USE_LZ4
#define COMPRESSION " COMPRESSION lz4"
#else
#define COMPRESSION ""
#endif

/* Dumps leave a member of the extension out, and DROP EXTENSION takes it along. */
static void
make_member(Oid relation)
{
	ObjectAddress object = {RelationRelationId, relation, 0};
	ObjectAddress extension = {ExtensionRelationId, get_extension_oid("dynapg", false), 0};

	recordDependencyOn(&object, &extension, DEPENDENCY_EXTENSION);
}

bool
log_lock_segments(SegmentLock lock, LogKind kind, LOCKMODE mode, bool wait)
{
	Oid			schema = get_namespace_oid("dynapg", false);
	LOCKTAG		tag;

	SET_LOCKTAG_OBJECT(tag, MyDatabaseId, get_relname_relid("log_segments", schema), log_segment_kind(kind), lock);
	if (LockAcquire(&tag, mode, false, !wait) == LOCKACQUIRE_NOT_AVAIL)
		return false;
	AcceptInvalidationMessages();
	return true;
}

void
log_want_segment(LogKind kind)
{
	(void) log_lock_segments(LOCK_KEPT, kind, ShareLock, true);
	if (OidIsValid(newest_segment(kind)))
		return;
	(void) log_lock_segments(LOCK_ROTATION, 0, ExclusiveLock, true);
	if (!OidIsValid(newest_segment(kind)))
		log_make_segment(kind);
}

bool
log_segment_is_new(const LogSegment *segment)
{
	return n_cached > 0 && cached[n_cached - 1].number == segment->number && TransactionIdIsValid(made_in) &&
		TransactionIdIsCurrentTransactionId(made_in);
}

void
log_make_segment(LogKind kind)
{
	Oid			types[5] = {INT4OID, TEXTOID, REGCLASSOID, INT8OID, INT4OID};
	Datum		values[5];
	char	   *name;
	int32		number;
	Oid			relation;

	kind = log_segment_kind(kind);
	fill_cache();
	number = n_cached == 0 ? 1 : cached[n_cached - 1].number + 1;
	name = psprintf("%s_%06d", kind == LOG_STREAM ? "stream" : "undo", number);
	(void) catalog_execute(psprintf("CREATE TABLE " CATALOG_LOG_SCHEMA ".%s (seq bigint NOT NULL, xid xid8 NOT NULL, "
									"written_at timestamptz NOT NULL, log integer NOT NULL, kind \"char\" NOT NULL, "
									"hash uuid NOT NULL, sort bytea NOT NULL, keys jsonb" COMPRESSION ", "
									"old jsonb" COMPRESSION ", new jsonb" COMPRESSION ", "
									"PRIMARY KEY (log, seq)) USING heap WITH (autovacuum_vacuum_insert_threshold = -1)",
									name), 0, NULL, NULL, NULL);
	relation = get_relname_relid(name, get_namespace_oid(CATALOG_LOG_SCHEMA, false));
	make_member(relation);
	values[0] = Int32GetDatum(number);
	values[1] = CStringGetTextDatum(kinds[kind]);
	values[2] = ObjectIdGetDatum(relation);
	values[3] = Int64GetDatum(log_last_number());
	values[4] = Int32GetDatum((int32) GetWALInsertionTimeLine());
	(void) catalog_execute("INSERT INTO dynapg.log_segments (number, kind, relation, format, created_at, first_seq, timeline, "
						   "trim_seq) VALUES ($1, $2, $3, 1, pg_catalog.clock_timestamp(), $4, $5, 0)",
						   lengthof(types), types, values, NULL);
	made_in = GetTopTransactionId();
}

bool
log_close_segment(const LogSegment *segment)
{
	Oid			types[2] = {INT4OID, INT8OID};
	Datum		values[2];

	if (!ConditionalLockRelationOid(segment->relation, ShareLock))
		return false;
	values[0] = Int32GetDatum(segment->number);
	values[1] = Int64GetDatum(log_last_number());
	(void) catalog_execute("UPDATE dynapg.log_segments SET closed_seq = $2, closed_at = pg_catalog.clock_timestamp() "
						   "WHERE number = $1 AND closed_seq IS NULL", 2, types, values, NULL);
	return true;
}

/* Notes up to which number rows are gone: a writer that was late may have put greater ones than the next segment's first into this one. */
bool
log_drop_segment(const LogSegment *segment)
{
	Oid			types[3] = {INT4OID, TEXTOID, INT8OID};
	Datum		values[3] = {Int32GetDatum(segment->number), CStringGetTextDatum(kinds[segment->kind]),
	Int64GetDatum(segment->closed_seq)};
	char	   *name;

	if (!ConditionalLockRelationOid(segment->relation, AccessExclusiveLock))
		return false;
	name = get_rel_name(segment->relation);
	if (name == NULL)
		return false;
	(void) catalog_execute("DELETE FROM dynapg.log_segments WHERE number = $1", 1, types, values, NULL);
	(void) catalog_execute("UPDATE dynapg.log_segments SET trim_seq = $2 WHERE kind = $1 AND trim_seq < $2 AND "
						   "number = (SELECT max(number) FROM dynapg.log_segments WHERE kind = $1)", 2, types + 1, values + 1, NULL);
	deleteDependencyRecordsForClass(RelationRelationId, segment->relation, ExtensionRelationId, DEPENDENCY_EXTENSION);
	CommandCounterIncrement();
	(void) catalog_execute(psprintf("DROP TABLE " CATALOG_LOG_SCHEMA ".%s", quote_identifier(name)), 0, NULL, NULL, NULL);
	return true;
}
