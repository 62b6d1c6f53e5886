/*
 * input.h
 *		The objects of an import or of a bulk put: which there are, and their records, one after another.
 *
 * Objects are the transfer's parts, in the order of their keys; each has the etag that it had when they were listed in its state, and its position is
 * where its last record ended that is done.  Nothing here runs in a transaction but what says so.
 */
#ifndef DYNAPG_INPUT_H
#define DYNAPG_INPUT_H

#include "catalog/transfers.h"
#include "storage/storage.h"
#include "transfer/decompress.h"
#include "transfer/object_store.h"
#include "transfer/record_reader.h"

/* How many objects there may be (the service's rule). */
#define INPUT_MAX_OBJECTS 50000

typedef struct InputRequest
{
	char	   *bucket;
	char	   *bucket_owner;	/* NULL: not said */
	char	   *prefix;			/* "": all objects */
	Compression compression;
	RecordOptions options;
} InputRequest;

/* Reads the request of an import or a bulk put, palloc'd. */
extern void input_read_request(const Transfer *transfer, InputRequest *request);

/* Columns of a CSV that are key attributes of the table or of an index have their types: those of a table that lives as long as the request. */
extern void input_take_columns(InputRequest *request, const TableInfo *table);

/*
 * Opens a bucket, in the current memory context; fails the transfer where its owner may not use it.  Opens a transaction of its own for that.
 */
extern ObjectStore *input_open_store(const Transfer *transfer, const char *bucket, const char *bucket_owner, ObjectAccess access);

/* The objects that are to be read: ObjectInfo pointers. */
extern List *input_objects(ObjectStore *store, const InputRequest *request);

/* Makes them the parts of a transfer, in a transaction; returns their bytes. */
extern int64 input_add_parts(const Transfer *transfer, List *objects);

typedef struct Input Input;

/*
 * Begins to read the parts that are not done, in the current memory context, which may be deleted at any time: TransferPart pointers, whose positions
 * and counts are moved on here.
 */
extern Input *input_begin(ObjectStore *store, const InputRequest *request, List *parts);

/* The part that is being read; NULL: all have been.  What has been read of it is in its counts, but for written. */
extern TransferPart *input_part(const Input *input);

/*
 * Reads its next record (record_reader.h), and moves the part on.  An object that is not there any more or has changed ends as one whose bytes are broken
 * (RECORD_BAD_FORMAT).  After that, and at RECORD_END, the part is done.
 */
extern RecordStatus input_next(Input *input, Record *record);

/* Goes on with the next part. */
extern void input_next_part(Input *input);

/* Bytes of the part's object that have been read, as it is stored; its size when it is done. */
extern int64 input_stored_bytes(const Input *input);

/*
 * A copy, in the current memory context, of what items are checked against: the table's name, keys and index keys, whatever the indexes' states; and
 * the error of an item that it does not take, NULL if it does.
 */
extern TableInfo *input_copy_table(const TableInfo *table);
extern const char *input_check_item(const TableInfo *table, const AttributeMap *item, StorageKey *key);

/* Writes the member itemS3Pointer: {"bucket": ..., "key": ..., "itemIndex": ...}. */
extern void input_write_pointer(WireWriter *writer, const InputRequest *request, const char *key, int64 item_index);

/* {"itemS3Pointer": {"bucket": ..., "key": ..., "itemIndex": ...}, "<arn_member>": ..., "errorMessages": [...]}, palloc'd. */
extern char *input_error_line(const InputRequest *request, const char *key, int64 item_index, const char *arn_member, const char *arn,
							  const char *message);

/*
 * Takes a step of an import or of a bulk put, as an operation.  If it fails, what the process has kept is forgotten, since positions and items are as
 * they were committed last, and the error is raised again: as the transfer's failure where it will not pass.
 */
extern bool input_run_step(const char *id, const char *operation, bool (*take) (const char *id), void (*forget) (void));

#endif							/* DYNAPG_INPUT_H */
