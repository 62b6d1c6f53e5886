/*
 * destination_function.c
 *		SQL functions as destinations: f(event jsonb), which returns void, or jsonb for batchItemFailures.
 *
 * The definition is the function's name with its schema, and who owned it then: a name alone would let whoever can make functions in that schema be called
 * in the mapping's name once the function is gone.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "parser/parse_func.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/regproc.h"
#include "utils/syscache.h"
#include "utils/timeout.h"
#include "utils/varlena.h"

#include "base/compat.h"
#include "base/settings.h"
#include "events/destination.h"
#include "events/event_lane.h"
#include "events/event_options.h"

/* The function of a name: of jsonb alone; with or without (jsonb) at its end.  Raises errors. */
static Oid
find_function(const char *text)
{
	const char *arguments = strrchr(text, '(');
	Oid			types[1] = {JSONBOID};
	char	   *name = arguments ? pnstrdup(text, arguments - text) : pstrdup(text);

	if (arguments != NULL && strcmp(arguments, "(jsonb)") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a function that gets events has one argument of type jsonb")));
	return LookupFuncName(textToQualifiedNameList(cstring_to_text(name)), 1, types, false);
}

/* A function's owner; an error if it is not one that can be called so. */
static Oid
require_function(Oid function)
{
	HeapTuple	row = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	Form_pg_proc form;
	Oid			owner;

	if (!HeapTupleIsValid(row))
		elog(ERROR, "cache lookup failed for function %u", function);
	form = (Form_pg_proc) GETSTRUCT(row);
	owner = form->proowner;
	if (form->prokind != PROKIND_FUNCTION || form->proretset || (form->prorettype != VOIDOID && form->prorettype != JSONBOID))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("function %s cannot get events", format_procedure(function)),
				 errdetail("It must be an ordinary function that returns void, or jsonb.")));
	ReleaseSysCache(row);
	return owner;
}

static void
require_execute(Oid function)
{
	if (compat_function_aclcheck(function, GetUserId(), ACL_EXECUTE) != ACLCHECK_OK)
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_FUNCTION, get_func_name(function));
}

static void
check_function(DestinationCheck *check, Jsonb *value)
{
	Oid			function = find_function(destination_string(check, value));
	JsonbValue	name;

	check->function_owner = require_function(function);
	require_execute(function);
	name.type = jbvString;
	name.val.string.val = psprintf("%s(jsonb)", quote_qualified_identifier(get_namespace_name(get_func_namespace(function)),
																			   get_func_name(function)));
	name.val.string.len = strlen(name.val.string.val);
	check->definition = JsonbValueToJsonb(&name);
}

/* A call that goes on. */
typedef struct Call
{
	char	   *statement;
	Jsonb	   *argument;
	char	   *answer;			/* NULL: it was void or null; in the caller's context */
	MemoryContext context;
} Call;

/*
 * The plan of a call, which stays for the next one of the same statement.  A plan may have the function's body in it, without a look at the caller's
 * privileges: that is the caller's.
 */
static SPIPlanPtr
plan_of(const char *statement)
{
	static char *planned = NULL;
	static SPIPlanPtr plan = NULL;
	Oid			types[1] = {JSONBOID};

	if (planned != NULL && strcmp(planned, statement) == 0)
		return plan;
	if (planned != NULL)
	{
		pfree(planned);
		planned = NULL;
		(void) SPI_freeplan(plan);
	}
	plan = SPI_prepare_cursor(statement, 1, types, CURSOR_OPT_GENERIC_PLAN);
	if (plan == NULL || SPI_keepplan(plan) != 0)
		elog(ERROR, "SPI_prepare failed: %s", SPI_result_code_string(SPI_result));
	planned = MemoryContextStrdup(TopMemoryContext, statement);
	return plan;
}

static void
execute(Call *call)
{
	Datum		values[1] = {JsonbPGetDatum(call->argument)};
	int			result;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	result = SPI_execute_plan(plan_of(call->statement), values, NULL, false, 0);
	if (result < 0)
		elog(ERROR, "SPI_execute failed: %s", SPI_result_code_string(result));
	if (SPI_processed > 0 && SPI_gettypeid(SPI_tuptable->tupdesc, 1) == JSONBOID)
	{
		bool		isnull;
		Datum		answer = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);

		if (!isnull)
		{
			Jsonb	   *jsonb = DatumGetJsonbP(answer);
			MemoryContext inner = MemoryContextSwitchTo(call->context);

			call->answer = JsonbToCString(NULL, &jsonb->root, VARSIZE(jsonb));
			MemoryContextSwitchTo(inner);
		}
	}
	SPI_finish();
}

/*
 * Calls the function as the current user, who is the mapping's owner.  What it sets of settings ends with the call, and it may not take longer than
 * dynapg.event_timeout.
 */
static char *
call_function(Jsonb *definition, Oid owner, Jsonb *argument)
{
	Call		call = {.argument = argument, .context = CurrentMemoryContext};
	int			nest_level = NewGUCNestLevel();
	JsonbValue	name;
	Oid			function;

	(void) JsonbExtractScalar(&definition->root, &name);
	function = find_function(pnstrdup(name.val.string.val, name.val.string.len));
	if (require_function(function) != owner)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("function %s is not the one that was meant", format_procedure(function)),
				 errdetail("It belongs to another role now."),
				 errhint("dynapg.enable_event_source_mapping() takes it as it is.")));
	require_execute(function);
	call.statement = psprintf("SELECT %s($1)", quote_qualified_identifier(get_namespace_name(get_func_namespace(function)),
																		   get_func_name(function)));
	if (dynapg_event_timeout > 0)
		enable_timeout_after(STATEMENT_TIMEOUT, dynapg_event_timeout);
	PG_TRY();
	{
		execute(&call);
	}
	PG_FINALLY();
	{
		disable_timeout(STATEMENT_TIMEOUT, false);
	}
	PG_END_TRY();
	AtEOXact_GUC(false, nest_level);
	return call.answer;
}

static void
deliver(const EventMapping *mapping, const EventBatch *batch, EventOutcome *outcome)
{
	WireWriter	writer;
	Jsonb	   *definition;
	char	   *answer;

	(void) destination_of_mapping(mapping, &definition);
	wire_write_jsonb(&writer);
	event_batch_write(&writer, batch);
	answer = call_function(definition, mapping->function_owner, wire_writer_jsonb(&writer));
	if (answer != NULL && event_mapping_options(mapping)->reports)
		event_read_answer(batch, answer, strlen(answer), outcome);
}

static void
deliver_failure(const EventMapping *mapping, Jsonb *definition, Jsonb *invocation)
{
	(void) call_function(definition, mapping->failure_function_owner, invocation);
}

const DestinationKind destination_function = {
	.name = "Function",
	.for_alarms = true,
	.check = check_function,
	.deliver = deliver,
	.deliver_failure = deliver_failure
};
