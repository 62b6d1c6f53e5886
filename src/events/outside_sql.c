/*
 * outside_sql.c
 *		What tests call (test/functions.sql): how destinations outside of the database judge answers.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"

#include "base/varlena.h"
#include "events/outside.h"
#include "op/op.h"
#include "op/stream.h"

PG_FUNCTION_INFO_V1(dynapg_test_judge_answer);

#define MOST_RECORDS 100

/* The first records of a table's latest stream as a batch. */
static EventBatch *
read_batch(const TableInfo *table)
{
	EventBatch *batch = (EventBatch *) palloc0(sizeof(EventBatch));
	int64		horizon;
	pg_uuid_t	first;
	pg_uuid_t	last;
	LogReader  *reader;
	EventRecord record;

	memset(&first, 0, sizeof(first));
	memset(&last, 0xFF, sizeof(last));
	batch->log = catalog_latest_stream(table);
	if (batch->log == NULL)
		elog(ERROR, "the table has no stream");
	batch->shard_id = pstrdup("shardId");
	batch->records = (EventRecord *) palloc0(MOST_RECORDS * sizeof(EventRecord));
	horizon = log_horizon(batch->log->id);
	PushActiveSnapshot(GetLatestSnapshot());
	reader = log_read_begin(batch->log->kind, batch->log->id, 0, horizon, GetActiveSnapshot());
	while (batch->count < MOST_RECORDS && log_read_next(reader, &first, &last, &record.row))
	{
		record.size = stream_measure_record(batch->log, &record.row);
		batch->records[batch->count++] = record;
	}
	log_read_end(reader);
	PopActiveSnapshot();
	return batch;
}

/* How it went, as "done", "failed: why", "failed from the nth record", and what comes next. */
static char *
describe(const EventBatch *batch, DeliveryStep step, const EventOutcome *outcome)
{
	int			failed = 0;

	if (step != DELIVERY_OVER)
		return pstrdup(step == DELIVERY_WAITS ? "waits" : "goes on");
	if (!outcome->ok)
		return psprintf("failed: %s", outcome->error ? outcome->error : "");
	if (outcome->first_failed == 0)
		return pstrdup("done");
	while (failed < batch->count && batch->records[failed].row.seq != outcome->first_failed)
		failed++;
	return psprintf("failed from record %d", failed);
}

/*
 * judge_answer(table_name text, kind text, definition jsonb, status integer, answer bytea, header text): how a destination of that kind judges an answer to a
 * batch with the first records of the table's stream, with ReportBatchItemFailures; header: the one that the kind asks for.
 */
Datum
dynapg_test_judge_answer(PG_FUNCTION_ARGS)
{
	text	   *table_name = PG_GETARG_TEXT_PP(0);
	text	   *kind_name = PG_GETARG_TEXT_PP(1);
	bytea	   *answer = PG_GETARG_BYTEA_PP(4);
	const DestinationKind *kind = destination_kind(VARDATA_ANY(kind_name), VARSIZE_ANY_EXHDR(kind_name));
	EventMapping mapping = {0};
	Post		post = {0};
	Delivery	delivery = {.mapping = &mapping, .post = &post, .reports = true, .definition = PG_GETARG_JSONB_P(2)};
	EventOutcome outcome = {.ok = true};
	DeliveryStep step;

	if (kind == NULL || !kind->outside)
		elog(ERROR, "no such kind of destinations outside");
	delivery.batch = read_batch(op_data_table_of_text(VARDATA_ANY(table_name), VARSIZE_ANY_EXHDR(table_name)));
	outside_kind(kind)->begin(&delivery);
	post.status = PG_GETARG_INT32(3);
	post.answer_len = VARSIZE_ANY_EXHDR(answer);
	post.answer = (char *) palloc0(post.answer_len + 1);
	memcpy(post.answer, VARDATA_ANY(answer), post.answer_len);
	post.header = PG_ARGISNULL(5) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(5));
	step = outside_kind(kind)->judge(&delivery, 0, &outcome);
	PG_RETURN_TEXT_P(cstring_to_text(describe(delivery.batch, step, &outcome)));
}
