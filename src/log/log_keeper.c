/*
 * log_keeper.c
 *		Starting the keeper.  A lock that it holds says that there is one.
 */
#include "postgres.h"

#include "access/xact.h"
#include "access/xlog.h"
#include "miscadmin.h"
#include "postmaster/bgworker.h"
#include "storage/lock.h"
#include "utils/timestamp.h"

#include "base/settings.h"
#include "log/log_horizon.h"
#include "log/log_keeper.h"

#define LOOK_EVERY_MS 1000

/* What a keeper was started for: as it is told in bgw_extra. */
#define STAYS	'\0'
#define IS_SENT	's'

/*
 * Two locks of the session tell of a keeper.  One makes it the only one, and nobody else touches it; the other is its sign to those who
 * would start one, and is shared among them for the moment in which they look.  They are of the database and not of the extension, which
 * may be dropped and made again, and of the method of user locks: an error of the keeper's does not release these.
 */
typedef enum KeeperLock
{
	KEEPER_ALONE = 1,
	KEEPER_SIGN
} KeeperLock;

static LOCKTAG
keeper_tag(Oid database, KeeperLock lock)
{
	return (LOCKTAG) {
		.locktag_field1 = database,
		.locktag_field2 = LOG_NOT_A_LOG,
		.locktag_field3 = (uint32) lock,
		.locktag_type = LOCKTAG_USERLOCK,
		.locktag_lockmethodid = USER_LOCKMETHOD
	};
}

bool
log_become_keeper(void)
{
	LOCKTAG		alone = keeper_tag(MyDatabaseId, KEEPER_ALONE);
	LOCKTAG		sign = keeper_tag(MyDatabaseId, KEEPER_SIGN);

	if (LockAcquire(&alone, ExclusiveLock, true, true) == LOCKACQUIRE_NOT_AVAIL)
		return false;
	(void) LockAcquire(&sign, ExclusiveLock, true, false);
	return true;
}

void
log_leave_keeper(void)
{
	for (int lock = KEEPER_SIGN; lock >= KEEPER_ALONE; lock--)
	{
		LOCKTAG		tag = keeper_tag(MyDatabaseId, (KeeperLock) lock);

		(void) LockRelease(&tag, ExclusiveLock, true);
	}
}

int
log_keeper_pid(Oid database)
{
	LOCKTAG		tag = keeper_tag(database, KEEPER_ALONE);
	LockData   *locks = GetLockStatusData();

	for (int i = 0; i < locks->nelements; i++)
		if (memcmp(&locks->locks[i].locktag, &tag, sizeof(tag)) == 0)
			return locks->locks[i].pid;
	return 0;
}

static bool
has_keeper(void)
{
	LOCKTAG		tag = keeper_tag(MyDatabaseId, KEEPER_SIGN);

	if (LockAcquire(&tag, ShareLock, false, true) == LOCKACQUIRE_NOT_AVAIL)
		return true;
	LockRelease(&tag, ShareLock, false);
	return false;
}

static bool
start_keeper(Oid database, char errand, BackgroundWorkerHandle **handle)
{
	BackgroundWorker worker = {0};

	strlcpy(worker.bgw_name, "dynapg keeper", BGW_MAXLEN);
	strlcpy(worker.bgw_type, "dynapg keeper", BGW_MAXLEN);
	worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker.bgw_restart_time = BGW_NEVER_RESTART;
	strlcpy(worker.bgw_library_name, "dynapg", sizeof(worker.bgw_library_name));
	strlcpy(worker.bgw_function_name, "dynapg_keeper_main", sizeof(worker.bgw_function_name));
	worker.bgw_main_arg = ObjectIdGetDatum(database);
	worker.bgw_extra[0] = errand;
	worker.bgw_notify_pid = errand != STAYS ? MyProcPid : 0;
	return RegisterDynamicBackgroundWorker(&worker, handle);
}

bool
log_send_keeper(Oid database, BackgroundWorkerHandle **handle)
{
	return start_keeper(database, IS_SENT, handle);
}

bool
log_keeper_is_sent(void)
{
	return MyBgworkerEntry->bgw_extra[0] == IS_SENT;
}

void
log_want_keeper(TimestampTz now)
{
	static TimestampTz looked_at = 0;
	BackgroundWorkerHandle *handle;

	if (!IsUnderPostmaster || IsBinaryUpgrade || XactReadOnly || (looked_at != 0 && !TimestampDifferenceExceeds(looked_at, now, LOOK_EVERY_MS)))
		return;
	looked_at = now;
	if (!RecoveryInProgress() && !has_keeper())
		(void) start_keeper(MyDatabaseId, STAYS, &handle);
}

void
log_want_sweeper(TimestampTz now)
{
	if (dynapg_expire_interval > 0)
		log_want_keeper(now);
}
