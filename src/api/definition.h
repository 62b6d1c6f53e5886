/*
 * definition.h
 *		Definitions that SQL functions are given as jsonb, on their way into a request of the API.
 */
#ifndef DYNAPG_DEFINITION_H
#define DYNAPG_DEFINITION_H

#include "lib/stringinfo.h"
#include "utils/jsonb.h"

/*
 * Refuses a definition that is no object, or has a member that does not belong there (ERRCODE_INVALID_PARAMETER_VALUE).  what: of what it
 * is the definition, for the message.
 */
extern void definition_check_members(Jsonb *definition, const char *what, const char *const *allowed, int n_allowed);

/* Whether a definition has a member. */
extern bool definition_has(Jsonb *definition, const char *name);

/*
 * Appends `, "name": value` to a request: a member of the definition, or of the other one (NULL: there is none) if it lacks that; nothing
 * if neither has it.
 */
extern void definition_append(StringInfo request, const char *name, Jsonb *definition, Jsonb *other);

#endif							/* DYNAPG_DEFINITION_H */
