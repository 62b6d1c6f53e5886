/*
 * log_keeper.c
 *		Starting the keeper.  A lock that it holds says that there is one.
 */
#include "postgres.h"

#include "access/xlog.h"
#include "catalog/namespace.h"
#include "miscadmin.h"
#include "postmaster/bgworker.h"
#include "storage/lock.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "log/log_keeper.h"

#define LOOK_EVERY_MS 1000

static void
keeper_tag(LOCKTAG *tag)
{
	SET_LOCKTAG_OBJECT(*tag, MyDatabaseId, get_relname_relid("ticks", get_namespace_oid("dynapg", false)), 0, 1);
}

bool
log_become_keeper(void)
{
	LOCKTAG		tag;

	keeper_tag(&tag);
	return LockAcquire(&tag, ExclusiveLock, true, true) != LOCKACQUIRE_NOT_AVAIL;
}

void
log_leave_keeper(void)
{
	LockReleaseAll(DEFAULT_LOCKMETHOD, true);
}

static bool
has_keeper(void)
{
	LOCKTAG		tag;

	keeper_tag(&tag);
	if (LockAcquire(&tag, ShareLock, false, true) == LOCKACQUIRE_NOT_AVAIL)
		return true;
	LockRelease(&tag, ShareLock, false);
	return false;
}

static void
start_keeper(void)
{
	BackgroundWorker worker = {0};
	BackgroundWorkerHandle *handle;

	strlcpy(worker.bgw_name, "dynapg keeper", BGW_MAXLEN);
	strlcpy(worker.bgw_type, "dynapg keeper", BGW_MAXLEN);
	worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker.bgw_restart_time = BGW_NEVER_RESTART;
	strlcpy(worker.bgw_library_name, "dynapg", sizeof(worker.bgw_library_name));
	strlcpy(worker.bgw_function_name, "dynapg_keeper_main", sizeof(worker.bgw_function_name));
	worker.bgw_main_arg = ObjectIdGetDatum(MyDatabaseId);
	(void) RegisterDynamicBackgroundWorker(&worker, &handle);
}

void
log_want_keeper(TimestampTz now)
{
	static TimestampTz looked_at = 0;

	if (!IsUnderPostmaster || (looked_at != 0 && !TimestampDifferenceExceeds(looked_at, now, LOOK_EVERY_MS)))
		return;
	looked_at = now;
	if (!RecoveryInProgress() && !has_keeper())
		start_keeper();
}
