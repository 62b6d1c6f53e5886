/*
 * restores.h
 *		Tables that are being restored: dynapg.restores.
 *
 * A table that is being restored is CREATING without an end (catalog_is_being_restored()) until all its items and indexes are there.
 */
#ifndef DYNAPG_RESTORES_H
#define DYNAPG_RESTORES_H

#include "catalog/tables.h"

typedef struct TableRestore
{
	Oid			relation;		/* the item table that gets the items */
	char	   *table_name;
	char	   *source_table;	/* the table's name that had them */
	char	   *backup_arn;		/* NULL: it is restored to a point in time */
	TimestampTz restore_time;	/* RestoreDateTime */
	Oid			source;			/* the relation that has them, with a column item; it may be gone */
	int32		log;			/* the undo log that makes them those of the point in time; 0: they are as they are */
	int64		horizon;		/* changes up to this number are part of it */
	char	   *snapshot;		/* and those of transactions visible in this pg_snapshot; NULL if there is no log */
	bool		filled;			/* the items are there */
	int			attempts;		/* that have failed */
	bool		failed;			/* nothing more is tried */
} TableRestore;

/* Whether a table is being restored; its row may be gone where it has come by a dump. */
#define catalog_is_being_restored(table) ((table)->change == TABLE_CREATING && TIMESTAMP_IS_NOEND((table)->change_ends))

/*
 * Writes the row of a restore, of a table that the caller has created in this transaction, and makes the table CREATING until
 * catalog_end_restore().
 */
extern void catalog_begin_restore(const TableInfo *table, const TableRestore *restore);

/* The restore of a table, palloc'd; NULL if there is none. */
extern TableRestore *catalog_restore(Oid relation);

/* Whether a table is being restored from the backup of an ARN. */
extern bool catalog_is_restored_from(const char *backup_arn);

/* Whether a relation is what a table is being restored from. */
extern bool catalog_is_restore_source(Oid relation);

/* All items are there. */
extern void catalog_restore_filled(Oid relation, int64 items);

/* An attempt has failed, and, if it was the last one, the restore. */
extern void catalog_restore_failed(Oid relation, const char *failure, bool last);

/* A restore that has failed is to be tried again; false if it has not. */
extern bool catalog_retry_restore(Oid relation);

/* The table is whole: ACTIVE from the commit on.  The caller holds catalog_lock_name(). */
extern void catalog_end_restore(const TableInfo *table);

/* The number behind which rows of undo logs are needed by restores that go on, and have not failed; PG_INT64_MAX if there are none. */
extern int64 catalog_restores_need(void);

#endif							/* DYNAPG_RESTORES_H */
