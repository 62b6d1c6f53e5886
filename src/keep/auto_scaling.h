/*
 * auto_scaling.h
 *		Auto scaling by the keeper: sql/install/69-auto-scaling.sql.
 */
#ifndef DYNAPG_AUTO_SCALING_H
#define DYNAPG_AUTO_SCALING_H

/* Whether any capacity is scaled. */
extern bool auto_scaling_has_targets(void);

/*
 * For the keeper: evaluates what has not been since the last minute, or is new, each in a transaction of its own, for so many milliseconds; the next round goes on with
 * the rest.  A change that cannot be made is noted and tried again in the next minute.  Waits for locks as lock_timeout says.
 */
extern void auto_scaling_round(int most_ms);

/* Whether the last round has left some. */
extern bool auto_scaling_is_left(void);

#endif							/* DYNAPG_AUTO_SCALING_H */
