/*
 * directory_store.c
 *		Buckets that are folders below dynapg.export_directory.
 *
 * A key is a path below the bucket's folder.  It is walked component by component, each opened relative to the one before and never
 * through a link, so that neither a key nor what somebody puts into the folder leads out of it.
 *
 * An object is written to a temporary file beside its place, whose name no key may have, and renamed when it is complete and on disk.
 * The writer holds a lock on the file (flock): one that nobody holds a lock on was left behind by a process that has died, and is removed
 * by the next writer in the folder.
 */
#include "postgres.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "storage/fd.h"
#include "utils/memutils.h"

#include "transfer/object_store.h"
#include "transfer/transfer.h"

#define TEMPORARY_PREFIX ".dynapg-"
#define MAX_KEY_LENGTH	1024	/* the service's */
#define MAX_DEPTH		64
#define BUFFER_SIZE		(128 * 1024)
#define FLUSH_BYTES		(16 * 1024 * 1024)	/* dirty pages are handed to the disk after so many */

/* A descriptor that is closed with its memory context. */
typedef struct Descriptor
{
	int			fd;				/* -1: closed */
	MemoryContextCallback callback;
} Descriptor;

typedef struct DirectoryStore
{
	ObjectStore base;
	MemoryContext context;
	Descriptor	folder;
	mode_t		mode;			/* of the bucket's folder; those of its folders and files are like it */
	char	   *cleaned;		/* the folder that was looked through for abandoned files last; NULL: none */
} DirectoryStore;

typedef struct DirectoryReader
{
	ObjectReader base;
	MemoryContext context;
	Descriptor	file;
	char	   *key;
	char	   *etag;			/* when it was opened */
} DirectoryReader;

typedef struct DirectoryWriter
{
	ObjectWriter base;
	MemoryContext context;
	Descriptor	folder;
	Descriptor	file;
	MemoryContextCallback callback; /* called before those of the descriptors */
	char	   *key;
	const char *name;			/* in the folder: the end of key */
	char		temporary[64];	/* empty: there is none any more */
	off_t		written;
	off_t		flushed;
	int			used;
	char		buffer[BUFFER_SIZE];
} DirectoryWriter;

/* ------------------------------------------------------------------------------------------------------------
 * Descriptors and errors
 * ------------------------------------------------------------------------------------------------------------ */

static void
close_descriptor(void *argument)
{
	Descriptor *descriptor = (Descriptor *) argument;

	if (descriptor->fd >= 0)
	{
		close(descriptor->fd);
		ReleaseExternalFD();
	}
	descriptor->fd = -1;
}

/* Makes room for a descriptor in a structure of a context; nothing may fail between the opening and keep_descriptor(). */
static void
prepare_descriptor(Descriptor *descriptor, MemoryContext context)
{
	descriptor->fd = -1;
	descriptor->callback.func = close_descriptor;
	descriptor->callback.arg = descriptor;
	MemoryContextRegisterResetCallback(context, &descriptor->callback);
}

static void
keep_descriptor(Descriptor *descriptor, int fd)
{
	descriptor->fd = fd;
	ReserveExternalFD();
}

static _Noreturn void
refuse(const DirectoryStore *store, const char *key, const char *why)
{
	object_store_fail(S3_ACCESS_DENIED, NULL, NULL, psprintf("Key \"%s\" of bucket \"%s\": %s.", key, store->base.bucket, why));
}

