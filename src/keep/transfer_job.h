/*
 * transfer_job.h
 *		The processes that work on transfers (catalog/transfers.h).
 *
 * Each transfer has a process of its own, which ends with it.  One that dies, or whose server gives way to a standby, is started again by
 * whoever notices: the next Describe of it, the keeper, the endpoint when it starts and after a promotion.  One at a time works on a
 * transfer.  What the process does is known to higher storeys only: its main function is found by name (transfer/transfer.h).
 */
#ifndef DYNAPG_TRANSFER_JOB_H
#define DYNAPG_TRANSFER_JOB_H

/*
 * To be called in the transaction that has begun the transfer; its process begins after the commit.  Where no process can be started, a WARNING says
 * so, and whoever resumes it later starts one.
 */
extern void transfer_job_start(const char *id);

/* If a transfer goes on and no process works on it, starts one. */
extern void transfer_job_resume(const char *id);
extern void transfer_job_resume_all(void);

/* Interrupts what the process of a transfer is at, so that it looks at its row. */
extern void transfer_job_interrupt(const char *id);

/* For the process: takes the transfer for itself until it ends; false if another process has it. */
extern bool transfer_job_take(const char *id);

#endif							/* DYNAPG_TRANSFER_JOB_H */
