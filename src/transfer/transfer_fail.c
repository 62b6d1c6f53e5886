/*
 * transfer_fail.c
 *		Errors that a transfer cannot recover from.
 *
 * Such an error has an SQLSTATE of its own, and its FailureCode in the field for a constraint's name: the only ones of an error's fields
 * that PostgreSQL copies and leaves to others are those.
 */
#include "postgres.h"

#include "transfer/transfer.h"

#define ERRCODE_TRANSFER_FAILED MAKE_SQLSTATE('Y', 'D', '0', '5', '0')

void
transfer_fail_detail(const char *code, const char *detail, const char *message)
{
	ereport(ERROR,
			(errcode(ERRCODE_TRANSFER_FAILED),
			 errmsg_internal("%s", message),
			 detail ? errdetail_internal("%s", detail) : 0,
			 err_generic_string(PG_DIAG_CONSTRAINT_NAME, code)));
	pg_unreachable();
}

void
transfer_fail(const char *code, const char *format,...)
{
	StringInfoData message;

	initStringInfo(&message);
	for (;;)
	{
		va_list		arguments;
		int			needed;

		va_start(arguments, format);
		needed = appendStringInfoVA(&message, format, arguments);
		va_end(arguments);
		if (needed == 0)
			break;
		enlargeStringInfo(&message, needed);
	}
	transfer_fail_detail(code, NULL, message.data);
}

const char *
transfer_failure_code(const ErrorData *error)
{
	return error->sqlerrcode == ERRCODE_TRANSFER_FAILED ? error->constraint_name : NULL;
}
