/*
 * audit_event.c
 *		Making an event of a call: its members, in CloudTrail's order.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "pgtime.h"
#include "utils/guc.h"
#include "utils/timestamp.h"

#include "base/error.h"
#include "base/settings.h"
#include "op/audit_private.h"

#define MAX_RESPONSE	4096
#define MAX_MESSAGE		1024
#define MAX_RESOURCES	3072
#define MAX_AGENT		512
#define REDACTED		"***(Redacted)"

/* ------------------------------------------------------------------------------------------------------------
 * Kinds of operations
 * ------------------------------------------------------------------------------------------------------------ */

bool
audit_is_data(int operation)
{
	switch (operation)
	{
		case OPERATION_BatchExecuteStatement:
		case OPERATION_BatchGetItem:
		case OPERATION_BatchWriteItem:
		case OPERATION_DeleteItem:
		case OPERATION_ExecuteStatement:
		case OPERATION_ExecuteTransaction:
		case OPERATION_GetItem:
		case OPERATION_GetRecords:
		case OPERATION_GetShardIterator:
		case OPERATION_PutItem:
		case OPERATION_Query:
		case OPERATION_Scan:
		case OPERATION_SearchVectors:
		case OPERATION_TransactGetItems:
		case OPERATION_TransactWriteItems:
		case OPERATION_UpdateItem:
			return true;
		default:
			return false;
	}
}

/* A PartiQL statement may write. */
bool
audit_is_read_only(int operation)
{
	static const char *const verbs[] = {"Get", "BatchGet", "Query", "Scan", "TransactGet", "Describe", "List", "SearchVectors"};

	if (operation < 0)
		return false;
	for (int i = 0; i < lengthof(verbs); i++)
		if (strncmp(model_operations[operation].name, verbs[i], strlen(verbs[i])) == 0)
			return true;
	return false;
}

/* ------------------------------------------------------------------------------------------------------------
 * Errors
 * ------------------------------------------------------------------------------------------------------------ */

static bool
begins_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

/*
 * What a message about a request for items says before it comes to values, which it may quote: up to its first quote, bracket, or colon that
 * is not of one of the service's own beginnings.  Messages about expressions have none but in braces and brackets.
 */
static const char *
without_values(const char *message)
{
	static const char *const beginnings[] = {
		DYN_ENVELOPE, "One or more parameter values were invalid: ", "ExpressionAttributeValues contains invalid value: ",
		"The provided starting key is invalid: ", "Statement wasn't well formed, can't be processed: "
	};
	const char *rest = message;
	const char *stops = "'\"[{:";
	int			len;

	for (int i = 0; i < lengthof(beginnings); i++)
		if (begins_with(rest, beginnings[i]))
			rest += strlen(beginnings[i]);
	if (begins_with(rest, "Invalid ") && strstr(rest, "Expression: ") != NULL)
	{
		rest = strstr(rest, "Expression: ") + strlen("Expression: ");
		stops = "[{";
	}
	len = rest - message + strcspn(rest, stops);
	if (message[len] == '\0')
		return message;
	return psprintf("%.*s%s%s", len, message, message[len] == ':' ? ": " : "", REDACTED);
}

/* What may be said of an error: all of it if it is not about items, or if it is one of ours that has no value in it. */
static const char *
message_to_show(const ErrorData *error, DynException exception, bool is_data)
{
	if (error->message == NULL || !is_data || exception == DYN_ACCESS_DENIED)
		return error->message;
	/* PostgreSQL's messages, and those of users' functions, quote what they like */
	if (error->datatype_name == NULL)
		return psprintf("SQLSTATE %s", unpack_sql_state(error->sqlerrcode));
	switch (exception)
	{
		case DYN_VALIDATION:
		case DYN_SERIALIZATION:
		case DYN_DUPLICATE_ITEM:
			return without_values(error->message);
		default:
			return error->message;
	}
}

void
audit_read_error(const ErrorData *error, bool is_data, AuditError *result)
{
	DynException exception = dyn_exception_of_sqlstate(error->sqlerrcode);

	result->code = dyn_exception_info(exception)->name;
	result->message = message_to_show(error, exception, is_data);
	result->is_denied = dyn_is_denial(exception);
}

/* ------------------------------------------------------------------------------------------------------------
 * Members
 * ------------------------------------------------------------------------------------------------------------ */

/* 2026-11-29T15:10:25Z */
static const char *
time_text(TimestampTz at)
{
	static char text[32];
	static pg_time_t last = 0;
	pg_time_t	time = timestamptz_to_time_t(at);

	if (time != last)
		pg_strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", pg_gmtime(&time));
	last = time;
	return text;
}

