/*
 * policy_context.h
 *		Requests that are made up, for simulations.
 */
#ifndef DYNAPG_POLICY_CONTEXT_H
#define DYNAPG_POLICY_CONTEXT_H

#include "fmgr.h"
#include "utils/jsonb.h"

#include "policy/policy.h"

typedef struct PolicyContextEntry
{
	PolicyText	name;
	PolicyValues values;
} PolicyContextEntry;

/* A request's keys; of a key that is there twice the first counts. */
typedef struct PolicyContext
{
	int			n;
	PolicyContextEntry *entries;
} PolicyContext;

/* Reads an object whose members are strings, numbers, booleans, nulls (no value) or arrays of such; texts point into the jsonb. */
extern void policy_read_context(Jsonb *jsonb, PolicyContext *context);

/* Adds a key with one value; both must live as long as the context. */
extern void policy_context_add(PolicyContext *context, const char *name, const char *value);

/* A PolicyLookup, whose argument is the context. */
extern bool policy_context_look_up(void *context, const PolicyKey *key, PolicyValues *values);

/* The action of a name; raises an error if there is none. */
extern PolicyAction policy_action_require(PolicyText name);

/* What a SQL function returns of a decision: (decision text, side text, policy text, statement integer, sid text, refusal text). */
extern Datum policy_result_row(FunctionCallInfo fcinfo, const PolicyRequest *request, const PolicyResult *result);

#endif							/* DYNAPG_POLICY_CONTEXT_H */
