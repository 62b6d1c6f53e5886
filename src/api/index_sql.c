/*
 * index_sql.c
 *		SQL functions about secondary indexes: what an item's entry is and what is wrong with an index table, for the
 *		checker; starting builders and waiting for them.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/relation.h"
#include "access/table.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "storage/latch.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"
#include "utils/wait_event.h"

#include "op/op.h"
#include "keep/table_job.h"
#include "storage/index_entry.h"
#include "storage/index_guard.h"
#include "storage/triggers.h"

PG_FUNCTION_INFO_V1(dynapg_index_entry);
PG_FUNCTION_INFO_V1(dynapg_index_table_problem);
PG_FUNCTION_INFO_V1(dynapg_wait_for_indexes);
PG_FUNCTION_INFO_V1(dynapg_missing_triggers);
PG_FUNCTION_INFO_V1(dynapg_build_indexes);

#define WAIT_STEP_MS	10		/* wait_for_indexes() looks so often */

static _Noreturn void
raise_no_index_table(Oid relation)
{
	ereport(ERROR,
			(errcode(ERRCODE_WRONG_OBJECT_TYPE),
			 errmsg("relation with OID %u is no index table", relation)));
}

/* index_entry(index table, item): the key and the item of its entry; nulls if it has none. */
Datum
dynapg_index_entry(PG_FUNCTION_ARGS)
{
	const TableInfo *table;
	const TableIndex *index = catalog_index_of_relation(PG_GETARG_OID(0), &table);
	Jsonb	   *item = PG_GETARG_JSONB_P(1);
	IndexChange change;
	TupleDesc	desc;
	Datum		values[3];
	bool		nulls[3] = {true, true, true};

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	if (index == NULL)
		raise_no_index_table(PG_GETARG_OID(0));
	(void) attr_check_item(item);
	index_change(table, index, NULL, item, &change);
	if (change.action == INDEX_INSERT)
	{
		Datum		sort[INDEX_KEY_MAX_ATTRIBUTES];

		for (int i = 0; i < index->n_sort; i++)
			sort[i] = PointerGetDatum(change.new_entry.sort[i]);
		values[0] = UUIDPGetDatum(&change.new_entry.hash);
		values[1] = PointerGetDatum(construct_array(sort, index->n_sort, BYTEAOID, -1, false, TYPALIGN_INT));
		values[2] = JsonbPGetDatum(change.new_item);
		memset(nulls, false, sizeof(nulls));
	}
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}

/* index_table_problem(index table): what makes it another table than dynapg made; null if nothing does. */
Datum
dynapg_index_table_problem(PG_FUNCTION_ARGS)
{
	const TableInfo *table;
	const TableIndex *index = catalog_index_of_relation(PG_GETARG_OID(0), &table);
	Relation	relation;
	const char *problem;

	if (index == NULL)
		raise_no_index_table(PG_GETARG_OID(0));
	relation = try_table_open(index->relation, AccessShareLock);
	if (relation == NULL)
		raise_no_index_table(PG_GETARG_OID(0));
	problem = index_guard_problem(relation, table, index);
	table_close(relation, AccessShareLock);
	if (problem == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(problem));
}

/* Whether an index of the table is being built or dropped. */
static bool
has_work(const TableInfo *table)
{
	for (int i = 0; i < table->n_indexes; i++)
		if (table->indexes[i].status != TABLE_ACTIVE)
			return true;
	return false;
}

/* wait_for_indexes(table name, timeout): false if an index is still being built or dropped when the time is over. */
Datum
dynapg_wait_for_indexes(PG_FUNCTION_ARGS)
{
	text	   *table_name = PG_GETARG_TEXT_PP(0);
	TimestampTz ends = DatumGetTimestampTz(DirectFunctionCall2(timestamptz_pl_interval,
															   TimestampTzGetDatum(GetCurrentTimestamp()),
															   PG_GETARG_DATUM(1)));
	int			len;
	const char *name = op_table_name_of_text(VARDATA_ANY(table_name), VARSIZE_ANY_EXHDR(table_name), &len);

	for (;;)
	{
		const TableInfo *table = catalog_table(name, len);

		if (table == NULL)
			catalog_raise_not_found(name, len);
		if (!has_work(table))
			PG_RETURN_BOOL(true);
		if (GetCurrentTimestamp() >= ends)
			PG_RETURN_BOOL(false);
		(void) table_job_resume(table);
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, WAIT_STEP_MS, PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
	}
}

/* missing_triggers(relation): those that dynapg made, and that are not there or not enabled always. */
Datum
dynapg_missing_triggers(PG_FUNCTION_ARGS)
{
	static const TriggerKind of_items[] = {TRIGGER_ITEMS_CHANGED, TRIGGER_ITEMS_TRUNCATING, TRIGGER_ITEMS_TRUNCATED};
	static const TriggerKind of_index[] = {TRIGGER_INDEX_ROWS, TRIGGER_INDEX_TRUNCATE};
	Oid			oid = PG_GETARG_OID(0);
	const TableInfo *table = catalog_table_of_relation(oid);
	bool		is_index = table == NULL && catalog_index_of_relation(oid, &table) != NULL;
	Relation	relation = table != NULL ? try_relation_open(oid, AccessShareLock) : NULL;
	Datum		names[lengthof(of_items)];
	int			count = 0;

	if (relation == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("relation with OID %u is no item table and no index table", oid)));
	for (int i = 0; i < (is_index ? lengthof(of_index) : lengthof(of_items)); i++)
	{
		TriggerKind kind = is_index ? of_index[i] : of_items[i];

		if (!triggers_has(relation, kind, true))
			names[count++] = CStringGetTextDatum(triggers_name(kind));
	}
	relation_close(relation, AccessShareLock);
	PG_RETURN_ARRAYTYPE_P(construct_array(names, count, TEXTOID, -1, false, TYPALIGN_INT));
}

/* build_indexes(): starts builders for all tables that wait for one. */
Datum
dynapg_build_indexes(PG_FUNCTION_ARGS)
{
	(void) table_job_resume_all();
	PG_RETURN_VOID();
}