/* Raises what the system has said (errno) of an object. */
static _Noreturn void
raise_system_error(const DirectoryStore *store, const char *key, const char *verb)
{
	int			error = errno;
	char	   *detail = psprintf("Could not %s object \"%s\" of bucket \"%s\": %s.", verb, key, store->base.bucket, pg_strerror(error));

	switch (error)
	{
		case ENOENT:
			object_store_fail(404, "NoSuchKey", "The specified key does not exist.", NULL, NULL, detail);
		case ENOTDIR:
		case ELOOP:
		case ENXIO:
			refuse(store, key, "a link, a special file, or a file for a folder is in its way");
		case EACCES:
		case EPERM:
		case EROFS:
			object_store_fail(S3_ACCESS_DENIED, NULL, NULL, detail);
		case EISDIR:
		case EEXIST:
		case ENOTEMPTY:
			refuse(store, key, "it is a folder");
		case ENAMETOOLONG:
			object_store_fail(400, "KeyTooLongError", "Your key is too long", NULL, NULL, detail);
		case ENOSPC:
		case EDQUOT:
		case EFBIG:
			transfer_fail("StorageFull", "Could not %s object \"%s\" of bucket \"%s\": %s", verb, key, store->base.bucket,
						  pg_strerror(error));
		default:
			errno = error;
			ereport(ERROR,
					(errcode_for_file_access(),
					 errmsg("could not %s object \"%s\" of bucket \"%s\": %m", verb, key, store->base.bucket)));
	}
	pg_unreachable();
}

/* ------------------------------------------------------------------------------------------------------------
 * Paths
 * ------------------------------------------------------------------------------------------------------------ */

static bool
is_temporary(const char *name)
{
	return strncmp(name, TEMPORARY_PREFIX, strlen(TEMPORARY_PREFIX)) == 0;
}

static bool
is_sound_component(const char *component, size_t len)
{
	return len > 0 && !(len == 1 && component[0] == '.') && !(len == 2 && component[0] == '.' && component[1] == '.') &&
		!is_temporary(component);
}

/* Refuses keys that are no path below the bucket. */
static void
check_key(const DirectoryStore *store, const char *key)
{
	if (strlen(key) > MAX_KEY_LENGTH)
	{
		errno = ENAMETOOLONG;
		raise_system_error(store, key, "open");
	}
	for (const char *component = key;;)
	{
		size_t		len = strcspn(component, "/");

		if (len > NAME_MAX)
		{
			errno = ENAMETOOLONG;
			raise_system_error(store, key, "open");
		}
		if (!is_sound_component(component, len))
			refuse(store, key, "it is not a path of plain names");
		component += len;
		if (*component == '\0')
			return;
		component++;
	}
}

