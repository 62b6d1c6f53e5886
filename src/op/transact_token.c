/*
 * transact_token.c
 *		ClientRequestToken: a transaction is done once, however often it is asked for within ten minutes.
 *
 * The token's row is inserted before the transaction's first write, and commits with it: who comes with the same token
 * meanwhile waits for that in the insertion, and finds the row, or none and does the work himself.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/indexing.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "common/cryptohash.h"
#include "common/sha2.h"
#include "storage/proc.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/settings.h"
#include "base/varlena.h"
#include "catalog/owner.h"
#include "op/item_key.h"
#include "op/transact.h"

#define LIFE_MS (10 * 60 * 1000)
#define SWEEP_EVERY 64			/* of so many requests with a token one sweeps ... */
#define SWEEP_MAX "1000"		/* ... at most so many tokens */

/* Of dynapg.transaction_tokens. */
#define TOKEN_UNITS		4
#define TOKEN_COLUMNS	5

/* Tokens taken before this are as if they were not there. */
static TimestampTz
oldest_alive(TimestampTz now)
{
	return TimestampTzPlusMilliseconds(now, -LIFE_MS);
}

/* SHA-256 over the request as jsonb, in which the order of members does not count. */
static bytea *
request_digest(const RequestValue *request)
{
	pg_cryptohash_ctx *context = pg_cryptohash_create(PG_SHA256);
	bytea	   *digest = (bytea *) palloc(VARHDRSZ + PG_SHA256_DIGEST_LENGTH);
	WireWriter	writer;
	Jsonb	   *jsonb;
	bool		done;

	wire_write_jsonb(&writer);
	request_write(&writer, request);
	jsonb = wire_writer_jsonb(&writer);
	SET_VARSIZE(digest, VARHDRSZ + PG_SHA256_DIGEST_LENGTH);
	done = context != NULL && pg_cryptohash_init(context) >= 0 &&
		pg_cryptohash_update(context, (const uint8 *) jsonb, VARSIZE(jsonb)) >= 0 &&
		pg_cryptohash_final(context, (uint8 *) VARDATA(digest), PG_SHA256_DIGEST_LENGTH) >= 0;
	pg_cryptohash_free(context);
	if (!done)
		elog(ERROR, "could not compute a SHA-256 hash");
	return digest;
}

/*
 * Removes tokens whose time is over, now and then: the request's digest says when, so that callers with short sessions sweep too.  Not on a
 * transaction's snapshot, where a token that somebody else has removed since would be a serialization failure.
 */
static void
sweep(const bytea *digest, TimestampTz now)
{
	Oid			types[1] = {TIMESTAMPTZOID};
	Datum		values[1] = {TimestampTzGetDatum(oldest_alive(now))};

	if ((uint8) VARDATA(digest)[0] % SWEEP_EVERY == 0 && !IsolationUsesXactSnapshot())
		(void) catalog_execute("DELETE FROM dynapg.transaction_tokens WHERE ctid = ANY (ARRAY(SELECT ctid "
							   "FROM dynapg.transaction_tokens WHERE taken_at < $1 "
							   "ORDER BY taken_at LIMIT " SWEEP_MAX " FOR UPDATE SKIP LOCKED))", 1, types, values, NULL);
}

/*
 * Takes a token: false if it is taken already.  Whoever has it and is not done is waited for; if that takes too long,
 * TransactionInProgressException.
 */
static bool
take_token(Datum scope, Datum name, const bytea *digest, TimestampTz now, TransactToken *token)
{
	static CatalogStatement statement = {
		"INSERT INTO dynapg.transaction_tokens (scope, token, request, taken_at) VALUES ($1, $2, $3, $4) "
		"ON CONFLICT (scope, token) DO UPDATE "
		"SET request = excluded.request, taken_at = excluded.taken_at, units = NULL "
		"WHERE transaction_tokens.taken_at OPERATOR(pg_catalog.<) $5 RETURNING ctid",
		5, {TEXTOID, TEXTOID, BYTEAOID, TIMESTAMPTZOID, TIMESTAMPTZOID}
	};
	Datum		values[5] = {scope, name, PointerGetDatum(digest), TimestampTzGetDatum(now),
	TimestampTzGetDatum(oldest_alive(now))};
	MemoryContext caller = CurrentMemoryContext;
	int			lock_timeout = LockTimeout;
	Datum		row;
	bool		isnull;

	PG_TRY();
	{
		if (LockTimeout == 0)
			LockTimeout = dynapg_lock_timeout;
		token->taken = catalog_fetch_saved(&statement, values, 1, &row, &isnull);
		LockTimeout = lock_timeout;
	}
	PG_CATCH();
	{
		LockTimeout = lock_timeout;
		if (geterrcode() == ERRCODE_LOCK_NOT_AVAILABLE)
		{
			MemoryContextSwitchTo(caller);
			FlushErrorState();
			dyn_error(DYN_TRANSACTION_IN_PROGRESS, "Transaction from previous request is still in progress");
		}
		PG_RE_THROW();
	}
	PG_END_TRY();
	if (token->taken)
		token->row = *(ItemPointer) DatumGetPointer(row);
	return token->taken;
}

/* The table that actions of the request name so. */
static const TableInfo *
table_of_name(const TransactAction *actions, int count, const char *name, int len)
{
	for (int i = 0; i < count; i++)
		if (actions[i].table_name_len == len && memcmp(actions[i].table_name, name, len) == 0)
			return actions[i].write.info;
	elog(ERROR, "a token has a table that its request does not name");
}

