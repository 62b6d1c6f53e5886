/*
 * transfer.h
 *		What the process of a transfer does.
 *
 * The main function (dynapg_transfer_main) takes the transfer, and calls the step of its kind until that says that the transfer has
 * ended; before each it looks whether the transfer is still wanted, and ends one that is CANCELLING.  A step is called outside of a
 * transaction, with interrupts allowed, and runs as the superuser: what touches a user's table is done as the transfer's owner, under
 * SECURITY_RESTRICTED_OPERATION (transfer_become_owner()).  No transaction is open while anything outside of the server is awaited.
 *
 * An error that a step raises is either final (transfer_fail()): the transfer FAILED, with its code; or it may pass (anything else:
 * a deadlock, a network that is down): it is reported, noted in the row, and the step is called again after a pause that grows to a minute,
 * until it has failed MAX_FAILURES times in a row.
 */
#ifndef DYNAPG_TRANSFER_H
#define DYNAPG_TRANSFER_H

#include "catalog/transfers.h"

/*
 * What a kind of transfers does.  Memory that a step allocates is freed after it; what it keeps between two steps (an open store) is its own
 * matter, in TopMemoryContext.
 */
typedef struct TransferRoutines
{
	/* Takes a step; false once the transfer has ended (its row says so).  Begins its transactions by step_begin(true). */
	bool		(*step) (const char *id);

	/* Tidies up when it ends as CANCELLED or FAILED: in the transaction that says so, as the superuser.  NULL: there is nothing to tidy. */
	void		(*ended) (const Transfer *transfer, TransferStatus status);

	/* It is tried again for ever: another server may be down for long. */
	bool		for_ever;
} TransferRoutines;

/* One of each kind. */
extern const TransferRoutines transfer_export;
extern const TransferRoutines transfer_import;
extern const TransferRoutines transfer_bulk_put;
extern const TransferRoutines transfer_copy_from;
extern const TransferRoutines transfer_copy_to;

/* What the transfer cannot recover from: raises an error that ends it as FAILED with this FailureCode and FailureMessage. */
extern _Noreturn void transfer_fail(const char *code, const char *format,...) pg_attribute_printf(2, 3);

/* The same with a DETAIL for the server's log, which may be NULL. */
extern _Noreturn void transfer_fail_detail(const char *code, const char *detail, const char *message);

/* The FailureCode of an error that transfer_fail() has raised, in it; NULL of any other error. */
extern const char *transfer_failure_code(const ErrorData *error);

/*
 * Acts as the transfer's owner from here on until the current transaction has ended; the transfer FAILED (AccessDenied) if that role is
 * gone.
 */
extern void transfer_become_owner(const Transfer *transfer);

/*
 * To be called every now and then in what takes long: ends the step, by an error that is nobody's failure, if the transfer is not IN_PROGRESS any
 * more.  Looks twice a second at most.  In a transaction.
 */
extern void transfer_check(const char *id);

#endif							/* DYNAPG_TRANSFER_H */
