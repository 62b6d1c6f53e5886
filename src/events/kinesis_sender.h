/*
 * kinesis_sender.h
 *		Sending records to a Kinesis stream by PutRecords.
 *
 * Kinesis may take some records of a request and refuse others, and says nothing of their order.  So no request has two records of one partition key: a
 * record goes when the one before it of its key has been taken.  Pure: knows requests and answers.
 */
#ifndef DYNAPG_KINESIS_SENDER_H
#define DYNAPG_KINESIS_SENDER_H

#include "op/kinesis_record.h"
#include "transfer/post.h"

#define KINESIS_MAX_RECORDS 500
#define KINESIS_MAX_REQUEST (5 * 1024 * 1024)
#define KINESIS_MAX_RECORD (1024 * 1024)	/* with its partition key */

typedef struct KinesisRecord
{
	char		partition_key[KINESIS_PARTITION_KEY_SIZE];
	const char *data;
	int			len;
	bool		done;			/* taken, or given up */
	bool		asked;			/* it is in the present request */
} KinesisRecord;

/* The region of a stream's ARN, and its name; false if it is none.  palloc'd. */
extern bool kinesis_parse_arn(const char *arn, char **region, char **name);

/* Makes the next request with records that are not done; false if all are.  The post has its URL, key and limits. */
extern bool kinesis_put_records(Post *post, const char *stream_arn, KinesisRecord *records, int count);

/*
 * Reads the answer: marks those that were taken; returns NULL if all of the request were, else why not, palloc'd.  refused: how many were not.
 */
extern const char *kinesis_read_answer(const Post *post, KinesisRecord *records, int count, int *refused);

/* Makes a request that asks for a stream's description, and what the answer says: NULL: it is active; *known: whether the answer says anything. */
extern void kinesis_describe(Post *post, const char *stream_arn);
extern const char *kinesis_read_description(const Post *post, bool *known);

#endif							/* DYNAPG_KINESIS_SENDER_H */
