/*
 * copy_credentials.h
 *		What requests to other endpoints are signed with: dynapg.copy_credentials.
 */
#ifndef DYNAPG_COPY_CREDENTIALS_H
#define DYNAPG_COPY_CREDENTIALS_H

typedef struct CopyCredentials
{
	char	   *access_key_id;
	char	   *secret_access_key;
	char	   *session_token;	/* NULL: none */
} CopyCredentials;

/* A role's credentials of a name, palloc'd; NULL: there are none. */
extern CopyCredentials *catalog_copy_credentials(Oid role, const char *name);

/* Puts them, in the place of those that were there; takes them away: false if there were none. */
extern void catalog_put_copy_credentials(Oid role, const char *name, const CopyCredentials *credentials);
extern bool catalog_drop_copy_credentials(Oid role, const char *name);

#endif							/* DYNAPG_COPY_CREDENTIALS_H */
