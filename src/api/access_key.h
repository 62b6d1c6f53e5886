/*
 * access_key.h
 *		Access keys of the HTTP endpoint: rows of dynapg.access_keys, each for one role.
 */
#ifndef DYNAPG_ACCESS_KEY_H
#define DYNAPG_ACCESS_KEY_H

/*
 * The secret (palloc'd) and the role of an access key; false if there is none.  Asks for no privileges: only the
 * endpoint calls it.
 */
extern bool access_key_find(const char *id, char **secret, Oid *role);

#endif							/* DYNAPG_ACCESS_KEY_H */
