/*
 * transfers.h
 *		Exports, imports, bulk puts and copies: dynapg.transfers and dynapg.transfer_parts.
 *
 * A transfer is a row, made in the transaction of the request, and a process that works on it (keep/transfer_job.h) until the row has
 * an end.  Whatever the process has done is committed together with the position that says so, in the row or in one of its parts, so that
 * it may die at any moment and another one goes on.
 */
#ifndef DYNAPG_TRANSFERS_H
#define DYNAPG_TRANSFERS_H

#include "utils/jsonb.h"
#include "utils/uuid.h"

#include "catalog/tables.h"

typedef enum TransferKind
{
	TRANSFER_EXPORT,
	TRANSFER_IMPORT,
	TRANSFER_BULK_PUT,
	TRANSFER_COPY_FROM,
	TRANSFER_COPY_TO
} TransferKind;

typedef enum TransferStatus
{
	TRANSFER_IN_PROGRESS,
	TRANSFER_CANCELLING,
	TRANSFER_CANCELLED,
	TRANSFER_COMPLETED,
	TRANSFER_COMPLETED_WITH_ERRORS,
	TRANSFER_FAILED
} TransferStatus;

/* What has been counted, of a transfer or of a part of one; in catalog_advance_*() what is to be added. */
typedef struct TransferCounts
{
	int64		items;			/* read */
	int64		written;
	int64		errors;
	int64		bytes;			/* uncompressed */
} TransferCounts;

typedef struct Transfer
{
	char	   *id;				/* 14 digits, -, 8 hexadecimal digits */
	TransferKind kind;
	TransferStatus status;
	char	   *table_name;
	bool		has_table_id;
	pg_uuid_t	table_id;
	Oid			owner;			/* may be a role that is gone */
	char	   *phase;
	char	   *client_token;	/* NULL: none */
	Jsonb	   *request;
	Jsonb	   *state;
	TimestampTz started_at;		/* whole milliseconds, those of the id */
	TimestampTz ended_at;		/* 0: it goes on */
	TransferCounts counts;
	int			attempts;
	char	   *failure_code;	/* NULL: none */
	char	   *failure_message;
} Transfer;

typedef struct TransferPart
{
	int			part;
	char	   *name;
	int64		size;			/* -1: not known */
	int64		position;
	Jsonb	   *state;
	bool		done;
	TransferCounts counts;
} TransferPart;

/*
 * Writes the row of a new transfer, which the current user owns.  client_token may be NULL; else catalog_transfer_of_token() comes
 * before.  table_id may be NULL.  Returns the row; palloc'd.
 */
extern Transfer *catalog_begin_transfer(TransferKind kind, const char *table_name, const pg_uuid_t *table_id, const char *client_token,
										Jsonb *request, Jsonb *state);

/* A token stands for its transfer for so many hours (the service's rule, of all kinds). */
#define TRANSFER_TOKEN_HOURS 8

/*
 * The newest transfer of a kind and of the current user's that was begun with a token within TRANSFER_TOKEN_HOURS; NULL if there is none.  Waits
 * for who is about to begin one with it, and keeps others from that until the transaction ends.
 */
extern Transfer *catalog_transfer_of_token(TransferKind kind, const char *client_token);

/*
 * A transfer by its id as it is now, whatever the transaction's snapshot; palloc'd, NULL if there is none.  _for_update: with its row
 * locked.  Who locks its table too locks that first.
 */
extern Transfer *catalog_transfer(const char *id);
extern Transfer *catalog_transfer_for_update(const char *id);

/* EXPORT, IN_PROGRESS ... */
extern const char *catalog_transfer_kind_name(TransferKind kind);
extern const char *catalog_transfer_status_name(TransferStatus status);

/*
 * Transfers of a kind, newest first, that come after an id in this order (NULL: from the first); of one table, or of all (NULL): Transfer
 * pointers, at most limit.
 */
extern List *catalog_transfers(TransferKind kind, const char *table_name, const char *after_id, int limit);

/* Those of a kind that go on, as they are now, whatever the transaction's snapshot: Transfer pointers. */
extern List *catalog_running_transfers_of_kind(TransferKind kind);

/* The OID of dynapg.transfers, for locks. */
extern Oid	catalog_transfers_oid(void);

/* The ids of all transfers that go on, oldest first, or of those of tables of a name: char pointers. */
extern List *catalog_running_transfers(void);
extern List *catalog_running_transfers_of(const char *table_name);

/* Changes behind this number are needed by exports that go on; PG_INT64_MAX: none are. */
extern int64 catalog_exports_need(void);

/* Whether one of a kind goes on for a table. */
extern bool catalog_table_is_in_transfer(TransferKind kind, const char *table_name);

/* What it is at, and state (NULL: as it was); an error if the row is gone. */
extern void catalog_set_transfer_state(const char *id, const char *phase, Jsonb *state);

/* Adds to the counts of a transfer. */
extern void catalog_advance_transfer(const char *id, const TransferCounts *more);

/*
 * Ends a transfer, unless it has ended; code and message are NULL unless it FAILED.  Parts stay, for those who describe it.
 */
extern void catalog_end_transfer(const char *id, TransferStatus status, const char *failure_code, const char *failure_message);

/* Something failed that may pass; returns how many times in a row, 0 if the transfer is gone.  catalog_transfer_works: it goes on well. */
extern int	catalog_transfer_stumbled(const char *id, const char *error);
extern void catalog_transfer_works(const char *id);

/* Asks for its end: IN_PROGRESS becomes CANCELLING; false if it has ended. */
extern bool catalog_cancel_transfer(const char *id);

/*
 * The table of these transfers is dropped: they have FAILED (TableNotFound).  Waits for the short transactions of their processes.
 */
extern void catalog_end_transfers_of(const TableInfo *table);

/* Deletes rows whose end is 90 days ago. */
extern void catalog_forget_old_transfers(void);

/* Parts, in their order: TransferPart pointers.  To add one that is there already is no error, and changes nothing. */
extern void catalog_add_transfer_part(const char *id, int part, const char *name, int64 size, Jsonb *state);
extern List *catalog_transfer_parts(const char *id, bool not_done);

/* The first part behind a number (-1: of all) that is not done; NULL if there is none. */
extern TransferPart *catalog_next_transfer_part(const char *id, int after);

/* Moves a part on and adds to its counts, and to its transfer's; more NULL: nothing to add; state NULL: as it was. */
extern void catalog_advance_transfer_part(const char *id, int part, int64 position, bool done, Jsonb *state, const TransferCounts *more);

/* Deletes a part of a transfer that goes on, which has nothing to tell any more. */
extern void catalog_forget_transfer_part(const char *id, int part);

#endif							/* DYNAPG_TRANSFERS_H */
