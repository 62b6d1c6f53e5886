/*
 * index_entry.h
 *		What an item's entry in a secondary index is, and what a write does to it: one pure function.
 *
 * Called by writers by key (index_write.c), by the trigger for plain SQL, by backfill, by the checker, and by operations, for
 * capacity and for the errors that come before a write.
 */
#ifndef DYNAPG_INDEX_ENTRY_H
#define DYNAPG_INDEX_ENTRY_H

#include "catalog/tables.h"

/* Whether an item has an entry. */
typedef enum IndexFit
{
	INDEX_FITS,
	INDEX_ABSENT,				/* a key attribute is not there: no entry */
	INDEX_WRONG_TYPE,			/* the rest are errors on write, and no entry where they are already there */
	INDEX_EMPTY,
	INDEX_TOO_LONG
} IndexFit;

/* What does not fit: the first attribute in the order of the key. */
typedef struct IndexMisfit
{
	IndexFit	fit;			/* INDEX_WRONG_TYPE and further */
	const TableIndex *index;
	const KeyAttribute *attribute;
	bool		is_sort;
	JsonbValue	value;
} IndexMisfit;

/* An item's entry.  Where several sort attributes are too long together, that is INDEX_TOO_LONG of the last. */
typedef struct IndexEntry
{
	pg_uuid_t	hash;
	bytea	   *sort[INDEX_KEY_MAX_ATTRIBUTES];
} IndexEntry;

/* Whether and how an item fits into an index, and the key of its entry (NULL: not wanted). */
extern IndexFit index_fit(const TableIndex *index, const JsonbValue *item, IndexEntry *entry, IndexMisfit *misfit);

/*
 * Raises the service's error of a misfit.  update: the words for values that an UpdateItem computed, else those for a put.
 */
extern _Noreturn void index_raise_misfit(const IndexMisfit *misfit, bool update);

/*
 * Raises the error of the first index whose key attributes in the new item do not fit.  What was so in the old item (NULL: none)
 * already, and is the same now, is passed over.
 */
extern void index_check_item(const TableInfo *table, const JsonbValue *old, const JsonbValue *item, bool update);

/* Whether an attribute is in the index's entries, by its name as stored: a key of the index or of the table, or projected. */
extern bool index_projects(const TableInfo *table, const TableIndex *index, const char *stored, int stored_len);

/* The item as the index holds it: the item itself for PROJECT_ALL, else palloc'd. */
extern Jsonb *index_project(const TableInfo *table, const TableIndex *index, Jsonb *item);

/* What a write does to an index. */
typedef enum IndexAction
{
	INDEX_KEEP,					/* nothing: there is no entry, or it stays as it is */
	INDEX_INSERT,
	INDEX_DELETE,
	INDEX_UPDATE,				/* the same key, another projected item */
	INDEX_MOVE					/* another key: delete and insert */
} IndexAction;

typedef struct IndexChange
{
	IndexAction action;
	IndexEntry	old_entry;		/* INDEX_DELETE, INDEX_UPDATE, INDEX_MOVE */
	IndexEntry	new_entry;		/* INDEX_INSERT, INDEX_UPDATE, INDEX_MOVE */
	Jsonb	   *new_item;		/* INDEX_INSERT, INDEX_UPDATE, INDEX_MOVE: the projected item */
} IndexChange;

/*
 * The change from an old item to a new one (NULL: none), as writers carry it out: of an index that loses entries what is left of it, nothing
 * if it is not kept either.
 */
extern void index_upkeep(const TableInfo *table, const TableIndex *index, Jsonb *old, Jsonb *item, IndexChange *change);

/* The change from an old item to a new one (NULL: none).  Misfits count as no entry.  Projected items are equal if their bytes are. */
extern void index_change(const TableInfo *table, const TableIndex *index, Jsonb *old, Jsonb *item, IndexChange *change);

/*
 * The bytes that the local indexes' entries of an item take: with the item, they must stay within ITEM_MAX_SIZE.  0 if the table
 * has no local index.
 */
extern int64 index_local_size(const TableInfo *table, Jsonb *item);

#endif							/* DYNAPG_INDEX_ENTRY_H */
