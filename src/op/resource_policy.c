/*
 * resource_policy.c
 *		PutResourcePolicy, GetResourcePolicy, DeleteResourcePolicy; the ResourcePolicy of CreateTable.
 *
 * A table and each of its streams have one policy each.  What a request says by itself is checked before anything is looked up.  A change is in force
 * with the answer; the windows in which the service refuses another one are there if the control plane has a delay.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/timestamp.h"

#include "base/error.h"
#include "base/settings.h"
#include "catalog/resource_policies.h"
#include "op/arn.h"
#include "op/authorize_private.h"
#include "op/op.h"
#include "op/resource_policy.h"
#include "op/stream.h"
#include "op/table_check.h"

/* How long after a change another one is throttled. */
#define COOLDOWN_MS 15000

#define NOT_FOUND "Resource-based policy not found for the provided ResourceArn: "

/* Whose policy a request is about. */
typedef struct Resource
{
	const char *arn;			/* as it was given */
	PolicyKind	kind;
	char	   *table_name;
	char	   *label;			/* empty: the table's own policy */
	const TableInfo *table;		/* NULL: the stream's table is gone */
	const TableLog *stream;		/* NULL: the table's own policy */
} Resource;

/* ------------------------------------------------------------------------------------------------------------
 * The resource
 * ------------------------------------------------------------------------------------------------------------ */

/* What the ARN says by itself. */
static void
read_arn(const RequestValue *given, Resource *resource)
{
	const char *text = given->as.string.text;
	ResourceArn arn;

	memset(resource, 0, sizeof(*resource));
	arn_parse_resource(text, given->as.string.len, &arn);
	if (arn.kind == ARN_NONE)
		dyn_invalid(INVALID "ARNs must start with 'arn:': %s", text);
	if (arn.kind == ARN_OTHER)
		dyn_invalid(INVALID "Provided Arn is not a DynamoDB resource arn: %s", text);
	if (!arn.is_own_region)
		dyn_invalid(INVALID "Invalid resource Arn: %s", text);
	if (!arn.is_own_account)
		dyn_invalid("This action is only supported by accounts that match the resource owner\xe2\x80\x99s account.");
	if (arn.kind == ARN_INDEX)
		dyn_invalid(INVALID "Invalid resource arn provided, only table or stream is accepted. "
					"Provided resource arn: %s", text);
	resource->arn = text;
	resource->kind = arn.kind == ARN_STREAM ? POLICY_STREAM : POLICY_TABLE;
	resource->table_name = pnstrdup(arn.table, arn.table_len);
	resource->label = pstrdup(arn.kind == ARN_STREAM ? arn.table + arn.table_len + strlen("/stream/") : "");
}

static _Noreturn void
raise_denied(const Resource *resource, const char *detail)
{
	dyn_error_detail(DYN_ACCESS_DENIED, detail,
					 "User: arn:aws:iam::%s:user/%s is not authorized to perform: dynamodb:%s on resource: %s",
					 dynapg_account_id, GetUserNameFromId(GetUserId(), false), dyn_operation, resource->arn);
}

/* The owner of the table, or of a stream's table that is gone; InvalidOid: a table that is being deleted has none any more. */
static Oid
owner_of(const Resource *resource)
{
	if (resource->stream != NULL && !OidIsValid(resource->stream->relation))
		return resource->stream->owner;
	return resource->table != NULL && OidIsValid(resource->table->relation) ? catalog_relation_owner(resource->table->relation) : InvalidOid;
}

static void
require_owner(const Resource *resource)
{
	Oid			owner = owner_of(resource);

	if (OidIsValid(owner) ? !has_privs_of_role(GetUserId(), owner) : !superuser())
		raise_denied(resource, "Only the owner of the table may do this.");
}

/* Looks table and stream up.  A table is not there while it is being created. */
static void
find_resource(Resource *resource)
{
	int			len = strlen(resource->table_name);
	const TableInfo *table = catalog_table(resource->table_name, len);

	if (table != NULL && catalog_table_status(table) == TABLE_CREATING)
		table = NULL;
	resource->table = table;
	if (resource->kind == POLICY_STREAM)
	{
		resource->stream = catalog_stream(resource->table_name, resource->label);
		if (resource->stream == NULL && table != NULL)
			dyn_error(DYN_RESOURCE_NOT_FOUND, "Requested resource not found: Stream: %s not found for Table: %s", resource->label,
					  resource->table_name);
	}
	if (resource->stream == NULL && table == NULL)
		catalog_raise_not_found(resource->table_name, len);

	/* a stream outlives its table, of whose name there may be another one */
	if (resource->stream != NULL && (table == NULL || resource->stream->relation != table->relation))
		resource->table = NULL;
	require_owner(resource);
}

/* The same, with the table locked against DROP TABLE, and against other changes of what has its name. */
static void
lock_resource(Resource *resource)
{
	int			len = strlen(resource->table_name);

	catalog_lock_name(resource->table_name, len);
	find_resource(resource);
	if (resource->table == NULL)
		return;
	(void) catalog_lock_table(resource->table_name, len, AccessShareLock, true);
	find_resource(resource);
}

