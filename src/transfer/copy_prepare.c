/*
 * copy_prepare.c
 *		The two tables of a copy: what the source is, the target that is made like it, and what follows at the end.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

#include "base/error.h"
#include "catalog/owner.h"
#include "catalog/transfers.h"
#include "op/model.h"
#include "transfer/copy.h"

#define POLL_MS 500

/* ------------------------------------------------------------------------------------------------------------
 * Questions
 * ------------------------------------------------------------------------------------------------------------ */

typedef struct Answer
{
	const RemoteCall *call;
	Jsonb	   *jsonb;
} Answer;

static void
read_jsonb(Copy *copy, void *argument)
{
	Answer	   *answer = (Answer *) argument;

	answer->jsonb = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(pnstrdup(answer->call->answer, answer->call->answer_len))));
}

/* Asks an operation with a request that is given; the call, whose answer is the jsonb if it has not failed. */
static const RemoteCall *
ask(Copy *copy, Remote *remote, int operation, Jsonb *request, Jsonb **answer)
{
	RemoteCall *call = remote_call(operation, NULL);
	Answer		reading = {call};
	char	   *text = JsonbToCString(NULL, &request->root, VARSIZE(request));

	appendStringInfoString(&call->request, text);
	copy_ask(copy, remote, call);
	copy->works = true;
	if (call->error == NULL)
		copy_guard("InvalidAnswer", model_operations[operation].name, read_jsonb, copy, &reading);
	if (answer != NULL)
		*answer = reading.jsonb;
	return call;
}

static Jsonb *
table_request(const char *table)
{
	return copy_members("\"TableName\": %s", copy_quoted(table));
}

/* The description of a table; NULL: there is none. */
static Jsonb *
describe_table(Copy *copy, Remote *remote, const char *table)
{
	Jsonb	   *answer;
	const RemoteCall *call = ask(copy, remote, OPERATION_DescribeTable, table_request(table), &answer);
	Jsonb	   *description;

	if (remote_failed_with(call, "ResourceNotFoundException"))
		return NULL;
	remote_require(call);
	description = copy_object_member(answer, "Table");
	if (description == NULL || copy_object_member(description, "KeySchema") == NULL ||
		copy_object_member(description, "AttributeDefinitions") == NULL)
		transfer_fail("InvalidAnswer", "DescribeTable does not describe table \"%s\"", table);
	return description;
}

/* The same of a table that must be there, once it is ACTIVE. */
static Jsonb *
await_table(Copy *copy, Remote *remote, const char *table)
{
	for (;;)
	{
		Jsonb	   *description = describe_table(copy, remote, table);
		const char *status;

		if (description == NULL)
			transfer_fail("TableNotFound", "there is no table \"%s\"%s", table, remote_is_here(remote) ? "" : " at the endpoint");
		status = copy_text_member(description, "TableStatus");
		if (status == NULL || strcmp(status, "CREATING") != 0)
			return description;
		copy_look(copy, false);
		copy_sleep(POLL_MS);
	}
}

/* ------------------------------------------------------------------------------------------------------------
 * The target
 * ------------------------------------------------------------------------------------------------------------ */

