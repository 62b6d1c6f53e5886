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

/*
 * The caller must be one who could SET ROLE to the role, and a superuser if the role is one; whose: "access keys", for the message.
 */
extern void access_key_check_role(Oid role, const char *whose);

/* An identifier as the service's, palloc'd: four letters that say what kind it is, and 16 random letters and digits. */
extern char *access_key_random_id(const char *kind);

/* So many random bytes in base64, palloc'd. */
extern char *access_key_random_text(int bytes);

#endif							/* DYNAPG_ACCESS_KEY_H */