static PolicyOwner
policy_owner(const Resource *resource)
{
	return (PolicyOwner) {
		.table_name = resource->table_name,
		.table_id = resource->stream != NULL ? &resource->stream->table_id : &resource->table->id,
		.label = resource->label
	};
}

/* ------------------------------------------------------------------------------------------------------------
 * The policy
 * ------------------------------------------------------------------------------------------------------------ */

static bool
is_role(PolicyText name)
{
	return name.len > 0 && name.len < NAMEDATALEN && memchr(name.text, '\0', name.len) == NULL &&
		OidIsValid(get_role_oid(pnstrdup(name.text, name.len), true));
}

/* A session of a role, which need not be there now: <role>/<name>. */
static bool
is_session(PolicyText text)
{
	for (int i = text.len - 1; i > 0; i--)
		if (text.text[i] == '/')
			return i < text.len - 1 && is_role((PolicyText) {text.text, i});
	return false;
}

/* Whether there is a principal: the account, PostgreSQL's roles as users and as roles, and sessions of them. */
static bool
principal_exists(PolicyText principal, void *argument)
{
	PolicyText	rest = principal;

	if (policy_take_prefix(&rest, psprintf("arn:aws:sts::%s:assumed-role/", dynapg_account_id)))
		return is_session(rest);
	if (!policy_take_prefix(&rest, psprintf("arn:aws:iam::%s:", dynapg_account_id)))
		return false;
	if (policy_take_prefix(&rest, "user/") || policy_take_prefix(&rest, "role/"))
		return is_role(rest);
	return rest.len == strlen("root") && memcmp(rest.text, "root", rest.len) == 0;
}

static PolicyDocument *
read_policy(const RequestValue *policy, PolicyKind kind)
{
	PolicyDocument *document = policy_parse(policy->as.string.text, policy->as.string.len, kind);

	policy_check_principals(document, principal_exists, NULL);
	return document;
}

/* Who has called, whoever the current user is meanwhile. */
static void
read_author(AccessCaller *author)
{
	Oid			role;
	int			context;

	GetUserIdAndSecContext(&role, &context);
	SetUserIdAndSecContext(OidIsValid(op_role) ? op_role : role, context);
	access_current_caller(author);
	SetUserIdAndSecContext(role, context);
}

/* Refuses a policy that denies its author to put another one. */
static void
check_not_locked_out(const PolicyDocument *document, const char *arn, const TableInfo *table)
{
	AccessCaller author;
	AccessLookup lookup;
	AccessQuestion question = {.action = POLICY_PutResourcePolicy, .resource = arn, .table = table};
	PolicySet	set = {.granted = true, .resource = policy_compile(document, NULL)};
	PolicyRequest request;
	PolicyResult result;

	read_author(&author);
	access_request(&author, &question, &lookup, &request);
	if (policy_evaluate(&set, &request, &result) == POLICY_EXPLICIT_DENY)
		dyn_error(DYN_ACCESS_DENIED, "The new resource policy will not allow you to update the resource policy in the future.");
}

/* ------------------------------------------------------------------------------------------------------------
 * When it may be changed
 * ------------------------------------------------------------------------------------------------------------ */

static bool
changed_within(const ResourcePolicy *policy, int64 milliseconds)
{
	return policy->revision != 0 && dynapg_control_plane_delay > 0 && catalog_resource_policy_age(policy) < milliseconds;
}

/* ExpectedRevisionId, if there is one, against what there is. */
static void
check_expected(const Resource *resource, const RequestValue *expected, const ResourcePolicy *now)
{
	const char *what = resource->stream != NULL ? "stream" : "table";
	const char *name = resource->stream != NULL ? resource->label : resource->table_name;
	char		revision[32];

	if (!expected->present)
		return;
	snprintf(revision, sizeof(revision), INT64_FORMAT, now->revision);
	if (strcmp(expected->as.string.text, "NO_POLICY") == 0)
	{
		if (now->text != NULL)
			dyn_error(DYN_POLICY_NOT_FOUND, NOT_FOUND "Requested policy update expecting none to be present for %s %s, but a policy exists "
					  "with revision id %s.", what, name, revision);
		return;
	}
	if (now->text == NULL)
		dyn_error(DYN_POLICY_NOT_FOUND, NOT_FOUND "Requested update for policy with revision id %s, but %s %s has no associated policy.",
				  expected->as.string.text, what, name);
	if (strcmp(expected->as.string.text, revision) != 0)
		dyn_error(DYN_POLICY_NOT_FOUND, NOT_FOUND "Requested update for policy with revision id %s, but the policy associated to target %s %s "
				  "has revision id %s.", expected->as.string.text, what, name, revision);
}

