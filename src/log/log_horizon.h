/*
 * log_horizon.h
 *		Holding readers back.
 */
#ifndef DYNAPG_LOG_HORIZON_H
#define DYNAPG_LOG_HORIZON_H

/* What lock tags of ours that belong to no log have in the place of its id; all logs have 0. */
#define LOG_NOT_A_LOG PG_UINT32_MAX
#define LOG_ALL_LOGS 0

/*
 * Holds the readers of a log, or of all logs, back until this transaction ends, as a writer does, and returns a number that none of them has
 * passed: who has committed something about the numbers behind it is known to all who read these.
 */
extern int64 log_fence(int32 log);

/*
 * A server that was promoted, or restored to a moment, may lack the old one's last transactions, whose numbers readers there have seen: the next number that is
 * drawn is above theirs.  At once, whatever becomes of this transaction.
 */
extern void log_pass_over_lost(void);

/* How many numbers were drawn between two, without what was passed over. */
extern int64 log_draws_between(int64 after, int64 until);

/*
 * Draws a number for nobody, so that the next tick after this transaction's commit is a new one: a moment that sees what the transaction has done to
 * a log.
 */
extern void log_want_tick(int32 log);

#endif							/* DYNAPG_LOG_HORIZON_H */
