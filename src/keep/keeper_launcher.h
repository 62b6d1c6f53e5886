/*
 * keeper_launcher.h
 *		The launcher of keepers: the process that starts the keeper of databases that nobody is connected to.
 *
 * It is there if dynapg is in shared_preload_libraries.  It looks into each database once: after the server's start, after a promotion, when the database is new, and
 * when a reload switches on what may make work there (keeper_work_of_settings()).
 * A keeper that finds no extension there, or nothing to keep, ends at once.  From then on it comes to those whose last keeper has left work behind: every
 * dynapg.keeper_interval.
 */
#ifndef DYNAPG_KEEPER_LAUNCHER_H
#define DYNAPG_KEEPER_LAUNCHER_H

/* Registers it, in the postmaster. */
extern void keeper_launcher_init(void);

/* For a keeper: whether there is anything to keep in its database.  Without the launcher it tells nobody. */
extern void keeper_launcher_note(bool has_work);

#endif							/* DYNAPG_KEEPER_LAUNCHER_H */
