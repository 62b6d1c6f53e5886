/*
 * digest.h
 *		Contexts of PostgreSQL's hash functions that no transaction owns.
 */
#ifndef DYNAPG_DIGEST_H
#define DYNAPG_DIGEST_H

#include "common/cryptohash.h"

/*
 * A context that lives until pg_cryptohash_free(), in transactions and outside of them.  (Where PostgreSQL uses OpenSSL a context belongs to the
 * resource owner of the moment; these belong to one of their own.)
 */
extern pg_cryptohash_ctx *digest_context(pg_cryptohash_type type);

/* Raises the error of a context that has failed; what: "partition hash". */
extern _Noreturn void digest_failed(pg_cryptohash_ctx *context, const char *what);

#endif							/* DYNAPG_DIGEST_H */
