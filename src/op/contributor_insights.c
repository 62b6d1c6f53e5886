/*
 * contributor_insights.c
 *		UpdateContributorInsights, DescribeContributorInsights, ListContributorInsights.
 *
 * They change and show what a table or a global index has asked for; the counting is in meter/insight.h, and what was counted is shown by
 * dynapg.contributor_insights().
 */
#include "postgres.h"

#include "miscadmin.h"

#include "base/error.h"
#include "base/hex.h"
#include "base/settings.h"
#include "catalog/insights.h"
#include "op/arn.h"
#include "op/authorize_private.h"
#include "op/insight_access.h"
#include "op/op.h"
#include "op/table_check.h"
#include "storage/storage.h"

#define MAX_SUMMARIES 100		/* a page, also without MaxResults */

#define NOT_VALID "Table or Index is not in a valid state to update Key Access Insights: "

#define TOO_MANY "Amazon CloudWatch Contributor Insights rule limit reached. Please disable Contributor Insights for other tables/indexes OR " \
	"disable other CloudWatch Contributor Insights rules before retrying."

static _Noreturn void
raise_not_found(const char *name, int len)
{
	dyn_error(DYN_RESOURCE_NOT_FOUND, "Requested resource not found: Table: %.*s not found", len, name);
}

/* ------------------------------------------------------------------------------------------------------------
 * What a request is about
 * ------------------------------------------------------------------------------------------------------------ */

/* One that is not backfilling yet is not there, nor is a local one. */
const TableIndex *
insight_index(const TableInfo *table, const char *name, int len)
{
	const TableIndex *index;

	if (len == 0)
		return NULL;
	index = catalog_index(table, name, len);
	if (index == NULL || !index->global ||
		(index->status == TABLE_CREATING && !index->backfilling && catalog_table_status(table) != TABLE_CREATING))
		dyn_error(DYN_RESOURCE_NOT_FOUND, "Requested resource not found: Index: %.*s not found for table: %s", len, name, table->name);
	return index;
}

/* The global index of a request, NULL if it names none. */
static const TableIndex *
index_of_request(const TableInfo *table, const RequestValue *index_name)
{
	return !index_name->present ? NULL : insight_index(table, index_name->as.string.text, index_name->as.string.len);
}

/* Whoever is being deleted may be disabled, and may not be enabled. */
static void
check_status(const TableInfo *table, const TableIndex *index, bool enables)
{
	TableStatus status = catalog_table_status(table);

	if (status == TABLE_CREATING || (status == TABLE_DELETING && enables))
		dyn_invalid(NOT_VALID "TableStatus must be ACTIVE to enable ContributorInsights.");
	if (index == NULL)
		return;
	status = catalog_index_status(index);
	if (status == TABLE_CREATING || (status == TABLE_DELETING && enables))
		dyn_invalid(NOT_VALID "IndexStatus must be ACTIVE to enable ContributorInsights.");
}

/* ------------------------------------------------------------------------------------------------------------
 * UpdateContributorInsights
 * ------------------------------------------------------------------------------------------------------------ */

static bool
is_too_many(const TableInfo *table, const TableIndex *index, bool throttled_only)
{
	return catalog_insights_rules(table, index) + catalog_insights_rules_of(table, index, throttled_only) > INSIGHTS_MAX_RULES;
}

static void
enable(const TableInfo *table, const TableIndex *index, const InsightsSettings *now, bool throttled_only)
{
	if (now != NULL && (now->status == INSIGHTS_ENABLED || now->status == INSIGHTS_ENABLING) && now->throttled_only == throttled_only)
		return;
	catalog_lock_total(CATALOG_TOTAL_RULES);
	catalog_set_insights(table, index, true, is_too_many(table, index, throttled_only), throttled_only);
}

static void
disable(const TableInfo *table, const TableIndex *index, const InsightsSettings *now)
{
	if (now == NULL || now->status == INSIGHTS_DISABLED || now->status == INSIGHTS_DISABLING)
		return;
	catalog_set_insights(table, index, false, false, now->throttled_only);
}

