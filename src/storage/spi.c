/*
 * spi.c
 *		Items by key through SPI: the executor's permissions, policies, rules, triggers and constraints hold.
 *
 * The same interface as direct.c, with statements instead of access methods.  A write compares and swaps: it reads the
 * item, decides, and writes only where the item is still the one it decided on; else it starts again.  No row
 * locks are asked for, since SELECT ... FOR UPDATE wants privileges and policies that the write itself does not.
 *
 * The executor is stricter than the direct path in one thing: whoever writes by key must be allowed to read the
 * columns hash, sort and item.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/snapmgr.h"

#include "base/compat.h"
#include "base/error.h"
#include "storage/backend.h"

/* A key that cannot be inserted and is never seen belongs to a row that a policy hides. */
#define MAX_HIDDEN_ATTEMPTS 5

typedef enum StatementKind
{
	STATEMENT_GET,
	STATEMENT_INSERT,
	STATEMENT_UPDATE,
	STATEMENT_DELETE,
	STATEMENT_KINDS
} StatementKind;

static const struct
{
	const char *text;			/* %s: the relation */
	int			nargs;
	Oid			types[4];
}			statements[STATEMENT_KINDS] = {
	[STATEMENT_GET] = {"SELECT item FROM %s WHERE hash = $1 AND sort = $2", 2, {UUIDOID, BYTEAOID}},
	[STATEMENT_INSERT] = {"INSERT INTO %s (item) VALUES ($1)", 1, {JSONBOID}},
	[STATEMENT_UPDATE] = {"UPDATE %s SET item = $4 WHERE hash = $1 AND sort = $2 AND item = $3", 4,
	{UUIDOID, BYTEAOID, JSONBOID, JSONBOID}},
	[STATEMENT_DELETE] = {"DELETE FROM %s WHERE hash = $1 AND sort = $2 AND item = $3", 3,
	{UUIDOID, BYTEAOID, JSONBOID}},
};

/* The saved plans of a relation.  They hold its name, so a renamed relation gets new ones. */
typedef struct Plans
{
	Oid			relation;		/* hash key; first */
	char		name[2 * (2 * NAMEDATALEN + 3)];	/* qualified and quoted */
	SPIPlanPtr	plans[STATEMENT_KINDS];
} Plans;

static HTAB *saved_plans;

static void
forget_plans(Plans *plans)
{
	for (int i = 0; i < STATEMENT_KINDS; i++)
	{
		if (plans->plans[i])
			SPI_freeplan(plans->plans[i]);
		plans->plans[i] = NULL;
	}
}

/* The plan of a statement on the table; saved for the rest of the session.  SPI is connected. */
static SPIPlanPtr
saved_plan(StorageTable *table, StatementKind kind)
{
	Oid			relation = RelationGetRelid(table->relation);
	const char *name;
	Plans	   *plans;
	bool		found;

	if (saved_plans == NULL)
	{
		HASHCTL		control = {.keysize = sizeof(Oid), .entrysize = sizeof(Plans), .hcxt = TopMemoryContext};

		saved_plans = hash_create("dynapg statements", 32, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	}
	name = quote_qualified_identifier(get_namespace_name(RelationGetNamespace(table->relation)),
									  RelationGetRelationName(table->relation));
	plans = (Plans *) hash_search(saved_plans, &relation, HASH_ENTER, &found);
	if (!found)
		memset((char *) plans + offsetof(Plans, name), 0, sizeof(Plans) - offsetof(Plans, name));
	else if (strcmp(plans->name, name) != 0)
		forget_plans(plans);
	strlcpy(plans->name, name, sizeof(plans->name));

	if (plans->plans[kind] == NULL)
	{
		SPIPlanPtr	plan = SPI_prepare(psprintf(statements[kind].text, name), statements[kind].nargs,
									   (Oid *) statements[kind].types);

		if (plan == NULL || SPI_keepplan(plan) != 0)
			elog(ERROR, "SPI_prepare failed: %s", SPI_result_code_string(SPI_result));
		plans->plans[kind] = plan;
	}
	return plans->plans[kind];
}

/*
 * Executes a statement; returns the number of rows.  For STATEMENT_GET *item gets the item, palloc'd in the caller's
 * context.
 */
static uint64
execute(StorageTable *table, StatementKind kind, Datum *values, Jsonb **item)
{
	MemoryContext caller = CurrentMemoryContext;
	uint64		rows;
	int			result;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	result = SPI_execute_plan(saved_plan(table, kind), values, NULL, false, 0);
	if (result < 0)
		elog(ERROR, "SPI_execute_plan failed: %s", SPI_result_code_string(result));
	rows = SPI_processed;
	if (kind == STATEMENT_GET && rows > 0)
	{
		bool		isnull;
		Datum		datum = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);
		MemoryContext inner = MemoryContextSwitchTo(caller);

		*item = DatumGetJsonbPCopy(datum);
		MemoryContextSwitchTo(inner);
	}
	SPI_finish();
	return rows;
}

