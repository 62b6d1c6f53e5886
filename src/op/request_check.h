/*
 * request_check.h
 *		Stage 5: what the model demands of a request's values.
 */
#ifndef DYNAPG_REQUEST_CHECK_H
#define DYNAPG_REQUEST_CHECK_H

#include "op/request.h"

/*
 * Raises one ValidationException for all members that are missing or break a constraint, at most ten of them.
 * A TableName that is no name is reported alone.
 */
extern void request_check(const RequestValue *request, int operation);

#endif							/* DYNAPG_REQUEST_CHECK_H */
