/*
 * error.h
 *		The service's exceptions as PostgreSQL errors.
 *
 * Every exception is one row of errors.csv: its SQLSTATE for SQL callers, its HTTP status and __type for the
 * endpoint.  The primary message is the service's, to the letter, and is never translated.
 */
#ifndef DYNAPG_ERROR_H
#define DYNAPG_ERROR_H

typedef enum DynException
{
#define DYN_EXCEPTION(symbol, name, sqlstate, status, prefix, member, retryable) DYN_##symbol,
#include "base/errors_data.h"
#undef DYN_EXCEPTION
	DYN_EXCEPTION_COUNT
} DynException;

typedef struct DynExceptionInfo
{
	const char *name;			/* "ValidationException" */
	int			sqlstate;		/* as errcode() takes it */
	int			http_status;
	const char *type_prefix;	/* what stands before the name in __type */
	const char *message_member; /* "message" or "Message" */
	bool		retryable;
} DynExceptionInfo;

/* The operation that runs ("PutItem"), for messages and activity; the doors set it. */
extern const char *dyn_operation;

/* The row of an exception. */
extern const DynExceptionInfo *dyn_exception_info(DynException exception);

/*
 * The exception that an error is for an API caller.  Our own SQLSTATEs map to themselves, PostgreSQL's as sqlstates.csv says;
 * what that does not know is Validation: users' constraints, policies, triggers and functions refuse with any state they like.
 */
extern DynException dyn_exception_of_sqlstate(int sqlstate);

/* Called in PG_CATCH: takes the error, as a copy in the context given, which is current then. */
extern ErrorData *dyn_take_error(MemoryContext context);

/* Whether an error of PostgreSQL's means that something is wrong which its caller cannot mend, so that the log should have it. */
extern bool dyn_is_defect(int sqlstate);

/* Whether an exception is about who asks: a signature that is none, or is not let do what it is for. */
extern bool dyn_is_denial(DynException exception);

/* Raises an exception of the service; the message is the service's own text.  Does not return. */
extern _Noreturn void dyn_error(DynException exception, const char *format,...) pg_attribute_printf(2, 3);

/*
 * The same with a DETAIL for SQL callers and the server log; it does not go to the wire, but for some exceptions: the
 * DETAIL of ConditionalCheckFailedException, TransactionCanceledException and those of throttling, if there is one, is the JSON object
 * of the error's further members ({"Item": ...}), which the endpoint copies into its answer.
 */
extern _Noreturn void dyn_error_detail(DynException exception, const char *detail,
							 const char *format,...) pg_attribute_printf(3, 4);

/*
 * What the service says before some validation errors, of some operations only.  Each bit is a
 * kind of errors; an operation has the bits of those that it says it before (op/expressions.h).
 */
#define DYN_ENVELOPE "1 validation error detected: "

typedef enum DynEnvelopes
{
	/* PutItem, UpdateItem: old and new parameters mixed, values without an expression; what is
	 * wrong with a set, NULL or a name; syntax, size, redundant parentheses, equal operands */
	ENVELOPE_WRITE = 0x01,
	/* ... and DeleteItem */
	ENVELOPE_UNUSED_NAMES = 0x02,
	/* UpdateItem: values unused or none at all, an update expression that is empty or has a
	 * section twice, paths that overlap; empty sets are reported like an item's */
	ENVELOPE_UPDATE = 0x04
} DynEnvelopes;

#define dyn_envelope(envelopes, kind) (((envelopes) & (kind)) ? DYN_ENVELOPE : "")

/* ValidationException, the commonest. */
#define dyn_invalid(...) dyn_error(DYN_VALIDATION, __VA_ARGS__)

#endif							/* DYNAPG_ERROR_H */
