/*
 * call_jsonb.h
 *		Calling SQL functions that answer with a jsonb.
 */
#ifndef DYNAPG_CALL_JSONB_H
#define DYNAPG_CALL_JSONB_H

#include "utils/jsonb.h"

/*
 * Executes a statement of one row and one column as the current user; that jsonb, a copy in the current context.  NULL: it is null, or no jsonb (void).  The statement
 * qualifies its names: it runs under the caller's search_path.
 */
extern Jsonb *call_jsonb(const char *statement, int n_arguments, Oid *types, Datum *values, bool read_only);

#endif							/* DYNAPG_CALL_JSONB_H */
