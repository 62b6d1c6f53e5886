/*
 * resource_policies.h
 *		Policies of tables and streams: dynapg.resource_policies, and each backend's cache of it.
 *
 * Texts only: what a policy says is not known here.  Rows are read without asking for privileges.
 *
 * A table's policy is that of its TableId: another table of the name, whatever has become of the rows, does not have it.  It goes with the table; a
 * stream's goes with the stream, which outlives its table.
 */
#ifndef DYNAPG_RESOURCE_POLICIES_H
#define DYNAPG_RESOURCE_POLICIES_H

#include "catalog/tables.h"

/* A policy.  It lives until the end of the transaction, though a later call may return another one. */
typedef struct ResourcePolicy
{
	int64		revision;		/* milliseconds since 1970 of its change; each is later than those before */
	char	   *text;			/* as it was given; NULL: there is none, any more */
	MemoryContext context;		/* which it lives in, and with it what readers make of it */
	void	   *compiled;		/* op/'s: made in the context; NULL at first */
} ResourcePolicy;

/*
 * Whether any table or stream of this database has a policy.  As the next one, it knows what was committed before the call; where nothing has changed
 * since the last one it costs hardly anything.
 */
extern bool catalog_has_resource_policies(void);

/* The policy of a table, or, label not being NULL, of a stream; NULL if it has none. */
extern ResourcePolicy *catalog_resource_policy(const char *table_name, int name_len, const char *label);

/* Whose policy it is, for who changes it: a table's, or a stream's that belongs or belonged to one. */
typedef struct PolicyOwner
{
	const char *table_name;
	const pg_uuid_t *table_id;
	const char *label;			/* empty: the table's own */
} PolicyOwner;

/*
 * What there is now, from the catalog itself; palloc'd.  Of a policy that was deleted, the revision is that of the deletion; 0: there never was
 * one.  The caller holds catalog_lock_name(), which serialises changes.
 */
extern void catalog_read_resource_policy(const PolicyOwner *owner, ResourcePolicy *policy);

/* How many milliseconds ago it was changed last. */
extern int64 catalog_resource_policy_age(const ResourcePolicy *policy);

/*
 * Writes a policy, or deletes it (text NULL) and remembers when; returns the revision of the change, which is of now.  previous: what was read
 * before, under the same lock.
 */
extern int64 catalog_write_resource_policy(const PolicyOwner *owner, const char *text, TimestampTz now, const ResourcePolicy *previous);

/* Forgets the policy of a table of a name that is gone (label empty), or of a stream. */
extern void catalog_forget_resource_policy(const char *table_name, const char *label);

#endif							/* DYNAPG_RESOURCE_POLICIES_H */
