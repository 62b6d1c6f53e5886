/*
 * log_shard.h
 *		Shards: what consumers see of a stream.
 *
 * A shard is a range of numbers times a range of partition hashes; nothing is stored by shard.  The shards of one range of numbers are a
 * generation.  A new one begins where somebody says so (another number of shards, a promotion): writers know nothing of it.
 */
#ifndef DYNAPG_LOG_SHARD_H
#define DYNAPG_LOG_SHARD_H

#include "log/log.h"

#define SHARD_ID_SIZE 38		/* shardId-, 20 digits, -, 8 hexadecimal digits */

typedef struct LogShard
{
	char		id[SHARD_ID_SIZE];
	int			generation;
	int			number;			/* within the generation, from 0 */
	TimestampTz created_at;
	int64		first_seq;		/* its rows have greater numbers */
	int64		last_seq;		/* and none a greater one than this; PG_INT64_MAX while it is open */
	pg_uuid_t	first;			/* hashes, both inclusive */
	pg_uuid_t	last;
	const char *parent;			/* the id of a shard of the generation before whose hashes overlap; NULL: none */
} LogShard;

/* All shards of a log that is or was ENABLED, in the order of their ids: LogShard pointers, palloc'd. */
extern List *log_shards(const TableLog *log);

/* Whether a shard goes on where another one ends: of the next generation, with hashes in common. */
extern bool log_shard_follows(const LogShard *child, const LogShard *parent);

/*
 * Ends all shards of an ENABLED stream (NULL: of each that is written), and begins others, as many (0: as there are now).  Readers stop at
 * the boundary until this transaction ends.
 *
 * So whoever reads a log takes its horizon first (log.h) and looks for its shards then: a boundary that is not committed yet is not below the
 * horizon, and one that is, is seen.
 */
extern void log_begin_generation(const TableLog *log, int shards);

/* How many shards a stream has that are open, or were when it ended. */
extern int	log_shard_count(const TableLog *log);

/*
 * Up to which number rows of a stream are no longer served: they have been dropped with their segments, or their segments are older than they
 * are kept.
 */
extern int64 log_trim_horizon(const TableLog *log);

#endif							/* DYNAPG_LOG_SHARD_H */
