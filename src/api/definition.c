/*
 * definition.c
 *		Definitions that SQL functions are given as jsonb, on their way into a request of the API.
 */
#include "postgres.h"

#include "utils/json.h"

#include "api/definition.h"

/* The names of members, as a hint lists them. */
static const char *
list_members(const char *const *allowed, int n_allowed)
{
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; i < n_allowed; i++)
		appendStringInfo(&list, "%s%s", i == 0 ? "" : i == n_allowed - 1 ? " and " : ", ", allowed[i]);
	return list.data;
}

void
definition_check_members(Jsonb *definition, const char *what, const char *const *allowed, int n_allowed)
{
	JsonbIterator *iterator = JsonbIteratorInit(&definition->root);
	JsonbValue	value;
	JsonbIteratorToken token = JsonbIteratorNext(&iterator, &value, false);

	if (token != WJB_BEGIN_OBJECT)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the definition of %s must be an object", what)));
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_END_OBJECT)
	{
		bool		found = false;

		if (token != WJB_KEY)
			continue;
		for (int i = 0; i < n_allowed; i++)
			found |= value.val.string.len == strlen(allowed[i]) &&
				memcmp(value.val.string.val, allowed[i], value.val.string.len) == 0;
		if (!found)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("the definition of %s has no member \"%.*s\"", what, value.val.string.len, value.val.string.val),
					 errhint("It may have %s.", list_members(allowed, n_allowed))));
	}
}

bool
definition_has(Jsonb *definition, const char *name)
{
	JsonbValue	space;

	return getKeyJsonValueFromContainer(&definition->root, name, strlen(name), &space) != NULL;
}

void
definition_append(StringInfo request, const char *name, Jsonb *definition, Jsonb *other)
{
	JsonbValue	space;
	JsonbValue *value = getKeyJsonValueFromContainer(&definition->root, name, strlen(name), &space);
	Jsonb	   *member;

	if (value == NULL && other != NULL)
		value = getKeyJsonValueFromContainer(&other->root, name, strlen(name), &space);
	if (value == NULL)
		return;
	member = JsonbValueToJsonb(value);
	appendStringInfo(request, ", \"%s\": ", name);
	JsonbToCString(request, &member->root, VARSIZE(member));
}
