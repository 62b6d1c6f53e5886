/*
 * cloudwatch.c
 *		CloudWatch's operations over HTTP, and those of Application Auto Scaling.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

#include "api/cloudwatch.h"
#include "api/scaling.h"
#include "base/call_jsonb.h"
#include "base/error.h"
#include "value/cbor.h"
#include "value/wire.h"

/* The functions take a request and return an answer, or nothing. */
typedef struct Operation
{
	const char *name;
	const char *function;		/* NULL: it is Application Auto Scaling's, all of whose operations are one function's */
	bool		changes;
} Operation;

static const Operation operations[] = {
	{"GetMetricData", "get_metric_data"},
	{"GetMetricStatistics", "get_metric_statistics"},
	{"ListMetrics", "list_metrics"},
	{"PutMetricAlarm", "put_metric_alarm", true},
	{"DeleteAlarms", "delete_alarms", true},
	{"DescribeAlarms", "describe_alarms"},
	{"DescribeAlarmsForMetric", "describe_alarms_for_metric"},
	{"SetAlarmState", "set_alarm_state", true},
	{"EnableAlarmActions", "enable_alarm_actions", true},
	{"DisableAlarmActions", "disable_alarm_actions", true},
};

/* What errors are for CloudWatch's callers. */
typedef struct Fault
{
	DynException exception;
	const char *type;			/* in JSON and CBOR */
	const char *code;			/* in AWS Query */
	int			status;
} Fault;

static const Fault faults[] = {
	{DYN_VALIDATION, "InvalidParameterValueException", "InvalidParameterValue", 400},
	{DYN_RESOURCE_NOT_FOUND, "ResourceNotFound", "ResourceNotFound", 404},
	{DYN_LIMIT_EXCEEDED, "LimitExceededFault", "LimitExceeded", 400},
	{DYN_ACCESS_DENIED, "AccessDeniedException", "AccessDenied", 403},
	{DYN_UNKNOWN_OPERATION, "UnknownOperationException", "InvalidAction", 400},
	{DYN_TRANSACTION_CONFLICT, "ConcurrentModificationException", "ConcurrentModificationException", 429},
	{DYN_INTERNAL_SERVER_ERROR, "InternalServiceFault", "InternalServiceError", 500},
};

/* Whether there is an operation of a name; sets *result. */
static bool
find_operation(const char *name, int len, Operation *result)
{
	const ScalingOperation *scaling = scaling_operation(name, len);

	if (scaling != NULL)
	{
		*result = (Operation) {scaling->name, NULL, scaling->changes};
		return true;
	}
	for (int i = 0; i < lengthof(operations); i++)
		if (strlen(operations[i].name) == len && memcmp(operations[i].name, name, len) == 0)
		{
			*result = operations[i];
			return true;
		}
	return false;
}

const char *
cloudwatch_operation(const char *name, int len)
{
	Operation	operation;

	return find_operation(name, len, &operation) ? operation.name : NULL;
}

/* The members of answers that are times or whole numbers. */
static CborNumber
number_of_member(const char *member, int len)
{
	static const char *const integers[] = {"EvaluationPeriods", "DatapointsToAlarm", "Period"};
	static const char *const times[] = {"Timestamp", "Timestamps"};

	for (int i = 0; i < lengthof(integers); i++)
		if (len == strlen(integers[i]) && memcmp(member, integers[i], len) == 0)
			return CBOR_INTEGER;
	for (int i = 0; i < lengthof(times); i++)
		if (len >= strlen(times[i]) && memcmp(member + len - strlen(times[i]), times[i], strlen(times[i])) == 0)
			return CBOR_TIME;
	return CBOR_DOUBLE;
}

static Jsonb *
read_request(CloudwatchProtocol protocol, const char *body, int len)
{
	Jsonb	   *request = NULL;

	if (protocol == CLOUDWATCH_QUERY)
		return cloudwatch_read_query(body, len);
	if (len == 0)
		return DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum("{}")));
	if (protocol == CLOUDWATCH_CBOR)
		request = cbor_read(body, len);
	else if (wire_text_is_json(body, len))
		request = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(pnstrdup(body, len))));
	if (request == NULL || !JB_ROOT_IS_OBJECT(request))
		dyn_error(DYN_SERIALIZATION, "The request could not be read");
	return request;
}

