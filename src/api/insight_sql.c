/*
 * insight_sql.c
 *		What contributor insights have counted, for those who use SQL.
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "base/error.h"
#include "catalog/insights.h"
#include "meter/insight.h"
#include "op/insight_access.h"
#include "op/op.h"
#include "storage/storage.h"

PG_FUNCTION_INFO_V1(dynapg_contributor_insights);
PG_FUNCTION_INFO_V1(dynapg_reset_contributor_insights);
PG_FUNCTION_INFO_V1(dynapg_test_sketch);

#define COLUMNS 9

/* A table and its index (NULL: none), as the arguments name them. */
static const TableInfo *
table_of_arguments(FunctionCallInfo fcinfo, bool owner_only, const TableIndex **index)
{
	text	   *name = PG_GETARG_TEXT_PP(0);
	text	   *index_name = PG_ARGISNULL(1) ? NULL : PG_GETARG_TEXT_PP(1);
	int			len;
	const char *plain = op_table_name_of_text(VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name), &len);
	const TableInfo *table = catalog_lock_table(plain, len, AccessShareLock, owner_only);

	if (table == NULL || !OidIsValid(table->relation))
		catalog_raise_not_found(plain, len);
	*index = index_name == NULL ? NULL : insight_index(table, VARDATA_ANY(index_name), VARSIZE_ANY_EXHDR(index_name));
	return table;
}

/* A key's text, and whether it was cut: at a whole character. */
static text *
text_of_key(const SketchKey *key, bool *cut)
{
	int			len = Min(key->len, SKETCH_TEXT_SIZE);

	*cut = key->len > SKETCH_TEXT_SIZE;
	return cstring_to_text_with_len(key->text, *cut ? pg_mbcliplen(key->text, len, len) : len);
}

static void
put_rows(ReturnSetInfo *result, const char *rule, const Sketch *sketch, TimestampTz since)
{
	int			places[SKETCH_KEYS];
	int			n = sketch_order(sketch, places);

	for (int i = 0; i < n; i++)
	{
		int			place = places[i];
		bool		cut;
		Datum		values[COLUMNS];
		bool		nulls[COLUMNS] = {false};

		values[0] = CStringGetTextDatum(rule);
		values[1] = Int32GetDatum(i + 1);
		values[2] = PointerGetDatum(text_of_key(&sketch->keys[place], &cut));
		values[3] = BoolGetDatum(cut);
		values[4] = Float8GetDatum(sketch->weights[place]);
		values[5] = Float8GetDatum(sketch->errors[place]);
		values[6] = Float8GetDatum(sketch->weights[place] / sketch->total);
		values[7] = Float8GetDatum(sketch->total);
		values[8] = TimestampTzGetDatum(since);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
}

/* contributor_insights(table name, index name): a row a key of each rule, the heaviest first */
Datum
dynapg_contributor_insights(PG_FUNCTION_ARGS)
{
	const TableIndex *index;
	const TableInfo *table;
	const InsightsMark *mark;
	Sketch	   *sketch = (Sketch *) palloc(sizeof(Sketch));

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0))
		return (Datum) 0;
	table = table_of_arguments(fcinfo, false, &index);
	insight_require_reader(table);
	mark = index ? &index->insights : &table->insights;
	if (mark->number == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("contributor insights are not enabled for %s \"%s\"", index ? "index" : "table", index ? index->name : table->name),
				 errhint("UpdateContributorInsights enables them.")));
	if (!meter_is_there())
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("contributor insights are counted only where dynapg is preloaded"),
				 errhint("Add dynapg to shared_preload_libraries and restart the server.")));
	for (int kind = 0; kind < INSIGHT_KINDS; kind++)
	{
		TimestampTz since;

		if (insight_copy(table, index, (InsightKind) kind, sketch, &since))
			put_rows((ReturnSetInfo *) fcinfo->resultinfo, insight_kind_names[kind], sketch, since);
		else if (insight_has_no_room(table, index, (InsightKind) kind))
			ereport(WARNING,
					(errmsg("rule %s of table \"%s\" counts nothing: all room is taken by rules of this and other databases",
							insight_kind_names[kind], table->name),
					 errhint("Disable contributor insights of other tables.")));
	}
	return (Datum) 0;
}

/* reset_contributor_insights(table name, index name) */
Datum
dynapg_reset_contributor_insights(PG_FUNCTION_ARGS)
{
	const TableIndex *index;
	const TableInfo *table;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	table = table_of_arguments(fcinfo, true, &index);
	for (int kind = 0; kind < INSIGHT_KINDS; kind++)
		insight_reset(table, index, (InsightKind) kind);
	PG_RETURN_VOID();
}

/* For tests: what a sketch makes of keys and their weights: key, weight, error. */
Datum
dynapg_test_sketch(PG_FUNCTION_ARGS)
{
	ArrayType  *keys = PG_GETARG_ARRAYTYPE_P(0);
	ArrayType  *weights = PG_GETARG_ARRAYTYPE_P(1);
	const int32 *key = (const int32 *) ARR_DATA_PTR(keys);
	const float8 *weight = (const float8 *) ARR_DATA_PTR(weights);
	Sketch	   *sketch = (Sketch *) palloc(sizeof(Sketch));
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	int			n = ArrayGetNItems(ARR_NDIM(keys), ARR_DIMS(keys));
	int			places[SKETCH_KEYS];

	if (n != ArrayGetNItems(ARR_NDIM(weights), ARR_DIMS(weights)) || ARR_HASNULL(keys) || ARR_HASNULL(weights))
		elog(ERROR, "as many weights as keys");
	InitMaterializedSRF(fcinfo, 0);
	sketch_reset(sketch);
	for (int i = 0; i < n; i++)
	{
		SketchKey	told = {.hash = key[i]};

		told.len = snprintf(told.text, sizeof(told.text), "%d", key[i]);
		sketch_add(sketch, &told, weight[i]);
	}
	n = sketch_order(sketch, places);
	for (int i = 0; i < n; i++)
	{
		Datum		values[] = {
			Int32GetDatum(atoi(pnstrdup(sketch->keys[places[i]].text, sketch->keys[places[i]].len))),
			Float8GetDatum(sketch->weights[places[i]]), Float8GetDatum(sketch->errors[places[i]])
		};
		bool		nulls[lengthof(values)] = {false};

		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}
