/*
 * item_write.h
 *		One write of one item: a put, an update, a delete or a condition check, whoever asks for it.
 *
 * PutItem, UpdateItem, DeleteItem, BatchWriteItem, TransactWriteItems and PartiQL's statements say what they want in an
 * ItemWrite, check it in their own order, and have it carried out.
 */
#ifndef DYNAPG_ITEM_WRITE_H
#define DYNAPG_ITEM_WRITE_H

#include "expr/expr.h"
#include "op/authorize.h"
#include "op/capacity.h"
#include "op/item_collection.h"
#include "storage/storage.h"

typedef enum ItemWriteKind
{
	ITEM_PUT,
	ITEM_UPDATE,
	ITEM_DELETE,
	ITEM_CHECK					/* the item stays as it is until the transaction ends */
} ItemWriteKind;

typedef struct ItemWrite
{
	/* what is wanted; zero is the rule */
	ItemWriteKind kind;
	const TableInfo *info;		/* the definition that it is checked against */
	const AttributeMap *attributes; /* of the item to put; else of the key */
	const ExprNode *condition;	/* NULL: none */
	const Update *update;		/* of an update; NULL: the item is created if there is none */
	bool		must_exist;		/* else ConditionalCheckFailedException (PartiQL's UPDATE and EXISTS) */
	bool		must_be_new;	/* else DuplicateItemException (PartiQL's INSERT) */
	bool		plain_size;		/* an updated item is measured as it is, not by the rule of a standalone UpdateItem */
	bool		returns_old_on_failure; /* of the condition: ConditionalCheckFailedException carries the item */
	bool		reads_old;		/* the caller looks at the old item, which wants SELECT */
	bool		wants_metrics;	/* ReturnItemCollectionMetrics is SIZE */
	bool		holds;			/* of a transaction: what the write leaves alone is held as it is */
	StorageKey	key;
	Oid			user;			/* as whom; item_write_authorize() */

	/*
	 * A condition that does not hold (or must_exist, must_be_new) and an
	 * update that cannot be applied are noted here, and nothing is written: of this write, and of those that find a failure noted
	 * already.  NULL: they raise ConditionalCheckFailedException, DuplicateItemException, ValidationException.
	 */
	struct ItemWriteFailure *failure;
	bool	   *any_failure;

	/* what came of it; result.old also of a condition that did not hold, if returns_old_on_failure */
	WriteResult result;
	Jsonb	   *item;			/* the item after; NULL: there is none */
	int			size;			/* its size, if it was touched; else 0 */
	CollectionWrite collection;
} ItemWrite;

typedef enum ItemWriteFailureKind
{
	ITEM_WRITE_DONE,
	ITEM_WRITE_CONDITION_FAILED,
	ITEM_WRITE_DUPLICATE,
	ITEM_WRITE_INVALID			/* ValidationException, as the update was applied */
} ItemWriteFailureKind;

typedef struct ItemWriteFailure
{
	ItemWriteFailureKind kind;
	Jsonb	   *old;			/* the item that the condition did not hold for, if returns_old_on_failure; NULL: none */
	const char *message;		/* ITEM_WRITE_INVALID */
} ItemWriteFailure;

/*
 * Makes a PutItem request the write that it asks for, with all the checks that come before it, in their order.  write->info: the table, if the
 * request does not name it; else NULL.  The rest of the write is zero.
 */
extern void put_item_read(const RequestValue *request, ItemWrite *write);

/* The key of write->attributes into write->key; the service's errors of keys for its kind. */
extern void item_write_key(ItemWrite *write);

/*
 * What a write's attributes or update must be to the table's key and indexes: a put's index keys, that an update leaves the key alone, its
 * literals for index keys.  After item_write_key(), before paths into keys are checked.
 */
extern void item_write_check(ItemWrite *write);

/*
 * Asks whether the write may be done, and as whom: AccessDeniedException.  The part says by which action, and which condition keys the request
 * has besides what the write itself tells.  Before item_write_open(); the key need not be known to be right.
 */
extern void item_write_authorize(ItemWrite *write, const AccessPart *part);

/* How a table is opened for the write. */
extern StorageTable *item_write_open(const ItemWrite *write);

/*
 * Carries it out on an open table, which may be open for other writes of the same kind too.  Adds what it consumes to the
 * capacity.  Raises the errors of conditions (see failure), of evaluation and of sizes.
 */
extern void item_write_execute(ItemWrite *write, StorageTable *table, TableCapacity *capacity);

/*
 * Writes the member ItemCollectionMetrics of an operation on several items: for each table with local indexes its collections, each once,
 * as their last write left them.  Not there if there is none.  The writes are in their order; names: what the request calls their tables.
 */
typedef struct NamedItemWrite
{
	const ItemWrite *write;
	const char *table_name;
	int			table_name_len;
} NamedItemWrite;

extern void item_write_metrics(WireWriter *response, const NamedItemWrite *writes, int count);

/* The order in which all operations on several items write them, so that no two of them wait for each other. */
extern int	item_write_compare(const ItemWrite *a, const ItemWrite *b);

#endif							/* DYNAPG_ITEM_WRITE_H */
