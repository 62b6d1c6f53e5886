/*
 * transfer_arn.h
 *		What the operations on exports, imports and bulk operations share: ARNs, and NextTokens of their lists.
 *
 * arn:aws:dynamodb:<region>:<account>:table/<table>/<kind>/<id>, kind being export, import or bulk-operation.
 */
#ifndef DYNAPG_TRANSFER_ARN_H
#define DYNAPG_TRANSFER_ARN_H

#include "catalog/transfers.h"
#include "op/request.h"

/* The ARN of a transfer of this server, and of one that need not be there; palloc'd. */
extern char *transfer_arn(const Transfer *transfer);
extern char *transfer_arn_of(TransferKind kind, const char *table_name, const char *id);

typedef enum TransferArnStatus
{
	TRANSFER_ARN_OK,
	TRANSFER_ARN_MALFORMED,		/* no ARN of a transfer of this kind */
	TRANSFER_ARN_DENIED,		/* another partition, service or account, or a Region that there cannot be */
	TRANSFER_ARN_ELSEWHERE		/* another Region */
} TransferArnStatus;

/*
 * Takes the ARN of a transfer of a kind apart: its table's name and its id, palloc'd; valid only if it is TRANSFER_ARN_OK.
 */
extern TransferArnStatus transfer_parse_arn(TransferKind kind, const char *text, int len, char **table_name, char **id);

/* The transfer of an ARN that is OK; NULL if there is none of this kind, table and id. */
extern Transfer *transfer_of_arn(TransferKind kind, const char *table_name, const char *id);

/*
 * The NextToken of a list of a kind that goes on behind an id: 112 lower-case hexadecimal digits, which nobody but us can have made; palloc'd.
 * transfer_read_token: the id, palloc'd; NULL if there is no token.  ValidationException for what is no token of this kind's list.
 */
extern char *transfer_next_token(TransferKind kind, const char *id);
extern char *transfer_read_token(TransferKind kind, const RequestValue *token);

/*
 * Writes the answer of a list of a kind: the member with the summaries of at most limit of the transfers, which are one more if the list goes on, and
 * NextToken if it does.
 */
extern void transfer_write_list(WireWriter *response, const char *member, TransferKind kind, List *transfers, int limit,
								void (*write_summary) (WireWriter *response, const Transfer *transfer));

/* Writes a member that is a time; nothing if it is 0. */
extern void transfer_write_time(WireWriter *response, const char *name, TimestampTz time);

/* Writes a member that is an integer. */
extern void transfer_write_integer(WireWriter *response, const char *name, int64 value);

/* Writes a member of a request under its own name, as it was given; nothing if it was not. */
extern void transfer_write_given(WireWriter *writer, const RequestValue *structure, int member);

/*
 * Writes a member of an object in jsonb as the member of the response, if it is there; what it is made of lives as long as the jsonb.
 */
extern void transfer_write_member(WireWriter *response, Jsonb *object, const char *name);

#endif							/* DYNAPG_TRANSFER_ARN_H */
