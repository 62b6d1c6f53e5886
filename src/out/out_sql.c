/*
 * out_sql.c
 *		What tests call (test/functions.sql): the reader of XML, and where requests may go.
 */
#include "postgres.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "fmgr.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"

#include "base/varlena.h"
#include "out/guard.h"
#include "out/xml.h"

PG_FUNCTION_INFO_V1(dynapg_test_xml);
PG_FUNCTION_INFO_V1(dynapg_test_guard_host);
PG_FUNCTION_INFO_V1(dynapg_test_guard_address);

static void
append_element(void *argument, const char *path, const char *text)
{
	StringInfo	out = (StringInfo) argument;

	if (strcmp(text, "raise") == 0)
		ereport(ERROR,
				(errcode(ERRCODE_RAISE_EXCEPTION),
				 errmsg("raised in the middle")));
	appendStringInfo(out, "%s=%s\n", path, text);
}

/* xml(document): a line for each element, and what is wrong; a text that is "raise" raises an error in the middle. */
Datum
dynapg_test_xml(PG_FUNCTION_ARGS)
{
	bytea	   *document = PG_GETARG_BYTEA_PP(0);
	StringInfoData out;
	const char *error;

	initStringInfo(&out);
	error = xml_read(VARDATA_ANY(document), VARSIZE_ANY_EXHDR(document), append_element, &out);
	if (error != NULL)
		appendStringInfo(&out, "error: %s", error);
	PG_RETURN_TEXT_P(cstring_to_text(out.data));
}

/* guard_host(patterns, host, port, default_port) */
Datum
dynapg_test_guard_host(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(guard_matches(text_to_cstring(PG_GETARG_TEXT_PP(0)), text_to_cstring(PG_GETARG_TEXT_PP(1)), PG_GETARG_INT32(2),
								 PG_GETARG_INT32(3)));
}

/* guard_address(address): whether a guard without local addresses allows it */
Datum
dynapg_test_guard_address(PG_FUNCTION_ARGS)
{
	const char *address = text_to_cstring(PG_GETARG_TEXT_PP(0));
	Guard		guard = {.local = false};
	struct sockaddr_in v4 = {.sin_family = AF_INET};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};

	if (inet_pton(AF_INET, address, &v4.sin_addr) == 1)
		PG_RETURN_BOOL(guard_allows(&guard, (const struct sockaddr *) &v4));
	if (inet_pton(AF_INET6, address, &v6.sin6_addr) == 1)
		PG_RETURN_BOOL(guard_allows(&guard, (const struct sockaddr *) &v6));
	PG_RETURN_NULL();
}
