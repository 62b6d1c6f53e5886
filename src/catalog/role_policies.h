/*
 * role_policies.h
 *		Access policies, permissions boundaries and tags of roles: dynapg.role_policies, role_boundaries, role_tags.
 *
 * Texts only: what a policy says is not known here.  Rows are read without asking for privileges.
 */
#ifndef DYNAPG_ROLE_POLICIES_H
#define DYNAPG_ROLE_POLICIES_H

#include "nodes/pg_list.h"
#include "utils/jsonb.h"

/* What IAM allows of a role's tags. */
#define ROLE_TAGS_MAX			50
#define ROLE_TAG_KEY_MAX		128 /* characters */
#define ROLE_TAG_VALUE_MAX		256

typedef struct RolePolicy
{
	char	   *name;			/* as its role's, with the role before it: "app/reads" */
	char	   *policy;
} RolePolicy;

typedef struct RoleTag
{
	char	   *key;
	char	   *value;
} RoleTag;

/*
 * The policies that a role's requests are judged by: its own, and those of roles whose privileges it has as a member.  A
 * superuser has those of the roles that it was made a member of.  RolePolicy, palloc'd, in the order of their names.
 */
extern List *catalog_policies_of_role(Oid role);

/* A role's boundary, palloc'd; NULL if it has none. */
extern char *catalog_role_boundary(Oid role);

/* A role's tags: RoleTag, palloc'd, in the order of their keys. */
extern List *catalog_role_tags(Oid role);

/* Whether the current user may manage policies: superusers and members of dynapg_policy_admin. */
extern bool catalog_is_policy_admin(void);

/* A policy of a role itself, palloc'd; NULL if there is none. */
extern char *catalog_role_policy(Oid role, const char *name);

/* The names of a role's own policies: a text[]. */
extern Datum catalog_role_policy_names(Oid role);

/* Locks policies against other changes; what is added to those of a role is in the transaction's own view until its end. */
extern void catalog_lock_role_policies(void);

/* Changes; the last two say whether there was something. */
extern void catalog_put_role_policy(Oid role, const char *name, const char *policy);
extern void catalog_put_role_boundary(Oid role, const char *policy);
extern void catalog_put_role_tag(Oid role, const RoleTag *tag);
extern void catalog_delete_role_tag(Oid role, const char *key);
extern bool catalog_delete_role_policy(Oid role, const char *name);
extern bool catalog_delete_role_boundary(Oid role);

#endif							/* DYNAPG_ROLE_POLICIES_H */
