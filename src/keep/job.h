/*
 * job.h
 *		Processes of ours that work on one thing each: on a table (table_job.h), on a transfer (transfer_job.h).
 *
 * A job is a background worker that needs no preloaded library.  What it is to do stands in the catalog, so it may die at any moment, and whoever
 * notices starts another one.  One at a time works on a thing, and is asked for once.
 */
#ifndef DYNAPG_JOB_H
#define DYNAPG_JOB_H

#include "datatype/timestamp.h"

/* What a job works on: an object of a catalog table's.  Without padding: it is hashed and compared as bytes. */
typedef struct JobKey
{
	Oid			catalog;
	uint32		object;
} JobKey;

/* How a job is started. */
typedef struct JobOrder
{
	const char *name;			/* "dynapg table job", of the process */
	const char *function;		/* its main function, in our library */
	Datum		argument;
	const void *extra;			/* for bgw_extra */
	int			extra_size;
} JobOrder;

/* ------------------------------------------------------------------------------------------------------------
 * For the process
 * ------------------------------------------------------------------------------------------------------------ */

/*
 * Connects it to a database as its superuser; nothing of the database's or of its roles' settings may change what it does.
 */
extern void job_settle(Oid database, const char *name);

/*
 * For one that needs megabytes again and again: the C library keeps what is freed, up to 64 MB, where it would give it back to the kernel each time.
 */
extern void job_keep_memory(void);

/*
 * Takes a thing for this process, until it ends or job_leave(), whatever errors come between; false if another process has it.  Outside of a
 * transaction, or in one.
 */
extern bool job_take(JobKey key);
extern void job_leave(JobKey key);

/* Called in PG_CATCH: reports the error and aborts the transaction, if there is one.  job_forget_error: without a report. */
extern void job_recover(void);
extern void job_forget_error(void);

/* Waits, for so many milliseconds or until the latch is set. */
extern void job_pause(long milliseconds);

/* ------------------------------------------------------------------------------------------------------------
 * For those who start it
 * ------------------------------------------------------------------------------------------------------------ */

/* Starts a process without asking whether there is one; false if none is to be had.  Allocates nothing: it may be called at a commit. */
extern bool job_start(const JobOrder *order);

typedef enum JobAnswer
{
	JOB_NOT_TO_BE_HAD,
	JOB_IS_THERE,
	JOB_STARTED
} JobAnswer;

/*
 * Sees to it that a process works on a thing: one, however often it is asked for.  transaction: the start of the present one if it makes the
 * order, and the process cannot end before that has; else 0.
 */
extern JobAnswer job_ask(JobKey key, const JobOrder *order, TimestampTz transaction);

/* How many processes work on objects of a catalog table's. */
extern int	job_count(Oid catalog);

/* Interrupts what the process that works on a thing is at. */
extern void job_interrupt(JobKey key);

#endif							/* DYNAPG_JOB_H */