/* Calls the operation's function; its answer in the current context, NULL: none. */
static Jsonb *
call(const Operation *operation, Jsonb *request)
{
	Oid			types[] = {JSONBOID};
	Datum		values[] = {JsonbPGetDatum(request)};
	const char *statement = operation->function != NULL ? psprintf("SELECT dynapg.%s($1)", operation->function) :
		psprintf("SELECT dynapg.auto_scaling('%s', $1)", operation->name);

	return call_jsonb(statement, lengthof(types), types, values, !operation->changes);
}

bool
cloudwatch_execute(CloudwatchProtocol protocol, const char *name, const char *body, int len, const char *request_id, StringInfo response)
{
	Operation	operation;
	Jsonb	   *answer;

	if (!find_operation(name, strlen(name), &operation) || (operation.function == NULL) != (protocol == AUTO_SCALING_JSON))
		dyn_error(DYN_UNKNOWN_OPERATION, "The requested operation is of another service");
	answer = call(&operation, read_request(protocol, body, len));
	if (protocol == CLOUDWATCH_QUERY)
		cloudwatch_write_xml(response, operation.name, answer, request_id);
	else if (answer == NULL)
		appendBinaryStringInfo(response, protocol == CLOUDWATCH_CBOR ? "\xA0" : "{}", protocol == CLOUDWATCH_CBOR ? 1 : 2);
	else if (protocol == CLOUDWATCH_CBOR)
		cbor_write(response, answer, number_of_member);
	else
		(void) JsonbToCString(response, &answer->root, VARSIZE(answer));
	return operation.changes;
}

/* Errors of signatures, and what else has no name of its own in CloudWatch, keep the name that they have at all services. */
static Fault
fault_of(const ErrorData *error)
{
	DynException exception = dyn_exception_of_sqlstate(error->sqlerrcode);
	const DynExceptionInfo *info = dyn_exception_info(exception);

	if (exception == DYN_SERIALIZATION)
		exception = DYN_VALIDATION;
	for (int i = 0; i < lengthof(faults); i++)
		if (faults[i].exception == exception)
			return faults[i];
	if (info->http_status >= 500 && exception != DYN_SERVICE_UNAVAILABLE)
		return faults[lengthof(faults) - 1];
	return (Fault) {exception, info->name, info->name, dyn_is_denial(exception) ? 403 : info->http_status};
}

/* Application Auto Scaling's errors have names of their own, which its functions give; what is nobody's mistake has the same one whoever raises it. */
static Fault
fault_of_scaling(const ErrorData *error)
{
	Fault		fault = fault_of(error);

	if (fault.exception == DYN_INTERNAL_SERVER_ERROR)
		fault.type = fault.code = "InternalServiceException";
	else if (fault.exception == DYN_TRANSACTION_CONFLICT)
		fault = (Fault) {fault.exception, "ConcurrentUpdateException", "ConcurrentUpdateException", 500};
	else if (fault.status < 500 && error->datatype_name != NULL)
		fault = (Fault) {fault.exception, error->datatype_name, error->datatype_name, 400};
	else if (fault.exception == DYN_VALIDATION)
		fault.type = fault.code = "ValidationException";
	return fault;
}

int
cloudwatch_write_error(CloudwatchProtocol protocol, const ErrorData *error, const char *request_id, StringInfo body, const char **query_error, bool *defect)
{
	Fault		fault = protocol == AUTO_SCALING_JSON ? fault_of_scaling(error) : fault_of(error);
	bool		is_conflict = fault.exception == DYN_TRANSACTION_CONFLICT;
	bool		is_sender = fault.status < 500;
	const char *message = is_conflict ? "Another request changes the same at this time." :
		is_sender && error->message ? error->message : "Internal service error";
	StringInfoData text;
	WireWriter	writer;

	*query_error = psprintf("%s;%s", fault.code, is_sender ? "Sender" : "Receiver");
	*defect = (!is_sender && !is_conflict) || (dyn_is_defect(error->sqlerrcode) && error->datatype_name == NULL);
	if (protocol == CLOUDWATCH_QUERY)
	{
		cloudwatch_write_xml_error(body, fault.code, message, is_sender, request_id);
		return fault.status;
	}
	initStringInfo(&text);
	wire_write_text(&writer, protocol == CLOUDWATCH_CBOR ? &text : body);
	wire_object_start(&writer);
	wire_text_member(&writer, "__type", protocol == AUTO_SCALING_JSON ? fault.type : psprintf("com.amazonaws.cloudwatch#%s", fault.type));
	wire_text_member(&writer, "message", message);
	wire_object_end(&writer);
	if (protocol == CLOUDWATCH_CBOR)
		cbor_write(body, DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(text.data))), number_of_member);
	return fault.status;
}
