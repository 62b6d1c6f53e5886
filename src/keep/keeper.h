/*
 * keeper.h
 *		The keeper: the process of a database that does what is due in its change logs.
 *
 * It ticks once a second while items with a log change, makes, closes and drops segments, notifies, removes items that have
 * expired (expire.h), and makes the backups that are due (backup_schedule.h).  It needs no preloaded library and no endpoint: whoever writes to a log, asks for a stream, or writes an item
 * that will expire, starts it if there is none (log/log_keeper.h).  It ends when there is nothing to keep, and within about a second of
 * being alone in its database, so that DROP DATABASE and a copy as a template need not be told.  At any moment there is at most one;
 * one that dies loses nothing.
 */
#ifndef DYNAPG_KEEPER_H
#define DYNAPG_KEEPER_H

/* Takes all steps that are due in the life of segments, in the caller's transaction; returns how many. */
extern int	keeper_rotate(void);

/*
 * The settings that make work, or let it be done, as this process has them: a bit for each.  Where one comes, a database that had nothing to keep may have something, though
 * nobody has been there.  Needs no database.
 */
extern int	keeper_work_of_settings(void);

#endif							/* DYNAPG_KEEPER_H */
