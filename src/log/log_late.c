/*
 * log_late.c
 *		The places of late events.
 */
#include "postgres.h"

#include "access/xact.h"
#include "commands/trigger.h"
#include "common/hashfn.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"

#include "base/varlena.h"
#include "log/log_late.h"

typedef struct NoteKey
{
	pg_uuid_t	hash;
	uint64		sort;			/* its digest */
	Oid			relation;
	uint32		zero;			/* no padding */
} NoteKey;

typedef struct Note
{
	struct Note *earlier;		/* the next of the same NoteKey, by moments */
	LogMoment	moment;
	int64		seq;
	int			sort_len;
	char		sort[FLEXIBLE_ARRAY_MEMBER];
} Note;

typedef struct NoteList
{
	NoteKey		key;			/* first */
	Note	   *latest;
} NoteList;

/* In the transaction's memory; NULL until there is a note. */
static HTAB *notes;

static void
forget_notes(XactEvent event, void *argument)
{
	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT || event == XACT_EVENT_PREPARE)
		notes = NULL;
}

static void
make_notes(void)
{
	static bool registered;
	HASHCTL		control = {.keysize = sizeof(NoteKey), .entrysize = sizeof(NoteList), .hcxt = TopTransactionContext};

	if (!registered)
		RegisterXactCallback(forget_notes, NULL);
	registered = true;
	notes = hash_create("dynapg changes with late events", 64, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

/* One reference is the writer's own. */
bool
log_may_be_early(Relation relation)
{
	return relation->rd_refcnt > 1 && AfterTriggerPendingOnRel(RelationGetRelid(relation));
}

/* Whether a foreign key's cascade may write to a table.  It leaves its events to the statement that has caused it, the table closed. */
static bool
has_foreign_key(Relation relation)
{
	TriggerDesc *triggers = relation->trigdesc;

	for (int i = 0; triggers != NULL && i < triggers->numtriggers; i++)
		if (RI_FKey_trigger_type(triggers->triggers[i].tgfoid) == RI_TRIGGER_FK)
			return true;
	return false;
}

bool
log_event_may_be_early(Relation relation)
{
	return relation->rd_refcnt > 1 || has_foreign_key(relation);
}

static NoteKey
note_key(Oid relation, const pg_uuid_t *hash, const bytea *sort)
{
	NoteKey		key = {*hash, hash_bytes_extended((const unsigned char *) VARDATA_ANY(sort), VARSIZE_ANY_EXHDR(sort), 0), relation};

	return key;
}

static bool
is_of_sort(const Note *note, const bytea *sort)
{
	return note->sort_len == VARSIZE_ANY_EXHDR(sort) && memcmp(note->sort, VARDATA_ANY(sort), note->sort_len) == 0;
}

void
log_note(Oid relation, const pg_uuid_t *hash, const bytea *sort, LogMoment moment, int64 seq)
{
	int			sort_len = VARSIZE_ANY_EXHDR(sort);
	NoteKey		key = note_key(relation, hash, sort);
	NoteList   *list;
	Note	  **later;
	Note	   *note;
	bool		found;

	if (notes == NULL)
		make_notes();
	list = (NoteList *) hash_search(notes, &key, HASH_ENTER, &found);
	if (!found)
		list->latest = NULL;
	note = (Note *) MemoryContextAlloc(TopTransactionContext, offsetof(Note, sort) + sort_len);
	note->moment = moment;
	note->seq = seq;
	note->sort_len = sort_len;
	memcpy(note->sort, VARDATA_ANY(sort), sort_len);
	for (later = &list->latest; *later != NULL && (*later)->moment > moment; later = &(*later)->earlier)
		;
	note->earlier = *later;
	*later = note;
}

int64
log_next_noted(Oid relation, const pg_uuid_t *hash, const bytea *sort, LogMoment moment, LogMoment *next)
{
	NoteKey		key = note_key(relation, hash, sort);
	const NoteList *list;
	int64		seq = 0;

	if (notes == NULL || (list = (const NoteList *) hash_search(notes, &key, HASH_FIND, NULL)) == NULL)
		return 0;
	for (const Note *note = list->latest; note != NULL && note->moment > moment; note = note->earlier)
		if (is_of_sort(note, sort))
		{
			seq = note->seq;
			*next = note->moment;
		}
	return seq;
}

LogPlace
log_place_before(int64 seq, int distance)
{
	if ((seq - 1) % LOG_STEP < distance)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("an item was changed more than %d times by triggers of one statement", LOG_STEP - 1),
				 errdetail("Its changes cannot be put into their order in the change log.")));
	return seq - distance;
}
