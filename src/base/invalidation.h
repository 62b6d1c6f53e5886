/*
 * invalidation.h
 *		Being told of changed relations.
 *
 * PostgreSQL has room for ten such callbacks in a process, its own and those of all extensions: the next one ends the session.  All of dynapg's caches
 * share one.
 */
#ifndef DYNAPG_INVALIDATION_H
#define DYNAPG_INVALIDATION_H

#include "utils/inval.h"

/*
 * Has a function called for each relcache invalidation from now on, as by CacheRegisterRelcacheCallback() with an argument of 0: it must not raise
 * errors, nor look anything up.  Once for each function.
 */
extern void invalidation_call(RelcacheCallbackFunction function);

#endif							/* DYNAPG_INVALIDATION_H */
