/*
 * spi.c
 *		Items by key through SPI: the executor's permissions, policies, rules, triggers and constraints hold.
 *
 * The same interface as direct.c, with statements instead of access methods.  A write compares and swaps: it reads the
 * item, decides, and writes only where the item is still the one it decided on; else it starts again.  It asks for
 * no row locks, since SELECT ... FOR UPDATE wants privileges and policies that the write itself does not.  A check
 * is SELECT ... FOR SHARE, with what that wants.
 *
 * The executor is stricter than the direct path in one thing: whoever writes by key must be allowed to read the
 * columns hash, sort and item.
 *
 * Statements run as the table's user (base/user_switch.h).
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_index.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "base/compat.h"
#include "base/error.h"
#include "base/subtransaction.h"
#include "base/user_switch.h"
#include "base/varlena.h"
#include "storage/backend.h"
#include "storage/layout.h"
#include "trace/trace.h"

/* After so many vain attempts to insert a key that is not seen, a policy may be what hides it. */
#define HIDDEN_ATTEMPTS 5
/* And after so many there is no way: a trigger may have given the item a key that another one has. */
#define MAX_ATTEMPTS 100

/* Items that a scan reads ahead: at most 16 x 400 KB. */
#define SCAN_CHUNK 16

typedef enum StatementKind
{
	STATEMENT_GET,
	STATEMENT_HOLD,
	STATEMENT_INSERT,
	STATEMENT_UPDATE,
	STATEMENT_DELETE,
	STATEMENT_QUERY,
	STATEMENT_QUERY_BACKWARD,
	STATEMENT_SCAN,
	STATEMENT_CHECK_READ,
	STATEMENT_KINDS
} StatementKind;

