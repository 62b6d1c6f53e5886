/*
 * index_sql.c
 *		SQL functions about secondary indexes: what an item's entry is, for the checker; starting builders.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/uuid.h"

#include "storage/index_build.h"
#include "storage/index_entry.h"

PG_FUNCTION_INFO_V1(dynapg_index_entry);
PG_FUNCTION_INFO_V1(dynapg_build_indexes);

/* index_entry(index table, item): the key and the item of its entry; nulls if it has none. */
Datum
dynapg_index_entry(PG_FUNCTION_ARGS)
{
	const TableInfo *table;
	const TableIndex *index = catalog_index_of_relation(PG_GETARG_OID(0), &table);
	IndexChange change;
	TupleDesc	desc;
	Datum		values[3];
	bool		nulls[3] = {true, true, true};

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	if (index == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("relation with OID %u is no index table", PG_GETARG_OID(0))));
	index_change(table, index, NULL, PG_GETARG_JSONB_P(1), &change);
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

/* build_indexes(): starts builders for all tables that wait for one. */
Datum
dynapg_build_indexes(PG_FUNCTION_ARGS)
{
	index_build_resume_all();
	PG_RETURN_VOID();
}
