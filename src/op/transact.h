/*
 * transact.h
 *		Transactions: several writes, or several reads, as one.
 *
 * The operations and PartiQL's ExecuteTransaction parse and validate; what is done with the items is here.
 */
#ifndef DYNAPG_TRANSACT_H
#define DYNAPG_TRANSACT_H

#include "storage/itemptr.h"

#include "op/expressions.h"
#include "op/item_write.h"
#include "op/request.h"

/* An action of a transaction.  The array is in the order of the request. */
typedef struct TransactAction
{
	ItemWrite	write;			/* checked up to its table (write.info), and authorized; keys are not checked */
	const Expressions *expressions; /* for paths into keys */
	const char *invalid;		/* what is wrong with it and cancels; NULL: nothing known */
	const char *table_name;		/* as the request has it */
	int			table_name_len;

	/* private */
	TableCapacity *capacity;	/* of its table, which others may share */
	ItemWriteFailure failure;
} TransactAction;

/*
 * Writes all or nothing: checks keys and indexes (TransactionCanceledException with one ValidationError; reports_each: with one for
 * each item that is wrong, as the service does for PartiQL), that no item is meant twice
 * (ValidationException), then conditions and writes, in one order of keys whatever the request's.  If anything is in the way, raises
 * TransactionCanceledException, whose DETAIL has CancellationReasons in the order of the request.  Joins the caller's transaction: what was
 * done is undone by the error, to the caller's last savepoint.
 *
 * Serializable in effect: what is written or checked is locked until the transaction ends.
 */
extern void transact_write(TransactAction *actions, int count, bool reports_each);

/* The members ConsumedCapacity and ItemCollectionMetrics of the response. */
extern void transact_write_answer(WireWriter *response, const TransactAction *actions, int count,
								  const RequestValue *return_consumed_capacity, bool wants_metrics);

/* AccessDeniedException if the caller may not do what the actions say; ResourceNotFoundException if a table is gone. */
extern void transact_check_access(const TransactAction *actions, int count);

/* The token of a transaction that is being done. */
typedef struct TransactToken
{
	bool		taken;			/* by this transaction; else the request has none, or it is a replay */
	ItemPointerData row;
} TransactToken;

/*
 * ClientRequestToken.  Whether a transaction with this token and this request was done in the last ten minutes: then *response gets its answer
 * (capacity as a replay has it) and nothing is to be done.  Waits for one that is going on.  Another request with the token:
 * IdempotentParameterMismatchException; the privileges for the actions come before either.  If there was none, the token is
 * taken, to be kept by transact_token_done().
 */
extern bool transact_token_replay(const char *scope, const RequestValue *request, int token_member,
								  const TransactAction *actions, int count,
								  const RequestValue *return_consumed_capacity, WireWriter *response, TransactToken *token);
extern void transact_token_done(const TransactToken *token, const TransactAction *actions, int count);

/* A read of a transaction. */
typedef struct TransactGet
{
	const TableInfo *info;
	Oid			user;			/* as whom it is read (op/authorize.h) */
	const char *table_name;
	int			table_name_len;
	const AttributeMap *attributes; /* the key */
	const Expressions *expressions; /* a projection, or none */
	Jsonb	   *item;			/* result; NULL: there is none */

	/* private */
	StorageKey	key;
} TransactGet;

/*
 * Checks the keys as transact_write() does, and reads all on one snapshot.  ValidationException if the items have more than 4 MB in
 * all.
 */
extern void transact_get(TransactGet *gets, int count, bool reports_each);

/* The members Responses and ConsumedCapacity of the response. */
extern void transact_get_answer(WireWriter *response, const TransactGet *gets, int count,
								const RequestValue *return_consumed_capacity);

/* The member ConsumedCapacity alone. */
extern void transact_get_capacity(WireWriter *response, const TransactGet *gets, int count,
								  const RequestValue *return_consumed_capacity);

/* Cancels a transaction for the items whose tables are not there. */
extern _Noreturn void transact_cancel_missing(const bool *is_missing, int count);

#endif							/* DYNAPG_TRANSACT_H */
