/*
 * sync_wait.c
 *		Waiting for synchronous standbys, beside the commits that do.
 */
#include "postgres.h"

#include "access/xact.h"
#include "access/xlog.h"
#include "access/xloginsert.h"
#include "catalog/pg_control.h"
#include "miscadmin.h"
#include "replication/walsender.h"

#include "base/sync_wait.h"

/* The end of a record that is nobody else's, and says nothing. */
static XLogRecPtr
insert_place(void)
{
	char		nothing = 0;

	XLogBeginInsert();
	XLogSetRecordFlags(XLOG_MARK_UNIMPORTANT);
	XLogRegisterData(&nothing, sizeof(nothing));
	return XLogInsert(RM_XLOG_ID, XLOG_NOOP);
}

/* PostgreSQL tells nobody but the client, by a warning, that a wait was broken off. */
static void
note_warning(void *argument)
{
	*(bool *) argument = true;
}

static void
wait_or_fail(XLogRecPtr place)
{
	bool		warned = false;
	ErrorContextCallback callback = {error_context_stack, note_warning, &warned};

	error_context_stack = &callback;
	HOLD_INTERRUPTS();
	SyncRepWaitForLSN(place, false);
	RESUME_INTERRUPTS();
	error_context_stack = callback.previous;
	CHECK_FOR_INTERRUPTS();
	if (warned)
		ereport(ERROR,
				(errcode(ERRCODE_QUERY_CANCELED),
				 errmsg("canceling statement, since what it has read may not be on the synchronous standbys")));
}

void
sync_wait_for_all(void)
{
	bool		waits = SyncRepRequested() && SyncRepStandbyNames != NULL && SyncRepStandbyNames[0] != '\0';
	XLogRecPtr	place = waits ? insert_place() : GetXLogInsertEndRecPtr();

	XLogFlush(place);
	if (waits)
		wait_or_fail(place);
}
