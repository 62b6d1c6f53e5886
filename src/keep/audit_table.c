/*
 * audit_table.c
 *		The keeper's part of the audit.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/string.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "storage/fd.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/audit_spool.h"
#include "base/settings.h"
#include "keep/audit_table.h"
#include "keep/step.h"
#include "value/wire.h"

#define MAX_EVENTS	1000		/* of a transaction */
#define MAX_EXPIRED	10000

bool
audit_table_is_written(void)
{
	return dynapg_audit_to_table && dynapg_audit != AUDIT_OFF;
}

bool
audit_table_has_work(void)
{
	return audit_table_is_written() || audit_spool_has_events();
}

/* Some lines of the spool. */
typedef struct Lines
{
	int			n;
	Datum		times[MAX_EVENTS];
	Datum		events[MAX_EVENTS];
	bool		at_end;			/* of the file */
} Lines;

/* An event's line; what is none (the disk was full) is passed over. */
static void
take_line(Lines *lines, const char *line, int len)
{
	char	   *event;
	int64		at;

	if (len == 0)
		return;
	errno = 0;
	at = strtoll(line, &event, 10);
	if (errno != 0 || *event != ' ' || !wire_text_is_json(event + 1, line + len - event - 1))
	{
		ereport(WARNING, (errmsg("an event of the audit was not written completely, and is passed over")));
		return;
	}
	lines->times[lines->n] = TimestampTzGetDatum(at);
	lines->events[lines->n++] = PointerGetDatum(cstring_to_text_with_len(event + 1, line + len - event - 1));
}

/* Reads on from an offset, which is moved. */
static void
read_lines(const char *path, int64 *offset, Lines *lines)
{
	FILE	   *file = AllocateFile(path, PG_BINARY_R);
	StringInfoData line;

	if (file == NULL)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not open file \"%s\": %m", path)));
	if (fseeko(file, *offset, SEEK_SET) != 0)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not seek in file \"%s\": %m", path)));
	initStringInfo(&line);
	lines->n = 0;
	lines->at_end = false;
	while (lines->n < MAX_EVENTS && !lines->at_end)
	{
		if (!pg_get_line_buf(file, &line))
			lines->at_end = true;
		else
			take_line(lines, line.data, pg_strip_crlf(line.data));
	}
	if (ferror(file))
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not read file \"%s\": %m", path)));
	*offset = ftello(file);
	FreeFile(file);
}

/* The table is ours alone, and has no triggers. */
static void
insert_lines(Lines *lines)
{
	static const char insert[] = "INSERT INTO dynapg.audit_events (event_time, event_id, event) "
		"SELECT at, (event ->> 'eventID')::uuid, event FROM ROWS FROM (unnest($1), unnest($2)) AS e(at, line), "
		"LATERAL (SELECT line::jsonb AS event) AS j ON CONFLICT DO NOTHING";
	Oid			types[] = {TIMESTAMPTZARRAYOID, TEXTARRAYOID};
	Datum		values[2];

	if (lines->n == 0)
		return;
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	values[0] = PointerGetDatum(construct_array(lines->times, lines->n, TIMESTAMPTZOID, sizeof(TimestampTz), true, TYPALIGN_DOUBLE));
	values[1] = PointerGetDatum(construct_array(lines->events, lines->n, TEXTOID, -1, false, TYPALIGN_INT));
	if (SPI_execute_with_args(insert, lengthof(values), types, values, NULL, false, 0) != SPI_OK_INSERT)
		elog(ERROR, "SPI_execute_with_args failed");
	SPI_finish();
}

void
audit_table_fill(void)
{
	char	   *path = NULL;
	int64		offset = 0;
	bool		more = true;

	if (!audit_spool_has_events())
		return;
	while (more && step_begin(false))
	{
		Lines	   *lines = (Lines *) palloc(sizeof(Lines));

		if (path == NULL)
		{
			const char *taken = audit_spool_take();

			path = taken ? MemoryContextStrdup(TopMemoryContext, taken) : NULL;
		}
		if (path == NULL)
			more = false;
		else
		{
			read_lines(path, &offset, lines);
			insert_lines(lines);
			more = !lines->at_end;
		}
		step_commit();
		CHECK_FOR_INTERRUPTS();
	}
	if (path != NULL && !more)
		audit_spool_remove(path);
	if (path != NULL)
		pfree(path);
}

bool
audit_table_expire(void)
{
	uint64		count;

	if (dynapg_audit_retention == 0)
		return true;
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (SPI_execute(psprintf("DELETE FROM dynapg.audit_events WHERE (event_time, event_id) IN ("
							 "SELECT event_time, event_id FROM dynapg.audit_events "
							 "WHERE event_time < pg_catalog.now() - '%d s'::interval ORDER BY event_time, event_id LIMIT %d)",
							 dynapg_audit_retention, MAX_EXPIRED), false, 0) != SPI_OK_DELETE)
		elog(ERROR, "SPI_execute failed");
	count = SPI_processed;
	SPI_finish();
	return count < MAX_EXPIRED;
}
