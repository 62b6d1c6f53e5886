/*
 * object_store.h
 *		Buckets of objects: folders below dynapg.export_directory, or S3.
 *
 * A bucket that is a folder below dynapg.export_directory is that folder; any other one is a bucket of dynapg.s3_endpoint.  S3 is
 * spoken by the library dynapg_out, which links libcurl, and which is loaded when the first such bucket is opened: by processes of
 * transfers only.
 *
 * All functions are to be called outside of transactions, in a process that may wait; they answer to interrupts.  They try again what may
 * pass.  What does not pass is raised by transfer_fail() with the service's code and message (S3NoSuchBucket, S3AccessDenied ...); that
 * the server cannot be reached for long, as an ordinary error.
 */
#ifndef DYNAPG_OBJECT_STORE_H
#define DYNAPG_OBJECT_STORE_H

#include "nodes/pg_list.h"

typedef struct ObjectInfo
{
	char	   *key;			/* the whole key */
	int64		size;
	char	   *etag;			/* changes with the object's content */
} ObjectInfo;

typedef struct ObjectStore ObjectStore;
typedef struct ObjectReader ObjectReader;
typedef struct ObjectWriter ObjectWriter;

/* How a kind of stores does it. */
typedef struct ObjectStoreRoutines
{
	List	   *(*list) (ObjectStore *store, const char *prefix);	/* not sorted */
	ObjectReader *(*open) (ObjectStore *store, const char *key, int64 offset, const char *etag);
	int			(*read) (ObjectReader *reader, char *buffer, int size);
	void		(*close_reader) (ObjectReader *reader);
	ObjectWriter *(*create) (ObjectStore *store, const char *key);
	void		(*write) (ObjectWriter *writer, const char *bytes, int len);
	char	   *(*finish) (ObjectWriter *writer);
	void		(*abandon) (ObjectWriter *writer);
	void		(*close) (ObjectStore *store);
} ObjectStoreRoutines;

/* Stores, readers and writers of every kind begin with this. */
struct ObjectStore
{
	const ObjectStoreRoutines *routines;
	char	   *bucket;
	const char *encryption;		/* AES256, KMS; NULL: the bucket's own */
	const char *kms_key_id;		/* NULL: the account's own */
};

struct ObjectReader
{
	ObjectStore *store;
};

struct ObjectWriter
{
	ObjectStore *store;
};

typedef enum ObjectAccess
{
	OBJECT_READ,
	OBJECT_WRITE
} ObjectAccess;

/*
 * Whether a role may use a bucket: superusers and members of pg_read_server_files (to read) and pg_write_server_files (to write) may use
 * all, others those that dynapg.grant_bucket() names.  In a transaction.
 */
extern bool object_store_may(Oid role, const char *bucket, ObjectAccess access);

/* What a store needs from the settings and the catalog. */
typedef struct ObjectStoreSettings
{
	char	   *bucket;
	char	   *account;		/* dynapg.account_id: who owns folders */
	char	   *directory;		/* dynapg.export_directory; NULL: there are no folders */
	char	   *endpoint;		/* dynapg.s3_endpoint; NULL: there is no S3 */
	char	   *region;			/* dynapg.s3_region */
	bool		path_style;		/* dynapg.s3_path_style */
	char	   *ca_file;		/* dynapg.out_ca_file; NULL: the system's */
	char	   *access_key_id;	/* NULL: requests are not signed */
	char	   *secret_access_key;
	char	   *session_token;	/* NULL: none */
} ObjectStoreSettings;

/* Reads them, in a transaction; the store is opened outside of one.  Palloc'd. */
extern ObjectStoreSettings *object_store_settings(const char *bucket);

/*
 * Opens a bucket, in the current memory context, which must outlive it: when that is reset, everything that is open is closed and what is
 * written and not finished is abandoned.  bucket_owner: an account, or NULL.  What is wrong with the bucket itself may be told only later.
 */
extern ObjectStore *object_store_open(const ObjectStoreSettings *settings, const char *bucket_owner);
extern void object_store_close(ObjectStore *store);

/* How objects that are created from now on are encrypted: AES256, KMS with a key or (NULL) without.  Folders leave that to the disk. */
extern void object_store_encrypt(ObjectStore *store, const char *algorithm, const char *kms_key_id);

/*
 * The objects whose key begins with a prefix, in the order of their keys' bytes: ObjectInfo pointers, palloc'd in the current context.  More than
 * OBJECTS_MAX: transfer_fail().  Nobody's temporary files are objects.
 */
#define OBJECTS_MAX	1000000
extern List *object_store_list(ObjectStore *store, const char *prefix);

/*
 * Reads an object from an offset on; etag NULL, or that of the object as it must still be: else transfer_fail() with S3PreconditionFailed,
 * by object_open() or, if it changes meanwhile, by object_read().  That gives at least one byte, or 0 at the end; a connection that
 * breaks is resumed where it broke.  An object that is not there: S3NoSuchKey.
 */
extern ObjectReader *object_open(ObjectStore *store, const char *key, int64 offset, const char *etag);
extern int	object_read(ObjectReader *reader, char *buffer, int size);
extern void object_close(ObjectReader *reader);

/*
 * Writes an object.  Nobody sees it before object_finish(), which makes it durable, in the place of one that was there, and returns its etag
 * (palloc'd); an upload that is abandoned, or whose process dies, leaves no object.
 */
extern ObjectWriter *object_create(ObjectStore *store, const char *key);
extern void object_write(ObjectWriter *writer, const char *bytes, int len);
extern char *object_finish(ObjectWriter *writer);
extern void object_abandon(ObjectWriter *writer);

/* A small object at once. */
extern char *object_put(ObjectStore *store, const char *key, const char *bytes, int len);

/* ------------------------------------------------------------------------------------------------------------
 * For the kinds of stores
 * ------------------------------------------------------------------------------------------------------------ */

/*
 * transfer_fail() as S3 says it: status 404, error NoSuchBucket and its message make the code S3NoSuchBucket and the message with all of them.
 * The ids of the request are made up if they are NULL; detail is for the log, or NULL.
 */
extern _Noreturn void object_store_fail(int status, const char *error, const char *message, const char *request_id,
										const char *extended_id, const char *detail);

#define S3_NO_SUCH_BUCKET	404, "NoSuchBucket", "The specified bucket does not exist"
#define S3_ACCESS_DENIED	403, "AccessDenied", "Access Denied"

/* NULL if the bucket is no folder. */
extern ObjectStore *directory_store_open(const ObjectStoreSettings *settings, const char *bucket_owner);

#endif							/* DYNAPG_OBJECT_STORE_H */