/* Opens a folder within another one, or says why not in errno and returns -1. */
static int
open_folder(int folder, const char *name)
{
	return openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* Makes entries of a folder durable; some file systems do not do that, and say so. */
static bool
sync_folder(int folder)
{
	return pg_fsync(folder) == 0 || errno == EBADF || errno == EINVAL;
}

/* Makes a folder like the bucket's, if it is not there; false: errno says why not. */
static bool
make_folder(const DirectoryStore *store, int folder, const char *name)
{
	int			made;
	bool		done;

	if (mkdirat(folder, name, S_IRWXU) < 0)
		return errno == EEXIST;
	made = open_folder(folder, name);
	if (made < 0)
		return false;
	done = fchmod(made, (store->mode & 0777) | S_IRWXU) == 0 && sync_folder(made) && sync_folder(folder);
	close(made);
	return done;
}

/*
 * Opens the folder of a key that was checked, and makes it if need be; name is the key's last component then.  Returns -1, with errno, if that
 * is not possible.
 */
static int
open_folder_of(const DirectoryStore *store, const char *key, bool make, const char **name)
{
	int			folder = fcntl(store->folder.fd, F_DUPFD_CLOEXEC, 0);
	const char *slash;

	while (folder >= 0 && (slash = strchr(key, '/')) != NULL)
	{
		char		component[NAME_MAX + 1];
		int			next = -1;
		int			error;

		memcpy(component, key, slash - key);
		component[slash - key] = '\0';
		if (!make || make_folder(store, folder, component))
			next = open_folder(folder, component);
		error = errno;
		close(folder);
		errno = error;
		folder = next;
		key = slash + 1;
	}
	*name = key;
	return folder;
}

static char *
etag_of(const struct stat *file)
{
	return psprintf("%llx-%llx-%llx", (long long) file->st_ino, (long long) file->st_size,
					(long long) file->st_mtim.tv_sec * 1000000000 + file->st_mtim.tv_nsec);
}

/* ------------------------------------------------------------------------------------------------------------
 * Lists
 * ------------------------------------------------------------------------------------------------------------ */

typedef struct Listing
{
	DirectoryStore *store;
	const char *prefix;
	size_t		prefix_len;
	StringInfoData path;		/* of the folder at hand: empty, or with a slash at its end */
	int			depth;
	List	   *objects;
} Listing;

static void list_folder(Listing *listing, int folder);

/* Whether keys that begin so may begin with the prefix. */
static bool
may_match(const Listing *listing, const char *path, size_t len)
{
	return strncmp(path, listing->prefix, Min(len, listing->prefix_len)) == 0;
}

static void
list_object(Listing *listing, const struct stat *file)
{
	ObjectInfo *object = (ObjectInfo *) palloc(sizeof(ObjectInfo));

	if (list_length(listing->objects) >= OBJECTS_MAX)
		transfer_fail("TooManyObjects", "More than %d objects of bucket \"%s\" begin with \"%s\"", OBJECTS_MAX,
					  listing->store->base.bucket, listing->prefix);
	object->key = pnstrdup(listing->path.data, listing->path.len);
	object->size = file->st_size;
	object->etag = etag_of(file);
	listing->objects = lappend(listing->objects, object);
}

static void
list_subfolder(Listing *listing, int folder, const char *name)
{
	int			subfolder;

	if (++listing->depth > MAX_DEPTH)
		refuse(listing->store, listing->path.data, "its folders are too deep");
	subfolder = open_folder(folder, name);
	if (subfolder < 0)
		raise_system_error(listing->store, listing->path.data, "list");
	appendStringInfoChar(&listing->path, '/');
	list_folder(listing, subfolder);
	listing->depth--;
}

/* An entry of a folder: it, or what is below it, is listed if it matches. */
static void
list_entry(Listing *listing, int folder, const char *name)
{
	int			path_len = listing->path.len;
	struct stat file;

	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || is_temporary(name))
		return;
	appendStringInfoString(&listing->path, name);
	if (may_match(listing, listing->path.data, listing->path.len))
	{
		bool		matches = listing->path.len >= listing->prefix_len;
		bool		leads = matches || listing->prefix[listing->path.len] == '/';	/* what is below it may match */

		if (!pg_verifymbstr(name, strlen(name), true))
			refuse(listing->store, "?", "its name is not in the database's encoding");
		if (fstatat(folder, name, &file, AT_SYMLINK_NOFOLLOW) < 0)
		{
			if (errno != ENOENT)
				raise_system_error(listing->store, listing->path.data, "list");
		}
		else if (S_ISDIR(file.st_mode))
		{
			if (leads)
				list_subfolder(listing, folder, name);
		}
		else if (!S_ISREG(file.st_mode))
		{
			errno = ELOOP;
			if (leads)
				raise_system_error(listing->store, listing->path.data, "list");
		}
		else if (matches)
			list_object(listing, &file);
	}
	listing->path.len = path_len;
	listing->path.data[path_len] = '\0';
}

/* Takes the descriptor of the folder. */
static void
list_folder(Listing *listing, int folder)
{
	DIR		   *directory = fdopendir(folder);

	if (directory == NULL)
	{
		close(folder);
		raise_system_error(listing->store, listing->path.data, "list");
	}
	PG_TRY();
	{
		struct dirent *entry;

		while (errno = 0, (entry = readdir(directory)) != NULL)
		{
			CHECK_FOR_INTERRUPTS();
			list_entry(listing, dirfd(directory), entry->d_name);
		}
		if (errno != 0)
			raise_system_error(listing->store, listing->path.data, "list");
	}
	PG_FINALLY();
	{
		closedir(directory);
	}
	PG_END_TRY();
}

static List *
directory_list(ObjectStore *store, const char *prefix)
{
	Listing		listing = {.store = (DirectoryStore *) store, .prefix = prefix, .prefix_len = strlen(prefix)};
	int			folder = open_folder(listing.store->folder.fd, ".");

	if (folder < 0)
		raise_system_error(listing.store, prefix, "list");
	initStringInfo(&listing.path);
	list_folder(&listing, folder);
	pfree(listing.path.data);
	return listing.objects;
}

