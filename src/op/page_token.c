/*
 * page_token.c
 *		NextToken.
 */
#include "postgres.h"

#include "common/hmac.h"
#include "common/sha2.h"

#include "base/error.h"
#include "base/varlena.h"
#include "catalog/owner.h"
#include "op/page_token.h"
#include "value/base64.h"

#define VERSION		1
#define HEADER_SIZE 3			/* version and read */

void
page_token_refuse(void)
{
	dyn_invalid("NextToken does not match request");
}

/* The secret that signs this database's tokens. */
static bytea *
secret(void)
{
	Datum		value;
	bool		isnull;

	if (!catalog_fetch("SELECT secret FROM dynapg.token_secret", 0, NULL, NULL, 1, &value, &isnull) || isnull)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("table dynapg.token_secret is empty"),
				 errhint("Insert a secret of 32 random bytes; tokens that were given out before are void then.")));
	return (bytea *) PG_DETOAST_DATUM(value);
}

/* Signs a token's contents for a request. */
static void
sign(const RequestValue *request, const char *contents, int len, uint8 *signature)
{
	const RequestValue *statement = request_member(request, ExecuteStatementInput_Statement);
	const RequestValue *parameters = request_member(request, ExecuteStatementInput_Parameters);
	const bytea *key = secret();
	pg_hmac_ctx *context = pg_hmac_create(PG_SHA256);
	uint32		lengths[] = {len, statement->as.string.len};
	StringInfoData text;
	WireWriter	writer;
	bool		done;

	initStringInfo(&text);
	wire_write_text(&writer, &text);
	if (parameters->present)
		request_write(&writer, parameters);
	done = context != NULL &&
		pg_hmac_init(context, (const uint8 *) VARDATA_ANY(key), VARSIZE_ANY_EXHDR(key)) >= 0 &&
		pg_hmac_update(context, (const uint8 *) lengths, sizeof(lengths)) >= 0 &&
		pg_hmac_update(context, (const uint8 *) contents, len) >= 0 &&
		pg_hmac_update(context, (const uint8 *) statement->as.string.text, statement->as.string.len) >= 0 &&
		pg_hmac_update(context, (const uint8 *) text.data, text.len) >= 0 &&
		pg_hmac_final(context, signature, PG_SHA256_DIGEST_LENGTH) >= 0;
	pg_hmac_free(context);
	if (!done)
		elog(ERROR, "could not compute an HMAC");
}

char *
page_token_make(const RequestValue *request, const SelectPlan *plan, int read, const JsonbValue *last)
{
	uint8		signature[PG_SHA256_DIGEST_LENGTH];
	StringInfoData contents;
	StringInfoData token;
	WireWriter	writer;

	initStringInfo(&contents);
	appendStringInfoChar(&contents, VERSION);
	appendStringInfoChar(&contents, (char) (read >> 8));
	appendStringInfoChar(&contents, (char) read);
	if (last != NULL)
	{
		wire_write_text(&writer, &contents);
		page_write_key(&writer, plan->table, plan->index, last);
	}
	sign(request, contents.data, contents.len, signature);
	appendBinaryStringInfo(&contents, (const char *) signature, sizeof(signature));
	initStringInfo(&token);
	base64_append(&token, contents.data, contents.len);
	return token.data;
}

void
page_token_read(const RequestValue *request, SelectPosition *position)
{
	const RequestValue *token = request_member(request, ExecuteStatementInput_NextToken);
	uint8		signature[PG_SHA256_DIGEST_LENGTH];
	uint8		difference = 0;
	char	   *contents;
	WireReader	reader;
	int			len;

	memset(position, 0, sizeof(*position));
	if (!token->present)
		return;
	if (token->as.string.len == 0 || token->as.string.len % 4 != 0)
		page_token_refuse();
	contents = (char *) palloc(token->as.string.len);
	if (base64_decode(token->as.string.text, token->as.string.len, NULL) != BASE64_OK)
		page_token_refuse();
	(void) base64_decode(token->as.string.text, token->as.string.len, contents);
	len = base64_decoded_size(token->as.string.text, token->as.string.len) - PG_SHA256_DIGEST_LENGTH;
	if (len < HEADER_SIZE || contents[0] != VERSION)
		page_token_refuse();
	sign(request, contents, len, signature);
	for (int i = 0; i < PG_SHA256_DIGEST_LENGTH; i++)
		difference |= signature[i] ^ (uint8) contents[len + i];
	if (difference != 0)
		page_token_refuse();

	position->read = (uint8) contents[1] << 8 | (uint8) contents[2];
	if (len > HEADER_SIZE)
	{
		position->key = (AttributeMap *) palloc(sizeof(AttributeMap));
		wire_read_text(&reader, contents + HEADER_SIZE, len - HEADER_SIZE);
		(void) wire_next(&reader);
		attr_read_map(&reader, position->key);
	}
}