/* The capacity of a replay, which only reads what was written. */
static void
write_replay(WireWriter *response, Jsonb *units, const TransactAction *actions, int count, const RequestValue *return_consumed_capacity)
{
	JsonbIterator *iterator = JsonbIteratorInit(&units->root);
	TableCapacity *capacities = (TableCapacity *) palloc(JsonContainerSize(&units->root) * sizeof(TableCapacity));
	JsonbValue	value;
	JsonbIteratorToken token;
	int			n_tables = 0;

	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
		{
			const char *name = value.val.string.val;
			int			len = value.val.string.len;

			capacity_begin(&capacities[n_tables], pnstrdup(name, len), len, table_of_name(actions, count, name, len));
			capacities[n_tables].mode = CAPACITY_TRANSACTED_READ;
		}
		else if (token == WJB_VALUE)
			capacity_add_units(&capacities[n_tables++], DatumGetFloat8(DirectFunctionCall1(numeric_float8,
																							NumericGetDatum(value.val.numeric))));
	}
	capacity_write_list(response, return_consumed_capacity, capacities, n_tables);
}

bool
transact_token_replay(const char *scope, const RequestValue *request, int token_member,
					  const TransactAction *actions, int count,
					  const RequestValue *return_consumed_capacity, WireWriter *response, TransactToken *token)
{
	const char *name = request_text(request, token_member);
	TimestampTz now = GetCurrentTimestamp();
	Oid			types[2] = {TEXTOID, TEXTOID};
	Datum		values[2];
	Datum		found[2];
	bool		nulls[2];
	bytea	   *digest;

	token->taken = false;
	if (name == NULL)
		return false;
	digest = request_digest(request);
	values[0] = CStringGetTextDatum(scope);
	values[1] = CStringGetTextDatum(name);
	sweep(digest, now);
	if (take_token(values[0], values[1], digest, now, token))
		return false;

	transact_check_access(actions, count);
	if (!catalog_fetch("SELECT request, units FROM dynapg.transaction_tokens WHERE scope = $1 AND token = $2", 2, types,
					   values, 2, found, nulls))
		dyn_error(DYN_TRANSACTION_CONFLICT, "Transaction is ongoing for the item");
	if (VARSIZE_ANY_EXHDR(DatumGetPointer(found[0])) != PG_SHA256_DIGEST_LENGTH ||
		memcmp(VARDATA_ANY(DatumGetPointer(found[0])), VARDATA(digest), PG_SHA256_DIGEST_LENGTH) != 0)
		dyn_error(DYN_IDEMPOTENT_PARAMETER_MISMATCH,
				  "The request uses the same client token as a previous, but non-identical request. Do not reuse a client token "
				  "with different requests, unless the requests are identical.");
	if (nulls[1])
		dyn_error(DYN_TRANSACTION_IN_PROGRESS, "Transaction from previous request is still in progress");
	write_replay(response, DatumGetJsonbP(found[1]), actions, count, return_consumed_capacity);
	return true;
}

/* Read units of what an action wrote or checked. */
static double
replay_units(const TransactAction *action)
{
	int64		size = Max(op_item_size(action->write.result.old), action->write.size);

	return 2.0 * Max((size + READ_UNIT_SIZE - 1) / READ_UNIT_SIZE, 1);
}

/* Puts the units of a replay into a token's row, which is this transaction's own. */
static void
store_units(const TransactToken *token, const Jsonb *units)
{
	Relation	table = table_open(get_relname_relid("transaction_tokens", get_namespace_oid("dynapg", false)), RowExclusiveLock);
	TupleTableSlot *slot = table_slot_create(table, NULL);
	Datum		values[TOKEN_COLUMNS] = {[TOKEN_UNITS - 1] = JsonbPGetDatum(units)};
	bool		nulls[TOKEN_COLUMNS] = {false};
	bool		replace[TOKEN_COLUMNS] = {[TOKEN_UNITS - 1] = true};
	ItemPointerData row = token->row;
	HeapTuple	tuple;

	if (!table_tuple_fetch_row_version(table, &row, SnapshotSelf, slot))
		elog(ERROR, "the row of a token is gone");
	tuple = heap_modify_tuple(ExecFetchSlotHeapTuple(slot, false, NULL), RelationGetDescr(table), values, nulls, replace);
	CatalogTupleUpdate(table, &row, tuple);
	CommandCounterIncrement();
	ExecDropSingleTupleTableSlot(slot);
	table_close(table, NoLock);
}

void
transact_token_done(const TransactToken *token, const TransactAction *actions, int count)
{
	WireWriter	writer;

	if (!token->taken)
		return;
	wire_write_jsonb(&writer);
	wire_object_start(&writer);
	for (int i = 0; i < count; i++)
	{
		double		units = 0;
		bool		first = true;

		for (int j = 0; j < count; j++)
		{
			first &= j >= i || actions[j].capacity != actions[i].capacity;
			if (actions[j].capacity == actions[i].capacity)
				units += replay_units(&actions[j]);
		}
		if (!first)
			continue;
		wire_key(&writer, actions[i].table_name, actions[i].table_name_len);
		wire_double(&writer, units);
	}
	wire_object_end(&writer);
	store_units(token, wire_writer_jsonb(&writer));
}
