/*
 * access_key.c
 *		Access keys of the HTTP endpoint.
 *
 * A key belongs to a PostgreSQL role, and a request signed with it runs as that role.  Whoever could SET ROLE to a role may make,
 * change and revoke its keys; keys of superusers are for superusers to make.  The secret is given once, when the key
 * is made; it stands in a table that only the extension's owner can read, and in no dump.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/indexing.h"
#include "catalog/namespace.h"
#include "common/base64.h"
#include "executor/tuptable.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "api/access_key.h"
#include "base/compat.h"
#include "base/invalidation.h"

PG_FUNCTION_INFO_V1(dynapg_create_access_key);
PG_FUNCTION_INFO_V1(dynapg_rotate_access_key);
PG_FUNCTION_INFO_V1(dynapg_revoke_access_key);

#define KEY_ID			1		/* text */
#define KEY_SECRET		2		/* text */
#define KEY_ROLE		3		/* regrole */
#define KEY_CREATED_AT	4		/* timestamptz */
#define KEY_COLUMNS		4

#define ID_LENGTH		20
#define SECRET_BYTES	30		/* 40 characters of base64 */

#define CACHED_ID_SIZE	32
#define MAX_CACHED_KEYS	1000

static Relation
open_keys(LOCKMODE lockmode, Oid *index)
{
	Oid			schema = get_namespace_oid("dynapg", false);

	*index = get_relname_relid("access_keys_pkey", schema);
	return table_open(get_relname_relid("access_keys", schema), lockmode);
}

static SysScanDesc
begin_scan(Relation keys, Oid index, const char *id, ScanKey scan_key)
{
	ScanKeyInit(scan_key, KEY_ID, BTEqualStrategyNumber, F_TEXTEQ, CStringGetTextDatum(id));
	return systable_beginscan(keys, index, true, NULL, 1, scan_key);
}

/* A key that this process has looked up; kept until the table changes. */
typedef struct CachedKey
{
	char		id[CACHED_ID_SIZE]; /* hash key; first */
	char	   *secret;
	Oid			role;
} CachedKey;

static HTAB *cached_keys;
static MemoryContext cache_context;
static Oid	cached_relation;	/* dynapg.access_keys, whose changes empty the cache */

static void
forget_keys(Datum argument, Oid relation)
{
	if (cache_context != NULL && (relation == InvalidOid || relation == cached_relation))
	{
		MemoryContextDelete(cache_context);
		cache_context = NULL;
		cached_keys = NULL;
	}
}

/* Keeps what was found; a process that has seen very many keys starts anew. */
static void
remember_key(const char *id, const char *secret, Oid role, Oid relation)
{
	static bool registered = false;
	CachedKey  *entry;

	if (strlen(id) >= CACHED_ID_SIZE)
		return;
	if (!registered)
		invalidation_call(forget_keys);
	registered = true;
	if (cached_keys != NULL && (relation != cached_relation || hash_get_num_entries(cached_keys) >= MAX_CACHED_KEYS))
		forget_keys((Datum) 0, InvalidOid);
	if (cached_keys == NULL)
	{
		HASHCTL		control = {.keysize = CACHED_ID_SIZE, .entrysize = sizeof(CachedKey)};

		cache_context = AllocSetContextCreate(CacheMemoryContext, "dynapg access keys", ALLOCSET_SMALL_SIZES);
		control.hcxt = cache_context;
		cached_keys = hash_create("dynapg access keys", 64, &control, HASH_ELEM | HASH_STRINGS | HASH_CONTEXT);
	}
	cached_relation = relation;
	entry = (CachedKey *) hash_search(cached_keys, id, HASH_ENTER, NULL);
	entry->secret = MemoryContextStrdup(cache_context, secret);
	entry->role = role;
}

