/*
 * log_late.c
 *		The places of late events.
 */
#include "postgres.h"

#include "access/xact.h"
#include "commands/trigger.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"

#include "base/varlena.h"
#include "log/log_late.h"

typedef struct VersionKey
{
	Oid			relation;
	ItemPointerData version;
} VersionKey;

typedef struct VersionNote
{
	VersionKey	key;			/* first; padded with zeroes */
	ItemPointerData next;		/* invalid: it was removed */
	int64		seq;			/* 0: the change was not logged */
} VersionNote;

typedef struct InsertKey
{
	Oid			relation;
	pg_uuid_t	hash;
} InsertKey;

typedef struct Insert
{
	struct Insert *more;		/* of the same hash */
	CommandId	command;
	int64		seq;
	int			sort_len;
	char		sort[FLEXIBLE_ARRAY_MEMBER];
} Insert;

typedef struct InsertNote
{
	InsertKey	key;			/* first */
	Insert	   *inserts;
} InsertNote;

/* In the transaction's memory; NULL until there is a note. */
static HTAB *versions;
static HTAB *inserts;

static void
forget_notes(XactEvent event, void *argument)
{
	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT || event == XACT_EVENT_PREPARE)
		versions = inserts = NULL;
}

static void
make_tables(void)
{
	static bool registered;
	HASHCTL		of_versions = {.keysize = sizeof(VersionKey), .entrysize = sizeof(VersionNote), .hcxt = TopTransactionContext};
	HASHCTL		of_inserts = {.keysize = sizeof(InsertKey), .entrysize = sizeof(InsertNote), .hcxt = TopTransactionContext};

	if (versions != NULL)
		return;
	if (!registered)
		RegisterXactCallback(forget_notes, NULL);
	registered = true;
	inserts = hash_create("dynapg inserts with later events", 64, &of_inserts, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	versions = hash_create("dynapg versions with later events", 64, &of_versions, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

/* One reference is the writer's own. */
bool
log_may_be_early(Relation relation)
{
	return relation->rd_refcnt > 1 && AfterTriggerPendingOnRel(RelationGetRelid(relation));
}

static void
version_key(VersionKey *key, Oid relation, const ItemPointerData *version)
{
	memset(key, 0, sizeof(*key));
	key->relation = relation;
	key->version = *version;
}

void
log_note_version(Oid relation, ItemPointer version, ItemPointer next, int64 seq)
{
	VersionKey	key;
	VersionNote *note;

	make_tables();
	version_key(&key, relation, version);
	note = (VersionNote *) hash_search(versions, &key, HASH_ENTER, NULL);
	note->seq = seq;
	if (next != NULL)
		note->next = *next;
	else
		ItemPointerSetInvalid(&note->next);
}

void
log_note_insert(Oid relation, const pg_uuid_t *hash, const bytea *sort, CommandId command, int64 seq)
{
	int			sort_len = VARSIZE_ANY_EXHDR(sort);
	InsertKey	key = {relation, *hash};
	InsertNote *note;
	Insert	   *insert;
	bool		found;

	make_tables();
	note = (InsertNote *) hash_search(inserts, &key, HASH_ENTER, &found);
	if (!found)
		note->inserts = NULL;
	insert = (Insert *) MemoryContextAlloc(TopTransactionContext, offsetof(Insert, sort) + sort_len);
	insert->command = command;
	insert->seq = seq;
	insert->sort_len = sort_len;
	memcpy(insert->sort, VARDATA_ANY(sort), sort_len);
	insert->more = note->inserts;
	note->inserts = insert;
}

/* The number just below that of the change that follows. */
static LogPlace
place_before(int64 seq)
{
	if ((seq - 1) % LOG_STEP == 0)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("an item was changed more than %d times by triggers of one statement", LOG_STEP - 1),
				 errdetail("Its changes cannot be put into their order in the change log.")));
	return seq - 1;
}

LogPlace
log_place_of_version(Oid relation, ItemPointer version)
{
	VersionKey	key;
	VersionNote *note;

	if (versions == NULL)
		return 0;
	version_key(&key, relation, version);
	while ((note = (VersionNote *) hash_search(versions, &key, HASH_FIND, NULL)) != NULL)
	{
		if (note->seq != 0)
			return place_before(note->seq);
		version_key(&key, relation, &note->next);
	}
	return 0;
}

LogPlace
log_place_of_removal(Oid relation, const pg_uuid_t *hash, const bytea *sort, CommandId command)
{
	InsertKey	key = {relation, *hash};
	int			sort_len = VARSIZE_ANY_EXHDR(sort);
	InsertNote *note;
	int64		first = 0;

	if (inserts == NULL || (note = (InsertNote *) hash_search(inserts, &key, HASH_FIND, NULL)) == NULL)
		return 0;
	for (const Insert *insert = note->inserts; insert != NULL; insert = insert->more)
		if (insert->command > command && (first == 0 || insert->seq < first) && insert->sort_len == sort_len &&
			memcmp(insert->sort, VARDATA_ANY(sort), sort_len) == 0)
			first = insert->seq;
	return first == 0 ? 0 : place_before(first);
}
