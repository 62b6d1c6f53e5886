/*
 * subtransaction.h
 *		Trying something that may fail.
 */
#ifndef DYNAPG_SUBTRANSACTION_H
#define DYNAPG_SUBTRANSACTION_H

/*
 * Runs a function in a subtransaction.  NULL if it went well; else what it has raised, as a copy in the current memory context,
 * with all that it did undone.  The subtransaction has ended in either case, so that the error may be raised on.
 */
extern ErrorData *subtransaction_try(void (*run) (void *argument), void *argument);

#endif							/* DYNAPG_SUBTRANSACTION_H */