/* The members that Update, Describe and List have in common; changing: as a change that has just been asked for. */
static void
write_members(WireWriter *response, const char *table_name, const char *index_name, const InsightsSettings *settings, bool changing)
{
	InsightsStatus status = settings ? settings->status : INSIGHTS_DISABLED;

	wire_text_member(response, "TableName", table_name);
	if (index_name != NULL && index_name[0] != '\0')
		wire_text_member(response, "IndexName", index_name);
	if (changing)
		status = status == INSIGHTS_DISABLED ? INSIGHTS_DISABLING : status == INSIGHTS_DISABLING ? status : INSIGHTS_ENABLING;
	wire_text_member(response, "ContributorInsightsStatus", catalog_insights_status_name(status));
	if (settings != NULL)
		wire_text_member(response, "ContributorInsightsMode",
						 settings->throttled_only ? "THROTTLED_KEYS" : "ACCESSED_AND_THROTTLED_KEYS");
}

void
op_update_contributor_insights(const RequestValue *request, WireWriter *response)
{
	const RequestValue *index_name = request_member(request, UpdateContributorInsightsInput_IndexName);
	const char *mode = request_text(request, UpdateContributorInsightsInput_ContributorInsightsMode);
	bool		enables = strcmp(request_text(request, UpdateContributorInsightsInput_ContributorInsightsAction), "ENABLE") == 0;
	bool		throttled_only = mode != NULL && strcmp(mode, "THROTTLED_KEYS") == 0;
	int			len;
	const char *name = op_table_name(request_member(request, UpdateContributorInsightsInput_TableName), &len);
	const TableInfo *table;
	const TableIndex *index;
	const InsightsSettings *before;
	const InsightsSettings *after;

	catalog_lock_name(name, len);
	table = catalog_lock_table(name, len, AccessShareLock, true);
	if (table == NULL)
		raise_not_found(name, len);
	index = index_of_request(table, index_name);
	check_status(table, index, enables);
	before = catalog_insights(table, index);
	if (enables)
		enable(table, index, before, throttled_only);
	else
		disable(table, index, before);
	after = catalog_insights(table, index);
	wire_object_start(response);
	write_members(response, table->name, index ? index->name : NULL, after,
				  after != NULL && (before == NULL || after->changed_at != before->changed_at));
	wire_object_end(response);
}

/* ------------------------------------------------------------------------------------------------------------
 * DescribeContributorInsights
 * ------------------------------------------------------------------------------------------------------------ */

static void
write_rule(WireWriter *response, const char *kind, const TableInfo *table, const TableIndex *index, const InsightsSettings *settings)
{
	const char *rule = psprintf("DynamoDBContributorInsights-%s-%s%s%s-" INT64_FORMAT, kind, table->name, index ? "-" : "",
								index ? index->name : "", catalog_insights_number(settings->changed_at));

	wire_string(response, rule, strlen(rule));
}

static void
write_rules(WireWriter *response, const TableInfo *table, const TableIndex *index, const InsightsSettings *settings)
{
	bool		has_sort = index ? index->n_sort > 0 : table->has_sort;

	wire_member(response, "ContributorInsightsRuleList");
	wire_array_start(response);
	if (!settings->throttled_only)
	{
		write_rule(response, "PKC", table, index, settings);
		if (has_sort)
			write_rule(response, "SKC", table, index, settings);
	}
	write_rule(response, "PKT", table, index, settings);
	if (has_sort)
		write_rule(response, "SKT", table, index, settings);
	wire_array_end(response);
}

static void
write_failure(WireWriter *response)
{
	wire_member(response, "FailureException");
	wire_object_start(response);
	wire_text_member(response, "ExceptionName", "LimitExceededException");
	wire_text_member(response, "ExceptionDescription", TOO_MANY);
	wire_object_end(response);
}

void
op_describe_contributor_insights(const RequestValue *request, WireWriter *response)
{
	int			len;
	const char *name = op_table_name(request_member(request, DescribeContributorInsightsInput_TableName), &len);
	const TableInfo *table = catalog_lock_table(name, len, AccessShareLock, false);
	const TableIndex *index;
	const InsightsSettings *settings;

	if (table == NULL)
		raise_not_found(name, len);
	index = index_of_request(table, request_member(request, DescribeContributorInsightsInput_IndexName));
	settings = catalog_insights(table, index);
	wire_object_start(response);
	write_members(response, table->name, index ? index->name : NULL, settings, false);
	if (settings != NULL && settings->status == INSIGHTS_ENABLED)
		write_rules(response, table, index, settings);
	if (settings != NULL && settings->status == INSIGHTS_FAILED)
		write_failure(response);
	if (settings != NULL)
	{
		wire_member(response, "LastUpdateDateTime");
		wire_double(response, table_time(settings->changed_at));
	}
	wire_object_end(response);
}

