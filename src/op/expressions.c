/*
 * expressions.c
 *		The expressions of a request, checked and parsed in the service's order.
 *
 * What an expression means is expr/'s; here is what a request may say beside it.
 */
#include "postgres.h"

#include "base/error.h"
#include "base/limits.h"
#include "op/capacity.h"
#include "op/expressions.h"

/* A member, or NULL if the operation has none or the request does not give it. */
static const RequestValue *
given(const RequestValue *request, int member)
{
	const RequestValue *value;

	if (member == NO_MEMBER)
		return NULL;
	value = request_member(request, member);
	return value->present ? value : NULL;
}

/* The names of those members that the operation has, or that the request gives, with a separator between them. */
static char *
member_list(const RequestValue *request, const int *members, int count, bool only_given, const char *separator)
{
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; i < count; i++)
	{
		if (members[i] == NO_MEMBER || (only_given && !request_member(request, members[i])->present))
			continue;
		appendStringInfo(&list, "%s%s", list.len > 0 ? separator : "", request_member_name(request, members[i]));
	}
	return list.data;
}

static bool
any_given(const RequestValue *request, const int *members, int count)
{
	for (int i = 0; i < count; i++)
		if (given(request, members[i]))
			return true;
	return false;
}

/* ConditionalOperator wants something to combine. */
static void
check_conditional_operator(const RequestValue *request, const ExpressionMembers *members)
{
	const RequestValue *filter = given(request, members->filter);
	const RequestValue *expected = given(request, members->expected);
	int			count = 0;

	if (!given(request, members->conditional_operator))
		return;
	if (filter)
		count = filter->as.map.count;
	if (expected)
		count = expected->as.map.count;
	if (count == 0)
		dyn_invalid("ConditionalOperator cannot be used without Filter or Expected");
	if (count == 1)
		dyn_invalid("ConditionalOperator can only be used when Filter or Expected has two or more elements");
}

void
op_check_parameters(const RequestValue *request, const ExpressionMembers *members)
{
	const char *envelope = dyn_envelope(members->envelopes, ENVELOPE_WRITE);

	/* in the order of the message; KeyConditions only clash with their successor */
	const int	legacy[] = {
		members->attributes_to_get, members->attribute_updates, members->expected, members->filter,
		members->conditional_operator,
		given(request, members->key_condition_expression) ? members->key_conditions : NO_MEMBER
	};
	const int	expressions[] = {
		members->projection_expression, members->filter_expression, members->key_condition_expression,
		members->update_expression, members->condition_expression
	};
	const int  *with_values = expressions + 1;	/* projections have no values */
	const int	n_with_values = lengthof(expressions) - 1;

	if (any_given(request, legacy, lengthof(legacy)) && any_given(request, expressions, lengthof(expressions)))
		dyn_invalid("%sCan not use both expression and non-expression parameters in the same request: "
					"Non-expression parameters: {%s} Expression parameters: {%s}", envelope,
					member_list(request, legacy, lengthof(legacy), true, ", "),
					member_list(request, expressions, lengthof(expressions), true, ", "));
	if (given(request, members->names) && !any_given(request, expressions, lengthof(expressions)))
		dyn_invalid("ExpressionAttributeNames can only be specified when using expressions");
	if (given(request, members->values) && !any_given(request, with_values, n_with_values))
	{
		char	   *list = member_list(request, with_values, n_with_values, false, " and ");

		dyn_invalid("%sExpressionAttributeValues can only be specified when using expressions: %s %s null",
					envelope, list, strstr(list, " and ") ? "are" : "is");
	}
	check_conditional_operator(request, members);
}

/* Whether a placeholder is its sign and then letters, digits and _. */
static bool
is_placeholder(const char *text, int len, char sign)
{
	if (len < 2 || text[0] != sign)
		return false;
	for (int i = 1; i < len; i++)
		if (!(text[i] >= 'a' && text[i] <= 'z') && !(text[i] >= 'A' && text[i] <= 'Z') &&
			!(text[i] >= '0' && text[i] <= '9') && text[i] != '_')
			return false;
	return true;
}

static void
check_placeholder(const char *parameter, const char *text, int len, char sign)
{
	if (len > PLACEHOLDER_MAX_SIZE)
	{
		/* the service tells the size of names only */
		char	   *size = sign == '#' ? psprintf(" size of key: %d", len) : "";

		dyn_invalid("%s contains invalid key: The expression attribute map contains a key that is too long;%s",
					parameter, size);
	}
	if (!is_placeholder(text, len, sign))
		dyn_invalid("%s contains invalid key: Syntax error; key: \"%s\"", parameter, text);
}

/* Reads ExpressionAttributeNames; returns their bytes. */
static int64
read_names(const RequestValue *names, ExprParams *params)
{
	const char *parameter = "ExpressionAttributeNames";
	int			count = names->as.map.count;
	int64		size = 0;

	if (count == 0)
		dyn_invalid("%s must not be empty", parameter);
	params->names = palloc_extended(count * sizeof(ExprName), MCXT_ALLOC_HUGE);
	for (int i = 0; i < count; i++)
	{
		const RequestEntry *entry = &names->as.map.entries[i];
		ExprName   *name = &params->names[i];

		check_placeholder(parameter, entry->name, entry->name_len, '#');
		name->placeholder = entry->name;
		name->name = entry->value.as.string.text;
		name->name_len = entry->value.as.string.len;
		name->used = false;
		size += entry->name_len + name->name_len;
	}
	for (int i = 0; i < count; i++)
		if (params->names[i].name_len == 0)
			dyn_invalid("%s contains invalid value: " ATTR_EMPTY_NAME " for key %s", parameter,
						params->names[i].placeholder);
	params->n_names = count;
	return size;
}

