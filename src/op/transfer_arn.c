/*
 * transfer_arn.c
 *		ARNs of transfers, and what else the operations on them share.
 */
#include "postgres.h"

#include "base/error.h"
#include "base/hex.h"
#include "base/settings.h"
#include "op/arn.h"
#include "op/signature.h"
#include "op/table_definition.h"
#include "op/transfer_arn.h"

/* A kind of transfers in ARNs, and in tokens; NULL: it has no operations. */
static const struct
{
	const char *name;
	char		letter;
}			kinds[] = {
	[TRANSFER_EXPORT] = {"export", 'E'},
	[TRANSFER_IMPORT] = {"import", 'I'},
	[TRANSFER_BULK_PUT] = {"bulk-operation", 'B'},
	[TRANSFER_COPY_FROM] = {NULL},
	[TRANSFER_COPY_TO] = {NULL}
};

/* 14 digits, -, 8 hexadecimal digits */
#define ID_LEN 23

#define TOKEN_LEN (1 + ID_LEN)

/* A token is so many bytes, each two hexadecimal digits. */
#define SIGNED_LEN (TOKEN_LEN + SIGNATURE_SIZE)

char *
transfer_arn_of(TransferKind kind, const char *table_name, const char *id)
{
	return psprintf("%s/%s/%s", arn_of_table(table_name), kinds[kind].name, id);
}

char *
transfer_arn(const Transfer *transfer)
{
	return transfer_arn_of(transfer->kind, transfer->table_name, transfer->id);
}

TransferArnStatus
transfer_parse_arn(TransferKind kind, const char *text, int len, char **table_name, char **id)
{
	TablePartArn arn;

	if (!arn_parse_table_part(text, len, kinds[kind].name, &arn) || arn.table_len < 3)
		return TRANSFER_ARN_MALFORMED;
	if (!arn_part_is(arn.partition, arn.partition_len, "aws") || !arn_part_is(arn.service, arn.service_len, "dynamodb") ||
		!arn_is_region(arn.region, arn.region_len) || !arn_part_is(arn.account, arn.account_len, dynapg_account_id))
		return TRANSFER_ARN_DENIED;
	if (!arn_part_is(arn.region, arn.region_len, dynapg_region))
		return TRANSFER_ARN_ELSEWHERE;
	*table_name = pnstrdup(arn.table, arn.table_len);
	*id = pnstrdup(arn.label, text + len - arn.label);
	return TRANSFER_ARN_OK;
}

Transfer *
transfer_of_arn(TransferKind kind, const char *table_name, const char *id)
{
	Transfer   *transfer = strlen(id) == ID_LEN ? catalog_transfer(id) : NULL;

	if (transfer == NULL || transfer->kind != kind || strcmp(transfer->table_name, table_name) != 0)
		return NULL;
	return transfer;
}

/* ------------------------------------------------------------------------------------------------------------
 * Tokens
 * ------------------------------------------------------------------------------------------------------------ */

/* What the tokens of a list are signed with besides, so that no other kind of tokens can be taken for one. */
#define TOKEN_PURPOSE "list of transfers"

static void
collect_parts(const char *contents, SignedPart *parts)
{
	parts[0] = (SignedPart) {TOKEN_PURPOSE, strlen(TOKEN_PURPOSE)};
	parts[1] = (SignedPart) {contents, TOKEN_LEN};
}

char *
transfer_next_token(TransferKind kind, const char *id)
{
	uint8		bytes[SIGNED_LEN];
	SignedPart	parts[2];
	char	   *token = (char *) palloc(2 * SIGNED_LEN + 1);

	Assert(strlen(id) == ID_LEN);
	bytes[0] = kinds[kind].letter;
	memcpy(bytes + 1, id, ID_LEN);
	collect_parts((const char *) bytes, parts);
	signature_make(parts, lengthof(parts), bytes + TOKEN_LEN);
	hex_write(token, bytes, SIGNED_LEN);
	return token;
}

