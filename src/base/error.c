/*
 * error.c
 *		Raising the service's exceptions.
 */
#include "postgres.h"

#include "lib/stringinfo.h"

#include "base/error.h"

const char *dyn_operation = "?";

static const DynExceptionInfo exceptions[] = {
#define DYN_EXCEPTION(symbol, name, sqlstate, status, prefix, member, retryable) \
	[DYN_##symbol] = {name, sqlstate, status, prefix, member, retryable},
#include "base/errors_data.h"
#undef DYN_EXCEPTION
};

const DynExceptionInfo *
dyn_exception_info(DynException exception)
{
	Assert(exception >= 0 && exception < DYN_EXCEPTION_COUNT);
	return &exceptions[exception];
}

/* What an error of PostgreSQL's is for a caller of the API. */
typedef struct SqlstateRule
{
	int			sqlstate;
	bool		is_class;		/* all states that begin with its first two characters */
	DynException exception;
	bool		defect;
} SqlstateRule;

static const SqlstateRule rules[] = {
#define DYN_SQLSTATE(sqlstate, is_class, exception, defect) {sqlstate, is_class, exception, defect},
#include "base/sqlstates_data.h"
#undef DYN_SQLSTATE
};

/* The rule for a SQLSTATE, the most particular one; NULL if there is none. */
static const SqlstateRule *
find_rule(int sqlstate)
{
	for (int i = 0; i < lengthof(rules); i++)
		if (rules[i].sqlstate == (rules[i].is_class ? ERRCODE_TO_CATEGORY(sqlstate) : sqlstate))
			return &rules[i];
	return NULL;
}

/* The exception that has a SQLSTATE for its own; DYN_EXCEPTION_COUNT if none has. */
static DynException
find_exception(int sqlstate)
{
	int			exception = 0;

	while (exception < DYN_EXCEPTION_COUNT && exceptions[exception].sqlstate != sqlstate)
		exception++;
	return (DynException) exception;
}

DynException
dyn_exception_of_sqlstate(int sqlstate)
{
	DynException exception = find_exception(sqlstate);
	const SqlstateRule *rule = find_rule(sqlstate);

	if (exception != DYN_EXCEPTION_COUNT)
		return exception;
	return rule != NULL ? rule->exception : DYN_VALIDATION;
}

ErrorData *
dyn_take_error(MemoryContext context)
{
	ErrorData  *error;

	MemoryContextSwitchTo(context);
	error = CopyErrorData();
	FlushErrorState();
	return error;
}

bool
dyn_is_defect(int sqlstate)
{
	const SqlstateRule *rule = find_rule(sqlstate);

	return find_exception(sqlstate) == DYN_EXCEPTION_COUNT && rule != NULL && rule->defect;
}

bool
dyn_is_denial(DynException exception)
{
	switch (exception)
	{
		case DYN_ACCESS_DENIED:
		case DYN_MISSING_AUTHENTICATION_TOKEN:
		case DYN_INCOMPLETE_SIGNATURE:
		case DYN_INVALID_SIGNATURE:
		case DYN_UNRECOGNIZED_CLIENT:
		case DYN_EXPIRED_TOKEN:
			return true;
		default:
			return false;
	}
}

static _Noreturn void raise_exception(DynException exception, const char *detail, const char *message);

static void
raise_exception(DynException exception, const char *detail, const char *message)
{
	const DynExceptionInfo *info = dyn_exception_info(exception);

	ereport(ERROR,
			(errcode(info->sqlstate),
			 errmsg_internal("%s", message),
			 detail ? errdetail_internal("%s", detail) : 0,
			 err_generic_string(PG_DIAG_DATATYPE_NAME, info->name)));
	pg_unreachable();
}

/* Formats the message with errno as the caller had it; the buffer lives in the caller's memory context. */
static char *format_message(const char *format, va_list args) pg_attribute_printf(1, 0);

static char *
format_message(const char *format, va_list args)
{
	StringInfoData buf;

	initStringInfo(&buf);
	for (;;)
	{
		va_list		copy;
		int			needed;

		va_copy(copy, args);
		needed = appendStringInfoVA(&buf, format, copy);
		va_end(copy);
		if (needed == 0)
			return buf.data;
		enlargeStringInfo(&buf, needed);
	}
}

void
dyn_error(DynException exception, const char *format,...)
{
	va_list		args;
	char	   *message;

	va_start(args, format);
	message = format_message(format, args);
	va_end(args);
	raise_exception(exception, NULL, message);
}

void
dyn_error_detail(DynException exception, const char *detail, const char *format,...)
{
	va_list		args;
	char	   *message;

	va_start(args, format);
	message = format_message(format, args);
	va_end(args);
	raise_exception(exception, detail, message);
}
