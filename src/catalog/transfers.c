/*
 * transfers.c
 *		Reading and writing dynapg.transfers and dynapg.transfer_parts.
 */
#include "postgres.h"

#include <limits.h>

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "tcop/utility.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "base/error.h"
#include "base/settings.h"
#include "catalog/catalog_private.h"
#include "catalog/owner.h"
#include "catalog/transfers.h"

/* The columns of dynapg.transfers. */
#define TRANSFERS_ID			1	/* text */
#define TRANSFERS_KIND			2	/* text */
#define TRANSFERS_TABLE_NAME	3	/* text */
#define TRANSFERS_TABLE_ID		4	/* uuid */
#define TRANSFERS_OWNER			5	/* regrole */
#define TRANSFERS_STATUS		6	/* text */
#define TRANSFERS_PHASE			7	/* text */
#define TRANSFERS_CLIENT_TOKEN	8	/* text */
#define TRANSFERS_REQUEST		9	/* jsonb */
#define TRANSFERS_STATE			10	/* jsonb */
#define TRANSFERS_STARTED_AT	11	/* timestamptz */
#define TRANSFERS_ENDED_AT		12	/* timestamptz */
#define TRANSFERS_ITEMS			13	/* int8, and three more of TransferCounts */
#define TRANSFERS_ATTEMPTS		17	/* int4 */
#define TRANSFERS_LAST_ERROR	18	/* text */
#define TRANSFERS_LAST_ERROR_AT	19	/* timestamptz */
#define TRANSFERS_FAILURE_CODE	20	/* text */
#define TRANSFERS_FAILURE_MESSAGE 21 /* text */
#define TRANSFERS_COLUMNS		21

/* The columns of dynapg.transfer_parts. */
#define PARTS_TRANSFER			1	/* text */
#define PARTS_PART				2	/* int4 */
#define PARTS_NAME				3	/* text */
#define PARTS_SIZE				4	/* int8 */
#define PARTS_POSITION			5	/* int8 */
#define PARTS_STATE				6	/* jsonb */
#define PARTS_DONE				7	/* boolean */
#define PARTS_ITEMS				8	/* int8, and three more of TransferCounts */
#define PARTS_COLUMNS			11

/* Of the locks on tokens, beside the numbers of jobs' locks (keep/job.c), which are of another method. */
#define TOKEN_LOCK 1

static const char *const kind_names[] = {
	[TRANSFER_EXPORT] = "EXPORT",
	[TRANSFER_IMPORT] = "IMPORT",
	[TRANSFER_BULK_PUT] = "BULK_PUT",
	[TRANSFER_COPY_FROM] = "COPY_FROM",
	[TRANSFER_COPY_TO] = "COPY_TO"
};

static const char *const status_names[] = {
	[TRANSFER_IN_PROGRESS] = "IN_PROGRESS",
	[TRANSFER_CANCELLING] = "CANCELLING",
	[TRANSFER_CANCELLED] = "CANCELLED",
	[TRANSFER_COMPLETED] = "COMPLETED",
	[TRANSFER_COMPLETED_WITH_ERRORS] = "COMPLETED_WITH_ERRORS",
	[TRANSFER_FAILED] = "FAILED"
};

const char *
catalog_transfer_kind_name(TransferKind kind)
{
	return kind_names[kind];
}

const char *
catalog_transfer_status_name(TransferStatus status)
{
	return status_names[status];
}

