/*
 * audit.h
 *		The audit: who has asked for what, as events in CloudTrail's shape, one line of JSON each.
 *
 * Events say who (userIdentity, sourceIPAddress, userAgent), what (eventName, requestParameters, resources), what came of it (errorCode,
 * errorMessage; of management calls that change something responseElements), and when.  No item's data: an item is reduced to the names of
 * its attributes, expression values and legacy conditions are left out, and so are the values in PartiQL statements.  What is kept are the
 * values of keys, unless dynapg.audit_keys is off.
 *
 * dynapg.audit says which: none; management events; data events as well.  A request that is denied is an event in either case.  An event says
 * what was answered, and is written when that is certain, whatever becomes of the transaction after it: a caller of SQL has its answer before
 * it commits or rolls back.  The endpoint has an answer only after its commit, and executes a request anew that has met a lock: it keeps
 * events until then.
 *
 * A line is printable ASCII, whatever it tells of, and at most AUDIT_MAX_SIZE bytes long.  It goes to the server's log behind
 * dynapg.audit_marker, or to the spool that the keeper empties into dynapg.audit_events (base/audit_spool.h).
 */
#ifndef DYNAPG_AUDIT_H
#define DYNAPG_AUDIT_H

#include "op/request.h"

#define AUDIT_MAX_SIZE 16384

/* An operation that is going on. */
typedef struct AuditCall AuditCall;

/*
 * Begins an operation of the current user's, in the caller's memory context; NULL if the audit is off.  It must not be later than anything that
 * changes the user.  response: what the operation writes to; NULL: nothing that matters.
 */
extern AuditCall *audit_begin(int operation, const WireWriter *response);

/* Its request, which must live as long as the call.  Not before the request is checked. */
extern void audit_request(AuditCall *call, const RequestValue *request);

/* For functions that have no request of the API: the table, by name or ARN, that they read. */
extern void audit_table(AuditCall *call, const char *table, int len);

/* It has succeeded; or has failed, in PG_CATCH: the error stays as it is. */
extern void audit_succeed(AuditCall *call, WireWriter *response);
extern void audit_fail(AuditCall *call);

/* ------------------------------------------------------------------------------------------------------------
 * Who answers later
 * ------------------------------------------------------------------------------------------------------------ */

/* From here on events are kept. */
extern void audit_hold(void);

/*
 * Writes them, and keeps none any more.  error: what the operation has come to after all; NULL: as it was.  False if there was no event of the
 * operation itself: it was refused before, or is not to be told.
 */
extern bool audit_release(const ErrorData *error);

/* Forgets them: the request is executed anew. */
extern void audit_drop(void);

/*
 * Instead of audit_drop(), where the error that the request has come to may be its answer all the same if it is not executed anew in time: the event of the operation
 * itself, which audit_give_up() writes then; palloc'd in the current context, NULL: there is none.
 */
extern void *audit_keep(const ErrorData *error);
extern void audit_give_up(const void *kept);

/*
 * A request that was refused before it was anybody's: an event of its caller (op/caller.h) without an identity.  operation: -1 if it is none.
 * claimed_key: the id of the access key that it names; NULL: none.  Only so many a second are written; the next one says how many were not.
 */
extern void audit_refusal(int operation, const ErrorData *error, const char *claimed_key);

#endif							/* DYNAPG_AUDIT_H */