/* Whether a token is one of ours, and its bytes; that it has lower-case hexadecimal digits only has been seen to. */
static bool
decode_token(TransferKind kind, const char *text, int len, char *bytes)
{
	SignedPart	parts[2];

	if (len != 2 * SIGNED_LEN || strspn(text, "0123456789abcdef") != len)
		return false;
	for (int i = 0; i < SIGNED_LEN; i++)
		bytes[i] = (char) (hex_digit(text[2 * i]) << 4 | hex_digit(text[2 * i + 1]));
	collect_parts(bytes, parts);
	return bytes[0] == kinds[kind].letter && signature_is_of(parts, lengthof(parts), bytes + TOKEN_LEN);
}

char *
transfer_read_token(TransferKind kind, const RequestValue *token)
{
	char		bytes[SIGNED_LEN];

	if (!token->present)
		return NULL;
	if (!decode_token(kind, token->as.string.text, token->as.string.len, bytes))
		dyn_invalid("Invalid Request: Provided nextToken is invalid: %s", token->as.string.text);
	return pnstrdup(bytes + 1, ID_LEN);
}

/* ------------------------------------------------------------------------------------------------------------
 * Descriptions
 * ------------------------------------------------------------------------------------------------------------ */

void
transfer_write_list(WireWriter *response, const char *member, TransferKind kind, List *transfers, int limit,
					void (*write_summary) (WireWriter *response, const Transfer *transfer))
{
	const Transfer *last = NULL;

	wire_object_start(response);
	wire_member(response, member);
	wire_array_start(response);
	for (int i = 0; i < Min(list_length(transfers), limit); i++)
	{
		last = (const Transfer *) list_nth(transfers, i);
		write_summary(response, last);
	}
	wire_array_end(response);
	if (list_length(transfers) > limit)
		wire_text_member(response, "NextToken", transfer_next_token(kind, last->id));
	wire_object_end(response);
}

void
transfer_write_time(WireWriter *response, const char *name, TimestampTz time)
{
	if (time == 0)
		return;
	wire_member(response, name);
	wire_double(response, table_time(time));
}

void
transfer_write_integer(WireWriter *response, const char *name, int64 value)
{
	wire_member(response, name);
	wire_integer(response, value);
}

void
transfer_write_given(WireWriter *writer, const RequestValue *structure, int member)
{
	if (!request_member(structure, member)->present)
		return;
	wire_member(writer, request_member_name(structure, member));
	request_write(writer, request_member(structure, member));
}

/* Copies the value whose first token is the current one. */
static void
copy_value(WireReader *reader, WireWriter *writer)
{
	int			depth = reader->depth - (reader->token == WIRE_OBJECT_START || reader->token == WIRE_ARRAY_START);

	do
	{
		switch (reader->token)
		{
			case WIRE_OBJECT_START:
				wire_object_start(writer);
				break;
			case WIRE_OBJECT_END:
				wire_object_end(writer);
				break;
			case WIRE_ARRAY_START:
				wire_array_start(writer);
				break;
			case WIRE_ARRAY_END:
				wire_array_end(writer);
				break;
			case WIRE_KEY:
				wire_key(writer, reader->text, reader->len);
				break;
			case WIRE_STRING:
				wire_string(writer, reader->text, reader->len);
				break;
			case WIRE_INTEGER:
				wire_integer(writer, strtoll(pnstrdup(reader->text, reader->len), NULL, 10));
				break;
			case WIRE_DECIMAL:
				wire_double(writer, strtod(pnstrdup(reader->text, reader->len), NULL));
				break;
			case WIRE_TRUE:
			case WIRE_FALSE:
				wire_boolean(writer, reader->token == WIRE_TRUE);
				break;
			case WIRE_NULL:
				wire_null(writer);
				break;
			case WIRE_END:
				return;
		}
	} while (reader->depth > depth && wire_next(reader) != WIRE_END);
}

void
transfer_write_member(WireWriter *response, Jsonb *object, const char *name)
{
	WireReader	reader;

	wire_read_jsonb(&reader, object);
	(void) wire_next(&reader);
	while (wire_next(&reader) == WIRE_KEY)
	{
		bool		found = reader.len == strlen(name) && memcmp(reader.text, name, reader.len) == 0;

		(void) wire_next(&reader);
		if (found)
		{
			wire_member(response, name);
			copy_value(&reader, response);
			return;
		}
		wire_skip(&reader);
	}
}
