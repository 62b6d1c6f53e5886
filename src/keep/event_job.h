/*
 * event_job.h
 *		The processes that serve event source mappings: event workers (destinations inside of the database), and the courier (all others).
 *
 * They are there while a mapping is enabled, and started by the keeper and by who enables one.  They end when there is nothing for them to do, and when they are
 * alone in their database with others of their kind and the keeper, and nothing waits to be sent or somebody waits for them to go.  What they do is known to
 * higher storeys only: their main functions are found by name (dynapg_event_worker_main, dynapg_courier_main), with the database's OID as argument.
 */
#ifndef DYNAPG_EVENT_JOB_H
#define DYNAPG_EVENT_JOB_H

typedef enum EventJob
{
	EVENT_COURIER = 0,
	EVENT_WORKER = 1			/* and those that follow: dynapg.event_workers of them */
} EventJob;

/* Starts what is not there, if any mapping is enabled; in a transaction.  Not on a standby. */
extern void event_jobs_resume(void);

/* The same when the present transaction has committed: it has enabled a mapping, whose destination is outside or inside. */
extern void event_jobs_start_at_commit(bool outside);

/*
 * For the process, in a transaction: takes a job until it ends; the number that it got, -1 if others have all.  A courier takes EVENT_COURIER only.
 */
extern int	event_job_take(bool courier);
extern void event_job_leave(int number);

/*
 * After others' code has run in this process, and outside of a transaction: gives back all advisory locks of the session that it may have left, and takes the job
 * again; false if another process has it.
 */
extern bool event_job_retake(int number);

/* How many processes of ours (these and the keeper) are in this database. */
extern int	event_job_count(void);

/* Whether nobody else is connected to this database but such processes. */
extern bool event_job_is_alone(void);

/*
 * Whether somebody is about to drop this database, or to copy it: he waits some seconds until nobody is connected to it.  Who has something to send ends then, and
 * else goes on with nobody else connected.  Outside of transactions.
 */
extern bool event_job_database_is_wanted(void);

#endif							/* DYNAPG_EVENT_JOB_H */
