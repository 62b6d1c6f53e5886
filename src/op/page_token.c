/*
 * page_token.c
 *		NextToken.
 */
#include "postgres.h"

#include "base/error.h"
#include "op/page_token.h"
#include "op/signature.h"
#include "value/base64.h"

#define VERSION		1
#define HEADER_SIZE 3			/* version and read */

void
page_token_refuse(void)
{
	dyn_invalid("NextToken does not match request");
}

/* What a token of these contents is signed with: also the request it is for. */
typedef struct SignedToken
{
	uint32		lengths[2];
	SignedPart	parts[4];
} SignedToken;

#define TOKEN_PARTS 4

static void
collect_parts(const RequestValue *request, const char *contents, int len, SignedToken *token)
{
	const RequestValue *statement = request_member(request, ExecuteStatementInput_Statement);
	const RequestValue *parameters = request_member(request, ExecuteStatementInput_Parameters);
	StringInfoData text;
	WireWriter	writer;

	initStringInfo(&text);
	wire_write_text(&writer, &text);
	if (parameters->present)
		request_write(&writer, parameters);
	token->lengths[0] = len;
	token->lengths[1] = statement->as.string.len;
	token->parts[0] = (SignedPart) {token->lengths, sizeof(token->lengths)};
	token->parts[1] = (SignedPart) {contents, len};
	token->parts[2] = (SignedPart) {statement->as.string.text, statement->as.string.len};
	token->parts[3] = (SignedPart) {text.data, text.len};
}

char *
page_token_make(const RequestValue *request, const SelectPlan *plan, int read, const JsonbValue *last)
{
	uint8		signature[SIGNATURE_SIZE];
	SignedToken parts;
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
	collect_parts(request, contents.data, contents.len, &parts);
	signature_make(parts.parts, TOKEN_PARTS, signature);
	appendBinaryStringInfo(&contents, (const char *) signature, sizeof(signature));
	initStringInfo(&token);
	base64_append(&token, contents.data, contents.len);
	return token.data;
}

void
page_token_read(const RequestValue *request, SelectPosition *position)
{
	const RequestValue *token = request_member(request, ExecuteStatementInput_NextToken);
	SignedToken parts;
	char	   *contents;
	WireReader	reader;
	int			len;

	memset(position, 0, sizeof(*position));
	if (!token->present)
		return;
	contents = signature_decode(token->as.string.text, token->as.string.len, &len);
	if (contents == NULL || (len -= SIGNATURE_SIZE) < HEADER_SIZE || contents[0] != VERSION)
		page_token_refuse();
	collect_parts(request, contents, len, &parts);
	if (!signature_is_of(parts.parts, TOKEN_PARTS, contents + len))
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
