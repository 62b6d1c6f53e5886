/*
 * past.c
 *		Queries on what items were, by undo logs.
 */
#include "postgres.h"

#include "catalog/pg_class.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"

#include "keep/past.h"
#include "log/log_segment.h"

char *
past_qualified_name(Oid relation)
{
	char	   *name = get_rel_name(relation);
	char	   *schema = name ? get_namespace_name(get_rel_namespace(relation)) : NULL;

	return schema ? quote_qualified_identifier(schema, name) : NULL;
}

void
past_lock_source(Oid source)
{
	LockRelationOid(source, AccessShareLock);
	if (get_rel_relkind(source) != RELKIND_RELATION)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("what is being restored is gone: relation %u", source),
				 errdetail("Its table was dropped.")));
}

/* A FROM clause with the rows of a log behind a number, over all segments that may hold any, and a condition more. */
static void
append_rows(StringInfo query, int32 log, int64 after, const char *condition)
{
	static const char columns[] = "seq, xid, written_at, hash, sort, old";
	const char *separator = "";
	ListCell   *cell;

	appendStringInfoString(query, "FROM (");
	foreach(cell, log_segments(LOG_UNDO))
	{
		const LogSegment *segment = (const LogSegment *) lfirst(cell);
		char	   *name;

		if (segment->closed_seq <= after)
			continue;
		LockRelationOid(segment->relation, AccessShareLock);
		name = past_qualified_name(segment->relation);
		if (name == NULL)
			continue;
		appendStringInfo(query, "%sSELECT %s FROM %s WHERE log OPERATOR(pg_catalog.=) %d AND seq OPERATOR(pg_catalog.>) "
						 INT64_FORMAT "::pg_catalog.int8 AND %s", separator, columns, name, log, after, condition);
		separator = " UNION ALL ";
	}
	if (*separator == '\0')
		appendStringInfoString(query, "SELECT NULL::pg_catalog.int8 AS seq, NULL::pg_catalog.xid8 AS xid, "
							   "NULL::pg_catalog.timestamptz AS written_at, NULL::pg_catalog.uuid AS hash, "
							   "NULL::pg_catalog.bytea AS sort, NULL::pg_catalog.jsonb AS old WHERE false");
	appendStringInfoString(query, ") changes ");
}

static char *
uuid_text(const pg_uuid_t *uuid)
{
	return DatumGetCString(DirectFunctionCall1(uuid_out, UUIDPGetDatum(uuid)));
}

static char *
hex_text(const bytea *bytes)
{
	return TextDatumGetCString(DirectFunctionCall2(binary_encode, PointerGetDatum(bytes), CStringGetTextDatum("hex")));
}

/* hash and sort being in a range; of all, true. */
static char *
range_condition(const PastRange *range)
{
	StringInfoData condition;

	if (range == NULL)
		return pstrdup("true");
	initStringInfo(&condition);
	appendStringInfo(&condition, "hash OPERATOR(pg_catalog.>=) '%s'::pg_catalog.uuid AND hash OPERATOR(pg_catalog.<=) '%s'::pg_catalog.uuid",
					 uuid_text(&range->first), uuid_text(&range->last));
	if (range->low != NULL)
		appendStringInfo(&condition, " AND sort OPERATOR(pg_catalog.>=) pg_catalog.decode('%s', 'hex')", hex_text(range->low));
	if (range->high != NULL)
		appendStringInfo(&condition, " AND sort OPERATOR(pg_catalog.<) pg_catalog.decode('%s', 'hex')", hex_text(range->high));
	return condition.data;
}

bool
past_has_all_changes(int32 id)
{
	const TableLog *log = catalog_log(id);

	return log != NULL && ((log->kept && log->status == LOG_ENABLED) || !OidIsValid(log->relation));
}

/*
 * Those of an undo log that are no part of a moment, of keys in a range.  A row of a transaction that is not visible in the snapshot is above the
 * horizon.
 */
static void
append_changes_since(StringInfo query, int32 log, int64 horizon, const char *snapshot, const char *range)
{
	append_rows(query, log, horizon, psprintf("NOT pg_catalog.pg_visible_in_snapshot(xid, %s::pg_catalog.pg_snapshot) AND %s",
											  quote_literal_cstr(snapshot), range));
	/* asked for under the locks of the segments */
	if (log_trimmed(LOG_UNDO) > horizon)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the changes since that point in time are no longer kept")));
	if (!past_has_all_changes(log))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("not all changes since that point in time were logged"),
				 errdetail("Point-in-time recovery of the table was switched off.")));
}

