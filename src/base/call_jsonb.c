/*
 * call_jsonb.c
 *		Calling SQL functions that answer with a jsonb.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"

#include "base/call_jsonb.h"

Jsonb *
call_jsonb(const char *statement, int n_arguments, Oid *types, Datum *values, bool read_only)
{
	MemoryContext caller = CurrentMemoryContext;
	Jsonb	   *answer = NULL;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (SPI_execute_with_args(statement, n_arguments, types, values, NULL, read_only, 0) != SPI_OK_SELECT || SPI_processed != 1)
		elog(ERROR, "SPI_execute_with_args failed");
	if (SPI_gettypeid(SPI_tuptable->tupdesc, 1) == JSONBOID)
	{
		bool		isnull;
		Datum		value = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);
		MemoryContext inner = MemoryContextSwitchTo(caller);

		if (!isnull)
			answer = DatumGetJsonbPCopy(value);
		MemoryContextSwitchTo(inner);
	}
	SPI_finish();
	return answer;
}