/* A random UUID.  Random bytes are drawn for many events at once. */
static const char *
event_id(void)
{
	static const char digits[] = "0123456789abcdef";
	static uint8 random[64][16];
	static int	used = lengthof(random);
	static char text[37];
	uint8	   *bytes;
	char	   *out = text;

	if (used == lengthof(random))
	{
		if (!pg_strong_random(random, sizeof(random)))
			elog(ERROR, "could not generate random values");
		used = 0;
	}
	bytes = random[used++];
	bytes[6] = (bytes[6] & 0x0F) | 0x40;
	bytes[8] = (bytes[8] & 0x3F) | 0x80;
	for (int i = 0; i < 16; i++)
	{
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*out++ = '-';
		*out++ = digits[bytes[i] >> 4];
		*out++ = digits[bytes[i] & 15];
	}
	*out = '\0';
	return text;
}

/* Temporary credentials: when they were made, and whose they are. */
static void
put_session(AuditWriter *writer, const AuditCall *call)
{
	audit_member(writer, "sessionContext");
	audit_begin_object(writer);
	audit_member(writer, "sessionIssuer");
	audit_begin_object(writer);
	audit_text_member(writer, "type", "Role");
	audit_text_member(writer, "principalId", psprintf("%u", call->user));
	audit_text_member(writer, "arn", psprintf("arn:aws:iam::%s:role/%s", dynapg_account_id, call->user_name));
	audit_text_member(writer, "accountId", dynapg_account_id);
	audit_text_member(writer, "userName", call->user_name);
	audit_end_object(writer);
	audit_member(writer, "attributes");
	audit_begin_object(writer);
	audit_text_member(writer, "creationDate", time_text(call->session->issued_at));
	audit_text_member(writer, "mfaAuthenticated", "false");
	audit_end_object(writer);
	audit_end_object(writer);
}

static void
put_identity(AuditWriter *writer, const AuditCall *call)
{
	const CallerSession *session = call->session;
	const char *key = call->claimed_key ? call->claimed_key : call->caller->access_key_id;

	audit_member(writer, "userIdentity");
	audit_begin_object(writer);
	if (!OidIsValid(call->user))
		audit_text_member(writer, "type", "Unknown");
	else
	{
		audit_text_member(writer, "type", session ? "AssumedRole" : "IAMUser");
		audit_text_member(writer, "principalId", session ? psprintf("%u:%s", call->user, session->name) : psprintf("%u", call->user));
		audit_text_member(writer, "arn", session ?
						  psprintf("arn:aws:sts::%s:assumed-role/%s/%s", dynapg_account_id, call->user_name, session->name) :
						  psprintf("arn:aws:iam::%s:user/%s", dynapg_account_id, call->user_name));
		audit_text_member(writer, "accountId", dynapg_account_id);
	}
	if (key != NULL)
		audit_text_member(writer, "accessKeyId", pnstrdup(key, strnlen(key, 128)));
	if (session != NULL)
		put_session(writer, call);
	else if (OidIsValid(call->user))
		audit_text_member(writer, "userName", call->user_name);
	audit_end_object(writer);
}

/* A caller of SQL says who it is by application_name. */
static const char *
agent_of(const AuditCall *call)
{
	const char *agent = call->caller->user_agent;

	if (agent == NULL && call->caller->request_id == NULL)
		agent = application_name;
	return agent == NULL || agent[0] == '\0' ? NULL : pnstrdup(agent, strnlen(agent, MAX_AGENT));
}

static void
put_error(AuditWriter *writer, const AuditError *error)
{
	audit_text_member(writer, "errorCode", error->code);
	if (error->message != NULL && error->message[0] != '\0')
		audit_text_member(writer, "errorMessage", pnstrdup(error->message, strnlen(error->message, MAX_MESSAGE)));
}

static const char *
resource_type(const char *arn)
{
	static const char *const kinds[][2] = {
		{"/stream/", "AWS::DynamoDB::Stream"}, {"/backup/", "AWS::DynamoDB::Backup"}, {"/export/", "AWS::DynamoDB::Export"},
		{"/import/", "AWS::DynamoDB::Import"}
	};

	for (int i = 0; i < lengthof(kinds); i++)
		if (strstr(arn, kinds[i][0]) != NULL)
			return kinds[i][1];
	return "AWS::DynamoDB::Table";
}

static void
put_resources(AuditWriter *writer, const AuditResources *resources)
{
	const char *arn = resources->arns.data;

	if (resources->count == 0)
		return;
	audit_member(writer, "resources");
	audit_begin_array(writer);
	for (int i = 0; i < resources->count && audit_has_room(writer); i++, arn += strlen(arn) + 1)
	{
		audit_begin_object(writer);
		audit_text_member(writer, "accountId", dynapg_account_id);
		audit_text_member(writer, "type", resource_type(arn));
		audit_text_member(writer, "ARN", arn);
		audit_end_object(writer);
	}
	audit_end_array(writer);
}

