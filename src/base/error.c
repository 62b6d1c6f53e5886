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

DynException
dyn_exception_of_sqlstate(int sqlstate)
{
	for (int i = 0; i < DYN_EXCEPTION_COUNT; i++)
		if (exceptions[i].sqlstate == sqlstate)
			return (DynException) i;

	switch (sqlstate)
	{
		case ERRCODE_T_R_DEADLOCK_DETECTED:
		case ERRCODE_LOCK_NOT_AVAILABLE:
			return DYN_TRANSACTION_CONFLICT;
		case ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST:
			return DYN_RESOURCE_IN_USE;
		case ERRCODE_READ_ONLY_SQL_TRANSACTION:
			return DYN_VALIDATION;
	}
	switch (ERRCODE_TO_CATEGORY(sqlstate))
	{
			/* what users' constraints, policies, triggers and index expressions say of the caller's item */
		case ERRCODE_TO_CATEGORY(ERRCODE_DATA_EXCEPTION):
		case ERRCODE_TO_CATEGORY(ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION):
		case ERRCODE_TO_CATEGORY(ERRCODE_WITH_CHECK_OPTION_VIOLATION):
		case ERRCODE_TO_CATEGORY(ERRCODE_PLPGSQL_ERROR):
			return DYN_VALIDATION;
	}
	return DYN_INTERNAL_SERVER_ERROR;
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
