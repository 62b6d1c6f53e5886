/*
 * page_token.h
 *		NextToken: where a SELECT goes on, so that nobody but us can have made it.
 *
 * A token is base64 of a version byte, the number of the read (two bytes, the higher first), the item behind which it
 * goes on as JSON (or nothing), and HMAC-SHA-256 over all that and the request, keyed by a random secret of the database.
 */
#ifndef DYNAPG_PAGE_TOKEN_H
#define DYNAPG_PAGE_TOKEN_H

#include "op/partiql.h"

/*
 * The token of a position in an ExecuteStatement's SELECT.  last: the item behind which it goes on, NULL if the read
 * begins.  The request's Statement and Parameters make it its own; Limit and the like may change.
 */
extern char *page_token_make(const RequestValue *request, const SelectPlan *plan, int read, const JsonbValue *last);

/*
 * The position of the request's NextToken (at the beginning, if it has none).  ValidationException for a token that is not
 * this request's.
 */
extern void page_token_read(const RequestValue *request, SelectPosition *position);

/* Raises that. */
extern _Noreturn void page_token_refuse(void);

#endif							/* DYNAPG_PAGE_TOKEN_H */
