/*
 * event_batch.h
 *		Batches of records, as destinations get them.
 */
#ifndef DYNAPG_EVENT_BATCH_H
#define DYNAPG_EVENT_BATCH_H

#include "lib/stringinfo.h"

#include "catalog/event_mappings.h"
#include "log/log.h"

#define EVENT_BATCH_BYTES (6 * 1024 * 1024) /* of records, as DynamoDB counts them: Lambda's limit of a payload */

typedef struct EventRecord
{
	LogRow		row;			/* measured: its keys are set */
	int			size;			/* SizeBytes */
} EventRecord;

/* Records of one lane in their order, all in one memory context, the current one when it was read. */
typedef struct EventBatch
{
	const TableLog *log;
	const char *arn;			/* the stream's */
	char	   *shard_id;
	int			count;
	EventRecord *records;
	int64		bytes;			/* the sum of their sizes */
	int64		after;			/* the position when it was read: it is for who finds that still */
	int64		end;			/* the position behind it, records that no filter matched included */
	int64		horizon;		/* everything up to there was committed when it was read; not below end */
	TransactionId locked_by;	/* the transaction that has locked the lane's row when it read the batch */
	int64		filtered;		/* how many those are */
	int			attempts;		/* how often it has failed already */
	bool		last;			/* there was nothing behind it when it was read */
} EventBatch;

/* How a batch went. */
typedef struct EventOutcome
{
	bool		ok;
	int64		first_failed;	/* ok: the number of the first record that has failed (batchItemFailures), 0: none has */
	const char *error;			/* not ok: a message, which may be any server's: it is cut and cleaned before it is stored */
} EventOutcome;

/* Writes {"Records": [...]}, the event that Lambda functions get; each record has eventSourceARN. */
extern void event_batch_write(WireWriter *writer, const EventBatch *batch);

/* Writes one record of it. */
extern void event_record_write(WireWriter *writer, const EventBatch *batch, const EventRecord *record);

/*
 * Reads the answer of a function to a batch with ReportBatchItemFailures into an outcome.  As with Lambda nothing, null, {} and an empty or null list
 * say that all went well; what is no list of {"itemIdentifier": <SequenceNumber>} of the batch's records is the failure of the whole.  The text need not
 * be JSON.
 */
extern void event_read_answer(const EventBatch *batch, const char *answer, int len, EventOutcome *outcome);

#endif							/* DYNAPG_EVENT_BATCH_H */
