/*
 * cloudwatch.h
 *		CloudWatch's operations over HTTP: from the body of a request to that of its answer.
 *
 * Each operation is a function in SQL of the request, as AWS JSON has it, and is called as the request's role.  Of the protocols that CloudWatch speaks there are
 * those that its clients choose: AWS JSON, Smithy's RPC over CBOR, and AWS Query, whose answers are XML.
 */
#ifndef DYNAPG_CLOUDWATCH_H
#define DYNAPG_CLOUDWATCH_H

#include "lib/stringinfo.h"
#include "utils/elog.h"
#include "utils/jsonb.h"

typedef enum CloudwatchProtocol
{
	CLOUDWATCH_JSON,
	CLOUDWATCH_CBOR,
	CLOUDWATCH_QUERY,
	AUTO_SCALING_JSON			/* Application Auto Scaling's AWS JSON; see dynapg.auto_scaling() */
} CloudwatchProtocol;

/* The name of an operation, as a constant; NULL: there is none. */
extern const char *cloudwatch_operation(const char *name, int len);

/* The name of the operation that a request of AWS Query asks for, palloc'd; NULL: none. */
extern char *cloudwatch_query_action(const char *body, int len);

/*
 * Executes an operation, in a transaction with a snapshot, as the current user; appends the answer.  Raises errors.  Whether it may have changed something.
 */
extern bool cloudwatch_execute(CloudwatchProtocol protocol, const char *operation, const char *body, int len, const char *request_id,
							   StringInfo response);

/*
 * Appends the body of an error, and sets *query_error to the value of the header x-amzn-query-error, palloc'd; returns the HTTP status.  *defect: the server's log
 * should have it.
 */
extern int	cloudwatch_write_error(CloudwatchProtocol protocol, const ErrorData *error, const char *request_id, StringInfo body,
								   const char **query_error, bool *defect);

/* cloudwatch_query.c: a request of AWS Query as a jsonb object, without Action and Version; raises an error for what is none.  And answers in XML. */
extern Jsonb *cloudwatch_read_query(const char *body, int len);
extern void cloudwatch_write_xml(StringInfo out, const char *operation, Jsonb *answer, const char *request_id);
extern void cloudwatch_write_xml_error(StringInfo out, const char *code, const char *message, bool is_sender, const char *request_id);

#endif							/* DYNAPG_CLOUDWATCH_H */
