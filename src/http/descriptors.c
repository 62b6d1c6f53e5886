/*
 * descriptors.c
 *		How many sockets a worker may have open beside PostgreSQL's own files.
 *
 * PostgreSQL's fd.c takes up to max_safe_fds descriptors and knows nothing of ours: what is left of RLIMIT_NOFILE is for connections.
 * That may be next to nothing, since max_files_per_process is 1000 and the limit often 1024; then the limit is raised as far as the
 * system allows (its soft limit is for programs that use select()), and of what is still missing fd.c gives up a quarter of its own.
 * It is told with ReserveExternalFD(), and closes files that it can open again.
 */
#include "postgres.h"

#include <sys/resource.h>

#include "storage/fd.h"

#include "http/http.h"

#define OTHER_DESCRIPTORS 32	/* open without fd.c: pipes, the latch, epoll, what fd.c keeps free, libraries */
#define ROOM_SHARE 8			/* one in so many of the connections that may be is kept free of idle ones */
#define FD_SHARE 4				/* a third is the most that fd.c gives to all who ask: postgres_fdw, WaitEventSets, us */

static int	allowed;			/* connections */
static int	unreserved;			/* how many of them fd.c need not be told of; may be negative */
static int	taken;
static int	reserved;

/* The limit on open files, raised to what is wanted if that is possible. */
static int
raised_limit(int wanted)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return wanted;
	if (limit.rlim_cur != RLIM_INFINITY && limit.rlim_cur < (rlim_t) wanted)
	{
		rlim_t		before = limit.rlim_cur;

		limit.rlim_cur = limit.rlim_max == RLIM_INFINITY ? (rlim_t) wanted : Min((rlim_t) wanted, limit.rlim_max);
		if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
			limit.rlim_cur = before;
	}
	return limit.rlim_cur == RLIM_INFINITY ? wanted : (int) Min((rlim_t) wanted, limit.rlim_cur);
}

/* Tells fd.c of as many as it must give up for those that are taken. */
static void
settle(void)
{
	int			due = Min(Max(taken - unreserved, 0), max_safe_fds / FD_SHARE);

	for (; reserved < due; reserved++)
		ReserveExternalFD();
	for (; reserved > due; reserved--)
		ReleaseExternalFD();
}

void
descriptors_start(int listeners)
{
	int			wanted = endpoint->settings->max_connections;
	int			others = max_safe_fds + OTHER_DESCRIPTORS + listeners;

	unreserved = raised_limit(others + wanted) - others;
	allowed = Min(wanted, Max(unreserved + max_safe_fds / FD_SHARE, 1));
	settle();
	if (allowed < wanted)
		ereport(LOG,
				(errmsg("dynapg worker accepts %d connections, not the %d of dynapg.max_connections", allowed, wanted),
				 errdetail("The system allows %d open files, of which PostgreSQL may use %d.", unreserved + others, max_safe_fds),
				 errhint("Raise the hard limit on open files (ulimit -Hn, LimitNOFILE), or lower max_files_per_process.")));
}

bool
descriptors_left(void)
{
	return taken < allowed;
}

int
descriptors_missing(void)
{
	return Max(taken - (allowed - allowed / ROOM_SHARE), 0);
}

void
descriptors_take(void)
{
	taken++;
	settle();
}

void
descriptors_give(void)
{
	taken--;
	settle();
}
