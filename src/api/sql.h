/*
 * sql.h
 *		What the SQL functions share: running an operation as SQL callers see it.
 */
#ifndef DYNAPG_API_SQL_H
#define DYNAPG_API_SQL_H

#include "value/wire.h"

/*
 * Calls a function that works on items.  A deadlock, which only a caller's longer transaction can get into, is raised as
 * TransactionConflictException, what the service calls a conflict of transactions.
 */
extern void sql_call(void (*call) (void *argument), void *argument);

/* Runs an operation (OPERATION_PutItem) in this way. */
extern void sql_run(int operation, WireReader *request, WireWriter *response);

#endif							/* DYNAPG_API_SQL_H */