bool
access_key_find(const char *id, char **secret, Oid *role)
{
	Oid			index;
	Relation	keys;
	ScanKeyData scan_key;
	SysScanDesc scan;
	HeapTuple	row;
	bool		found;

	/* the transaction has processed invalidations as it began: a key revoked before is not there */
	if (cached_keys != NULL && strlen(id) < CACHED_ID_SIZE)
	{
		CachedKey  *entry = (CachedKey *) hash_search(cached_keys, id, HASH_FIND, NULL);

		if (entry != NULL)
		{
			*secret = pstrdup(entry->secret);
			*role = entry->role;
			return true;
		}
	}

	keys = open_keys(AccessShareLock, &index);
	scan = begin_scan(keys, index, id, &scan_key);
	row = systable_getnext(scan);
	found = HeapTupleIsValid(row);
	if (found)
	{
		bool		isnull;

		*secret = TextDatumGetCString(heap_getattr(row, KEY_SECRET, RelationGetDescr(keys), &isnull));
		*role = DatumGetObjectId(heap_getattr(row, KEY_ROLE, RelationGetDescr(keys), &isnull));
		remember_key(id, *secret, *role, RelationGetRelid(keys));
	}
	systable_endscan(scan);
	table_close(keys, AccessShareLock);
	return found;
}

/* Ends a change of the table: it is visible to what follows, and every process's cache is emptied when it commits. */
static void
close_changed(Relation keys)
{
	CacheInvalidateRelcache(keys);
	table_close(keys, NoLock);
	CommandCounterIncrement();
}

void
access_key_check_role(Oid role, const char *whose)
{
	char	   *name = GetUserNameFromId(role, false);

	if (!compat_may_set_role(GetUserId(), role) || (superuser_arg(role) && !superuser()))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied for the %s of role \"%s\"", whose, name),
				 errdetail("Only who could SET ROLE to it may make, change or revoke them; those of superusers are for superusers.")));
}

static void
check_role(Oid role)
{
	access_key_check_role(role, "access keys");
}

char *
access_key_random_id(const char *kind)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	uint8		random[ID_LENGTH - 4];
	char	   *id = (char *) palloc(ID_LENGTH + 1);

	if (!pg_strong_random(random, sizeof(random)))
		elog(ERROR, "could not generate random values");
	memcpy(id, kind, 4);
	for (size_t i = 0; i < sizeof(random); i++)
		id[4 + i] = alphabet[random[i] % 32];
	id[ID_LENGTH] = '\0';
	return id;
}

char *
access_key_random_text(int bytes)
{
	char	   *random = (char *) palloc(bytes);
	int			size = pg_b64_enc_len(bytes);
	char	   *text = (char *) palloc(size + 1);
	int			len;

	if (!pg_strong_random(random, bytes))
		elog(ERROR, "could not generate random values");
	len = pg_b64_encode((void *) random, bytes, text, size);
	if (len < 0)
		elog(ERROR, "could not encode a secret");
	text[len] = '\0';
	explicit_bzero(random, bytes);
	return text;
}

/* (access_key_id, secret_access_key) */
static Datum
key_row(FunctionCallInfo fcinfo, const char *id, const char *secret)
{
	TupleDesc	desc;
	Datum		values[2] = {CStringGetTextDatum(id), CStringGetTextDatum(secret)};
	bool		nulls[2] = {false, false};

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls));
}

/* create_access_key(role): the new key and its secret, which is not shown again. */
Datum
dynapg_create_access_key(PG_FUNCTION_ARGS)
{
	Oid			role = PG_GETARG_OID(0);
	char	   *id = access_key_random_id("AKIA");
	char	   *secret = access_key_random_text(SECRET_BYTES);
	Oid			index;
	Relation	keys;
	Datum		values[KEY_COLUMNS];
	bool		nulls[KEY_COLUMNS] = {false};

	check_role(role);
	keys = open_keys(RowExclusiveLock, &index);
	values[KEY_ID - 1] = CStringGetTextDatum(id);
	values[KEY_SECRET - 1] = CStringGetTextDatum(secret);
	values[KEY_ROLE - 1] = ObjectIdGetDatum(role);
	values[KEY_CREATED_AT - 1] = TimestampTzGetDatum(GetCurrentTimestamp());
	CatalogTupleInsert(keys, heap_form_tuple(RelationGetDescr(keys), values, nulls));
	close_changed(keys);
	return key_row(fcinfo, id, secret);
}

