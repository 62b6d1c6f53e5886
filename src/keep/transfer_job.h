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

/* What a process is told in its bgw_extra. */
typedef struct TransferOrder
{
	Oid			database;
	char		id[32];
} TransferOrder;

#define TRANSFER_JOB_NAME "dynapg transfer"

/*
 * To be called in the transaction that has begun the transfer; its process begins after the commit.  Where no process can be started, a WARNING says
 * so, and whoever resumes it later starts one; so after COMMIT PREPARED.
 */
extern void transfer_job_start(const char *id);

/* If a transfer goes on and no process works on it, starts one. */
extern void transfer_job_resume(const char *id);
extern void transfer_job_resume_all(void);

/*
 * Interrupts what the process of a transfer, or of every one of a table, is at, so that it gives back its locks and looks at its row.  Who has changed
 * that row is waited for there, until his transaction ends.
 */
extern void transfer_job_interrupt(const char *id);
extern void transfer_job_interrupt_table(const char *table_name);

/*
 * For the process, in a transaction: takes the transfer for itself until it ends; false if another process has it, or as many work as
 * dynapg.transfer_workers allows: it waits then until one of them has ended.
 */
extern bool transfer_job_take(const char *id);
extern void transfer_job_leave(const char *id);

#endif							/* DYNAPG_TRANSFER_JOB_H */
