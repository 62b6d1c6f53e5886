/*
 * access_begin.c
 *		The first moment of access control: operations by their names and ARNs.
 *
 * Operations on items are asked whether they could ever be allowed; whether they are is found out when their keys are known (authorize.c).  All
 * others are judged whole, here.
 *
 * What is done by privileges is done by the current user, and the operation checks them again, as ever.  What only a policy allows is done as the
 * owner of what it is done with.  A table that only a policy lets somebody make belongs to the database's owner, as at the service it is
 * its account's: who made it has no more than his policies give.  What is restored belongs to who owns the source: who may have a copy made may not
 * therefore read it.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "base/compat.h"
#include "base/database.h"
#include "base/error.h"
#include "base/settings.h"
#include "catalog/buckets.h"
#include "catalog/resource_policies.h"
#include "op/access_begin.h"
#include "op/authorize.h"
#include "op/authorize_private.h"
#include "op/op.h"

static const AccessRow rows[OPERATION_COUNT] = {
#define ACCESS(operation, action, kind, member, granted) \
	[OPERATION_##operation] = {ACCESS_IS_WHOLE, POLICY_##action, ACCESS_##kind, member, GRANTED_##granted},
#define ACCESS_OF_PARTS(operation) \
	[OPERATION_##operation] = {ACCESS_IS_OF_PARTS},
#include "op/authorize_data.h"
#undef ACCESS
#undef ACCESS_OF_PARTS
};

const AccessRow *
access_row(int operation)
{
	return &rows[operation];
}

/* ------------------------------------------------------------------------------------------------------------
 * Privileges
 * ------------------------------------------------------------------------------------------------------------ */

/* Whether the current user has a privilege on a table, be it on a column. */
static bool
uses_relation(Oid relation)
{
	const AclMode any = ACL_SELECT | ACL_INSERT | ACL_UPDATE | ACL_DELETE;
	Oid			schema = get_rel_namespace(relation);

	return OidIsValid(schema) && compat_schema_aclcheck(schema, GetUserId(), ACL_USAGE) == ACLCHECK_OK &&
		(pg_class_aclmask(relation, GetUserId(), any, ACLMASK_ANY) != 0 ||
		 pg_attribute_aclcheck_all(relation, GetUserId(), any & ~ACL_DELETE, ACLMASK_ANY) == ACLCHECK_OK);
}

static bool
has_owners_privileges(Oid owner)
{
	return OidIsValid(owner) ? has_privs_of_role(GetUserId(), owner) : superuser();
}

/* The TableId of the table that a backup or a transfer is of; NULL: it is the table's, or not known. */
static const pg_uuid_t *
table_id_of(const AccessResource *resource)
{
	if (resource->backup != NULL)
		return &resource->backup->table.id;
	return resource->transfer != NULL && resource->transfer->has_table_id ? &resource->transfer->table_id : NULL;
}

/* Who has a privilege on a table may know what there is of it; of what is left of an earlier table of its name, who has the owner's. */
static bool
is_user(const AccessResource *resource)
{
	const TableInfo *table = resource->table;
	const pg_uuid_t *id = table_id_of(resource);

	if (has_owners_privileges(resource->owner))
		return true;
	return table != NULL && OidIsValid(table->relation) && uses_relation(table->relation) &&
		(id == NULL || memcmp(id, &table->id, sizeof(*id)) == 0);
}

static bool
is_reader(const AccessResource *resource)
{
	const TableInfo *table = resource->table;

	if (resource->stream != NULL && !OidIsValid(resource->stream->relation))
		return has_owners_privileges(resource->owner);
	if (resource->stream != NULL)
		table = catalog_table_of_relation(resource->stream->relation);
	return table != NULL ? storage_may_read_all(table) : superuser();
}

static bool
is_granted(AccessGrant grant, const AccessResource *resource)
{
	switch (grant)
	{
		case GRANTED_TO_ALL:
			return catalog_is_creator(GetUserId()) || catalog_any_relation(uses_relation);
		case GRANTED_TO_USERS:
			return is_user(resource);
		case GRANTED_TO_OWNERS:
			return has_owners_privileges(resource->owner);
		case GRANTED_TO_READERS:
			return is_reader(resource);
		case GRANTED_TO_WRITERS:
			return resource->table != NULL ? storage_may_open(resource->table, STORAGE_PUT, false) : superuser();
		case GRANTED_TO_CREATORS:
			return catalog_is_creator(GetUserId());
		case GRANTED_AS_DATA:
			break;
	}
	elog(ERROR, "privileges on items are asked for when keys are known");
}

/* ------------------------------------------------------------------------------------------------------------
 * Condition keys of the request
 * ------------------------------------------------------------------------------------------------------------ */

/* The tags that a request gives, and the keys that it takes away; NULL: none. */
typedef struct TagsAsked
{
	const RequestValue *tags;
	const RequestValue *keys;
} TagsAsked;

