/*
 * user_switch.h
 *		Doing something in another role's name.
 */
#ifndef DYNAPG_USER_SWITCH_H
#define DYNAPG_USER_SWITCH_H

/* Who was the current user before; private. */
typedef struct UserSwitch
{
	Oid			role;
	int			context;
	int			nest_level;		/* of settings; 0: nothing was switched */
} UserSwitch;

/*
 * Makes a role the current user, unless it is.  What it runs of users' code, such as triggers, is kept from the caller's role and session, as in
 * PostgreSQL's own maintenance commands, and the caller's search_path is kept from it: an unqualified name in an owner's trigger must not
 * be what the caller has made of it.
 */
extern void user_switch(Oid role, UserSwitch *before);

/* And back.  An error that ends the (sub)transaction goes back, too; who catches one otherwise calls user_switch_forget(). */
extern void user_switch_back(const UserSwitch *before);

/* Back to the user in PG_CATCH(); the settings go back when the error ends the (sub)transaction. */
extern void user_switch_forget(const UserSwitch *before);

#endif							/* DYNAPG_USER_SWITCH_H */