static const struct
{
	const char *text;			/* %s: the relation; operators are PostgreSQL's own, whatever the search_path */
	int			nargs;
	Oid			types[4];
}			statements[STATEMENT_KINDS] = {
#define EQ " OPERATOR(pg_catalog.=) "
#define GE " OPERATOR(pg_catalog.>=) "
#define LE " OPERATOR(pg_catalog.<=) "
#define LT " OPERATOR(pg_catalog.<) "
#define BY_KEY " WHERE hash" EQ "$1 AND sort" EQ "$2"
#define IN_RANGE " WHERE hash" EQ "$1 AND sort" GE "$2 AND sort" LT "$3"
	[STATEMENT_GET] = {"SELECT item FROM %s" BY_KEY, 2, {UUIDOID, BYTEAOID}},
	[STATEMENT_HOLD] = {"SELECT item FROM %s" BY_KEY " FOR SHARE", 2, {UUIDOID, BYTEAOID}},
	[STATEMENT_INSERT] = {"INSERT INTO %s (item) VALUES ($1)", 1, {JSONBOID}},
	[STATEMENT_UPDATE] = {"UPDATE %s SET item = $4" BY_KEY " AND item" EQ "$3", 4,
	{UUIDOID, BYTEAOID, JSONBOID, JSONBOID}},
	[STATEMENT_DELETE] = {"DELETE FROM %s" BY_KEY " AND item" EQ "$3", 3, {UUIDOID, BYTEAOID, JSONBOID}},
	[STATEMENT_QUERY] = {"SELECT item, hash, sort FROM %s" IN_RANGE " ORDER BY sort LIMIT $4", 4,
	{UUIDOID, BYTEAOID, BYTEAOID, INT8OID}},
	[STATEMENT_QUERY_BACKWARD] = {"SELECT item, hash, sort FROM %s" IN_RANGE " ORDER BY sort DESC LIMIT $4", 4,
	{UUIDOID, BYTEAOID, BYTEAOID, INT8OID}},
	[STATEMENT_SCAN] = {"SELECT item, hash, sort FROM %s WHERE ROW(hash, sort)" GE "ROW($1, $2) AND hash" LE "$3 "
	"ORDER BY hash, sort LIMIT $4", 4, {UUIDOID, BYTEAOID, UUIDOID, INT8OID}},
	[STATEMENT_CHECK_READ] = {"SELECT item, hash, sort FROM %s LIMIT 0", 0, {0}},
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
 * Executes a statement's plan; returns SPI's result code.  What the executor denies becomes AccessDeniedException with
 * the executor's words in the detail.  SPI is connected.
 */
static int
execute_plan(StorageTable *table, StatementKind kind, Datum *values, bool read_only)
{
	MemoryContext caller = CurrentMemoryContext;
	UserSwitch	before;
	volatile int result = 0;

	user_switch(table->user, &before);
	PG_TRY();
	{
		TRACE_WAIT(result = SPI_execute_plan(saved_plan(table, kind), values, NULL, read_only, 0));
	}
	PG_CATCH();
	{
		user_switch_forget(&before);
		if (geterrcode() == ERRCODE_INSUFFICIENT_PRIVILEGE)
		{
			ErrorData  *error;

			MemoryContextSwitchTo(caller);
			error = CopyErrorData();
			if (error->datatype_name == NULL)
			{
				FlushErrorState();
				storage_raise_denied(table->info, error->message);
			}
		}
		PG_RE_THROW();
	}
	PG_END_TRY();
	user_switch_back(&before);

	if (result < 0)
		elog(ERROR, "SPI_execute_plan failed: %s", SPI_result_code_string(result));
	return result;
}

/*
 * Executes a statement; returns the number of rows.  For STATEMENT_GET and STATEMENT_HOLD *item gets the item, palloc'd in the caller's
 * context.  read_only: on the active snapshot.
 */
static uint64
execute_statement_on(StorageTable *table, StatementKind kind, Datum *values, bool read_only, Jsonb **item)
{
	MemoryContext caller = CurrentMemoryContext;
	uint64		rows;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	execute_plan(table, kind, values, read_only);
	rows = SPI_processed;
	if ((kind == STATEMENT_GET || kind == STATEMENT_HOLD) && rows > 0)
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

static uint64
execute_statement(StorageTable *table, StatementKind kind, Datum *values, Jsonb **item)
{
	return execute_statement_on(table, kind, values, false, item);
}

/* An item to be inserted. */
typedef struct Insertion
{
	StorageTable *table;
	Jsonb	   *item;
} Insertion;

static void
execute_insertion(void *argument)
{
	const Insertion *insertion = (const Insertion *) argument;
	Datum		values[1] = {JsonbPGetDatum(insertion->item)};

	execute_statement(insertion->table, STATEMENT_INSERT, values, NULL);
}

/*
 * Whether an error says that the key is there.  While REINDEX CONCURRENTLY goes on, another index than the primary key may be the first to
 * see it, and may have got another name since, or be gone: the next attempt finds out.
 */
static bool
is_key_violation(StorageTable *table, const ErrorData *error)
{
	Oid			index;
	HeapTuple	row;
	bool		result;

	if (error->sqlerrcode != ERRCODE_UNIQUE_VIOLATION || error->constraint_name == NULL || error->table_name == NULL ||
		strcmp(error->table_name, RelationGetRelationName(table->relation)) != 0)
		return false;
	index = get_relname_relid(error->constraint_name, RelationGetNamespace(table->relation));
	row = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(index));
	if (!HeapTupleIsValid(row))
		return strstr(error->constraint_name, "_ccnew") != NULL || strstr(error->constraint_name, "_ccold") != NULL;
	result = ((Form_pg_index) GETSTRUCT(row))->indrelid == RelationGetRelid(table->relation) && layout_guards_key(row);
	ReleaseSysCache(row);
	return result;
}

/*
 * Inserts an item; NULL if that went well, the error if its key is there already.  Other unique violations stay errors.
 */
static ErrorData *
insert_item(StorageTable *table, Jsonb *item)
{
	Insertion	insertion = {table, item};
	ErrorData  *error = subtransaction_try(execute_insertion, &insertion);

	if (error == NULL)
		return NULL;
	if (!is_key_violation(table, error))
		ReThrowError(error);
	return error;
}

bool
spi_is_hidden(StorageTable *table, const StorageKey *key)
{
	Jsonb	   *item;

	direct_open(table);
	item = direct_get(table, key);
	direct_close(table);
	return item != NULL;
}

/* Whether the item under the key was last written by this transaction. */
static bool
is_own(StorageTable *table, const StorageKey *key)
{
	bool		result;

	direct_open(table);
	result = direct_is_own(table, key);
	direct_close(table);
	return result;
}

/* Whether a trigger or a rule may have kept a statement from writing, which SQL passes over silently. */
static bool
may_be_suppressed(StorageTable *table, WriteAction action)
{
	TriggerDesc *triggers = table->relation->trigdesc;

	return table->relation->rd_rules != NULL ||
		(triggers != NULL &&
		 (action == WRITE_DELETE ? triggers->trig_delete_before_row : triggers->trig_update_before_row));
}

Jsonb *
spi_get(StorageTable *table, const StorageKey *key)
{
	Datum		values[2] = {UUIDPGetDatum(&key->hash), PointerGetDatum(key->sort)};
	Jsonb	   *item = NULL;

	if (execute_statement(table, STATEMENT_GET, values, &item) == 0 || !storage_is_key(table, key, item))
		return NULL;
	return item;
}

Jsonb *
spi_get_at(StorageTable *table, const pg_uuid_t *hash, bytea *sort)
{
	Datum		values[2] = {UUIDPGetDatum(hash), PointerGetDatum(sort)};
	Jsonb	   *item = NULL;

	return execute_statement_on(table, STATEMENT_GET, values, true, &item) == 0 ? NULL : item;
}

void
spi_check_read(StorageTable *table)
{
	(void) execute_statement_on(table, STATEMENT_CHECK_READ, NULL, true, NULL);
}

/* Holds the absence of a key that the user does not see; false if it is there by now.  What is hidden is left alone. */
static bool
hold_unseen(StorageTable *table, const StorageKey *key)
{
	bool		held;

	if (table->has_policies && spi_is_hidden(table, key))
		return true;
	direct_open(table);
	held = direct_hold_absence(table, key);
	direct_close(table);
	return held;
}

Jsonb *
spi_hold(StorageTable *table, const StorageKey *key)
{
	Datum		values[2] = {UUIDPGetDatum(&key->hash), PointerGetDatum(key->sort)};
	Jsonb	   *item = NULL;
	int			attempts = 0;

	while (execute_statement(table, STATEMENT_HOLD, values, &item) == 0)
	{
		if (execute_statement(table, STATEMENT_GET, values, &item) == 0)
		{
			if (hold_unseen(table, key))
				return NULL;
			if (IsolationUsesXactSnapshot())
				storage_raise_conflict();
		}
		/* it is seen, and has not been locked, because it has just come or because it must not be changed */
		else if (table->has_policies && (++attempts >= HIDDEN_ATTEMPTS || IsolationUsesXactSnapshot()))
			storage_raise_denied(table->info, "A row-level security policy does not let the item be changed.");
		CHECK_FOR_INTERRUPTS();
	}
	return storage_is_key(table, key, item) ? item : NULL;
}

/*
 * Reads the next chunk of a range into scan->chunk, and moves the range behind it.  All chunks are read on the scan's
 * snapshot.
 */
static void
read_chunk(StorageScan *scan)
{
	StorageRange *range = &scan->range;
	StatementKind kind = range->high == NULL ? STATEMENT_SCAN :
		range->backward ? STATEMENT_QUERY_BACKWARD : STATEMENT_QUERY;
	Datum		values[4] = {UUIDPGetDatum(&range->first), PointerGetDatum(range->low),
		range->high == NULL ? UUIDPGetDatum(&range->last) : PointerGetDatum(range->high),
	Int64GetDatum(SCAN_CHUNK)};
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext chunk_context = AllocSetContextCreate(caller, "dynapg items", ALLOCSET_DEFAULT_SIZES);

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	execute_plan(scan->table, kind, values, true);

	MemoryContextSwitchTo(chunk_context);
	scan->chunk_size = (int) SPI_processed;
	scan->chunk_used = 0;
	scan->exhausted = scan->chunk_size < SCAN_CHUNK;
	scan->chunk = (Jsonb **) palloc(Max(scan->chunk_size, 1) * sizeof(Jsonb *));
	for (int i = 0; i < scan->chunk_size; i++)
	{
		HeapTuple	row = SPI_tuptable->vals[i];
		TupleDesc	desc = SPI_tuptable->tupdesc;
		bool		isnull;

		scan->chunk[i] = DatumGetJsonbPCopy(SPI_getbinval(row, desc, 1, &isnull));
		if (i == scan->chunk_size - 1)
		{
			bytea	   *sort = DatumGetByteaPP(SPI_getbinval(row, desc, 3, &isnull));

			memcpy(&range->first, DatumGetUUIDP(SPI_getbinval(row, desc, 2, &isnull)), UUID_LEN);
			if (range->backward)
				range->high = storage_sort_bytes(VARDATA_ANY(sort), VARSIZE_ANY_EXHDR(sort));
			else
				range->low = storage_sort_after(VARDATA_ANY(sort), VARSIZE_ANY_EXHDR(sort));
		}
	}
	MemoryContextSwitchTo(caller);
	SPI_finish();
	MemoryContextSwitchTo(caller);
	if (scan->chunk_context)
		MemoryContextDelete(scan->chunk_context);
	scan->chunk_context = chunk_context;
}

Jsonb *
spi_scan_next(StorageScan *scan)
{
	Jsonb	   *item;

	if (scan->chunk_used == scan->chunk_size)
	{
		if (scan->exhausted)
			return NULL;
		read_chunk(scan);
		if (scan->chunk_size == 0)
			return NULL;
	}
	item = scan->chunk[scan->chunk_used++];
	return (Jsonb *) memcpy(palloc(VARSIZE(item)), item, VARSIZE(item));
}

void
spi_write(StorageTable *table, const StorageKey *key, WriteDecision decide, void *argument,
		  WriteResult *result)
{
	Datum		values[4] = {UUIDPGetDatum(&key->hash), PointerGetDatum(key->sort)};
	int			attempts = 0;

	for (;;)
	{
		Jsonb	   *old = NULL;
		Jsonb	   *item = NULL;
		bool		done = true;

		execute_statement(table, STATEMENT_GET, values, &old);
		if (old != NULL && !storage_is_key(table, key, old))
			storage_raise_collision();
		result->old = old;
		result->action = decide(old, &item, argument);
		if (old != NULL)
		{
			values[2] = JsonbPGetDatum(old);
			values[3] = JsonbPGetDatum(item);
			if (result->action == WRITE_PUT)
				done = execute_statement(table, STATEMENT_UPDATE, values, NULL) > 0;
			else if (result->action == WRITE_DELETE)
				done = execute_statement(table, STATEMENT_DELETE, values, NULL) > 0;
			if (!done)
			{
				Jsonb	   *now = NULL;

				/*
				 * Still the same: a trigger or a policy did not want it written.  Another one, but our own: a trigger has written
				 * it in its way instead.  Else somebody else was there first.
				 */
				execute_statement(table, STATEMENT_GET, values, &now);
				done = now != NULL && compareJsonbContainers(&now->root, &old->root) == 0;
				if (!done && now != NULL && may_be_suppressed(table, result->action) && is_own(table, key))
					return;
				if (done && table->has_policies && !may_be_suppressed(table, result->action))
					storage_raise_denied(table->info, "A row-level security policy does not let the item be changed.");
			}
		}
		else if (result->action == WRITE_PUT)
		{
			ErrorData  *error = insert_item(table, item);

			done = error == NULL;
			if (!done)
			{
				if ((++attempts >= HIDDEN_ATTEMPTS || IsolationUsesXactSnapshot()) &&
					table->has_policies && spi_is_hidden(table, key))
					storage_raise_denied(table->info, "A row-level security policy hides the item under this key.");
				if (IsolationUsesXactSnapshot())
					storage_raise_conflict();
				if (attempts >= MAX_ATTEMPTS)
					ReThrowError(error);
				FreeErrorData(error);
			}
		}
		if (done)
			return;
		CHECK_FOR_INTERRUPTS();
	}
}