/* CreateTable as a description says; $1: the description, $2: the name, $3: with global indexes, $4: Tags. */
static const char *const create_statement =
	"SELECT jsonb_strip_nulls(jsonb_build_object("
	" 'TableName', $2,"
	" 'KeySchema', t -> 'KeySchema',"
	" 'AttributeDefinitions', (SELECT jsonb_agg(a) FROM jsonb_array_elements(t -> 'AttributeDefinitions') a"
	"   WHERE $3 OR a ->> 'AttributeName' IN ("
	"    SELECT k ->> 'AttributeName' FROM jsonb_array_elements(t -> 'KeySchema') k UNION ALL"
	"    SELECT k ->> 'AttributeName' FROM jsonb_array_elements(t -> 'LocalSecondaryIndexes') i, jsonb_array_elements(i -> 'KeySchema') k)),"
	" 'BillingMode', CASE WHEN metered THEN 'PROVISIONED' ELSE 'PAY_PER_REQUEST' END,"
	" 'ProvisionedThroughput', CASE WHEN metered THEN jsonb_build_object("
	"   'ReadCapacityUnits', t #> '{ProvisionedThroughput,ReadCapacityUnits}', 'WriteCapacityUnits', t #> '{ProvisionedThroughput,WriteCapacityUnits}') END,"
	" 'TableClass', t #> '{TableClassSummary,TableClass}',"
	" 'LocalSecondaryIndexes', (SELECT jsonb_agg(jsonb_build_object('IndexName', i -> 'IndexName', 'KeySchema', i -> 'KeySchema', 'Projection', i -> 'Projection'))"
	"   FROM jsonb_array_elements(t -> 'LocalSecondaryIndexes') i),"
	" 'GlobalSecondaryIndexes', CASE WHEN $3 THEN (SELECT jsonb_agg(jsonb_build_object('IndexName', i -> 'IndexName', 'KeySchema', i -> 'KeySchema',"
	"    'Projection', i -> 'Projection', 'ProvisionedThroughput', CASE WHEN metered THEN jsonb_build_object("
	"    'ReadCapacityUnits', i #> '{ProvisionedThroughput,ReadCapacityUnits}', 'WriteCapacityUnits', i #> '{ProvisionedThroughput,WriteCapacityUnits}') END))"
	"   FROM jsonb_array_elements(t -> 'GlobalSecondaryIndexes') i) END,"
	" 'Tags', $4))"
	" FROM (SELECT $1 AS t, coalesce($1 #>> '{BillingModeSummary,BillingMode}', 'PROVISIONED') = 'PROVISIONED'"
	"  AND coalesce(($1 #>> '{ProvisionedThroughput,ReadCapacityUnits}')::numeric, 0) > 0 AS metered) d";

typedef struct CreateRequest
{
	Jsonb	   *description;
	Jsonb	   *tags;
	Jsonb	   *request;
} CreateRequest;

static void
make_create_request(Copy *copy, void *argument)
{
	CreateRequest *create = (CreateRequest *) argument;
	Oid			types[] = {JSONBOID, TEXTOID, BOOLOID, JSONBOID};
	Datum		values[] = {JsonbPGetDatum(create->description), CStringGetTextDatum(copy->options.target), BoolGetDatum(copy->options.indexes),
	JsonbPGetDatum(create->tags)};
	Datum		request;
	bool		isnull;

	copy_begin();
	if (!catalog_fetch(create_statement, lengthof(values), types, values, 1, &request, &isnull) || isnull)
		elog(ERROR, "there is no CreateTable");
	create->request = DatumGetJsonbPCopy(request);
	copy_commit();
}

/* The tags of the source, [] if it has none or does not tell. */
static Jsonb *
source_tags(Copy *copy, Jsonb *description)
{
	char	   *arn = copy_text_member(description, "TableArn");
	Jsonb	   *answer;
	Jsonb	   *tags = NULL;

	if (copy->options.tags && arn != NULL)
	{
		const RemoteCall *call = ask(copy, copy->source, OPERATION_ListTagsOfResource,
									 copy_members("\"ResourceArn\": %s", copy_quoted(arn)), &answer);

		if (call->error == NULL)
			tags = copy_object_member(answer, "Tags");
		else
			ereport(WARNING,
					(errmsg("tags of table \"%s\" are not copied: %s: %s", copy->options.source, call->error, call->message)));
	}
	if (tags == NULL || JsonContainerSize(&tags->root) == 0)
		return DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum("null")));
	return tags;
}

/* Whether two tables have one key. */
static void
require_same_key(Copy *copy, Jsonb *source, Jsonb *target)
{
	Jsonb	   *one = copy_object_member(source, "KeySchema");
	Jsonb	   *other = copy_object_member(target, "KeySchema");

	if (!DatumGetBool(DirectFunctionCall2(jsonb_eq, JsonbPGetDatum(one), JsonbPGetDatum(other))))
		transfer_fail("KeySchemaMismatch", "tables \"%s\" and \"%s\" do not have the same KeySchema", copy->options.source,
					  copy->options.target);
}

