/*
 * invalidation.c
 *		Being told of changed relations.
 */
#include "postgres.h"

#include "base/invalidation.h"

#define MAX_FUNCTIONS 16

static RelcacheCallbackFunction functions[MAX_FUNCTIONS];
static int	n_functions;

static void
call_all(Datum argument, Oid relation)
{
	for (int i = 0; i < n_functions; i++)
		functions[i] (argument, relation);
}

void
invalidation_call(RelcacheCallbackFunction function)
{
	static bool registered = false;

	if (n_functions == MAX_FUNCTIONS)
		elog(ERROR, "too many caches");
	if (!registered)
		CacheRegisterRelcacheCallback(call_all, (Datum) 0);
	registered = true;
	functions[n_functions++] = function;
}
