/*
 * request_sql.c
 *		C functions that only tests call; the extension does not install them.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"

#include "base/error.h"
#include "op/op.h"
#include "op/request.h"

PG_FUNCTION_INFO_V1(dynapg_read_request);
PG_FUNCTION_INFO_V1(dynapg_test_consumed);

/* What operations have consumed since the last call: read and write units. */
Datum
dynapg_test_consumed(PG_FUNCTION_ARGS)
{
	char	   *units = psprintf("%g %g", op_read_units, op_write_units);

	op_read_units = op_write_units = 0;
	PG_RETURN_TEXT_P(cstring_to_text(units));
}

/* Reads a request, JSON text, as the operation of a name, and returns what it is then as JSON text. */
Datum
dynapg_read_request(PG_FUNCTION_ARGS)
{
	text	   *name = PG_GETARG_TEXT_PP(0);
	text	   *source = PG_GETARG_TEXT_PP(1);
	int			operation = model_operation(VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name));
	WireReader	reader;
	WireWriter	writer;
	StringInfoData out;

	if (operation < 0)
		elog(ERROR, "no such operation");
	wire_read_text(&reader, VARDATA_ANY(source), VARSIZE_ANY_EXHDR(source));
	initStringInfo(&out);
	wire_write_text(&writer, &out);
	request_write(&writer, request_read(&reader, operation));
	PG_RETURN_TEXT_P(cstring_to_text_with_len(out.data, out.len));
}
