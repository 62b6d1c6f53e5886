/*
 * access_begin.h
 *		What is known of each operation for access control: the rows of authorize_data.h.
 */
#ifndef DYNAPG_ACCESS_BEGIN_H
#define DYNAPG_ACCESS_BEGIN_H

#include "op/access_resource.h"

/* Who may do something by PostgreSQL's privileges alone; for roles without policies TO_ALL and TO_USERS is everybody. */
typedef enum AccessGrant
{
	GRANTED_AS_DATA,			/* privileges on the table, by what is done with items (storage/storage.h) */
	GRANTED_TO_ALL,				/* who has any privilege on any table, or may make tables */
	GRANTED_TO_USERS,			/* who has any privilege on the table and USAGE of its schema, or the owner's */
	GRANTED_TO_OWNERS,
	GRANTED_TO_READERS,			/* who may read all that the table has */
	GRANTED_TO_WRITERS,			/* INSERT and UPDATE */
	GRANTED_TO_CREATORS			/* who may make tables in schema dynamo */
} AccessGrant;

typedef enum AccessParts
{
	ACCESS_IS_UNKNOWN,			/* there is no row: the operation is refused to everybody */
	ACCESS_IS_WHOLE,
	ACCESS_IS_OF_PARTS			/* its parts ask, each for itself; the rest of the row means nothing */
} AccessParts;

typedef struct AccessRow
{
	AccessParts parts;
	PolicyAction action;
	AccessKind	kind;
	int			member;
	AccessGrant granted;
} AccessRow;

extern const AccessRow *access_row(int operation);

/*
 * For functions of SQL's that are for who has privileges, and check these themselves: AccessDeniedException if the policies that there are for the
 * caller and the table, or a stream, do not let him use them for an action.  What policies allow besides is not for these functions.
 */
extern void access_limit(PolicyAction action, const char *table_name, int len);
extern void access_limit_stream(PolicyAction action, const char *arn);

#endif							/* DYNAPG_ACCESS_BEGIN_H */