static TagsAsked
tags_of_request(int operation, const RequestValue *request)
{
	TagsAsked	asked = {0};

	if (operation == OPERATION_CreateTable)
		asked.tags = request_member(request, CreateTableInput_Tags);
	else if (operation == OPERATION_TagResource)
		asked.tags = request_member(request, TagResourceInput_Tags);
	else if (operation == OPERATION_UntagResource)
		asked.keys = request_member(request, UntagResourceInput_TagKeys);
	if (asked.tags != NULL && !asked.tags->present)
		asked.tags = NULL;
	return asked;
}

static PolicyText
text_of(const RequestValue *string)
{
	return (PolicyText) {string->as.string.text, string->as.string.len};
}

/*
 * Keys of tags differ by case, and those of conditions do not.  Which of several tags is meant is found as it will be when the resource is asked for them
 * (resource_tag() of authorize_context.c): the one that is written alike, else the first in jsonb's order.  Else who may give a resource a
 * certain tag would give it another one as well.  Of several of one key the last one is kept.
 */
static bool
look_up_tag(const TagsAsked *asked, PolicyText key, PolicyValues *values)
{
	PolicyText	found = {0};
	PolicyText *value = (PolicyText *) palloc(sizeof(PolicyText));

	for (int i = 0; asked->tags != NULL && i < asked->tags->as.list.count; i++)
	{
		const RequestValue *tag = &asked->tags->as.list.items[i];
		PolicyText	name = text_of(request_member(tag, Tag_Key));
		bool		is_exact;

		if (name.len != key.len || pg_strncasecmp(name.text, key.text, key.len) != 0)
			continue;
		is_exact = memcmp(name.text, key.text, key.len) == 0;
		if (found.text != NULL && !is_exact && (memcmp(found.text, key.text, key.len) == 0 || memcmp(name.text, found.text, key.len) > 0))
			continue;
		found = name;
		*value = text_of(request_member(tag, Tag_Value));
	}
	*values = (PolicyValues) {false, 1, value};
	return found.text != NULL;
}

static bool
look_up_tag_keys(const TagsAsked *asked, PolicyValues *values)
{
	const RequestValue *list = asked->tags != NULL ? asked->tags : asked->keys;
	PolicyText *keys;

	if (list == NULL || list->as.list.count == 0)
		return false;
	keys = (PolicyText *) palloc(list->as.list.count * sizeof(PolicyText));
	for (int i = 0; i < list->as.list.count; i++)
	{
		const RequestValue *item = &list->as.list.items[i];

		keys[i] = text_of(asked->tags != NULL ? request_member(item, Tag_Key) : item);
	}
	*values = (PolicyValues) {true, list->as.list.count, keys};
	return true;
}

/* A PolicyLookup. */
static bool
look_up(void *argument, const PolicyKey *key, PolicyValues *values)
{
	const TagsAsked *asked = (const TagsAsked *) argument;

	if (key->id == POLICY_KEY_REQUEST_TAG)
		return look_up_tag(asked, key->tag, values);
	return key->id == POLICY_KEY_TAG_KEYS && look_up_tag_keys(asked, values);
}

/* ------------------------------------------------------------------------------------------------------------
 * Judging
 * ------------------------------------------------------------------------------------------------------------ */

/* By what something is allowed; the lesser of two is what both together are. */
typedef enum AccessWay
{
	BY_NOTHING,					/* known of here: the operation says so, in its own words */
	BY_POLICY,					/* alone */
	BY_PRIVILEGES
} AccessWay;

/* An operation that is judged. */
typedef struct Judging
{
	AccessCaller caller;
	bool		is_limited;		/* there are policies of the caller: what is not allowed is refused here */
	TagsAsked	tags;
} Judging;

/* The resource's own policy, as far as it has a say: a superuser may always delete it, as the account's root user. */
static const Policy *
policy_of(const AccessResource *resource, PolicyAction action)
{
	if (!resource->has_policy || !catalog_has_resource_policies() || (action == POLICY_DeleteResourcePolicy && superuser()))
		return NULL;
	return access_resource_policy(resource->table_name, strlen(resource->table_name), resource->stream_label);
}

/* Judges an action; AccessDeniedException. */
static AccessWay
judge(Judging *judging, PolicyAction action, const AccessResource *resource, AccessGrant grant)
{
	bool		is_free_for_all = !judging->is_limited && (grant == GRANTED_TO_ALL || grant == GRANTED_TO_USERS);
	AccessQuestion question = {
		.action = action,
		.resource = resource->arn.text,
		.table = resource->table,
		.look_up = look_up,
		.argument = &judging->tags,
		.granted = is_free_for_all || is_granted(grant, resource),
	};
	PolicyResult result;

	question.resource_policy = policy_of(resource, action);
	if (judging->is_limited)
		(void) access_judge_discreetly(&judging->caller, &question, &result);
	else
		(void) access_judge(&judging->caller, &question, &result);
	if (result.decision == POLICY_ALLOW)
		return question.granted ? BY_PRIVILEGES : BY_POLICY;
	if (!judging->is_limited && result.decision == POLICY_IMPLICIT_DENY)
		return BY_NOTHING;
	access_refuse(&judging->caller, &question, &result);
}

