/*
 * backup.h
 *		What the operations on backups share: ARNs and descriptions.
 */
#ifndef DYNAPG_OP_BACKUP_H
#define DYNAPG_OP_BACKUP_H

#include "catalog/backups.h"
#include "op/arn.h"
#include "op/request.h"

/* arn:aws:dynamodb:<region>:<account>:table/<table>/backup/<label>; palloc'd. */
extern char *backup_arn(const Backup *backup);

/* Takes the ARN of a backup of this account apart; ValidationException, or AccessDeniedException, if it is none. */
extern void backup_parse_arn(const RequestValue *text, TablePartArn *arn);

/* The backup of a BackupArn member, whatever its Region; BackupNotFoundException if there is none. */
extern Backup *backup_of_request(const RequestValue *arn);

extern _Noreturn void backup_raise_not_found(const RequestValue *arn);

/* AccessDeniedException unless the current user has the privileges of the backup's owner. */
extern void backup_require_owner(const Backup *backup, const char *arn);

/*
 * A restore from a backup begins, in this transaction: BackupInUseException if another one goes on, and BackupNotFoundException if the backup has
 * been deleted.  backup_begin_delete: the same for its deletion.  Both exclude each other until the transaction ends.
 */
extern void backup_begin_restore(const Backup *backup, const RequestValue *arn);
extern void backup_begin_delete(const Backup *backup, const RequestValue *arn);

/* Writes the member BackupDetails, under the ARN that the caller knows. */
extern void backup_write_details(WireWriter *response, const Backup *backup, const char *arn, const char *status);

/* Writes the whole answer of DescribeBackup and DeleteBackup. */
extern void backup_write_description(WireWriter *response, const Backup *backup, const char *arn, const char *status);

/* Its status, USER or SYSTEM; and the members that details and summaries have at other places. */
extern const char *backup_status(const Backup *backup);
extern const char *backup_type(const Backup *backup);
extern void backup_write_integer(WireWriter *response, const char *name, int64 value);
extern void backup_write_time(WireWriter *response, const char *name, TimestampTz time);
extern void backup_write_table_names(WireWriter *response, const Backup *backup);

#endif							/* DYNAPG_OP_BACKUP_H */