/* Each item's first change since tells what it was. */
char *
past_items_query(Oid source, int32 log, int64 horizon, const char *snapshot, const PastRange *range)
{
	char	   *name = past_qualified_name(source);
	char	   *condition = range_condition(range);
	StringInfoData query;

	initStringInfo(&query);
	appendStringInfoString(&query, "WITH undo AS MATERIALIZED (SELECT DISTINCT ON (hash, sort) hash, sort, old ");
	append_changes_since(&query, log, horizon, snapshot, condition);
	appendStringInfo(&query, "ORDER BY hash, sort, seq) SELECT item, hash, sort FROM %s t WHERE %s AND NOT EXISTS (SELECT FROM undo u "
					 "WHERE u.hash OPERATOR(pg_catalog.=) t.hash AND u.sort OPERATOR(pg_catalog.=) t.sort) "
					 "UNION ALL SELECT old, hash, sort FROM undo WHERE old IS NOT NULL", name, condition);
	return query.data;
}

/* The present items come last of those of their keys. */
char *
past_changes_query(Oid source, int32 log, int64 horizon, const char *snapshot, const char *later_snapshot, const PastRange *range)
{
	char	   *name = past_qualified_name(source);
	StringInfoData query;

	initStringInfo(&query);
	appendStringInfoString(&query, "WITH changes AS MATERIALIZED (SELECT hash, sort, seq, old, written_at, ");
	appendStringInfo(&query, "pg_catalog.pg_visible_in_snapshot(xid, %s::pg_catalog.pg_snapshot) AS is_change ",
					 quote_literal_cstr(later_snapshot));
	append_changes_since(&query, log, horizon, snapshot, range_condition(range));
	appendStringInfo(&query, "), keys AS MATERIALIZED (SELECT DISTINCT hash, sort FROM changes WHERE is_change) "
					 "SELECT hash, sort, old AS item, written_at, is_change FROM (SELECT * FROM changes "
					 "UNION ALL SELECT t.hash, t.sort, 9223372036854775807::pg_catalog.int8, t.item, NULL, false "
					 "FROM keys k JOIN %s t ON t.hash OPERATOR(pg_catalog.=) k.hash AND t.sort OPERATOR(pg_catalog.=) k.sort) versions "
					 "ORDER BY hash, sort, seq", name);
	return query.data;
}

char *
past_rows_query(Oid source, int32 log, int64 horizon, const char *snapshot)
{
	StringInfoData query;

	initStringInfo(&query);
	appendStringInfo(&query, "SELECT item, hash, sort, " INT64_FORMAT "::pg_catalog.int8 FROM %s UNION ALL SELECT old, hash, sort, seq ",
					 PG_INT64_MAX, past_qualified_name(source));
	append_changes_since(&query, log, horizon, snapshot, range_condition(NULL));
	return query.data;
}

char *
past_present_query(Oid source)
{
	return psprintf("SELECT item FROM %s", past_qualified_name(source));
}

/* hash and sort being those of a key. */
static char *
key_condition(const pg_uuid_t *hash, bytea *sort)
{
	return psprintf("hash OPERATOR(pg_catalog.=) '%s'::pg_catalog.uuid AND sort OPERATOR(pg_catalog.=) pg_catalog.decode('%s', 'hex')",
					uuid_text(hash), hex_text(sort));
}

char *
past_versions_query(Oid source, const TableLog *log, const pg_uuid_t *hash, bytea *sort)
{
	char	   *name = past_qualified_name(source);
	char	   *condition = key_condition(hash, sort);
	StringInfoData query;

	initStringInfo(&query);
	appendStringInfoString(&query, "WITH changes AS MATERIALIZED (SELECT seq, xid, written_at, old ");
	append_rows(&query, log->id, log->first_seq, condition);
	appendStringInfo(&query, "), last AS (SELECT seq, xid, written_at FROM changes ORDER BY seq DESC LIMIT 1), "
					 "present AS (SELECT item FROM %s WHERE %s) "
					 "SELECT item, since, until, xid FROM (SELECT old AS item, pg_catalog.lag(written_at) OVER w AS since, "
					 "written_at AS until, pg_catalog.lag(xid) OVER w AS xid, seq, false AS is_present FROM changes WINDOW w AS (ORDER BY seq) "
					 "UNION ALL SELECT (SELECT item FROM present), (SELECT written_at FROM last), NULL, (SELECT xid FROM last), NULL, true "
					 "WHERE EXISTS (SELECT FROM present) OR EXISTS (SELECT FROM last)) versions ORDER BY is_present, seq",
					 name, condition);
	return query.data;
}