/* ------------------------------------------------------------------------------------------------------------
 * Readers
 * ------------------------------------------------------------------------------------------------------------ */

/* The file's etag, which must be as it was. */
static char *
check_etag(const DirectoryStore *store, const char *key, int fd, const char *etag)
{
	struct stat file;
	char	   *now;

	if (fstat(fd, &file) < 0)
		raise_system_error(store, key, "read");
	if (!S_ISREG(file.st_mode))
	{
		errno = S_ISDIR(file.st_mode) ? EISDIR : ELOOP;
		raise_system_error(store, key, "read");
	}
	now = etag_of(&file);
	if (etag != NULL && strcmp(etag, now) != 0)
		object_store_fail(412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold", NULL, NULL,
						  psprintf("Object \"%s\" of bucket \"%s\" has changed.", key, store->base.bucket));
	return now;
}

/* Opens the file of a key; -1, with errno, if that is not possible. */
static int
open_file(const DirectoryStore *store, const char *key)
{
	const char *name;
	int			folder = open_folder_of(store, key, false, &name);
	int			file;
	int			error;

	if (folder < 0)
		return -1;
	/* O_NONBLOCK: a FIFO would wait for its writer */
	file = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	error = errno;
	close(folder);
	errno = error;
	return file;
}

static ObjectReader *
directory_open(ObjectStore *store, const char *key, int64 offset, const char *etag)
{
	DirectoryStore *directory = (DirectoryStore *) store;
	MemoryContext context = AllocSetContextCreate(directory->context, "dynapg object reader", ALLOCSET_SMALL_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	DirectoryReader *reader = (DirectoryReader *) palloc0(sizeof(DirectoryReader));
	int			fd;

	check_key(directory, key);
	reader->base.store = store;
	reader->context = context;
	reader->key = pstrdup(key);
	prepare_descriptor(&reader->file, context);
	fd = open_file(directory, key);
	if (fd < 0)
		raise_system_error(directory, key, "open");
	keep_descriptor(&reader->file, fd);
	reader->etag = check_etag(directory, key, fd, etag);
	if (lseek(fd, offset, SEEK_SET) < 0)
		raise_system_error(directory, key, "read");
	MemoryContextSwitchTo(caller);
	return &reader->base;
}

static int
directory_read(ObjectReader *reader, char *buffer, int size)
{
	DirectoryReader *own = (DirectoryReader *) reader;
	DirectoryStore *store = (DirectoryStore *) reader->store;
	ssize_t		len;

	do
	{
		CHECK_FOR_INTERRUPTS();
		len = read(own->file.fd, buffer, size);
	} while (len < 0 && errno == EINTR);
	if (len < 0)
		raise_system_error(store, own->key, "read");
	pfree(check_etag(store, own->key, own->file.fd, own->etag));
	return (int) len;
}

static void
directory_close_reader(ObjectReader *reader)
{
	MemoryContextDelete(((DirectoryReader *) reader)->context);
}

/* ------------------------------------------------------------------------------------------------------------
 * Writers
 * ------------------------------------------------------------------------------------------------------------ */

/* Removes a temporary file, unless its writer lives. */
static void
remove_abandoned(int folder, const char *name)
{
	int			fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return;
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		(void) unlinkat(folder, name, 0);
	close(fd);
}

/* Those of a folder, which nobody else has open by this descriptor; what does not succeed is left to the next one. */
static void
remove_all_abandoned(int folder)
{
	int			copy = open_folder(folder, ".");
	DIR		   *directory = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *entry;

	if (directory == NULL)
	{
		if (copy >= 0)
			close(copy);
		return;
	}
	while ((entry = readdir(directory)) != NULL)
		if (is_temporary(entry->d_name))
			remove_abandoned(folder, entry->d_name);
	closedir(directory);
}

/* The same once for objects that are written into one folder one after the other. */
static void
clean_folder(DirectoryStore *store, const DirectoryWriter *writer)
{
	size_t		len = writer->name - writer->key;

	if (store->cleaned != NULL && strlen(store->cleaned) == len && memcmp(store->cleaned, writer->key, len) == 0)
		return;
	remove_all_abandoned(writer->folder.fd);
	if (store->cleaned != NULL)
		pfree(store->cleaned);
	store->cleaned = MemoryContextStrdup(store->context, pnstrdup(writer->key, len));
}

/* Called with the writer's context: no temporary file of it stays. */
static void
remove_temporary(void *argument)
{
	DirectoryWriter *writer = (DirectoryWriter *) argument;

	if (writer->temporary[0] != '\0')
		(void) unlinkat(writer->folder.fd, writer->temporary, 0);
	writer->temporary[0] = '\0';
}

/*
 * Makes the temporary file and locks it; -1: errno says why not.  Between the two somebody may take it for an abandoned one, and then
 * there is no file any more.
 */
static int
make_temporary(DirectoryWriter *writer)
{
	for (;;)
	{
		uint64		number;
		struct stat file;
		int			fd;

		CHECK_FOR_INTERRUPTS();
		if (!pg_strong_random(&number, sizeof(number)))
			elog(ERROR, "could not generate random values");
		snprintf(writer->temporary, sizeof(writer->temporary), TEMPORARY_PREFIX "%016llx", (unsigned long long) number);
		fd = openat(writer->folder.fd, writer->temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
					S_IRUSR | S_IWUSR);
		if (fd < 0)
		{
			int			error = errno;

			writer->temporary[0] = '\0';
			errno = error;
			if (error == EEXIST)
				continue;
			return -1;
		}
		if (flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &file) == 0 && file.st_nlink > 0)
			return fd;
		(void) unlinkat(writer->folder.fd, writer->temporary, 0);
		close(fd);
	}
}

