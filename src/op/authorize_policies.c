/*
 * authorize_policies.c
 *		The process's compiled policies: of roles, of sessions, of tables.
 *
 * They are compiled when a role first asks, and forgotten whenever policies, boundaries, tags, roles, memberships or databases' owners change:
 * whoever changes one of the tables, by our functions or by plain SQL, sends a relcache invalidation of it (triggers see to that).  An
 * invalidation may come while policies are evaluated, so it only takes note; what is old is freed when somebody next asks for a role.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "miscadmin.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "base/error.h"
#include "base/invalidation.h"
#include "base/settings.h"
#include "catalog/resource_policies.h"
#include "catalog/role_policies.h"
#include "op/authorize_private.h"

/* A process that has seen very many roles or sessions starts anew. */
#define MAX_ROLES 1000
#define MAX_SESSIONS 1000

#define FORESEEN_SLOTS		16
#define FORESEEN_NAME_SIZE	78

/* One a slot, which the next one of its number takes. */
typedef struct AccessForeseen
{
	struct
	{
		int			action;
		uint8		table_len;	/* 0: none */
		uint8		index_len;
		char		names[FORESEEN_NAME_SIZE];	/* the table's, and the index's */
	}			slots[FORESEEN_SLOTS];
} AccessForeseen;

/* The tables that are compiled from. */
static const char *const source_names[] = {"role_policies", "role_boundaries", "role_tags"};

static MemoryContext cache_context; /* NULL: there is nothing */
static HTAB *roles;
static bool is_stale;
static Oid	sources[lengthof(source_names)];
static const AccessRole *last_role; /* the one that was asked for last; NULL: none, or something has changed since */

/* ------------------------------------------------------------------------------------------------------------
 * Forgetting
 * ------------------------------------------------------------------------------------------------------------ */

static void
note_change(void)
{
	is_stale = true;
	last_role = NULL;
}

static void
on_relcache_invalidation(Datum argument, Oid relation)
{
	bool		is_ours = relation == InvalidOid;

	for (int i = 0; i < lengthof(sources) && !is_ours; i++)
		is_ours = relation == sources[i];
	if (is_ours)
		note_change();
}

static void
on_syscache_invalidation(Datum argument, int cache, uint32 hash)
{
	note_change();
}

static void
register_callbacks(void)
{
	static bool registered = false;

	if (registered)
		return;
	invalidation_call(on_relcache_invalidation);
	CacheRegisterSyscacheCallback(AUTHOID, on_syscache_invalidation, (Datum) 0);
	CacheRegisterSyscacheCallback(AUTHMEMROLEMEM, on_syscache_invalidation, (Datum) 0);
	/* pg_database_owner's only member */
	CacheRegisterSyscacheCallback(DATABASEOID, on_syscache_invalidation, (Datum) 0);
	registered = true;
}

static void
forget_all(void)
{
	if (cache_context != NULL)
		MemoryContextDelete(cache_context);
	cache_context = NULL;
	roles = NULL;
	last_role = NULL;
}

/* Where the cache is, empty if it was old. */
static void
prepare_cache(void)
{
	HASHCTL		control = {.keysize = sizeof(Oid), .entrysize = sizeof(AccessRole)};

	if (cache_context != NULL && !is_stale && hash_get_num_entries(roles) < MAX_ROLES)
		return;
	register_callbacks();
	forget_all();
	is_stale = false;
	cache_context = AllocSetContextCreate(CacheMemoryContext, "dynapg access policies", ALLOCSET_SMALL_SIZES);
	control.hcxt = cache_context;
	roles = hash_create("dynapg roles", 16, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

/* The tables are not there while the extension is being created. */
static void
find_sources(void)
{
	Oid			schema = get_namespace_oid("dynapg", true);

	for (int i = 0; i < lengthof(sources); i++)
		sources[i] = OidIsValid(schema) ? get_relname_relid(source_names[i], schema) : InvalidOid;
}

/* ------------------------------------------------------------------------------------------------------------
 * Compiling
 * ------------------------------------------------------------------------------------------------------------ */

/*
 * Compiles a policy into a context.  It was checked when it was stored; one that cannot be read any more might deny what others allow, so nothing is
 * allowed: not a caller's mistake, and for the log.
 */
static const Policy *
compile(const char *text, PolicyKind kind, const char *name, MemoryContext keep)
{
	MemoryContext caller = CurrentMemoryContext;
	const Policy *volatile policy = NULL;

	PG_TRY();
	{
		PolicyDocument *document = policy_parse(text, strlen(text), kind);

		MemoryContextSwitchTo(keep);
		policy = policy_compile(document, pstrdup(name));
		MemoryContextSwitchTo(caller);
	}
	PG_CATCH();
	{
		ErrorData  *error = dyn_take_error(caller);

		/* a cancelled statement says nothing of the policy */
		if (dyn_exception_of_sqlstate(error->sqlerrcode) != DYN_VALIDATION && error->sqlerrcode != ERRCODE_INVALID_PARAMETER_VALUE)
			ReThrowError(error);
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("access policy \"%s\" cannot be read, so nothing is allowed that it might deny", name),
				 errdetail("%s", error->detail ? error->detail : error->message),
				 errhint("Put a valid one in its place, or delete it.")));
	}
	PG_END_TRY();
	return policy;
}