/* What is asked for of a table that is to be made, or would be. */
static AccessWay
judge_new(Judging *judging, const PolicyAction *actions, int n, AccessResource target)
{
	AccessWay	way = BY_PRIVILEGES;

	/* what there is of the name already has no say */
	target.table = NULL;
	target.has_policy = false;
	for (int i = 0; i < n; i++)
		way = Min(way, judge(judging, actions[i], &target, GRANTED_TO_CREATORS));
	return way;
}

static AccessWay
judge_create(Judging *judging, const RequestValue *request, const AccessResource *target)
{
	PolicyAction actions[3] = {POLICY_CreateTable};
	int			n = 1;

	if (judging->tags.tags != NULL)
		actions[n++] = POLICY_TagResource;
	if (request_member(request, CreateTableInput_ResourcePolicy)->present)
		actions[n++] = POLICY_PutResourcePolicy;
	return judge_new(judging, actions, n, *target);
}

/* A restore: the source's way, and whatever the service asks for of the target. */
static AccessWay
judge_restore(Judging *judging, PolicyAction action, const AccessResource *source, AccessGrant grant, const RequestValue *target_name)
{
	const PolicyAction actions[] = {
		action, POLICY_BatchWriteItem, POLICY_DeleteItem, POLICY_GetItem, POLICY_PutItem, POLICY_Query, POLICY_Scan, POLICY_UpdateItem
	};
	AccessWay	way = judge(judging, action, source, grant);
	AccessResource target;

	if (way == BY_NOTHING)
		return way;
	access_resource_of_table(target_name->as.string.text, target_name->as.string.len, &target);
	return Min(way, judge_new(judging, actions, lengthof(actions), target));
}

static AccessWay
judge_operation(Judging *judging, int operation, const RequestValue *request, const AccessResource *resource)
{
	const AccessRow *row = &rows[operation];

	switch (operation)
	{
		case OPERATION_CreateTable:
			return judge_create(judging, request, resource);
		case OPERATION_ImportTable:
			return judge_new(judging, &row->action, 1, *resource);
		case OPERATION_RestoreTableFromBackup:
			return judge_restore(judging, row->action, resource, row->granted,
								 request_member(request, RestoreTableFromBackupInput_TargetTableName));
		case OPERATION_RestoreTableToPointInTime:
			return judge_restore(judging, row->action, resource, row->granted,
								 request_member(request, RestoreTableToPointInTimeInput_TargetTableName));
		default:
			return judge(judging, row->action, resource, row->granted);
	}
}

/* ------------------------------------------------------------------------------------------------------------
 * Buckets: a policy on a table is none on them
 * ------------------------------------------------------------------------------------------------------------ */

static void
require_bucket(const AccessCaller *caller, const RequestValue *bucket, bool writes)
{
	const char *action = writes ? "PutObject" : "GetObject";
	AccessQuestion question = {.resource = "*"};
	AccessLookup lookup;
	PolicyRequest asked;

	if (!bucket->present || catalog_may_use_bucket(GetUserId(), bucket->as.string.text, writes))
		return;
	access_request(caller, &question, &lookup, &asked);
	dyn_error_detail(DYN_ACCESS_DENIED, "A policy allows this with the table; the bucket was not granted to the role (dynapg.grant_bucket).",
					 "User: %.*s is not authorized to perform: s3:%s on resource: \"arn:aws:s3:::%s/*\" because no identity-based policy allows "
					 "the s3:%s action", POLICY_TEXT_ARGS(asked.principals[0]), action, bucket->as.string.text, action);
}

static void
require_buckets(const AccessCaller *caller, int operation, const RequestValue *request)
{
	if (operation == OPERATION_ExportTableToPointInTime)
		require_bucket(caller, request_member(request, ExportTableToPointInTimeInput_S3Bucket), true);
	else if (operation == OPERATION_ImportTable)
		require_bucket(caller, request_member(request_member(request, ImportTableInput_S3BucketSource), S3BucketSource_S3Bucket), false);
	else if (operation == OPERATION_StartBulkPutItems)
	{
		const RequestValue *input = request_member(request, StartBulkPutItemsInput_InputS3Configuration);
		const RequestValue *output = request_member(request, StartBulkPutItemsInput_OutputS3Configuration);

		require_bucket(caller, request_member(input, InputS3Configuration_S3Bucket), false);
		require_bucket(caller, request_member(output, OutputS3Configuration_S3Bucket), true);
	}
}

