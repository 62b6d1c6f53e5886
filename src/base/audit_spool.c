/*
 * audit_spool.c
 *		The file that events of the audit go through.
 *
 * A record is a line: microseconds since 2000, a blank, the event.  It has a line end on either side, so that one that was cut short by a full disk
 * does not spoil the next.  Who appends holds the file's lock shared, and who takes the file away by renaming it holds it alone; who has opened it
 * before that finds, when it has the lock, that another file or none has the name, and begins again.
 */
#include "postgres.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "common/file_perm.h"
#include "miscadmin.h"
#include "storage/fd.h"

#include "base/audit_spool.h"

#define FOLDER "dynapg_audit"	/* in the data directory */
#define MAX_SIZE (64 * 1024 * 1024)
#define MAX_ATTEMPTS 10

static void
make_path(char *path, const char *suffix)
{
	snprintf(path, MAXPGPATH, FOLDER "/%u%s", MyDatabaseId, suffix);
}

static int
open_spool(const char *path)
{
	int			fd = BasicOpenFilePerm(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, pg_file_create_mode);

	if (fd < 0 && errno == ENOENT && (mkdir(FOLDER, pg_dir_create_mode) == 0 || errno == EEXIST))
		fd = BasicOpenFilePerm(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, pg_file_create_mode);
	return fd;
}

static bool
lock_file(int fd, int how)
{
	int			result;

	do
		result = flock(fd, how);
	while (result != 0 && errno == EINTR);
	return result == 0;
}

/* Opens the file that has the name, and locks it; -1 if that cannot be done, or it is too large already. */
static int
begin_append(const char *path)
{
	for (int i = 0; i < MAX_ATTEMPTS; i++)
	{
		int			fd = open_spool(path);
		struct stat opened;
		struct stat named;

		if (fd < 0)
			return -1;
		if (lock_file(fd, LOCK_SH) && fstat(fd, &opened) == 0 && stat(path, &named) == 0 &&
			opened.st_ino == named.st_ino && opened.st_dev == named.st_dev)
		{
			if (opened.st_size < MAX_SIZE)
				return fd;
			i = MAX_ATTEMPTS;
		}
		close(fd);
	}
	return -1;
}

bool
audit_spool_append(TimestampTz at, const char *line, int len)
{
	char		path[MAXPGPATH];
	char		head[32];
	struct iovec parts[3];
	ssize_t		wanted = 0;
	bool		written;
	int			fd;

	make_path(path, "");
	fd = begin_append(path);
	if (fd < 0)
		return false;
	snprintf(head, sizeof(head), "\n" INT64_FORMAT " ", at);
	parts[0] = (struct iovec) {head, strlen(head)};
	parts[1] = (struct iovec) {unconstify(char *, line), len};
	parts[2] = (struct iovec) {"\n", 1};
	for (int i = 0; i < lengthof(parts); i++)
		wanted += parts[i].iov_len;
	written = writev(fd, parts, lengthof(parts)) == wanted;
	close(fd);
	return written;
}

bool
audit_spool_has_events(void)
{
	char		path[MAXPGPATH];
	struct stat status;

	make_path(path, ".taken");
	if (stat(path, &status) == 0)
		return true;
	make_path(path, "");
	return stat(path, &status) == 0 && status.st_size > 0;
}

const char *
audit_spool_take(void)
{
	char		path[MAXPGPATH];
	char		taken[MAXPGPATH];
	struct stat status;
	bool		renamed;
	int			fd;

	make_path(path, "");
	make_path(taken, ".taken");
	if (stat(taken, &status) == 0)
		return pstrdup(taken);
	if (stat(path, &status) != 0 || status.st_size == 0)
		return NULL;
	fd = BasicOpenFilePerm(path, O_WRONLY | O_CLOEXEC, pg_file_create_mode);
	if (fd < 0)
		return NULL;
	renamed = lock_file(fd, LOCK_EX) && rename(path, taken) == 0;
	close(fd);
	return renamed ? pstrdup(taken) : NULL;
}

void
audit_spool_remove(const char *path)
{
	if (unlink(path) != 0 && errno != ENOENT)
		ereport(WARNING,
				(errcode_for_file_access(),
				 errmsg("could not remove file \"%s\": %m", path)));
}