/* Inserts an item; false if its key is there already.  Other unique violations stay errors. */
static bool
insert_item(StorageTable *table, Jsonb *item)
{
	const char *key_name = get_rel_name(compat_primary_key(table->relation));
	MemoryContext caller = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	ErrorData  *volatile error = NULL;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(caller);
	PG_TRY();
	{
		Datum		values[1] = {JsonbPGetDatum(item)};

		execute(table, STATEMENT_INSERT, values, NULL);
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(caller);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(caller);
	CurrentResourceOwner = owner;

	if (error == NULL)
		return true;
	if (error->sqlerrcode != ERRCODE_UNIQUE_VIOLATION || key_name == NULL ||
		error->constraint_name == NULL || strcmp(error->constraint_name, key_name) != 0 ||
		error->table_name == NULL ||
		strcmp(error->table_name, RelationGetRelationName(table->relation)) != 0)
		ReThrowError(error);
	FreeErrorData(error);
	return false;
}

Jsonb *
spi_get(StorageTable *table, const StorageKey *key)
{
	Datum		values[2] = {UUIDPGetDatum(&key->hash), PointerGetDatum(key->sort)};
	Jsonb	   *item = NULL;

	if (execute(table, STATEMENT_GET, values, &item) == 0 || !storage_is_key(table, key, item))
		return NULL;
	return item;
}

void
spi_write(StorageTable *table, const StorageKey *key, WriteDecision decide, void *argument,
		  WriteResult *result)
{
	Datum		values[4] = {UUIDPGetDatum(&key->hash), PointerGetDatum(key->sort)};
	int			hidden = 0;

	for (;;)
	{
		Jsonb	   *old = NULL;
		Jsonb	   *item = NULL;
		bool		done = true;

		execute(table, STATEMENT_GET, values, &old);
		if (old != NULL && !storage_is_key(table, key, old))
			storage_raise_collision();
		result->old = old;
		result->action = decide(old, &item, argument);
		if (old != NULL)
		{
			values[2] = JsonbPGetDatum(old);
			values[3] = JsonbPGetDatum(item);
			if (result->action == WRITE_PUT)
				done = execute(table, STATEMENT_UPDATE, values, NULL) > 0;
			else if (result->action == WRITE_DELETE)
				done = execute(table, STATEMENT_DELETE, values, NULL) > 0;
			if (!done)
			{
				Jsonb	   *now = NULL;

				/* still the same: a trigger or a policy did not want it written, which SQL passes over silently */
				execute(table, STATEMENT_GET, values, &now);
				done = now != NULL && compareJsonbContainers(&now->root, &old->root) == 0;
			}
		}
		else if (result->action == WRITE_PUT)
		{
			done = insert_item(table, item);
			if (!done && IsolationUsesXactSnapshot())
				storage_raise_conflict();
			if (!done && ++hidden == MAX_HIDDEN_ATTEMPTS)
				dyn_error_detail(DYN_ACCESS_DENIED, "Row-level security hides the item under this key.",
								 "User is not authorized to perform: dynamodb:%s on this item", dyn_operation);
		}
		if (done)
			return;
		CHECK_FOR_INTERRUPTS();
	}
}
