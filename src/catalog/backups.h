/*
 * backups.h
 *		Which backups of tables there are: dynapg.backups, and the tables in schema dynapg_backup that hold their items.
 *
 * A backup outlives its table.  It is there while its row and its table are, or its row alone while its status is CREATING.  It
 * belongs to whom its table belongs to.
 */
#ifndef DYNAPG_BACKUPS_H
#define DYNAPG_BACKUPS_H

#include "catalog/tables.h"

/* The schema that holds the backups' tables. */
#define CATALOG_BACKUP_SCHEMA "dynapg_backup"

typedef struct Backup
{
	char	   *label;			/* 14 digits, -, 8 hexadecimal digits */
	char	   *name;
	bool		is_system;		/* of the type SYSTEM, else USER */
	bool		is_available;	/* else CREATING */
	bool		is_scheduled;	/* a schedule has made it, and deletes it */
	char	   *relation_name;
	Oid			relation;		/* InvalidOid while CREATING; one column, item */
	TimestampTz created_at;		/* whole milliseconds, those of the label */
	TimestampTz expires_at;		/* 0: never */
	int64		items;
	int64		bytes;
	TableInfo	table;			/* as it was: name, id, created_at, definition; of indexes name, global, definition */
	char	   *time_to_live;	/* the attribute by which its items expired; NULL: they did not */
} Backup;

/* What ListBackups asks for. */
typedef struct BackupFilter
{
	const char *table_name;		/* NULL: of all tables */
	const char *after_label;	/* NULL: from the first; else what comes behind this */
	const char *after_table;
	int64		from;			/* milliseconds of the epoch: from here on, and before `to` */
	int64		to;
	bool		user;			/* types */
	bool		system;
	bool		expired;		/* those that have expired, and no others of those that expire */
} BackupFilter;

/* A backup by its table's name and its label; palloc'd, NULL if there is none (any more: one that has expired is not there). */
extern Backup *catalog_backup(const char *table_name, int name_len, const char *label);

/* Backups in the order in which they were made: Backup pointers, at most limit of them. */
extern List *catalog_backups(const BackupFilter *filter, int limit);

/* The oldest backup of a table that is CREATING; NULL if there is none. */
extern Backup *catalog_pending_backup(const TableInfo *table);

extern bool catalog_has_pending_backup(const char *table_name);

/* Who owns a backup; InvalidOid if it is gone, or is CREATING and its table is gone. */
extern Oid	catalog_backup_owner(const Backup *backup);

/*
 * Writes the row of a new backup of a table, CREATING.  The caller may back the table up, holds the lock of its name, and has the table from
 * catalog_lock_table().
 */
extern Backup *catalog_begin_backup(const TableInfo *table, const char *name, bool scheduled, int64 items, int64 bytes);

/*
 * Writes the row of the SYSTEM backup that a table with continuous backups leaves when it is deleted; catalog_move_table() is to follow.  It expires
 * so many days from now.
 */
extern Backup *catalog_keep_deleted(const TableInfo *table, int days, int64 items, int64 bytes);

/* Backups that have expired, and whether any will. */
extern List *catalog_expired_backups(void);
extern bool catalog_backups_expire(void);

/* Makes the table for the items of a backup that is CREATING: it is where the table is, and its owner's. */
extern Oid	catalog_create_backup_table(const Backup *backup, const TableInfo *table);

/* A backup that is CREATING has its items, and is AVAILABLE; false if somebody has deleted it meanwhile. */
extern bool catalog_backup_available(const Backup *backup);

/* Notes why a backup could not be made yet. */
extern void catalog_backup_failed(const Backup *backup, const char *error);

/* Deletes a backup with its table; false if somebody else has. */
extern bool catalog_delete_backup(const Backup *backup);

/* The table of a backup was dropped by plain SQL, or a table of which a backup is CREATING. */
extern void catalog_forget_backup(const char *relation_name);
extern void catalog_forget_pending_backups(const TableInfo *table);

typedef struct BackupSchedule
{
	char	   *table_name;
	int			keep;			/* so many of its backups */
	Oid			owner;			/* of the table, when the schedule was made */
	TimestampTz next_run;
} BackupSchedule;

/* All schedules: BackupSchedule pointers. */
extern List *catalog_backup_schedules(void);

/* Gives a table a schedule, by its owner, in the place of the one that it has; drops one. */
extern void catalog_set_backup_schedule(const TableInfo *table, const Interval *every, int keep);
extern void catalog_drop_backup_schedule(const char *table_name);

/* A backup was ordered; something has failed, and is due again in a minute at most. */
extern void catalog_schedule_has_run(const BackupSchedule *schedule);
extern void catalog_schedule_failed(const BackupSchedule *schedule, const char *error);

#endif							/* DYNAPG_BACKUPS_H */