static List *
copy_tags(List *tags)
{
	List	   *copies = NIL;
	ListCell   *cell;

	foreach(cell, tags)
	{
		const RoleTag *tag = lfirst(cell);
		RoleTag    *copy = palloc(sizeof(RoleTag));

		copy->key = pstrdup(tag->key);
		copy->value = pstrdup(tag->value);
		copies = lappend(copies, copy);
	}
	return copies;
}

static bool
any_resources_vary(const AccessRole *role)
{
	bool		vary = role->boundary != NULL && policy_resources_vary(role->boundary);

	for (int i = 0; i < role->n_identity; i++)
		vary |= policy_resources_vary(role->identity[i]);
	return vary;
}

/* Fills an entry, whose parts are made in its context.  What was read is garbage in the current one. */
static void
read_role(AccessRole *entry)
{
	List	   *policies = catalog_policies_of_role(entry->role);
	char	   *boundary = catalog_role_boundary(entry->role);
	List	   *tags = catalog_role_tags(entry->role);
	const Policy **identity = MemoryContextAlloc(entry->context, Max(list_length(policies), 1) * sizeof(Policy *));
	MemoryContext caller;
	ListCell   *cell;

	entry->n_identity = 0;
	foreach(cell, policies)
	{
		const RolePolicy *policy = lfirst(cell);

		identity[entry->n_identity++] = compile(policy->policy, POLICY_IDENTITY, policy->name, entry->context);
	}
	entry->identity = identity;
	entry->boundary = boundary ? compile(boundary, POLICY_IDENTITY, "permissions boundary", entry->context) : NULL;
	caller = MemoryContextSwitchTo(entry->context);
	entry->name = GetUserNameFromId(entry->role, false);
	entry->user_id = psprintf("%u", entry->role);
	entry->tags = copy_tags(tags);
	entry->resources_vary = any_resources_vary(entry);
	entry->foreseen = palloc0(sizeof(AccessForeseen));
	MemoryContextSwitchTo(caller);
}

/* Compiles a role's.  They are made under the caller's context and handed over when they are whole, and of one state of the tables. */
static AccessRole *
compile_role(Oid role)
{
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext scratch = AllocSetContextCreate(caller, "dynapg role's texts", ALLOCSET_DEFAULT_SIZES);
	AccessRole	made = {.role = role};
	AccessRole *entry;

	made.context = AllocSetContextCreate(caller, "dynapg role", ALLOCSET_SMALL_SIZES);
	MemoryContextSwitchTo(scratch);
	do
	{
		MemoryContextReset(made.context);
		MemoryContextReset(scratch);
		prepare_cache();
		find_sources();
		read_role(&made);
	} while (is_stale);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(scratch);
	MemoryContextSetParent(made.context, cache_context);
	entry = hash_search(roles, &role, HASH_ENTER, NULL);
	*entry = made;
	/* while the extension is being created nothing tells of changes */
	is_stale = !OidIsValid(sources[lengthof(sources) - 1]);
	return entry;
}

const AccessRole *
access_role(Oid role)
{
	AccessRole *entry;

	if (last_role != NULL && last_role->role == role)
		return last_role;
	prepare_cache();
	entry = hash_search(roles, &role, HASH_FIND, NULL);
	if (entry == NULL)
		entry = compile_role(role);
	last_role = is_stale ? NULL : entry;
	return entry;
}

