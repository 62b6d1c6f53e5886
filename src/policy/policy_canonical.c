/*
 * policy_canonical.c
 *		Resource policies as GetResourcePolicy shows them, and whether two say the same.
 *
 * What the service takes for the same is what it shows in the same way, but that conditions may come in any order and that
 * a policy without a version is another than one of the version that this is taken for.
 */
#include "postgres.h"

#include "base/bytes.h"
#include "policy/policy_private.h"
#include "value/wire.h"

static void
put_text(WireWriter *writer, PolicyText text)
{
	wire_string(writer, text.text, text.len);
}

/* A list of one is a string. */
static void
put_list(WireWriter *writer, const PolicyList *list)
{
	if (list->n == 1)
	{
		put_text(writer, list->texts[0]);
		return;
	}
	wire_array_start(writer);
	for (int i = 0; i < list->n; i++)
		put_text(writer, list->texts[i]);
	wire_array_end(writer);
}

static void
put_principals(WireWriter *writer, const PolicyPrincipals *principals)
{
	if (!principals->is_there)
		return;
	wire_member(writer, principals->is_negated ? "NotPrincipal" : "Principal");
	if (principals->is_anybody)
	{
		wire_cstring(writer, "*");
		return;
	}
	wire_object_start(writer);
	for (int i = 0; i < PRINCIPAL_KIND_COUNT; i++)
	{
		if (!principals->kinds[i].is_there)
			continue;
		wire_member(writer, policy_principal_kinds[i]);
		put_list(writer, &principals->kinds[i]);
	}
	wire_object_end(writer);
}

static int
compare_texts(PolicyText a, PolicyText b)
{
	return bytes_compare(a.text, a.len, b.text, b.len);
}

/* qsort comparator: by operator, then by key. */
static int
compare_conditions(const void *a, const void *b)
{
	const PolicyCondition *left = a;
	const PolicyCondition *right = b;
	int			order = compare_texts(left->operator.name, right->operator.name);

	return order != 0 ? order : compare_texts(left->key, right->key);
}

static void
put_condition(WireWriter *writer, const PolicyStatement *statement, bool sorted)
{
	PolicyCondition *conditions = statement->conditions;
	int			n = statement->n_conditions;

	if (n == 0)
		return;
	if (sorted)
	{
		conditions = memcpy(palloc(n * sizeof(PolicyCondition)), conditions, n * sizeof(PolicyCondition));
		qsort(conditions, n, sizeof(PolicyCondition), compare_conditions);
	}
	wire_member(writer, "Condition");
	wire_object_start(writer);
	for (int i = 0; i < n; i++)
	{
		if (i == 0 || !policy_text_equal(conditions[i].operator.name, conditions[i - 1].operator.name))
		{
			if (i > 0)
				wire_object_end(writer);
			wire_key(writer, conditions[i].operator.name.text, conditions[i].operator.name.len);
			wire_object_start(writer);
		}
		wire_key(writer, conditions[i].key.text, conditions[i].key.len);
		put_list(writer, &conditions[i].values);
	}
	wire_object_end(writer);
	wire_object_end(writer);
}

static void
put_statement(WireWriter *writer, const PolicyStatement *statement, bool sorted)
{
	wire_object_start(writer);
	if (statement->sid.text)
	{
		wire_member(writer, "Sid");
		put_text(writer, statement->sid);
	}
	wire_text_member(writer, "Effect", statement->effect == EFFECT_ALLOW ? "Allow" : "Deny");
	put_principals(writer, &statement->principals);
	wire_member(writer, statement->actions_negated ? "NotAction" : "Action");
	put_list(writer, &statement->actions);
	wire_member(writer, statement->resources_negated ? "NotResource" : "Resource");
	put_list(writer, &statement->resources);
	put_condition(writer, statement, sorted);
	wire_object_end(writer);
}

static char *
print(const PolicyDocument *document, bool sorted)
{
	StringInfoData out;
	WireWriter	writer;

	initStringInfo(&out);
	wire_write_text(&writer, &out);
	wire_object_start(&writer);
	wire_text_member(&writer, "Version", document->has_variables ? "2012-10-17" : "2008-10-17");
	if (document->id.text)
	{
		wire_member(&writer, "Id");
		put_text(&writer, document->id);
	}
	wire_member(&writer, "Statement");
	wire_array_start(&writer);
	for (int i = 0; i < document->n_statements; i++)
		put_statement(&writer, &document->statements[i], sorted);
	wire_array_end(&writer);
	wire_object_end(&writer);
	return out.data;
}

char *
policy_canonical(const PolicyDocument *document)
{
	return print(document, false);
}

bool
policy_equivalent(const PolicyDocument *a, const PolicyDocument *b)
{
	return a->has_version == b->has_version && strcmp(print(a, true), print(b, true)) == 0;
}
