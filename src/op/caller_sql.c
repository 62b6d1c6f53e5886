/*
 * caller_sql.c
 *		C functions that only tests call; the extension does not install them.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"

#include "op/caller.h"

PG_FUNCTION_INFO_V1(dynapg_test_caller);

static const char *
text_or_dash(const char *text)
{
	return text ? text : "-";
}

/* Who calls: address, tls or plain, user agent, the request id's length, access key, session and whether it narrows the current user. */
Datum
dynapg_test_caller(PG_FUNCTION_ARGS)
{
	const Caller *caller = caller_get();
	const CallerSession *session = caller->session;

	PG_RETURN_TEXT_P(cstring_to_text(psprintf("%s %s %s %d %s %s %s", text_or_dash(caller->source_ip), caller->is_secure ? "tls" : "plain",
											  text_or_dash(caller->user_agent),
											  caller->request_id ? (int) strlen(caller->request_id) : 0,
											  text_or_dash(caller->access_key_id), session ? text_or_dash(session->name) : "-",
											  caller_session() ? "narrowed" : "-")));
}
