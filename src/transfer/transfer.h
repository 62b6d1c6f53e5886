/*
 * transfer.h
 *		What the process of a transfer does.
 *
 * The main function (dynapg_transfer_main) takes the transfer, and calls the step of its kind until that says that the transfer has
 * ended.  A step is called outside of a transaction, with interrupts allowed, and runs as its superuser: what touches a user's table is done as
 * the transfer's owner, under SECURITY_RESTRICTED_OPERATION (transfer_become_owner()).  No transaction is open while anything outside of the
 * server is awaited.
 *
 * An error that a step raises is either final (transfer_fail()): the transfer FAILED, with its code; or it may pass (anything else:
 * a deadlock, a network that is down): it is reported, noted in the row, and the step is called again after a pause that grows to a minute,
 * until it has failed MAX_FAILURES times in a row.
 */
#ifndef DYNAPG_TRANSFER_H
#define DYNAPG_TRANSFER_H

#include "catalog/transfers.h"

/* Takes a step; false once the transfer has ended (its row says so).  Begins its transactions by step_begin(true). */
typedef bool (*TransferStep) (const char *id);

extern bool export_step(const char *id);
extern bool import_step(const char *id);
extern bool bulk_put_step(const char *id);
extern bool copy_from_step(const char *id);
extern bool copy_to_step(const char *id);

/* What the transfer cannot recover from: raises an error that ends it as FAILED with this FailureCode and FailureMessage. */
extern _Noreturn void transfer_fail(const char *code, const char *format,...) pg_attribute_printf(2, 3);

/* Acts as the transfer's owner from here on in the current transaction; the transfer FAILED (AccessDenied) if that role is gone. */
extern void transfer_become_owner(const Transfer *transfer);

#endif							/* DYNAPG_TRANSFER_H */
