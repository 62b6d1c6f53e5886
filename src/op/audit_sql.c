/*
 * audit_sql.c
 *		Functions by which tests see the audit's events; the extension's script does not have them.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"

#include "expr/partiql.h"
#include "op/audit_private.h"

PG_FUNCTION_INFO_V1(dynapg_test_audit_hold);
PG_FUNCTION_INFO_V1(dynapg_test_audit_take);
PG_FUNCTION_INFO_V1(dynapg_test_partiql_redact);

/* () returns void: from here on the session's events are kept. */
Datum
dynapg_test_audit_hold(PG_FUNCTION_ARGS)
{
	audit_hold();
	PG_RETURN_VOID();
}

/* () returns text: the events, a line each; they are forgotten, and the next ones kept. */
Datum
dynapg_test_audit_take(PG_FUNCTION_ARGS)
{
	StringInfoData lines;

	initStringInfo(&lines);
	audit_read_held(&lines);
	audit_hold();
	PG_RETURN_TEXT_P(cstring_to_text_with_len(lines.data, lines.len));
}

/* A PartiqlIsKey: the attribute pk of every table. */
static bool
is_pk(const char *table, int table_len, const char *name, int name_len, void *argument)
{
	return name_len == 2 && memcmp(name, "pk", 2) == 0;
}

/* (statement text, keys boolean) returns text; keys: pk is a key, whose values stay */
Datum
dynapg_test_partiql_redact(PG_FUNCTION_ARGS)
{
	text	   *statement = PG_GETARG_TEXT_PP(0);
	StringInfoData out;
	const char *table;
	int			table_len;

	initStringInfo(&out);
	partiql_redact(&out, VARDATA_ANY(statement), VARSIZE_ANY_EXHDR(statement), PG_GETARG_BOOL(1) ? is_pk : NULL, NULL, &table, &table_len);
	PG_RETURN_TEXT_P(cstring_to_text_with_len(out.data, out.len));
}