/*
 * Creates the target.  That it is about to be created is noted before: a table that is there when another process takes over is this copy's, if it
 * has the key.
 */
static void
create_target(Copy *copy, Jsonb *source)
{
	CreateRequest create = {source};
	char	   *intent = copy_state(copy, "Creating");
	Jsonb	   *there = describe_table(copy, copy->target, copy->options.target);
	const RemoteCall *call;

	if (there != NULL && intent == NULL)
		transfer_fail("TableExists", "table \"%s\" is there already; with create_table => false it is copied into", copy->options.target);
	if (there != NULL)
		return;
	copy_begin();
	copy_set_state(copy, NULL, copy_members("\"Creating\": \"yes\""));
	copy_commit();
	create.tags = source_tags(copy, source);
	copy_guard("InvalidAnswer", "DescribeTable", make_create_request, copy, &create);
	call = ask(copy, copy->target, OPERATION_CreateTable, create.request, NULL);
	if (remote_failed_with(call, "ResourceInUseException") && intent == NULL)
		transfer_fail("TableExists", "table \"%s\" is there already", copy->options.target);
	if (!remote_failed_with(call, "ResourceInUseException"))
		remote_require(call);
}

static void
prepare_target(Copy *copy, Jsonb *source)
{
	if (copy->options.create_table)
		create_target(copy, source);
	require_same_key(copy, source, await_table(copy, copy->target, copy->options.target));
}

/* ------------------------------------------------------------------------------------------------------------
 * The stream
 * ------------------------------------------------------------------------------------------------------------ */

/* The view type of the stream that a table has enabled; NULL: it has none. */
static char *
stream_view(Jsonb *description)
{
	Jsonb	   *specification = copy_object_member(description, "StreamSpecification");

	return specification != NULL && copy_boolean_member(specification, "StreamEnabled") ?
		copy_text_member(specification, "StreamViewType") : NULL;
}

static Jsonb *
enable_stream(Copy *copy)
{
	const RemoteCall *call = ask(copy, copy->source, OPERATION_UpdateTable,
								 copy_merged(table_request(copy->options.source),
											 copy_members("\"StreamSpecification\": {\"StreamEnabled\": true, \"StreamViewType\": \"NEW_IMAGE\"}")),
								 NULL);

	remote_require(call);
	return await_table(copy, copy->source, copy->options.source);
}

/* Waits until the stream is ENABLED: what is written before that is not in it. */
static void
await_stream(Copy *copy)
{
	for (;;)
	{
		Jsonb	   *answer;
		Jsonb	   *description;
		char	   *status;
		const RemoteCall *call = ask(copy, copy->source, OPERATION_DescribeStream,
									 copy_members("\"StreamArn\": %s, \"Limit\": 1", copy_quoted(copy->stream)), &answer);

		if (remote_failed_with(call, "UnknownOperationException"))
			transfer_fail("StreamsNotSupported", "the endpoint has no streams; with stream => false the items are copied, and nothing that comes later");
		remote_require(call);
		description = copy_object_member(answer, "StreamDescription");
		status = description ? copy_text_member(description, "StreamStatus") : NULL;
		if (status == NULL)
			transfer_fail("InvalidAnswer", "DescribeStream does not describe stream %s", copy->stream);
		if (strcmp(status, "ENABLED") == 0)
			return;
		if (strcmp(status, "ENABLING") != 0)
			transfer_fail("StreamRequired", "stream %s is %s", copy->stream, status);
		copy_look(copy, false);
		copy_sleep(POLL_MS);
	}
}