static ObjectWriter *
directory_create(ObjectStore *store, const char *key)
{
	DirectoryStore *directory = (DirectoryStore *) store;
	MemoryContext context = AllocSetContextCreate(directory->context, "dynapg object writer", ALLOCSET_SMALL_SIZES);
	DirectoryWriter *writer = (DirectoryWriter *) MemoryContextAllocZero(context, sizeof(DirectoryWriter));
	int			fd;

	check_key(directory, key);
	if (store->kms_key_id != NULL)
		object_store_fail(400, "KMS.NotFoundException", psprintf("Key '%s' does not exist", store->kms_key_id), NULL, NULL,
						  "Buckets that are folders have no keys.");
	writer->base.store = store;
	writer->context = context;
	writer->key = MemoryContextStrdup(context, key);
	prepare_descriptor(&writer->folder, context);
	prepare_descriptor(&writer->file, context);
	writer->callback.func = remove_temporary;
	writer->callback.arg = writer;
	MemoryContextRegisterResetCallback(context, &writer->callback);
	fd = open_folder_of(directory, writer->key, true, &writer->name);
	if (fd < 0)
		raise_system_error(directory, key, "create");
	keep_descriptor(&writer->folder, fd);
	clean_folder(directory, writer);
	fd = make_temporary(writer);
	if (fd < 0)
		raise_system_error(directory, key, "create");
	keep_descriptor(&writer->file, fd);
	if (fchmod(fd, (directory->mode & 0666) | S_IRUSR | S_IWUSR) < 0)
		raise_system_error(directory, key, "create");
	return &writer->base;
}

/* Hands what is buffered to the system, and from time to time to the disk. */
static void
empty_buffer(DirectoryWriter *writer)
{
	DirectoryStore *store = (DirectoryStore *) writer->base.store;

	for (int done = 0; done < writer->used;)
	{
		ssize_t		len;

		CHECK_FOR_INTERRUPTS();
		errno = 0;
		len = write(writer->file.fd, writer->buffer + done, writer->used - done);
		if (len <= 0 && errno != EINTR)
		{
			if (errno == 0)
				errno = ENOSPC;
			raise_system_error(store, writer->key, "write");
		}
		if (len > 0)
		{
			done += len;
			writer->written += len;
		}
	}
	writer->used = 0;
	if (writer->written - writer->flushed >= FLUSH_BYTES)
	{
		pg_flush_data(writer->file.fd, writer->flushed, writer->written - writer->flushed);
		writer->flushed = writer->written;
	}
}