/* ------------------------------------------------------------------------------------------------------------
 * ListContributorInsights
 * ------------------------------------------------------------------------------------------------------------ */

/* A token is the table and the index behind which the list goes on, as hexadecimal digits of "table/index". */
static char *
make_token(const InsightsSettings *last)
{
	const char *text = psprintf("%s/%s", last->table_name, last->index_name);
	int			len = strlen(text);
	char	   *token = (char *) palloc(2 * len + 1);

	hex_write(token, text, len);
	return token;
}

static void
read_token(const RequestValue *token, InsightsSettings *after)
{
	const char *digits = token->as.string.text;
	int			len = token->as.string.len / 2;
	char	   *text = (char *) palloc0(len + 1);
	char	   *slash;

	if (token->as.string.len % 2 == 0 && strspn(digits, "0123456789abcdef") == token->as.string.len)
		for (int i = 0; i < len; i++)
			text[i] = (char) (hex_digit(digits[2 * i]) << 4 | hex_digit(digits[2 * i + 1]));
	slash = strchr(text, '/');
	if (slash == NULL || strlen(text) != len)
		dyn_invalid("Invalid Request: Provided nextToken is invalid: %s", digits);
	*slash = '\0';
	after->table_name = text;
	after->index_name = slash + 1;
}

/* Whether an entry comes behind a place of the list. */
static bool
is_behind(const InsightsSettings *settings, const InsightsSettings *place)
{
	int			order = strcmp(settings->table_name, place->table_name);

	return order > 0 || (order == 0 && strcmp(settings->index_name, place->index_name) > 0);
}

/* The entries that are asked for. */
static List *
select_settings(const char *table_name, const InsightsSettings *after)
{
	List	   *selected = NIL;
	ListCell   *cell;

	foreach(cell, catalog_all_insights())
	{
		const InsightsSettings *settings = (const InsightsSettings *) lfirst(cell);

		if ((table_name == NULL || strcmp(settings->table_name, table_name) == 0) &&
			(after->table_name == NULL || is_behind(settings, after)))
			selected = lappend(selected, lfirst(cell));
	}
	return selected;
}

void
op_list_contributor_insights(const RequestValue *request, WireWriter *response)
{
	const RequestValue *table_name = request_member(request, ListContributorInsightsInput_TableName);
	const RequestValue *token = request_member(request, ListContributorInsightsInput_NextToken);
	const RequestValue *given = request_member(request, ListContributorInsightsInput_MaxResults);
	int			limit = given->present && given->as.integer > 0 ? (int) Min(given->as.integer, MAX_SUMMARIES) : MAX_SUMMARIES;
	InsightsSettings after = {0};
	const char *name = NULL;
	List	   *selected;
	const InsightsSettings *last = NULL;

	if (token->present)
		read_token(token, &after);
	if (table_name->present)
	{
		int			len;

		name = op_table_name(table_name, &len);
		name = pnstrdup(name, len);
		if (catalog_table(name, len) == NULL)
			raise_not_found(name, len);
	}
	selected = select_settings(name, &after);
	wire_object_start(response);
	wire_member(response, "ContributorInsightsSummaries");
	wire_array_start(response);
	for (int i = 0; i < Min(list_length(selected), limit); i++)
	{
		last = (const InsightsSettings *) list_nth(selected, i);
		wire_object_start(response);
		write_members(response, last->table_name, last->index_name, last, false);
		wire_object_end(response);
	}
	wire_array_end(response);
	if (list_length(selected) > limit)
		wire_text_member(response, "NextToken", make_token(last));
	wire_object_end(response);
}

/* ------------------------------------------------------------------------------------------------------------
 * Who may see what was counted
 * ------------------------------------------------------------------------------------------------------------ */

void
insight_require_reader(const TableInfo *table)
{
	const char *detail = NULL;

	if (superuser())
		return;
	if (!OidIsValid(table->relation) || !storage_may_read_all(table))
		detail = "Keys are shown to who may read the whole table, and whom row-level security does not apply to.";
	else if (!access_is_free() || access_resource_policy(table->name, strlen(table->name), NULL) != NULL)
		detail = "Keys are not shown where policies apply: they might keep some of them from the role.";
	if (detail != NULL)
		dyn_error_detail(DYN_ACCESS_DENIED, detail,
						 "User: arn:aws:iam::%s:user/%s is not authorized to perform: dynamodb:DescribeContributorInsights on resource: %s",
						 dynapg_account_id, GetUserNameFromId(GetUserId(), false), arn_of_table(table->name));
}