/* Refuses a change while the table is going, or soon after another change. */
static void
check_idle(const Resource *resource, const ResourcePolicy *now)
{
	const char *name = resource->stream != NULL ? resource->label : resource->table_name;

	if (resource->table != NULL && catalog_table_status(resource->table) == TABLE_DELETING)
		table_refuse_in_use(TABLE_DELETING, resource->table->name);
	if (changed_within(now, dynapg_control_plane_delay))
		dyn_error(DYN_RESOURCE_IN_USE, IN_USE "%s is pending previous resource-based policy update: %s",
				  resource->stream != NULL ? "Stream" : "Table", name);
	if (changed_within(now, COOLDOWN_MS))
		dyn_error(DYN_THROTTLING, "Resource-based policy for %s %s modified within the previous %d milliseconds. Please try again after %s.",
				  resource->stream != NULL ? "stream" : "table", name, COOLDOWN_MS, table_time_text((now->revision + COOLDOWN_MS) / 1000.0));
}

void
resource_policy_check_pending(const TableInfo *table)
{
	PolicyOwner owner = {.table_name = table->name, .table_id = &table->id, .label = ""};
	ResourcePolicy now;

	if (dynapg_control_plane_delay == 0)
		return;
	catalog_read_resource_policy(&owner, &now);
	if (changed_within(&now, dynapg_control_plane_delay))
		dyn_error(DYN_RESOURCE_IN_USE, IN_USE "Table: %s has a pending resource-based policy update.", table->name);
}

/* ------------------------------------------------------------------------------------------------------------
 * The operations
 * ------------------------------------------------------------------------------------------------------------ */

static void
write_revision(WireWriter *response, int64 revision)
{
	wire_text_member(response, "RevisionId", psprintf(INT64_FORMAT, revision));
}

void
op_put_resource_policy(const RequestValue *request, WireWriter *response)
{
	const RequestValue *policy = request_member(request, PutResourcePolicyInput_Policy);
	PolicyDocument *document;
	Resource	resource;
	PolicyOwner owner;
	ResourcePolicy now;
	int64		revision;

	read_arn(request_member(request, PutResourcePolicyInput_ResourceArn), &resource);
	document = read_policy(policy, resource.kind);
	lock_resource(&resource);
	owner = policy_owner(&resource);
	catalog_read_resource_policy(&owner, &now);
	check_expected(&resource, request_member(request, PutResourcePolicyInput_ExpectedRevisionId), &now);
	revision = now.revision;
	if (now.text == NULL || !policy_equivalent(document, policy_parse(now.text, strlen(now.text), resource.kind)))
	{
		if (!request_boolean(request, PutResourcePolicyInput_ConfirmRemoveSelfResourceAccess))
			check_not_locked_out(document, resource.arn, resource.table);
		check_idle(&resource, &now);
		revision = catalog_write_resource_policy(&owner, policy->as.string.text, GetCurrentTimestamp(), &now);
	}
	wire_object_start(response);
	write_revision(response, revision);
	wire_object_end(response);
}

void
op_get_resource_policy(const RequestValue *request, WireWriter *response)
{
	Resource	resource;
	PolicyOwner owner;
	ResourcePolicy now;

	read_arn(request_member(request, GetResourcePolicyInput_ResourceArn), &resource);
	find_resource(&resource);
	owner = policy_owner(&resource);
	catalog_read_resource_policy(&owner, &now);
	if (now.text == NULL)
		dyn_error(DYN_POLICY_NOT_FOUND, NOT_FOUND "%s", resource.arn);
	wire_object_start(response);
	wire_text_member(response, "Policy", policy_canonical(policy_parse(now.text, strlen(now.text), resource.kind)));
	write_revision(response, now.revision);
	wire_object_end(response);
}

/* Answers the revision of what was deleted; where there is nothing, that of the last deletion, if there was one. */
void
op_delete_resource_policy(const RequestValue *request, WireWriter *response)
{
	Resource	resource;
	PolicyOwner owner;
	ResourcePolicy now;

	read_arn(request_member(request, DeleteResourcePolicyInput_ResourceArn), &resource);
	lock_resource(&resource);
	owner = policy_owner(&resource);
	catalog_read_resource_policy(&owner, &now);
	check_expected(&resource, request_member(request, DeleteResourcePolicyInput_ExpectedRevisionId), &now);
	if (now.text != NULL)
	{
		check_idle(&resource, &now);
		(void) catalog_write_resource_policy(&owner, NULL, GetCurrentTimestamp(), &now);
	}
	wire_object_start(response);
	if (now.revision != 0)
		write_revision(response, now.revision);
	wire_object_end(response);
}

void
resource_policy_check_new(const RequestValue *policy, const char *table_name)
{
	if (policy->present)
		check_not_locked_out(read_policy(policy, POLICY_TABLE), arn_of_table(table_name), NULL);
}

void
resource_policy_put_new(const TableInfo *table, const RequestValue *policy)
{
	PolicyOwner owner = {.table_name = table->name, .table_id = &table->id, .label = ""};
	ResourcePolicy none = {0};

	if (policy->present)
		(void) catalog_write_resource_policy(&owner, policy->as.string.text, table->created_at, &none);
}