/* What CloudTrail's members have no place for. */
static void
put_additional(AuditWriter *writer, const AuditCall *call, bool truncated)
{
	bool		is_http = call->caller->request_id != NULL && call->is_outermost;

	audit_member(writer, "additionalEventData");
	audit_begin_object(writer);
	audit_text_member(writer, "interface", is_http ? "HTTP" : "SQL");
	if (call->session_user != NULL)
		audit_text_member(writer, "sessionUser", call->session_user);
	audit_member(writer, "processId");
	audit_bare(writer, psprintf("%d", MyProcPid));
	if (call->trace_id != NULL)
		audit_text_member(writer, "traceId", call->trace_id);
	if (call->suppressed > 0)
	{
		audit_member(writer, "suppressed");
		audit_bare(writer, psprintf(INT64_FORMAT, call->suppressed));
	}
	if (truncated)
	{
		audit_member(writer, "truncated");
		audit_bare(writer, "true");
	}
	audit_end_object(writer);
}

/* ------------------------------------------------------------------------------------------------------------
 * Events
 * ------------------------------------------------------------------------------------------------------------ */

/* Up to where the error stands if there is one. */
static void
put_beginning(AuditWriter *writer, const AuditCall *call)
{
	audit_begin_object(writer);
	audit_text_member(writer, "eventVersion", "1.08");
	put_identity(writer, call);
	audit_text_member(writer, "eventTime", time_text(call->at));
	audit_text_member(writer, "eventSource", "dynamodb.amazonaws.com");
	audit_text_member(writer, "eventName", call->operation >= 0 ? model_operations[call->operation].name : NULL);
	audit_text_member(writer, "awsRegion", dynapg_region);
	audit_text_member(writer, "sourceIPAddress", call->caller->source_ip ? call->caller->source_ip : "[local]");
	audit_text_member(writer, "userAgent", agent_of(call));
}

static void
put_response(AuditWriter *writer, const char *response, int len)
{
	int			limit = writer->limit;

	if (response == NULL || len == 0)
	{
		audit_bare(writer, "null");
		return;
	}
	writer->limit = writer->out->len + MAX_RESPONSE;
	audit_answer(writer, response, len);
	writer->limit = limit;
}

/* Behind responseElements. */
static void
put_end(AuditWriter *writer, const AuditCall *call)
{
	int			limit = writer->limit;

	put_additional(writer, call, call->truncated || writer->truncated);
	audit_text_member(writer, "requestID", call->caller->request_id);
	audit_text_member(writer, "eventID", event_id());
	audit_member(writer, "readOnly");
	audit_bare(writer, audit_is_read_only(call->operation) ? "true" : "false");
	writer->limit = writer->out->len + MAX_RESOURCES;
	put_resources(writer, &call->resources);
	writer->limit = limit;
	audit_text_member(writer, "eventType", "AwsApiCall");
	audit_text_member(writer, "apiVersion", "2012-08-10");
	audit_member(writer, "managementEvent");
	audit_bare(writer, call->is_data ? "false" : "true");
	audit_text_member(writer, "recipientAccountId", dynapg_account_id);
	audit_text_member(writer, "eventCategory", call->is_data ? "Data" : "Management");
	audit_end_object(writer);
}

void
audit_make_event(const AuditCall *call, const AuditError *error, const char *response, int response_len, AuditEvent *event)
{
	AuditWriter writer = {.out = &event->line, .limit = PG_INT32_MAX};

	event->at = call->at;
	event->is_outermost = call->is_outermost;
	event->has_failed = error != NULL;
	initStringInfo(&event->line);
	put_beginning(&writer, call);
	event->error_at = event->line.len;
	if (error != NULL)
		put_error(&writer, error);
	audit_member(&writer, "requestParameters");
	audit_bare(&writer, call->parameters.data ? call->parameters.data : "null");
	audit_member(&writer, "responseElements");
	event->response_at = event->line.len;
	put_response(&writer, response, response_len);
	event->response_len = event->line.len - event->response_at;
	put_end(&writer, call);
}

void
audit_change_event(AuditEvent *event, const AuditError *error)
{
	StringInfoData line;
	AuditWriter writer = {.out = &line, .limit = PG_INT32_MAX};
	int			rest = event->response_at + event->response_len;

	initStringInfo(&line);
	appendBinaryStringInfo(&line, event->line.data, event->error_at);
	put_error(&writer, error);
	appendBinaryStringInfo(&line, event->line.data + event->error_at, event->response_at - event->error_at);
	appendStringInfoString(&line, "null");
	appendBinaryStringInfo(&line, event->line.data + rest, event->line.len - rest);
	event->line = line;
	event->has_failed = true;
}
