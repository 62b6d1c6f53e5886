/*
 * owner.c
 *		Statements on the catalog, in the name of its owner.
 */
#include "postgres.h"

#include "access/table.h"
#include "access/xact.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/datum.h"
#include "utils/guc.h"
#include "utils/rel.h"

#include "catalog/owner.h"
#include "catalog/tables.h"

/* Who owns the catalog: the extension's owner. */
static Oid
catalog_owner(void)
{
	Relation	catalog = table_open(catalog_indexes_oid(), AccessShareLock);
	Oid			owner = catalog->rd_rel->relowner;

	table_close(catalog, AccessShareLock);
	return owner;
}

/* What a statement of the owner's is surrounded by. */
typedef struct OwnerState
{
	int			nest_level;		/* 0: the statement is qualified, the search_path is the caller's */
	Oid			role;
	int			context;
} OwnerState;

static void
become_owner(OwnerState *state, bool is_qualified)
{
	state->nest_level = 0;
	GetUserIdAndSecContext(&state->role, &state->context);
	SetUserIdAndSecContext(catalog_owner(), state->context | SECURITY_LOCAL_USERID_CHANGE);
	if (!is_qualified)
	{
		state->nest_level = NewGUCNestLevel();
		(void) set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE,
								 true, 0, false);
	}
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
}

static void
become_caller(const OwnerState *state)
{
	SPI_finish();
	if (state->nest_level > 0)
		AtEOXact_GUC(true, state->nest_level);
	SetUserIdAndSecContext(state->role, state->context);
	CommandCounterIncrement();
}

static uint64
execute_as_owner(const char *statement, int n_arguments, Oid *types, Datum *values, const char *nulls)
{
	int			result = SPI_execute_with_args(statement, n_arguments, types, values, nulls, false, 0);

	if (result < 0)
		elog(ERROR, "SPI_execute failed: %s", SPI_result_code_string(result));
	return SPI_processed;
}

uint64
catalog_execute(const char *statement, int n_arguments, Oid *types, Datum *values, const char *nulls)
{
	OwnerState	state;
	uint64		rows;

	become_owner(&state, false);
	rows = execute_as_owner(statement, n_arguments, types, values, nulls);
	become_caller(&state);
	return rows;
}

/* Copies of the columns of a statement's first row, in a context. */
static void
copy_columns(MemoryContext context, int n_columns, Datum *columns, bool *nulls)
{
	MemoryContext inner = MemoryContextSwitchTo(context);

	for (int i = 0; i < n_columns; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(SPI_tuptable->tupdesc, i);

		columns[i] = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, i + 1, &nulls[i]);
		if (!nulls[i])
			columns[i] = datumCopy(columns[i], attribute->attbyval, attribute->attlen);
	}
	MemoryContextSwitchTo(inner);
}

bool
catalog_fetch(const char *statement, int n_arguments, Oid *types, Datum *values, int n_columns, Datum *columns, bool *nulls)
{
	MemoryContext caller = CurrentMemoryContext;
	OwnerState	state;
	bool		found;

	become_owner(&state, false);
	found = execute_as_owner(statement, n_arguments, types, values, NULL) > 0;
	if (found)
		copy_columns(caller, n_columns, columns, nulls);
	become_caller(&state);
	return found;
}

bool
catalog_fetch_saved(CatalogStatement *statement, Datum *values, int n_columns, Datum *columns, bool *nulls)
{
	MemoryContext caller = CurrentMemoryContext;
	OwnerState	state;
	int			result;
	bool		found;

	become_owner(&state, true);
	if (statement->plan == NULL)
	{
		SPIPlanPtr	plan = SPI_prepare(statement->text, statement->n_arguments, statement->types);

		if (plan == NULL || SPI_keepplan(plan) != 0)
			elog(ERROR, "SPI_prepare failed: %s", SPI_result_code_string(SPI_result));
		statement->plan = plan;
	}
	result = SPI_execute_plan(statement->plan, values, NULL, false, 0);
	if (result < 0)
		elog(ERROR, "SPI_execute_plan failed: %s", SPI_result_code_string(result));
	found = SPI_processed > 0;
	if (found)
		copy_columns(caller, n_columns, columns, nulls);
	become_caller(&state);
	return found;
}

Portal
catalog_open_cursor(const char *query)
{
	Oid			role;
	int			context;
	SPIPlanPtr	plan;
	Portal		cursor;

	GetUserIdAndSecContext(&role, &context);
	SetUserIdAndSecContext(catalog_owner(), context | SECURITY_LOCAL_USERID_CHANGE);
	plan = SPI_prepare(query, 0, NULL);
	if (plan == NULL)
		elog(ERROR, "SPI_prepare failed: %s", SPI_result_code_string(SPI_result));
	cursor = SPI_cursor_open(NULL, plan, NULL, NULL, true);
	SetUserIdAndSecContext(role, context);
	return cursor;
}

void
catalog_send_rows(const char *query, DestReceiver *receiver)
{
	SPIExecuteOptions options = {.read_only = true, .dest = receiver};
	Oid			role;
	int			context;
	int			result;

	GetUserIdAndSecContext(&role, &context);
	SetUserIdAndSecContext(catalog_owner(), context | SECURITY_LOCAL_USERID_CHANGE);
	result = SPI_execute_extended(query, &options);
	if (result != SPI_OK_SELECT)
		elog(ERROR, "SPI_execute_extended failed: %s", SPI_result_code_string(result));
	SetUserIdAndSecContext(role, context);
}
