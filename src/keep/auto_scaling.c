/*
 * auto_scaling.c
 *		Auto scaling by the keeper.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

#include "catalog/owner.h"
#include "keep/auto_scaling.h"
#include "keep/step.h"

/* The target that was evaluated last, in the order of their keys; of the keeper. */
static pg_uuid_t last_table;
static char last_index[256];
static bool last_is_write;
static bool is_left;

bool
auto_scaling_has_targets(void)
{
	Datum		has;
	bool		isnull;

	return catalog_fetch("SELECT EXISTS (SELECT FROM dynapg.scalable_targets)", 0, NULL, NULL, 1, &has, &isnull) && DatumGetBool(has);
}

/* The first step of a round; false: there is nothing to scale. */
static bool
begin_round(TimestampTz now)
{
	Oid			types[] = {TIMESTAMPTZOID};
	Datum		values[] = {TimestampTzGetDatum(now)};
	bool		has = false;

	if (!step_begin(false))
		return false;
	if (auto_scaling_has_targets())
	{
		(void) catalog_execute("SELECT dynapg.forget_scaling($1)", lengthof(types), types, values, NULL);
		has = auto_scaling_has_targets();
	}
	step_commit();
	return has;
}

/* Goes to the next target that is due, in its order; false: there is no more. */
static bool
find_next(TimestampTz now)
{
	Oid			types[] = {UUIDOID, TEXTOID, BOOLOID, TIMESTAMPTZOID};
	Datum		values[] = {UUIDPGetDatum(&last_table), CStringGetTextDatum(last_index), BoolGetDatum(last_is_write), TimestampTzGetDatum(now)};
	Datum		columns[3];
	bool		nulls[3];

	if (!catalog_fetch("SELECT t.table_id, t.index_name, t.is_write FROM dynapg.scalable_targets t"
					   " WHERE (t.table_id, t.index_name, t.is_write) > ($1, $2, $3) AND dynapg.scaling_is_due(t.evaluated_at, $4)"
					   " ORDER BY t.table_id, t.index_name, t.is_write LIMIT 1", lengthof(types), types, values, lengthof(columns), columns, nulls))
		return false;
	last_table = *DatumGetUUIDP(columns[0]);
	strlcpy(last_index, TextDatumGetCString(columns[1]), sizeof(last_index));
	last_is_write = DatumGetBool(columns[2]);
	return true;
}

/* Evaluates the next target; false: there is no more. */
static bool
scale_next(TimestampTz now)
{
	Oid			types[] = {UUIDOID, TEXTOID, BOOLOID, TIMESTAMPTZOID};
	bool		found;

	if (!step_begin(false))
		return false;
	found = find_next(now);
	if (found)
	{
		Datum		values[] = {UUIDPGetDatum(&last_table), CStringGetTextDatum(last_index), BoolGetDatum(last_is_write), TimestampTzGetDatum(now)};

		(void) catalog_execute("SELECT dynapg.scale_due_target(t, $4) FROM dynapg.scalable_targets t WHERE (t.table_id, t.index_name, t.is_write) = ($1, $2, $3)",
							   lengthof(types), types, values, NULL);
	}
	else
	{
		memset(&last_table, 0, sizeof(last_table));
		last_index[0] = '\0';
		last_is_write = false;
	}
	step_commit();
	return found;
}

void
auto_scaling_round(int most_ms)
{
	TimestampTz now = GetCurrentTimestamp();
	TimestampTz until = TimestampTzPlusMilliseconds(now, most_ms);

	is_left = begin_round(now);
	while (is_left && (is_left = scale_next(now)) && GetCurrentTimestamp() < until)
		CHECK_FOR_INTERRUPTS();
}

bool
auto_scaling_is_left(void)
{
	return is_left;
}