static int
find_name(const char *const *names, int count, Datum column)
{
	char	   *name = TextDatumGetCString(column);

	for (int i = 0; i < count; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	elog(ERROR, "\"%s\" is no kind or status of a transfer", name);
}

static Oid
transfer_object(const char *name)
{
	return get_relname_relid(name, get_namespace_oid("dynapg", false));
}

Oid
catalog_transfers_oid(void)
{
	return transfer_object("transfers");
}

/* ------------------------------------------------------------------------------------------------------------
 * Reading
 * ------------------------------------------------------------------------------------------------------------ */

static void
read_counts(const Datum *values, TransferCounts *counts)
{
	counts->items = DatumGetInt64(values[0]);
	counts->written = DatumGetInt64(values[1]);
	counts->errors = DatumGetInt64(values[2]);
	counts->bytes = DatumGetInt64(values[3]);
}

/* A row in the current context. */
static Transfer *
read_transfer(Relation catalog, HeapTuple row)
{
	Datum		values[TRANSFERS_COLUMNS];
	bool		nulls[TRANSFERS_COLUMNS];
	Transfer   *transfer = (Transfer *) palloc0(sizeof(Transfer));

	heap_deform_tuple(row, RelationGetDescr(catalog), values, nulls);
	transfer->id = TextDatumGetCString(values[TRANSFERS_ID - 1]);
	transfer->kind = (TransferKind) find_name(kind_names, lengthof(kind_names), values[TRANSFERS_KIND - 1]);
	transfer->status = (TransferStatus) find_name(status_names, lengthof(status_names), values[TRANSFERS_STATUS - 1]);
	transfer->table_name = TextDatumGetCString(values[TRANSFERS_TABLE_NAME - 1]);
	transfer->has_table_id = !nulls[TRANSFERS_TABLE_ID - 1];
	if (transfer->has_table_id)
		transfer->table_id = *DatumGetUUIDP(values[TRANSFERS_TABLE_ID - 1]);
	transfer->owner = DatumGetObjectId(values[TRANSFERS_OWNER - 1]);
	transfer->phase = TextDatumGetCString(values[TRANSFERS_PHASE - 1]);
	transfer->client_token = catalog_text_or_null(values, nulls, TRANSFERS_CLIENT_TOKEN);
	transfer->request = DatumGetJsonbPCopy(values[TRANSFERS_REQUEST - 1]);
	transfer->state = DatumGetJsonbPCopy(values[TRANSFERS_STATE - 1]);
	transfer->started_at = DatumGetTimestampTz(values[TRANSFERS_STARTED_AT - 1]);
	transfer->ended_at = nulls[TRANSFERS_ENDED_AT - 1] ? 0 : DatumGetTimestampTz(values[TRANSFERS_ENDED_AT - 1]);
	read_counts(&values[TRANSFERS_ITEMS - 1], &transfer->counts);
	transfer->attempts = DatumGetInt32(values[TRANSFERS_ATTEMPTS - 1]);
	transfer->failure_code = catalog_text_or_null(values, nulls, TRANSFERS_FAILURE_CODE);
	transfer->failure_message = catalog_text_or_null(values, nulls, TRANSFERS_FAILURE_MESSAGE);
	return transfer;
}

/*
 * Transfers that a scan of an index finds, from its end or its beginning, at most limit; kind -1: of all kinds.  On the latest snapshot, as
 * a catalog's.
 */
static List *
find_transfers(const char *index_name, int n_keys, ScanKey keys, ScanDirection direction, int kind, int limit)
{
	Oid			oid = transfer_object(index_name);
	List	   *transfers = NIL;
	Relation	catalog;
	Relation	index;
	SysScanDesc scan;
	HeapTuple	row;

	if (!OidIsValid(oid))
		return NIL;				/* the extension is being created */
	catalog = table_open(catalog_transfers_oid(), AccessShareLock);
	index = index_open(oid, AccessShareLock);
	scan = systable_beginscan_ordered(catalog, index, NULL, n_keys, keys);
	while (list_length(transfers) < limit && HeapTupleIsValid(row = systable_getnext_ordered(scan, direction)))
	{
		Transfer   *transfer = read_transfer(catalog, row);

		if (kind < 0 || transfer->kind == (TransferKind) kind)
			transfers = lappend(transfers, transfer);
	}
	systable_endscan_ordered(scan);
	index_close(index, AccessShareLock);
	table_close(catalog, AccessShareLock);
	return transfers;
}

static void
text_key(ScanKey key, int column, StrategyNumber strategy, RegProcedure function, const char *text)
{
	ScanKeyInit(key, column, strategy, function, CStringGetTextDatum(text));
}

Transfer *
catalog_transfer(const char *id)
{
	ScanKeyData key;
	List	   *found;

	text_key(&key, TRANSFERS_ID, BTEqualStrategyNumber, F_TEXTEQ, id);
	found = find_transfers("transfers_pkey", 1, &key, ForwardScanDirection, -1, 1);
	return found == NIL ? NULL : (Transfer *) linitial(found);
}

Transfer *
catalog_transfer_for_update(const char *id)
{
	static CatalogStatement statement = {
		"SELECT true FROM dynapg.transfers WHERE id OPERATOR(pg_catalog.=) $1 FOR UPDATE", 1, {TEXTOID}
	};
	Datum		values[1] = {CStringGetTextDatum(id)};
	Datum		column;
	bool		isnull;

	return catalog_fetch_saved(&statement, values, 1, &column, &isnull) ? catalog_transfer(id) : NULL;
}

List *
catalog_transfers(TransferKind kind, const char *table_name, const char *after_id, int limit)
{
	ScanKeyData keys[3];
	int			n_keys = 0;

	if (table_name != NULL)
	{
		text_key(&keys[n_keys++], TRANSFERS_KIND, BTEqualStrategyNumber, F_TEXTEQ, kind_names[kind]);
		text_key(&keys[n_keys++], TRANSFERS_TABLE_NAME, BTEqualStrategyNumber, F_TEXTEQ, table_name);
	}
	if (after_id != NULL)
		text_key(&keys[n_keys++], TRANSFERS_ID, BTLessStrategyNumber, F_TEXT_LT, after_id);
	return find_transfers(table_name != NULL ? "transfers_by_table" : "transfers_pkey", n_keys, keys, BackwardScanDirection, kind,
						  limit);
}

static List *
ids_of(List *transfers)
{
	List	   *ids = NIL;
	ListCell   *cell;

	foreach(cell, transfers)
		ids = lappend(ids, ((Transfer *) lfirst(cell))->id);
	return ids;
}

static int
compare_ids(const ListCell *a, const ListCell *b)
{
	return strcmp((const char *) lfirst(a), (const char *) lfirst(b));
}

List *
catalog_running_transfers(void)
{
	List	   *ids = ids_of(find_transfers("transfers_running", 0, NULL, ForwardScanDirection, -1, INT_MAX));

	list_sort(ids, compare_ids);
	return ids;
}

List *
catalog_running_transfers_of_kind(TransferKind kind)
{
	return find_transfers("transfers_running", 0, NULL, ForwardScanDirection, kind, INT_MAX);
}

/* Those of a table of this name that go on, of one kind or of all (-1). */
static List *
running_transfers_of(const char *table_name, int kind)
{
	ScanKeyData key;

	text_key(&key, TRANSFERS_TABLE_NAME, BTEqualStrategyNumber, F_TEXTEQ, table_name);
	return find_transfers("transfers_running", 1, &key, ForwardScanDirection, kind, INT_MAX);
}

int64
catalog_exports_need(void)
{
	static CatalogStatement statement = {
		"SELECT pg_catalog.min(COALESCE(state OPERATOR(pg_catalog.->>) 'from_horizon', state OPERATOR(pg_catalog.->>) 'horizon')::pg_catalog.int8) "
		"FROM dynapg.transfers WHERE ended_at IS NULL AND kind OPERATOR(pg_catalog.=) 'EXPORT'", 0
	};
	Datum		number;
	bool		isnull;

	return catalog_fetch_saved(&statement, NULL, 1, &number, &isnull) && !isnull ? DatumGetInt64(number) : PG_INT64_MAX;
}

List *
catalog_running_transfers_of(const char *table_name)
{
	return ids_of(running_transfers_of(table_name, -1));
}

bool
catalog_table_is_in_transfer(TransferKind kind, const char *table_name)
{
	return running_transfers_of(table_name, kind) != NIL;
}

Transfer *
catalog_transfer_of_token(TransferKind kind, const char *client_token)
{
	uint32		number = hash_combine(hash_bytes((const unsigned char *) client_token, strlen(client_token)),
									  hash_combine(kind, GetUserId()));
	TimestampTz oldest = GetCurrentTimestamp() - (int64) TRANSFER_TOKEN_HOURS * USECS_PER_HOUR;
	ScanKeyData key;
	ListCell   *cell;

	PreventCommandIfReadOnly(dyn_operation);
	LockDatabaseObject(catalog_transfers_oid(), number, TOKEN_LOCK, ExclusiveLock);
	text_key(&key, TRANSFERS_CLIENT_TOKEN, BTEqualStrategyNumber, F_TEXTEQ, client_token);
	foreach(cell, find_transfers("transfers_by_token", 1, &key, BackwardScanDirection, kind, INT_MAX))
	{
		Transfer   *transfer = (Transfer *) lfirst(cell);

		if (transfer->owner == GetUserId() && transfer->started_at > oldest)
			return transfer;
	}
	return NULL;
}

/* ------------------------------------------------------------------------------------------------------------
 * Writing
 * ------------------------------------------------------------------------------------------------------------ */

static Datum
nullable_text(const char *text, char *null)
{
	*null = text == NULL ? 'n' : ' ';
	return text == NULL ? (Datum) 0 : CStringGetTextDatum(text);
}

static Datum
nullable_jsonb(Jsonb *jsonb, char *null)
{
	*null = jsonb == NULL ? 'n' : ' ';
	return jsonb == NULL ? (Datum) 0 : JsonbPGetDatum(jsonb);
}

Transfer *
catalog_begin_transfer(TransferKind kind, const char *table_name, const pg_uuid_t *table_id, const char *client_token,
					   Jsonb *request, Jsonb *state)
{
	Oid			types[] = {TEXTOID, TEXTOID, TEXTOID, UUIDOID, REGROLEOID, TEXTOID, JSONBOID, JSONBOID, TIMESTAMPTZOID};
	char		nulls[] = "         ";
	TimestampTz now = GetCurrentTimestamp();
	uint32		number;
	char	   *id;
	Datum		values[lengthof(types)];

	if (!pg_strong_random(&number, sizeof(number)))
		elog(ERROR, "no random number to be had");
	now -= now % 1000;
	id = psprintf("%014lld-%08x", (long long) catalog_milliseconds(now), number);
	values[0] = CStringGetTextDatum(id);
	values[1] = CStringGetTextDatum(kind_names[kind]);
	values[2] = CStringGetTextDatum(table_name);
	values[3] = table_id ? UUIDPGetDatum(table_id) : (Datum) 0;
	nulls[3] = table_id ? ' ' : 'n';
	values[4] = ObjectIdGetDatum(GetUserId());
	values[5] = nullable_text(client_token, &nulls[5]);
	values[6] = JsonbPGetDatum(request);
	values[7] = nullable_jsonb(state, &nulls[7]);
	values[8] = TimestampTzGetDatum(now);
	(void) catalog_execute("INSERT INTO dynapg.transfers (id, kind, table_name, table_id, owner, client_token, request, state, started_at) "
						   "VALUES ($1, $2, $3, $4, $5, $6, $7, coalesce($8, '{}'), $9)", lengthof(types), types, values, nulls);
	return catalog_transfer(id);
}

void
catalog_set_transfer_state(const char *id, const char *phase, Jsonb *state)
{
	Oid			types[] = {TEXTOID, TEXTOID, JSONBOID};
	char		nulls[] = "   ";
	Datum		values[] = {CStringGetTextDatum(id), nullable_text(phase, &nulls[1]), nullable_jsonb(state, &nulls[2])};

	if (catalog_execute("UPDATE dynapg.transfers SET phase = coalesce($2, phase), state = coalesce($3, state) WHERE id = $1",
						lengthof(types), types, values, nulls) != 1)
		elog(ERROR, "transfer %s is gone", id);
}

void
catalog_advance_transfer(const char *id, const TransferCounts *more)
{
	Oid			types[] = {TEXTOID, INT8OID, INT8OID, INT8OID, INT8OID};
	Datum		values[] = {CStringGetTextDatum(id), Int64GetDatum(more->items), Int64GetDatum(more->written),
	Int64GetDatum(more->errors), Int64GetDatum(more->bytes)};

	(void) catalog_execute("UPDATE dynapg.transfers SET items = items + $2, written = written + $3, errors = errors + $4, "
						   "bytes = bytes + $5 WHERE id = $1", lengthof(types), types, values, NULL);
}

void
catalog_end_transfer(const char *id, TransferStatus status, const char *failure_code, const char *failure_message)
{
	Oid			types[] = {TEXTOID, TEXTOID, TEXTOID, TEXTOID};
	char		nulls[] = "    ";
	Datum		values[] = {CStringGetTextDatum(id), CStringGetTextDatum(status_names[status]),
	nullable_text(failure_code, &nulls[2]), nullable_text(failure_message, &nulls[3])};

	(void) catalog_execute("UPDATE dynapg.transfers SET status = $2, failure_code = $3, failure_message = $4, phase = '', "
						   "ended_at = date_trunc('milliseconds', clock_timestamp()) WHERE id = $1 AND ended_at IS NULL",
						   lengthof(types), types, values, nulls);
}

int
catalog_transfer_stumbled(const char *id, const char *error)
{
	Oid			types[] = {TEXTOID, TEXTOID};
	Datum		values[] = {CStringGetTextDatum(id), CStringGetTextDatum(error)};
	Datum		attempts;
	bool		isnull;

	return catalog_fetch("UPDATE dynapg.transfers SET attempts = attempts + 1, last_error = $2, last_error_at = clock_timestamp() "
						 "WHERE id = $1 AND ended_at IS NULL RETURNING attempts", 2, types, values, 1, &attempts, &isnull) ?
		DatumGetInt32(attempts) : 0;
}

void
catalog_transfer_works(const char *id)
{
	Oid			types[] = {TEXTOID};
	Datum		values[] = {CStringGetTextDatum(id)};

	(void) catalog_execute("UPDATE dynapg.transfers SET attempts = 0 WHERE id = $1 AND attempts > 0", 1, types, values, NULL);
}

bool
catalog_cancel_transfer(const char *id)
{
	Oid			types[] = {TEXTOID};
	Datum		values[] = {CStringGetTextDatum(id)};

	return catalog_execute("UPDATE dynapg.transfers SET status = 'CANCELLING' WHERE id = $1 AND ended_at IS NULL",
						   1, types, values, NULL) > 0;
}

void
catalog_end_transfers_of(const TableInfo *table)
{
	ListCell   *cell;

	foreach(cell, running_transfers_of(table->name, -1))
	{
		const Transfer *transfer = (const Transfer *) lfirst(cell);

		if (transfer->has_table_id && memcmp(&transfer->table_id, &table->id, sizeof(table->id)) == 0)
			catalog_end_transfer(transfer->id, TRANSFER_FAILED, "TableNotFound",
								 psprintf("Table not found: arn:aws:dynamodb:%s:%s:table/%s", dynapg_region, dynapg_account_id,
										  table->name));
	}
}

void
catalog_forget_old_transfers(void)
{
	(void) catalog_execute("WITH old AS (DELETE FROM dynapg.transfers WHERE ended_at < now() - interval '90 days' RETURNING id), "
						   "reports AS (DELETE FROM dynapg.transfer_reports r USING old WHERE r.transfer = old.id) "
						   "DELETE FROM dynapg.transfer_parts p USING old WHERE p.transfer = old.id", 0, NULL, NULL, NULL);
}

/* ------------------------------------------------------------------------------------------------------------
 * Parts
 * ------------------------------------------------------------------------------------------------------------ */

void
catalog_add_transfer_part(const char *id, int part, const char *name, int64 size, Jsonb *state)
{
	Oid			types[] = {TEXTOID, INT4OID, TEXTOID, INT8OID, JSONBOID};
	char		nulls[] = "     ";
	Datum		values[] = {CStringGetTextDatum(id), Int32GetDatum(part), CStringGetTextDatum(name), Int64GetDatum(size),
	nullable_jsonb(state, &nulls[4])};

	nulls[3] = size < 0 ? 'n' : ' ';
	(void) catalog_execute("INSERT INTO dynapg.transfer_parts (transfer, part, name, size, state) "
						   "VALUES ($1, $2, $3, $4, coalesce($5, '{}')) ON CONFLICT DO NOTHING", lengthof(types), types, values, nulls);
}

static TransferPart *
read_part(Relation catalog, HeapTuple row)
{
	Datum		values[PARTS_COLUMNS];
	bool		nulls[PARTS_COLUMNS];
	TransferPart *part = (TransferPart *) palloc0(sizeof(TransferPart));

	heap_deform_tuple(row, RelationGetDescr(catalog), values, nulls);
	part->part = DatumGetInt32(values[PARTS_PART - 1]);
	part->name = TextDatumGetCString(values[PARTS_NAME - 1]);
	part->size = nulls[PARTS_SIZE - 1] ? -1 : DatumGetInt64(values[PARTS_SIZE - 1]);
	part->position = DatumGetInt64(values[PARTS_POSITION - 1]);
	part->state = DatumGetJsonbPCopy(values[PARTS_STATE - 1]);
	part->done = DatumGetBool(values[PARTS_DONE - 1]);
	read_counts(&values[PARTS_ITEMS - 1], &part->counts);
	return part;
}

/* Parts behind a number, at most limit. */
static List *
find_parts(const char *id, bool not_done, int after, int limit)
{
	Relation	catalog = table_open(transfer_object("transfer_parts"), AccessShareLock);
	Relation	index = index_open(transfer_object("transfer_parts_pkey"), AccessShareLock);
	List	   *parts = NIL;
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple	row;

	text_key(&keys[0], PARTS_TRANSFER, BTEqualStrategyNumber, F_TEXTEQ, id);
	ScanKeyInit(&keys[1], PARTS_PART, BTGreaterStrategyNumber, F_INT4GT, Int32GetDatum(after));
	scan = systable_beginscan_ordered(catalog, index, NULL, lengthof(keys), keys);
	while (list_length(parts) < limit && HeapTupleIsValid(row = systable_getnext_ordered(scan, ForwardScanDirection)))
	{
		TransferPart *part = read_part(catalog, row);

		if (!not_done || !part->done)
			parts = lappend(parts, part);
	}
	systable_endscan_ordered(scan);
	index_close(index, AccessShareLock);
	table_close(catalog, AccessShareLock);
	return parts;
}

List *
catalog_transfer_parts(const char *id, bool not_done)
{
	return find_parts(id, not_done, -1, INT_MAX);
}

TransferPart *
catalog_next_transfer_part(const char *id, int after)
{
	List	   *found = find_parts(id, true, after, 1);

	return found == NIL ? NULL : (TransferPart *) linitial(found);
}

void
catalog_advance_transfer_part(const char *id, int part, int64 position, bool done, Jsonb *state, const TransferCounts *more)
{
	static const TransferCounts none = {0};
	const TransferCounts *counts = more ? more : &none;
	Oid			types[] = {TEXTOID, INT4OID, INT8OID, BOOLOID, JSONBOID, INT8OID, INT8OID, INT8OID, INT8OID};
	char		nulls[] = "         ";
	Datum		values[] = {CStringGetTextDatum(id), Int32GetDatum(part), Int64GetDatum(position), BoolGetDatum(done),
		nullable_jsonb(state, &nulls[4]), Int64GetDatum(counts->items), Int64GetDatum(counts->written),
	Int64GetDatum(counts->errors), Int64GetDatum(counts->bytes)};

	if (catalog_execute("UPDATE dynapg.transfer_parts SET position = $3, done = $4, state = coalesce($5, state), items = items + $6, "
						"written = written + $7, errors = errors + $8, bytes = bytes + $9 WHERE transfer = $1 AND part = $2",
						lengthof(types), types, values, nulls) != 1)
		elog(ERROR, "part %d of transfer %s is gone", part, id);
	if (more != NULL)
		catalog_advance_transfer(id, more);
}

void
catalog_forget_transfer_part(const char *id, int part)
{
	Oid			types[] = {TEXTOID, INT4OID};
	Datum		values[] = {CStringGetTextDatum(id), Int32GetDatum(part)};

	(void) catalog_execute("DELETE FROM dynapg.transfer_parts WHERE transfer = $1 AND part = $2", lengthof(types), types, values, NULL);
}
