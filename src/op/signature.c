/*
 * signature.c
 *		Signing tokens and iterators.
 */
#include "postgres.h"

#include "common/hmac.h"
#include "common/sha2.h"

#include "fmgr.h"

#include "base/varlena.h"
#include "catalog/owner.h"
#include "op/signature.h"
#include "value/base64.h"

StaticAssertDecl(SIGNATURE_SIZE == PG_SHA256_DIGEST_LENGTH, "a signature is a SHA-256");

/* The secret that signs this database's tokens. */
static bytea *
secret(void)
{
	static CatalogStatement statement = {"SELECT secret FROM dynapg.token_secret", 0};
	Datum		value;
	bool		isnull;

	if (!catalog_fetch_saved(&statement, NULL, 1, &value, &isnull) || isnull)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("table dynapg.token_secret is empty"),
				 errhint("Insert a secret of 32 random bytes; tokens that were given out before are void then.")));
	return (bytea *) PG_DETOAST_DATUM(value);
}

void
signature_make(const SignedPart *parts, int n_parts, uint8 *signature)
{
	const bytea *key = secret();
	pg_hmac_ctx *context = pg_hmac_create(PG_SHA256);
	bool		done;

	done = context != NULL &&
		pg_hmac_init(context, (const uint8 *) VARDATA_ANY(key), VARSIZE_ANY_EXHDR(key)) >= 0;
	for (int i = 0; done && i < n_parts; i++)
		done = pg_hmac_update(context, (const uint8 *) parts[i].bytes, parts[i].len) >= 0;
	done = done && pg_hmac_final(context, signature, SIGNATURE_SIZE) >= 0;
	pg_hmac_free(context);
	if (!done)
		elog(ERROR, "could not compute an HMAC");
}

bool
signature_is_of(const SignedPart *parts, int n_parts, const char *signature)
{
	uint8		right[SIGNATURE_SIZE];
	uint8		difference = 0;

	signature_make(parts, n_parts, right);
	for (int i = 0; i < SIGNATURE_SIZE; i++)
		difference |= right[i] ^ (uint8) signature[i];
	return difference == 0;
}

char *
signature_decode(const char *text, int text_len, int *len)
{
	char	   *bytes;

	if (text_len == 0 || text_len % 4 != 0 || base64_decode(text, text_len, NULL) != BASE64_OK)
		return NULL;
	*len = base64_decoded_size(text, text_len);
	bytes = (char *) palloc(*len + 1);
	(void) base64_decode(text, text_len, bytes);
	return bytes;
}
