/*
 * stream.h
 *		What the operations on streams share: names, numbers and positions as callers see them.
 */
#ifndef DYNAPG_STREAM_H
#define DYNAPG_STREAM_H

#include "access/xlogdefs.h"

#include "log/log_shard.h"
#include "op/request.h"

/* Whether the stream of a table is being enabled or disabled. */
extern bool stream_is_switched(const TableInfo *table);

/* arn:aws:dynamodb:<region>:<account>:table/<table>/stream/<label>; palloc'd. */
extern char *stream_arn(const TableLog *log);

/*
 * The stream of a StreamArn member.  ValidationException if that is no ARN of a stream, ResourceNotFoundException if there is no such
 * stream (any more).
 */
extern const TableLog *stream_of_request(const RequestValue *arn);
extern const TableLog *stream_of_arn(const char *text, int len);

/*
 * Raises AccessDeniedException unless the current user may read all items of the stream's table; once that is gone, unless he has the
 * privileges of its last owner.  The table stays there until the transaction ends.
 */
extern void stream_require_reader(const TableLog *log);

/* A shard of a stream by its id; ResourceNotFoundException if there is none. */
extern const LogShard *stream_shard(const TableLog *log, const RequestValue *id);

/* The members StreamArn, TableName, StreamLabel. */
extern void stream_write_names(WireWriter *response, const TableLog *log);

/* Log numbers as SequenceNumbers: 21 digits, so that clients that keep them as numbers lose nothing. */
extern char *stream_sequence_number(int64 seq);

/*
 * The log number of a SequenceNumber member.  ValidationException if it is no number; what is above all that there can be is
 * PG_INT64_MAX, what is below 0 or less.
 */
extern int64 stream_read_sequence_number(const RequestValue *text);
extern int64 stream_number_of_text(const char *digits, int len);

/*
 * What is handed out, records and positions, must not be lost by a crash, nor by the promotion of a synchronous standby: others see what was
 * committed asynchronously before it is safe.  Flushes all WAL, and waits for standbys if synchronous_commit asks for that.
 */
extern void stream_flush_what_was_read(void);

/* The same for the answer of an operation, unless it waits for that anyway (op_answer_waits). */
extern void stream_make_answer_durable(void);

/* A position in a shard, as a ShardIterator carries it. */
typedef struct StreamPosition
{
	int32		log;
	int32		generation;
	int32		shard;			/* LogShard's number */
	int64		after;			/* rows behind this number come next */
} StreamPosition;

/* The ShardIterator of a position, handed out now; palloc'd. */
extern char *stream_iterator_make(const TableLog *log, const StreamPosition *position);

/*
 * The position of a ShardIterator.  ValidationException for what we have not made, ExpiredIteratorException for one that was handed out more
 * than 15 minutes ago.
 */
extern void stream_iterator_read(const RequestValue *iterator, StreamPosition *position);

/* The StreamArn in a ShardIterator, which need not be one of ours; palloc'd.  NULL if it is none. */
extern char *stream_iterator_arn(const RequestValue *iterator);

/*
 * Of one that has been read: raises ResourceNotFoundException if its stream is gone (NULL), ValidationException if the ARN that it names is another one's,
 * which is not signed.
 */
extern void stream_iterator_require_stream(const RequestValue *iterator, const TableLog *log);

/* What a record that goes elsewhere tells of where it comes from. */
typedef struct RecordOrigin
{
	TransactionId xid;
	XLogRecPtr	lsn;			/* InvalidXLogRecPtr: it does not */
	const char *arn;			/* the stream's; NULL: it is made for each record */
	bool		for_lambda;		/* no other than eventSourceARN, and userIdentity as Lambda's events have it */
} RecordOrigin;

/* The eventID of a record, palloc'd. */
extern char *stream_event_id(const TableLog *log, int64 seq);

/* INSERT, MODIFY or REMOVE; the key attributes of a row's item. */
extern const char *stream_event_name(LogAction action);
extern Jsonb *stream_record_keys(const TableLog *log, const LogRow *row);

/*
 * The bytes that a row counts for as a record: those of its keys, which it has then, and images.
 */
extern int	stream_measure_record(const TableLog *log, LogRow *row);

/*
 * Writes a row that has been measured as a record of GetRecords; with an origin (else NULL), also eventSourceARN, tableName, xid and lsn.
 */
extern void stream_write_record(WireWriter *response, const TableLog *log, const LogRow *row, int size,
								const RecordOrigin *origin);

/* Tells the meter what was read of a stream, if its table is still there. */
extern void stream_tell_read(const TableLog *log, int64 records, int64 bytes);

#endif							/* DYNAPG_STREAM_H */
