/*
 * delete_table.c
 *		DeleteTable.
 */
#include "postgres.h"

#include "base/error.h"
#include "catalog/imports.h"
#include "catalog/transfers.h"
#include "keep/backup.h"
#include "keep/table_job.h"
#include "keep/transfer_job.h"
#include "log/log.h"
#include "op/op.h"
#include "op/resource_policy.h"
#include "op/stream.h"
#include "op/table_check.h"
#include "op/table_description.h"

/* A table with continuous backups leaves a backup, which nobody can delete, for so many days. */
#define KEPT_DAYS 35

/* Nothing goes on with the table, whatever its status, nor with its indexes. */
static void
check_idle(const TableView *view)
{
	ListCell   *cell;

	foreach(cell, view->indexes)
	{
		const IndexView *index = (const IndexView *) lfirst(cell);

		if (index->status != TABLE_ACTIVE)
			dyn_error(DYN_RESOURCE_IN_USE, IN_USE "Cannot delete table while indexes are being created, "
					  "updated, or deleted.");
	}
	resource_policy_check_pending(view->table);
	if (stream_is_switched(view->table))
		dyn_error(DYN_RESOURCE_IN_USE, IN_USE "Cannot delete table while stream is being enabled/disabled.");
	if (catalog_table_status(view->table) == TABLE_UPDATING)
		dyn_error(DYN_RESOURCE_IN_USE, IN_USE "Table: %s is in the process of being updated.", view->table->name);
}

/* A table that is being restored: the restore ends. */
static const TableInfo *
cancel_restore(const char *name, int len)
{
	const TableInfo *table;

	catalog_lock_name(name, len);
	table = catalog_lock_table(name, len, AccessShareLock, true);
	if (table == NULL)
		return NULL;
	table_job_interrupt(table);
	return catalog_lock_table(name, len, AccessExclusiveLock, true);
}

/* Exports and the like end with the table; what they are at is not waited for. */
static void
interrupt_transfers(const char *name, int len)
{
	const char *table_name = pnstrdup(name, len);

	if (catalog_running_transfers_of(table_name) == NIL)
		return;
	catalog_lock_name(name, len);
	if (catalog_lock_table(name, len, AccessShareLock, true) != NULL)
		transfer_job_interrupt_table(table_name);
}

void
op_delete_table(const RequestValue *request, WireWriter *response)
{
	const RequestValue *table_name = request_member(request, DeleteTableInput_TableName);
	int			len;
	const char *name = op_table_name(table_name, &len);
	const TableInfo *table = catalog_table(name, len);
	bool		is_restored;
	bool		is_kept;
	Backup	   *backup;
	TableView	view;

	/*
	 * What goes on may hold the table for long: it is refused at once, not waited for.
	 * That is all that is made of the table before it is locked.
	 */
	if (table != NULL && catalog_is_being_imported(table))
		table_refuse_in_use(TABLE_CREATING, table->name);
	is_restored = table != NULL && catalog_is_being_restored(table);
	if (table != NULL && !is_restored)
	{
		table_view_read(&view, table, false);
		check_idle(&view);
	}
	if (is_restored)
		table = cancel_restore(name, len);

	/* described first: afterwards there is nothing to count */
	if (!is_restored || table == NULL || !catalog_is_being_restored(table))
	{
		is_restored = false;
		interrupt_transfers(name, len);
		table = table_to_change(table_name, AccessExclusiveLock);
	}
	table_view_read(&view, table, true);
	if (!is_restored)
		check_idle(&view);
	if (view.definition.deletion_protection)
		dyn_invalid("Resource cannot be deleted as it is currently protected against deletion. "
					"Disable deletion protection first.");
	table_view_write_deleted(response, &view);

	/* what was asked for before and not begun yet */
	backup_here(table->name);
	table = catalog_table(name, len);
	is_kept = catalog_wants_undo(table) > 0 && !is_restored;
	backup = is_kept ? catalog_keep_deleted(table, KEPT_DAYS, view.items, view.bytes) : NULL;
	log_end_all(table);
	if (is_kept)
		catalog_move_table(table, backup->relation_name);
	else
		catalog_drop_table(table);
}