/* Reads ExpressionAttributeValues; returns their bytes. */
static int64
read_values(const RequestValue *values, ExprParams *params)
{
	const char *parameter = "ExpressionAttributeValues";
	const JsonbValue *object = &values->as.attributes->object;
	const AttrError *error = &values->as.attributes->error;
	int			count = object->val.object.nPairs;

	if (count == 0)
		dyn_invalid("%s%s must not be empty", dyn_envelope(params->envelopes, ENVELOPE_UPDATE), parameter);
	params->values = palloc_extended(count * sizeof(ExprValue), MCXT_ALLOC_HUGE);
	for (int i = 0; i < count; i++)
	{
		JsonbPair  *pair = &object->val.object.pairs[i];
		ExprValue  *value = &params->values[i];
		int			len;
		const char *name = attr_name_from_stored(pair->key.val.string.val, pair->key.val.string.len, &len);

		value->placeholder = pnstrdup(name, len);
		check_placeholder(parameter, value->placeholder, len, ':');
		value->value = &pair->value;
		value->used = false;
	}
	params->n_values = count;
	if (error->message != NULL)
	{
		const char *envelope = error->enveloped ? dyn_envelope(params->envelopes, ENVELOPE_WRITE) : "";

		if (error->bare_in_values || (error->is_empty_set && (params->envelopes & ENVELOPE_UPDATE)))
			dyn_invalid("%s%s", envelope, error->message);
		dyn_invalid("%s%s contains invalid value: %s for key %s", envelope, parameter, error->message,
					pnstrdup(error->name, error->name_len));
	}
	return values->as.attributes->size;
}

/* Reads the placeholders of a request. */
static void
read_placeholders(const RequestValue *request, const ExpressionMembers *members, ExprParams *params)
{
	const RequestValue *names = given(request, members->names);
	const RequestValue *values = given(request, members->values);
	int64		names_size = names ? read_names(names, params) : 0;
	int64		values_size = values ? read_values(values, params) : 0;

	if (names_size > PLACEHOLDERS_MAX_SIZE)
		dyn_invalid("ExpressionAttributeNames exceeds max size");
	if (values_size > PLACEHOLDERS_MAX_SIZE)
		dyn_invalid("ExpressionAttributeValues exceeds max size");
	if (names_size + values_size > PLACEHOLDERS_MAX_SIZE)
		dyn_invalid("Combined size of ExpressionAttributeNames and ExpressionAttributeValues exceeds max size");
}

void
op_read_expressions(const RequestValue *request, const ExpressionMembers *members, Expressions *expressions)
{
	ExprParams	params = {.envelopes = members->envelopes};
	const RequestValue *text;

	read_placeholders(request, members, &params);
	if ((text = given(request, members->update_expression)) != NULL)
		expressions->update = expr_parse_update(text->as.string.text, text->as.string.len, &params);
	if ((text = given(request, members->condition_expression)) != NULL)
		expressions->condition = expr_parse_condition(text->as.string.text, text->as.string.len,
													  "ConditionExpression", &params);
	if ((text = given(request, members->key_condition_expression)) != NULL)
		expressions->key_condition_tree = expr_parse_key_condition(text->as.string.text, text->as.string.len, &params);
	if ((text = given(request, members->filter_expression)) != NULL)
		expressions->filter = expr_parse_condition(text->as.string.text, text->as.string.len,
												   "FilterExpression", &params);
	if ((text = given(request, members->projection_expression)) != NULL)
		expressions->projection = expr_parse_projection(text->as.string.text, text->as.string.len, &params);
	expr_check_unused(&params);
	if (expressions->key_condition_tree != NULL)
		expressions->key_condition = expr_key_condition(expressions->key_condition_tree);
}

bool
op_path_names(const DocPath *path, const KeyAttribute *attribute)
{
	return path->steps[0].name_len == attribute->name_len &&
		memcmp(path->steps[0].name, attribute->name, attribute->name_len) == 0;
}

/* Refuses a path into one of some key attributes. */
static void
check_attributes(const DocPath *path, const KeyAttribute *attributes, int count, const char *what)
{
	for (int i = 0; i < count; i++)
		if (op_path_names(path, &attributes[i]))
			dyn_invalid("Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: "
						"%s: %s", what, attributes[i].name);
}

/* A PathVisitor: refuses paths into a key attribute of the table or of an index. */
static void
check_key_path(const DocPath *path, void *argument)
{
	const TableInfo *table = (const TableInfo *) argument;

	if (path->count < 2)
		return;
	check_attributes(path, &table->hash, 1, "Key");
	if (table->has_sort)
		check_attributes(path, &table->sort, 1, "Key");
	for (int i = 0; i < table->n_indexes; i++)
	{
		const TableIndex *index = &table->indexes[i];

		if (!index_checks_items(index))
			continue;
		check_attributes(path, index->hash, index->n_hash, "IndexKey");
		check_attributes(path, index->sort, index->n_sort, "IndexKey");
	}
}

void
op_check_key_paths(const TableInfo *table, const Expressions *expressions)
{
	void	   *argument = unconstify(TableInfo *, table);

	if (expressions->update != NULL)
	{
		for (int i = 0; i < expressions->update->n_actions; i++)
		{
			const UpdateAction *action = &expressions->update->actions[i];

			check_key_path(action->path, argument);
			if (action->operand != NULL)
				condition_visit_paths(action->operand, check_key_path, argument);
		}
	}
	if (expressions->condition != NULL)
		condition_visit_paths(expressions->condition, check_key_path, argument);
	if (expressions->projection != NULL)
	{
		for (int i = 0; i < expressions->projection->n_paths; i++)
			check_key_path(expressions->projection->paths[i], argument);
	}
	if (expressions->filter != NULL)
		condition_visit_paths(expressions->filter, check_key_path, argument);
}