/* ------------------------------------------------------------------------------------------------------------
 * The first moment
 * ------------------------------------------------------------------------------------------------------------ */

/* Whether an operation makes a table. */
static bool
makes_table(int operation)
{
	return rows[operation].granted == GRANTED_TO_CREATORS || operation == OPERATION_RestoreTableFromBackup ||
		operation == OPERATION_RestoreTableToPointInTime;
}

/* Who does what only a policy allows. */
static Oid
owner_for(const AccessCaller *caller, int operation, const AccessResource *resource)
{
	Oid			owner = rows[operation].granted == GRANTED_TO_CREATORS ? database_owner() : resource->owner;
	AccessQuestion question = {.action = rows[operation].action, .resource = resource->arn.text};
	AccessLookup lookup;
	PolicyRequest asked;

	if (!OidIsValid(owner))
		return GetUserId();		/* there is no such thing, and the operation says so */
	if (makes_table(operation) && !catalog_is_creator(owner))
	{
		access_request(caller, &question, &lookup, &asked);
		dyn_error_detail(DYN_ACCESS_DENIED, psprintf("A policy allows it; role \"%s\", in whose name it would be done, may not make tables in schema dynamo.",
													 GetUserNameFromId(owner, false)),
						 "User: %.*s is not authorized to perform: dynamodb:%s on resource: %s", POLICY_TEXT_ARGS(asked.principals[0]),
						 dyn_operation, resource->arn.text);
	}
	return owner;
}

static Oid
judge_whole(int operation, const RequestValue *request)
{
	const AccessRow *row = &rows[operation];
	Judging		judging = {.is_limited = !access_is_free(), .tags = tags_of_request(operation, request)};
	AccessResource resource;

	access_resource_read(row->kind, request, row->member, &resource);
	if (resource.arn.text == NULL)
		return GetUserId();
	access_current_caller(&judging.caller);
	if (judge_operation(&judging, operation, request, &resource) != BY_POLICY)
		return GetUserId();
	require_buckets(&judging.caller, operation, request);
	return owner_for(&judging.caller, operation, &resource);
}

/* Operations on items. */
static void
foresee(const AccessRow *row, const RequestValue *request)
{
	const RequestValue *value = request_member(request, row->member);
	const RequestValue *index = row->kind == ACCESS_QUERIED ? request_member(request, QueryInput_IndexName) :
		row->kind == ACCESS_SCANNED ? request_member(request, ScanInput_IndexName) : NULL;
	const char *name;
	int			len;

	if (row->kind == ACCESS_TABLES)
	{
		for (int i = 0; i < value->as.map.count; i++)
		{
			name = op_table_name_of_text(value->as.map.entries[i].name, value->as.map.entries[i].name_len, &len);
			access_foresee(row->action, name, len, NULL, 0);
		}
		return;
	}
	name = op_table_name(value, &len);
	if (index != NULL && index->present)
		access_foresee(row->action, name, len, index->as.string.text, index->as.string.len);
	else
		access_foresee(row->action, name, len, NULL, 0);
}

Oid
access_begin(int operation, const RequestValue *request)
{
	const AccessRow *row = &rows[operation];

	if (row->parts == ACCESS_IS_UNKNOWN)
		elog(ERROR, "nothing says who may do %s", model_operations[operation].name);
	if (row->parts == ACCESS_IS_OF_PARTS || (access_is_free() && !catalog_has_resource_policies()))
		return GetUserId();
	if (row->granted != GRANTED_AS_DATA)
		return judge_whole(operation, request);
	foresee(row, request);
	return GetUserId();
}

/* ------------------------------------------------------------------------------------------------------------
 * Functions of SQL's
 * ------------------------------------------------------------------------------------------------------------ */

static void
limit(PolicyAction action, const AccessResource *resource)
{
	Judging		judging = {.is_limited = !access_is_free()};
	AccessQuestion question = {.action = action, .resource = resource->arn.text, .table = resource->table, .granted = true};
	PolicyResult result;

	if (!judging.is_limited && !catalog_has_resource_policies())
		return;
	access_current_caller(&judging.caller);
	question.resource_policy = policy_of(resource, action);
	if (access_judge(&judging.caller, &question, &result) != POLICY_ALLOW)
		access_refuse(&judging.caller, &question, &result);
}

void
access_limit(PolicyAction action, const char *table_name, int len)
{
	AccessResource resource;

	access_resource_of_table(table_name, len, &resource);
	limit(action, &resource);
}

void
access_limit_stream(PolicyAction action, const char *arn)
{
	AccessResource resource;

	access_resource_of_stream(arn, strlen(arn), &resource);
	if (resource.arn.text != NULL)
		limit(action, &resource);
}