static _Noreturn void
raise_no_key(const char *id)
{
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("there is no access key \"%s\"", id)));
}

/* Keys of roles that were dropped are for superusers. */
static void
check_own_key(Relation keys, HeapTuple row)
{
	bool		isnull;
	Oid			role = DatumGetObjectId(heap_getattr(row, KEY_ROLE, RelationGetDescr(keys), &isnull));

	if (!superuser() || SearchSysCacheExists1(AUTHOID, ObjectIdGetDatum(role)))
		check_role(role);
}

/*
 * The row of a key that the caller may change, palloc'd, and locked: who changes it at the same
 * time is waited for, and what comes of that is the row.
 */
static HeapTuple
lock_own_key(Relation keys, Oid index, const char *id)
{
	ScanKeyData scan_key;
	SysScanDesc scan = begin_scan(keys, index, id, &scan_key);
	HeapTuple	row = systable_getnext(scan);
	TupleTableSlot *slot = table_slot_create(keys, NULL);
	ItemPointerData tid;
	TM_FailureData failure;
	bool		isnull;

	if (!HeapTupleIsValid(row))
		raise_no_key(id);
	check_own_key(keys, row);
	tid = row->t_self;
	systable_endscan(scan);
	if (table_tuple_lock(keys, &tid, GetActiveSnapshot(), slot, GetCurrentCommandId(true),
						 LockTupleExclusive, LockWaitBlock, TUPLE_LOCK_FLAG_FIND_LAST_VERSION,
						 &failure) != TM_Ok)
		raise_no_key(id);
	row = ExecCopySlotHeapTuple(slot);
	row->t_self = slot->tts_tid;
	ExecDropSingleTupleTableSlot(slot);
	if (strcmp(TextDatumGetCString(heap_getattr(row, KEY_ID, RelationGetDescr(keys), &isnull)), id) != 0)
		raise_no_key(id);
	check_own_key(keys, row);
	return row;
}

/* rotate_access_key(id): a new secret for the key; the old one is no good any more. */
Datum
dynapg_rotate_access_key(PG_FUNCTION_ARGS)
{
	char	   *id = text_to_cstring(PG_GETARG_TEXT_PP(0));
	char	   *secret = access_key_random_text(SECRET_BYTES);
	Oid			index;
	Relation	keys = open_keys(RowExclusiveLock, &index);
	HeapTuple	row = lock_own_key(keys, index, id);
	Datum		values[KEY_COLUMNS] = {0};
	bool		nulls[KEY_COLUMNS] = {false};
	bool		replaced[KEY_COLUMNS] = {false};

	values[KEY_SECRET - 1] = CStringGetTextDatum(secret);
	values[KEY_CREATED_AT - 1] = TimestampTzGetDatum(GetCurrentTimestamp());
	replaced[KEY_SECRET - 1] = replaced[KEY_CREATED_AT - 1] = true;
	CatalogTupleUpdate(keys, &row->t_self,
					   heap_modify_tuple(row, RelationGetDescr(keys), values, nulls, replaced));
	close_changed(keys);
	return key_row(fcinfo, id, secret);
}

/* revoke_access_key(id) */
Datum
dynapg_revoke_access_key(PG_FUNCTION_ARGS)
{
	char	   *id = text_to_cstring(PG_GETARG_TEXT_PP(0));
	Oid			index;
	Relation	keys = open_keys(RowExclusiveLock, &index);

	CatalogTupleDelete(keys, &lock_own_key(keys, index, id)->t_self);
	close_changed(keys);
	PG_RETURN_VOID();
}