/* Finds the source's stream, or enables one. */
static void
prepare_stream(Copy *copy, Jsonb *source)
{
	char	   *view = stream_view(source);
	char	   *arn;

	if (view == NULL && copy->options.enable_stream)
	{
		source = enable_stream(copy);
		view = stream_view(source);
	}
	if (view == NULL)
		transfer_fail("StreamRequired",
					  "table \"%s\" has no stream: UpdateTable enables one, as does enable_stream => true; with stream => false the items are "
					  "copied, and nothing that comes later", copy->options.source);
	if (strcmp(view, "NEW_IMAGE") != 0 && strcmp(view, "NEW_AND_OLD_IMAGES") != 0)
		transfer_fail("StreamViewType", "the stream of table \"%s\" has %s; NEW_IMAGE or NEW_AND_OLD_IMAGES is needed", copy->options.source,
					  view);
	arn = copy_text_member(source, "LatestStreamArn");
	if (arn == NULL)
		transfer_fail("InvalidAnswer", "DescribeTable gives no LatestStreamArn");
	copy->stream = MemoryContextStrdup(copy->context, arn);
	await_stream(copy);
}

/* ------------------------------------------------------------------------------------------------------------
 * All of it
 * ------------------------------------------------------------------------------------------------------------ */

/* The attribute by which the source's items expire; NULL: none. */
static char *
expiry_attribute(Copy *copy)
{
	Jsonb	   *answer;
	Jsonb	   *description;
	char	   *status;
	const RemoteCall *call = ask(copy, copy->source, OPERATION_DescribeTimeToLive, table_request(copy->options.source), &answer);

	if (call->error != NULL)
	{
		ereport(WARNING,
				(errmsg("time to live of table \"%s\" is not copied: %s: %s", copy->options.source, call->error, call->message)));
		return NULL;
	}
	description = copy_object_member(answer, "TimeToLiveDescription");
	status = description ? copy_text_member(description, "TimeToLiveStatus") : NULL;
	if (status == NULL || (strcmp(status, "ENABLED") != 0 && strcmp(status, "ENABLING") != 0))
		return NULL;
	return copy_text_member(description, "AttributeName");
}

/* Notes what has been prepared: from here on the copy goes on by itself. */
static void
note_prepared(Copy *copy, const char *expires_by)
{
	copy_begin();
	for (int i = 0; i < copy->options.segments; i++)
		catalog_add_transfer_part(copy->transfer->id, i, psprintf("segment %d", i), -1, copy_members("%s", ""));
	copy_set_state(copy, "COPYING", copy_members("\"StreamArn\": %s, \"TimeToLive\": %s", copy->stream ? copy_quoted(copy->stream) : "null",
												 expires_by ? copy_quoted(expires_by) : "null"));
	copy_commit();
}

void
copy_prepare(Copy *copy)
{
	Jsonb	   *source;
	char	   *expires_by = NULL;

	copy_begin();
	copy_set_state(copy, "PREPARING", copy_members("%s", ""));
	copy_commit();
	source = await_table(copy, copy->source, copy->options.source);
	if (copy->options.stream)
		prepare_stream(copy, source);
	prepare_target(copy, source);
	if (copy->options.time_to_live)
		expires_by = expiry_attribute(copy);
	if (copy->options.stream)
	{
		/* an attempt that came to nothing may have noted shards, whose ends are of no use now */
		copy_stream_load(copy);
		if (copy->shards == NIL)
			copy_stream_note(copy);
	}
	note_prepared(copy, expires_by);
}

/* Only at the end: until then what expires is the source's to say. */
void
copy_finish_target(Copy *copy)
{
	char	   *expires_by = copy_state(copy, "TimeToLive");
	const RemoteCall *call;

	if (expires_by == NULL)
		return;
	call = ask(copy, copy->target, OPERATION_UpdateTimeToLive,
			   copy_merged(table_request(copy->options.target),
						   copy_members("\"TimeToLiveSpecification\": {\"Enabled\": true, \"AttributeName\": %s}", copy_quoted(expires_by))),
			   NULL);
	if (call->error != NULL && strstr(call->message, "already enabled") == NULL)
		ereport(WARNING,
				(errmsg("time to live is not enabled for table \"%s\": %s: %s", copy->options.target, call->error, call->message)));
}
