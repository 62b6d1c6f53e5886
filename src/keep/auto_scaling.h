/*
 * auto_scaling.h
 *		Auto scaling by the keeper: sql/install/69-auto-scaling.sql.
 */
#ifndef DYNAPG_AUTO_SCALING_H
#define DYNAPG_AUTO_SCALING_H

/* Whether any capacity is scaled. */
extern bool auto_scaling_has_targets(void);

/*
 * Evaluates what has not been since the last minute, or is new, in the caller's transaction; a change that cannot be made is noted and tried again.
 * Waits for locks as lock_timeout says.
 */
extern void auto_scaling_run(void);

#endif							/* DYNAPG_AUTO_SCALING_H */
