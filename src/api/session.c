/*
 * session.c
 *		Looking up temporary credentials.
 *
 * A process keeps those that it has looked up until the table changes: whoever deletes or updates rows sends an invalidation with the commit
 * (sessions_changed), and every transaction begins with those that were sent before it.  New rows need none, since nobody keeps that there is no
 * session.  That a session has expired is a matter of the clock, and its user's to look at.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "api/session.h"
#include "base/digest.h"
#include "base/invalidation.h"
#include "catalog/role_policies.h"
#include "value/wire.h"

#define ID_SIZE				32
#define CACHE_SIZE			(8 * 1024 * 1024)	/* bytes; a process that has seen more of them starts anew */

typedef struct CachedSession
{
	char		id[ID_SIZE];	/* hash key; first */
	SessionKey	key;
} CachedSession;

static HTAB *cached;
static MemoryContext cache_context;
static Oid	cached_relation;	/* dynapg.sessions */
static bool is_stale;			/* what is cached must not be used any more; it is not freed while a request may run that has it */

void
session_digest(const char *token, uint8 *digest)
{
	pg_cryptohash_ctx *context = digest_context(PG_SHA256);

	if (pg_cryptohash_init(context) < 0 || pg_cryptohash_update(context, (const uint8 *) token, strlen(token)) < 0 ||
		pg_cryptohash_final(context, digest, PG_SHA256_DIGEST_LENGTH) < 0)
		digest_failed(context, "session token");
	pg_cryptohash_free(context);
}

List *
session_tags(Jsonb *tags)
{
	List	   *list = NIL;
	WireReader	reader;

	wire_read_jsonb(&reader, tags);
	if (wire_next(&reader) != WIRE_OBJECT_START)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("tags must be a JSON object")));
	while (wire_next(&reader) == WIRE_KEY)
	{
		RoleTag    *tag = (RoleTag *) palloc(sizeof(RoleTag));

		tag->key = pnstrdup(reader.text, reader.len);
		if (wire_next(&reader) != WIRE_STRING)
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("a tag's value must be a string")));
		tag->value = pnstrdup(reader.text, reader.len);
		list = lappend(list, tag);
	}
	return list;
}

static void
invalidate(Datum argument, Oid relation)
{
	if (relation == InvalidOid || relation == cached_relation)
		is_stale = true;
}

/* An empty cache, unless there is one that may be used. */
static void
prepare_cache(void)
{
	static bool registered = false;
	HASHCTL		control = {.keysize = ID_SIZE, .entrysize = sizeof(CachedSession)};

	if (!registered)
		invalidation_call(invalidate);
	registered = true;
	if (cached != NULL && !is_stale && MemoryContextMemAllocated(cache_context, true) <= CACHE_SIZE)
		return;
	if (cached != NULL)
		MemoryContextDelete(cache_context);
	cached = NULL;
	is_stale = false;
	cache_context = AllocSetContextCreate(CacheMemoryContext, "dynapg sessions", ALLOCSET_SMALL_SIZES);
	control.hcxt = cache_context;
	cached = hash_create("dynapg sessions", 64, &control, HASH_ELEM | HASH_STRINGS | HASH_CONTEXT);
}

static char *
text_of(Datum value)
{
	return TextDatumGetCString(value);
}

/* A row as a key, in the current memory context. */
static void
read_row(const Datum *values, const bool *nulls, SessionKey *key)
{
	bytea	   *digest = DatumGetByteaPP(values[SESSION_DIGEST - 1]);

	memset(key, 0, sizeof(SessionKey));
	if (VARSIZE_ANY_EXHDR(digest) == sizeof(key->token_digest))
		memcpy(key->token_digest, VARDATA_ANY(digest), sizeof(key->token_digest));
	key->secret = text_of(values[SESSION_SECRET - 1]);
	key->caller.role = DatumGetObjectId(values[SESSION_ROLE - 1]);
	key->caller.name = text_of(values[SESSION_NAME - 1]);
	key->caller.access_key_id = text_of(values[SESSION_ID - 1]);
	if (!nulls[SESSION_POLICY - 1])
		key->caller.policy = text_of(values[SESSION_POLICY - 1]);
	key->caller.tags = session_tags(DatumGetJsonbP(values[SESSION_TAGS - 1]));
	key->caller.issued_at = DatumGetTimestampTz(values[SESSION_CREATED_AT - 1]);
	key->caller.expires_at = DatumGetTimestampTz(values[SESSION_EXPIRES_AT - 1]);
}

/* Adds a row to the cache. */
static const SessionKey *
remember_row(Relation sessions, HeapTuple row)
{
	Datum		values[SESSION_COLUMNS];
	bool		nulls[SESSION_COLUMNS];
	SessionKey	key;
	CachedSession *entry;
	MemoryContext caller = MemoryContextSwitchTo(cache_context);

	heap_deform_tuple(row, RelationGetDescr(sessions), values, nulls);
	read_row(values, nulls, &key);
	MemoryContextSwitchTo(caller);
	entry = (CachedSession *) hash_search(cached, key.caller.access_key_id, HASH_ENTER, NULL);
	entry->key = key;
	return &entry->key;
}

const SessionKey *
session_find(const char *access_key_id)
{
	const SessionKey *key = NULL;
	CachedSession *entry;
	Oid			schema;
	Relation	sessions;
	ScanKeyData scan_key;
	SysScanDesc scan;
	HeapTuple	row;

	if (strlen(access_key_id) >= ID_SIZE)
		return NULL;
	prepare_cache();
	entry = (CachedSession *) hash_search(cached, access_key_id, HASH_FIND, NULL);
	if (entry != NULL)
		return &entry->key;

	schema = get_namespace_oid("dynapg", false);
	sessions = table_open(get_relname_relid("sessions", schema), AccessShareLock);
	/* opening it may have brought news */
	prepare_cache();
	cached_relation = RelationGetRelid(sessions);
	ScanKeyInit(&scan_key, SESSION_ID, BTEqualStrategyNumber, F_TEXTEQ, CStringGetTextDatum(access_key_id));
	scan = systable_beginscan(sessions, get_relname_relid("sessions_pkey", schema), true, NULL, 1, &scan_key);
	row = systable_getnext(scan);
	if (HeapTupleIsValid(row))
		key = remember_row(sessions, row);
	systable_endscan(scan);
	table_close(sessions, AccessShareLock);
	return key;
}