/* ------------------------------------------------------------------------------------------------------------
 * What was foreseen
 * ------------------------------------------------------------------------------------------------------------ */

/* The slot's number; -1: the names are too long. */
static int
foreseen_slot(PolicyAction action, const char *table, int table_len, int index_len)
{
	if (table_len == 0 || table_len + index_len > FORESEEN_NAME_SIZE)
		return -1;
	return (action * 7 + table_len + index_len + (unsigned char) table[table_len - 1]) % FORESEEN_SLOTS;
}

bool
access_was_foreseen(const AccessRole *role, PolicyAction action, const char *table, int table_len, const char *index, int index_len)
{
	int			slot = foreseen_slot(action, table, table_len, index_len);

	return slot >= 0 && role->foreseen->slots[slot].action == action &&
		role->foreseen->slots[slot].table_len == table_len && role->foreseen->slots[slot].index_len == index_len &&
		memcmp(role->foreseen->slots[slot].names, table, table_len) == 0 &&
		(index_len == 0 || memcmp(role->foreseen->slots[slot].names + table_len, index, index_len) == 0);
}

void
access_note_foreseen(const AccessRole *role, PolicyAction action, const char *table, int table_len, const char *index, int index_len)
{
	int			slot = foreseen_slot(action, table, table_len, index_len);

	if (slot < 0)
		return;
	role->foreseen->slots[slot].action = action;
	role->foreseen->slots[slot].table_len = table_len;
	role->foreseen->slots[slot].index_len = index_len;
	memcpy(role->foreseen->slots[slot].names, table, table_len);
	if (index_len > 0)
		memcpy(role->foreseen->slots[slot].names + table_len, index, index_len);
}

/* ------------------------------------------------------------------------------------------------------------
 * Sessions'
 * ------------------------------------------------------------------------------------------------------------ */

#define KEY_ID_SIZE 64

/* A session's policy; its text is kept to tell whether it is still the one. */
typedef struct SessionEntry
{
	char		access_key_id[KEY_ID_SIZE]; /* hash key; first */
	char	   *text;
	const Policy *policy;
} SessionEntry;

static MemoryContext session_context;
static HTAB *sessions;

static void
prepare_sessions(void)
{
	HASHCTL		control = {.keysize = KEY_ID_SIZE, .entrysize = sizeof(SessionEntry)};

	if (session_context != NULL && sessions != NULL && hash_get_num_entries(sessions) < MAX_SESSIONS)
		return;
	if (session_context != NULL)
		MemoryContextDelete(session_context);
	sessions = NULL;
	session_context = AllocSetContextCreate(CacheMemoryContext, "dynapg session policies", ALLOCSET_SMALL_SIZES);
	control.hcxt = session_context;
	sessions = hash_create("dynapg sessions", 16, &control, HASH_ELEM | HASH_STRINGS | HASH_CONTEXT);
}

const Policy *
access_session_policy(const CallerSession *session)
{
	SessionEntry *entry;
	const Policy *policy;
	bool		found;

	if (session == NULL || session->policy == NULL)
		return NULL;
	prepare_sessions();
	entry = hash_search(sessions, session->access_key_id, HASH_FIND, NULL);
	if (entry != NULL && strcmp(entry->text, session->policy) == 0)
		return entry->policy;
	policy = compile(session->policy, POLICY_IDENTITY, "session policy", session_context);
	entry = hash_search(sessions, session->access_key_id, HASH_ENTER, &found);
	entry->text = MemoryContextStrdup(session_context, session->policy);
	entry->policy = policy;
	return policy;
}

bool
access_is_free(void)
{
	const AccessRole *role = access_role(GetUserId());
	const CallerSession *session = caller_session();

	return role->n_identity == 0 && role->boundary == NULL && (session == NULL || session->policy == NULL);
}

/* ------------------------------------------------------------------------------------------------------------
 * Tables'
 * ------------------------------------------------------------------------------------------------------------ */

const Policy *
access_resource_policy(const char *table, int table_len, const char *label)
{
	ResourcePolicy *policy = catalog_has_resource_policies() ? catalog_resource_policy(table, table_len, label) : NULL;

	if (policy == NULL)
		return NULL;
	if (policy->compiled == NULL)
		policy->compiled = unconstify(Policy *, compile(policy->text, label ? POLICY_STREAM : POLICY_TABLE,
														"resource-based policy", policy->context));
	return policy->compiled;
}
