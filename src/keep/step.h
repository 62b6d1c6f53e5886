/*
 * step.h
 *		The transactions of processes of ours: the keeper's and table jobs' steps.
 */
#ifndef DYNAPG_STEP_H
#define DYNAPG_STEP_H

/*
 * Begins a transaction with a snapshot, during which the extension cannot be dropped.  False, and nothing has begun, if it has been; or,
 * unless wait, if somebody is about to.
 */
extern bool step_begin(bool wait);
extern void step_commit(void);

#endif							/* DYNAPG_STEP_H */
