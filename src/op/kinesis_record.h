/*
 * kinesis_record.h
 *		A log row as the record that a Kinesis stream gets.
 */
#ifndef DYNAPG_KINESIS_RECORD_H
#define DYNAPG_KINESIS_RECORD_H

#include "log/log.h"

#define KINESIS_PARTITION_KEY_SIZE 33	/* 32 hexadecimal digits */

/* The partition key of a row: the same for all changes of an item, so that they come in their order. */
extern void kinesis_partition_key(const TableLog *log, const LogRow *row, char *key);

/* The record of a row, palloc'd; microseconds: what ApproximateCreationDateTime is in, else milliseconds. */
extern char *kinesis_record(const TableLog *log, LogRow *row, bool microseconds, int *len);

#endif							/* DYNAPG_KINESIS_RECORD_H */
