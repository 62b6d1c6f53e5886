/*
 * policy_compile.c
 *		Policies as they are evaluated: actions as bits, ARNs split, values read.
 */
#include "postgres.h"

#include "policy/policy_private.h"

/* All actions that a statement's patterns mean. */
static void
compile_actions(const PolicyStatement *statement, ActionSet *set)
{
	for (int i = 0; i < POLICY_ACTION_COUNT; i++)
	{
		char		name[64];
		bool		means = false;

		snprintf(name, sizeof(name), "dynamodb:%s", policy_action_info((PolicyAction) i)->name);
		for (int j = 0; j < statement->actions.n && !means; j++)
			means = policy_glob(statement->actions.texts[j].text, statement->actions.texts[j].len, name, strlen(name), true);
		if (means != statement->actions_negated)
			action_set_add(set, i);
	}
}

/*
 * An ARN that is cut short is filled up by "*"; in a resource policy only if it has one.  A variable stands in the last part only:
 * before that, its characters stand for themselves, and no ARN has those.
 */
static void
compile_resource(PolicyText text, const PolicyDocument *document, ResourcePattern *resource)
{
	PolicyText	parts[ARN_PARTS];

	memset(resource, 0, sizeof(*resource));
	resource->is_anything = policy_text_is(text, "*");
	if (resource->is_anything)
		return;
	resource->n_parts = policy_split_arn(text, document->has_variables, parts);
	resource->is_nothing = resource->n_parts < ARN_PARTS && document->kind != POLICY_IDENTITY &&
		memchr(text.text, '*', text.len) == NULL;
	for (int i = 0; i < resource->n_parts; i++)
		pattern_compile(&resource->parts[i], parts[i], true, document->has_variables && i == ARN_PARTS - 1, false);
}

static void
compile_principals(const PolicyPrincipals *source, PolicyPrincipals *principals)
{
	*principals = *source;
	for (int i = 0; i < PRINCIPAL_KIND_COUNT; i++)
	{
		PolicyList *list = &principals->kinds[i];
		PolicyText *texts = palloc(list->n * sizeof(PolicyText));

		for (int j = 0; j < list->n; j++)
			texts[j] = policy_copy_text(list->texts[j]);
		list->texts = texts;
	}
}

static bool
lists_are_equal(const PolicyList *a, const PolicyList *b)
{
	bool		equal = a->n == b->n;

	for (int i = 0; i < a->n && equal; i++)
		equal = policy_text_equal(a->texts[i], b->texts[i]);
	return equal;
}

static bool
has_variable(const ResourcePattern *resource)
{
	bool		has = false;

	for (int i = 0; i < resource->n_parts; i++)
		for (int k = 0; k < resource->parts[i].n_pieces; k++)
			has |= resource->parts[i].pieces[k].is_variable;
	return has;
}

/* The resources of a statement, which are an earlier one's if those say the same: then they are matched once a request. */
static void
compile_resources(Policy *policy, int number, const PolicyDocument *document)
{
	const PolicyList *source = &document->statements[number].resources;
	CompiledStatement *statement = &policy->statements[number];

	statement->n_resources = source->n;
	for (int i = 0; i < number && statement->resources == NULL; i++)
		if (lists_are_equal(&document->statements[i].resources, source))
			statement->resources = policy->statements[i].resources;
	if (statement->resources != NULL)
		return;
	statement->resources = palloc(source->n * sizeof(ResourcePattern));
	for (int i = 0; i < source->n; i++)
	{
		compile_resource(source->texts[i], document, &statement->resources[i]);
		policy->resources_vary |= has_variable(&statement->resources[i]);
	}
}

static void
compile_statement(const PolicyStatement *source, const PolicyDocument *document, CompiledStatement *statement)
{
	statement->denies = source->effect == EFFECT_DENY;
	compile_actions(source, &statement->actions);
	compile_principals(&source->principals, &statement->principals);
	statement->resources_negated = source->resources_negated;
	statement->n_conditions = source->n_conditions;
	statement->conditions = conditions_compile(source->conditions, source->n_conditions, document->has_variables);
	statement->sid = policy_copy_text(source->sid);
}

Policy *
policy_compile(const PolicyDocument *document, const char *name)
{
	Policy	   *policy = palloc0(sizeof(Policy));

	policy->name = name ? pstrdup(name) : NULL;
	policy->is_of_resource = document->kind != POLICY_IDENTITY;
	policy->n_statements = document->n_statements;
	policy->statements = palloc0(document->n_statements * sizeof(CompiledStatement));
	for (int i = 0; i < document->n_statements; i++)
	{
		CompiledStatement *statement = &policy->statements[i];
		ActionSet  *all = document->statements[i].effect == EFFECT_DENY ? &policy->denied : &policy->allowed;

		compile_statement(&document->statements[i], document, statement);
		compile_resources(policy, i, document);
		for (int word = 0; word < ACTION_WORDS; word++)
			all->words[word] |= statement->actions.words[word];
	}
	return policy;
}

bool
policy_resources_vary(const Policy *policy)
{
	return policy->resources_vary;
}

const char *
policy_name(const Policy *policy)
{
	return policy->name;
}
