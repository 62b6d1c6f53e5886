/*
 * storage_sql.c
 *		C functions that only tests call; the extension does not install them.
 */
#include "postgres.h"

#include "executor/executor.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "nodes/parsenodes.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"

#include "base/compat.h"
#include "storage/bulk_load.h"

PG_FUNCTION_INFO_V1(dynapg_test_watch);
PG_FUNCTION_INFO_V1(dynapg_test_bulk_load);

static Oid	watched;
static bool denies;
static ExecutorCheckPerms_hook_type previous_hook;

/* What a module does that audits, or that knows rules of its own. */
static bool
check_permissions(COMPAT_CHECK_PERMS_PARAMETERS)
{
	ListCell   *cell;

	foreach(cell, range_table)
	{
		RangeTblEntry *entry = lfirst_node(RangeTblEntry, cell);

		if (entry->rtekind != RTE_RELATION || entry->relid != watched)
			continue;
		ereport(denies ? ERROR : NOTICE,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg_internal("access to %s is watched", get_rel_name(watched))));
	}
	return previous_hook == NULL || previous_hook(COMPAT_CHECK_PERMS_ARGUMENTS);
}

/* watch(relation regclass, deny boolean): hooks into the executor's checks; NULL: no longer. */
Datum
dynapg_test_watch(PG_FUNCTION_ARGS)
{
	if (ExecutorCheckPerms_hook != check_permissions)
		previous_hook = ExecutorCheckPerms_hook;
	watched = PG_ARGISNULL(0) ? InvalidOid : PG_GETARG_OID(0);
	denies = !PG_ARGISNULL(1) && PG_GETARG_BOOL(1);
	ExecutorCheckPerms_hook = OidIsValid(watched) ? check_permissions : previous_hook;
	PG_RETURN_VOID();
}

/* Adds what a cursor gives. */
static void
add_items(BulkLoad *load, Portal cursor)
{
	do
	{
		SPI_cursor_fetch(cursor, true, 100);
		for (uint64 i = 0; i < SPI_processed; i++)
		{
			bool		isnull;

			bulk_load_add(load, SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &isnull));
		}
		SPI_freetuptable(SPI_tuptable);
	} while (SPI_processed > 0);
}

/* bulk_load(table_name text, query text): loads the items that a query gives; how many were put, and how many of them over others. */
Datum
dynapg_test_bulk_load(PG_FUNCTION_ARGS)
{
	text	   *name = PG_GETARG_TEXT_PP(0);
	const TableInfo *table = catalog_table(VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name));
	BulkLoadCount count;
	BulkLoad   *load;
	Portal		cursor;
	SPIPlanPtr	plan;

	if (table == NULL)
		catalog_raise_not_found(VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name));
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	plan = SPI_prepare(text_to_cstring(PG_GETARG_TEXT_PP(1)), 0, NULL);
	load = bulk_load_begin(table);
	cursor = SPI_cursor_open(NULL, plan, NULL, NULL, false);
	add_items(load, cursor);
	SPI_cursor_close(cursor);
	bulk_load_end(load, &count);
	SPI_finish();
	PG_RETURN_TEXT_P(cstring_to_text(psprintf(INT64_FORMAT " items, " INT64_FORMAT " replaced", count.items, count.replaced)));
}
