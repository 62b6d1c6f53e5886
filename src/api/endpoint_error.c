/*
 * endpoint_error.c
 *		The body of an error, as the service gives it.
 */
#include "postgres.h"

#include "access/xact.h"
#include "access/xlog.h"

#include "api/endpoint_error.h"
#include "base/error.h"
#include "op/op.h"

/* Operations on tables wait for tables, the others for items. */
static bool
is_table_operation(int operation)
{
	const OperationFunction function = op_function(operation);

	return function == op_create_table || function == op_update_table || function == op_delete_table;
}

/* The service's message of an error: ours as it is, PostgreSQL's as what it means to an API caller. */
static const char *
wire_message(const ErrorData *error, DynException exception)
{
	const DynExceptionInfo *info = dyn_exception_info(exception);

	if (error->datatype_name != NULL && strcmp(error->datatype_name, info->name) == 0)
		return error->message;
	switch (exception)
	{
		case DYN_TRANSACTION_CONFLICT:
			return "Transaction is ongoing for the item";
		case DYN_RESOURCE_IN_USE:
			return "Attempt to change a resource which is still in use";
		case DYN_INTERNAL_SERVER_ERROR:
			return "Internal server error";
		case DYN_SERVICE_UNAVAILABLE:
			if (error->sqlerrcode != ERRCODE_QUERY_CANCELED)
				return "The service is currently unavailable or busy";
			break;
		default:
			break;
	}
	if (error->sqlerrcode == ERRCODE_READ_ONLY_SQL_TRANSACTION && RecoveryInProgress())
		return "This endpoint is a read replica: it answers eventually consistent reads only";
	if (error->sqlerrcode == ERRCODE_READ_ONLY_SQL_TRANSACTION && DefaultXactReadOnly)
		return "This endpoint is read-only by default_transaction_read_only: it answers reads only";
	return error->message;
}

/* Whether an error is a transaction conflict, or a cancellation that has one among its reasons. */
static bool
is_conflict(const ErrorData *error, DynException exception)
{
	return exception == DYN_TRANSACTION_CONFLICT ||
		(exception == DYN_TRANSACTION_CANCELED && error->detail != NULL &&
		 strstr(error->detail, "{\"Code\":\"TransactionConflict\"") != NULL);
}

/* Whether a text is a JSON object that has members and nothing around it; NULL is none. */
static bool
is_object(const char *text)
{
	size_t		len = text == NULL ? 0 : strlen(text);

	return len > 2 && text[0] == '{' && text[len - 1] == '}' && text[strspn(text + 1, " \t\r\n") + 1] != '}' &&
		wire_text_is_json(text, len);
}

/* Whether the detail of an exception is the object of its further members (base/error.h). */
static bool
has_members(DynException exception)
{
	switch (exception)
	{
		case DYN_CONDITIONAL_CHECK_FAILED:
		case DYN_TRANSACTION_CANCELED:
		case DYN_PROVISIONED_THROUGHPUT_EXCEEDED:
		case DYN_REQUEST_LIMIT_EXCEEDED:
		case DYN_THROTTLING:
			return true;
		default:
			return false;
	}
}

int
endpoint_write_error(ErrorData *error, int operation, StringInfo body, EndpointOutcome *outcome)
{
	DynException exception = dyn_exception_of_sqlstate(error->sqlerrcode);
	const DynExceptionInfo *info;
	const char *message;
	char	   *type;
	WireWriter	writer;

	if (error->sqlerrcode == ERRCODE_LOCK_NOT_AVAILABLE && operation >= 0 && is_table_operation(operation))
		exception = DYN_RESOURCE_IN_USE;
	info = dyn_exception_info(exception);
	outcome->error = info->name;
	outcome->conflict = is_conflict(error, exception);
	outcome->defect = info->http_status >= 500 || dyn_is_defect(error->sqlerrcode);
	message = wire_message(error, exception);
	type = psprintf("%s%s", info->type_prefix, info->name);

	wire_write_text(&writer, body);
	wire_object_start(&writer);
	wire_member(&writer, "__type");
	wire_cstring(&writer, type);
	if (message[0] != '\0')
	{
		wire_member(&writer, info->message_member);
		wire_cstring(&writer, message);
	}
	/* if it is not a user's function that raised it */
	if (has_members(exception) && is_object(error->detail))
	{
		appendStringInfoChar(body, ',');
		appendBinaryStringInfo(body, error->detail + 1, strlen(error->detail) - 2);
	}
	wire_object_end(&writer);
	return info->http_status;
}

void
endpoint_raise(int exception, const char *message)
{
	dyn_error((DynException) exception, "%s", message);
}

int
endpoint_sqlstate(int exception)
{
	return dyn_exception_info((DynException) exception)->sqlstate;
}
