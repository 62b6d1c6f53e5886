/*
 * secret_statement.c
 *		Statements that may have secrets.
 */
#include "postgres.h"

#include "pgstat.h"

#include "api/secret_statement.h"

static void
hide_statement(void *argument)
{
	errhidestmt(true);
}

void
secret_statement_begin(ErrorContextCallback *callback, const char *shown)
{
	pgstat_report_activity(STATE_RUNNING, shown);
	*callback = (ErrorContextCallback) {.previous = error_context_stack, .callback = hide_statement};
	error_context_stack = callback;
}

void
secret_statement_end(const ErrorContextCallback *callback)
{
	error_context_stack = callback->previous;
}
