/*
 * digest.c
 *		Contexts of PostgreSQL's hash functions that no transaction owns.
 */
#include "postgres.h"

#include "utils/resowner.h"

#include "base/digest.h"

pg_cryptohash_ctx *
digest_context(pg_cryptohash_type type)
{
	static ResourceOwner owner = NULL;
	ResourceOwner previous = CurrentResourceOwner;
	pg_cryptohash_ctx *volatile context = NULL;

	if (owner == NULL)
		owner = ResourceOwnerCreate(NULL, "dynapg digests");
	CurrentResourceOwner = owner;
	PG_TRY();
	{
		context = pg_cryptohash_create(type);
	}
	PG_FINALLY();
	{
		CurrentResourceOwner = previous;
	}
	PG_END_TRY();
	return context;
}

void
digest_failed(pg_cryptohash_ctx *context, const char *what)
{
	elog(ERROR, "could not compute a %s: %s", what, pg_cryptohash_error(context));
	pg_unreachable();
}