static void
directory_write(ObjectWriter *writer, const char *bytes, int len)
{
	DirectoryWriter *own = (DirectoryWriter *) writer;

	while (len > 0)
	{
		int			part = Min(len, BUFFER_SIZE - own->used);

		memcpy(own->buffer + own->used, bytes, part);
		own->used += part;
		bytes += part;
		len -= part;
		if (own->used == BUFFER_SIZE)
			empty_buffer(own);
	}
}

static char *
directory_finish(ObjectWriter *writer)
{
	DirectoryWriter *own = (DirectoryWriter *) writer;
	DirectoryStore *store = (DirectoryStore *) writer->store;
	struct stat file;

	empty_buffer(own);
	if (pg_fsync(own->file.fd) != 0 || fstat(own->file.fd, &file) < 0)
		raise_system_error(store, own->key, "write");
	if (renameat(own->folder.fd, own->temporary, own->folder.fd, own->name) < 0)
		raise_system_error(store, own->key, "write");
	own->temporary[0] = '\0';
	if (!sync_folder(own->folder.fd))
		raise_system_error(store, own->key, "write");
	MemoryContextDelete(own->context);
	return etag_of(&file);
}

static void
directory_abandon(ObjectWriter *writer)
{
	MemoryContextDelete(((DirectoryWriter *) writer)->context);
}

/* ------------------------------------------------------------------------------------------------------------
 * Stores
 * ------------------------------------------------------------------------------------------------------------ */

static void
directory_close(ObjectStore *store)
{
	MemoryContextDelete(((DirectoryStore *) store)->context);
}

static const ObjectStoreRoutines directory_routines = {
	.list = directory_list,
	.open = directory_open,
	.read = directory_read,
	.close_reader = directory_close_reader,
	.create = directory_create,
	.write = directory_write,
	.finish = directory_finish,
	.abandon = directory_abandon,
	.close = directory_close,
};

/* The folder of a bucket; -1 if it has none, a link included. */
static int
open_bucket(const ObjectStoreSettings *settings)
{
	int			top;
	int			folder;
	int			error;

	if (strchr(settings->bucket, '/') != NULL || !is_sound_component(settings->bucket, strlen(settings->bucket)))
		return -1;
	top = open(settings->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (top < 0)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not open dynapg.export_directory \"%s\": %m", settings->directory)));
	folder = open_folder(top, settings->bucket);
	error = errno;
	close(top);
	errno = error;
	if (folder < 0 && (errno == EACCES || errno == EPERM))
		object_store_fail(S3_ACCESS_DENIED, NULL, NULL,
						  psprintf("Could not open folder \"%s/%s\": %s.", settings->directory, settings->bucket, pg_strerror(error)));
	if (folder < 0 && errno != ENOENT && errno != ENOTDIR && errno != ELOOP && errno != ENAMETOOLONG)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not open folder \"%s/%s\": %m", settings->directory, settings->bucket)));
	return folder;
}

ObjectStore *
directory_store_open(const ObjectStoreSettings *settings, const char *bucket_owner)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "dynapg bucket", ALLOCSET_SMALL_SIZES);
	DirectoryStore *store = (DirectoryStore *) MemoryContextAllocZero(context, sizeof(DirectoryStore));
	struct stat file;
	int			fd;

	store->base.routines = &directory_routines;
	store->base.bucket = MemoryContextStrdup(context, settings->bucket);
	store->context = context;
	prepare_descriptor(&store->folder, context);
	fd = open_bucket(settings);
	if (fd < 0)
	{
		MemoryContextDelete(context);
		return NULL;
	}
	keep_descriptor(&store->folder, fd);
	if (fstat(fd, &file) < 0)
		raise_system_error(store, "", "open");
	store->mode = file.st_mode;
	if (bucket_owner != NULL && strcmp(bucket_owner, settings->account) != 0)
		object_store_fail(S3_ACCESS_DENIED, NULL, NULL,
						  psprintf("Bucket \"%s\" belongs to account %s (dynapg.account_id).", settings->bucket, settings->account));
	return &store->base;
}
