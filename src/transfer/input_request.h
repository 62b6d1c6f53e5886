/*
 * input_request.h
 *		Looking into the requests that transfers keep.
 */
#ifndef DYNAPG_INPUT_REQUEST_H
#define DYNAPG_INPUT_REQUEST_H

#include "utils/jsonb.h"

/*
 * The member of an object (NULL: there is none) that is an object or an array, that is a string, palloc'd, or that is a number; NULL or 0 if there
 * is none.
 */
extern JsonbContainer *request_container(JsonbContainer *object, const char *name);
extern char *request_string(JsonbContainer *object, const char *name);
extern double request_number(JsonbContainer *object, const char *name);

#endif							/* DYNAPG_INPUT_REQUEST_H */
