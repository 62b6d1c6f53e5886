/*
 * policy_parse.c
 *		Reading the text of a policy: what is a syntax error is found here.
 *
 * The grammar is seven levels deep and each has a function of its own: whatever is nested deeper is refused where it
 * begins.  What a policy must say beyond its syntax is policy_check.c's.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"

#include "base/error.h"
#include "policy/policy_private.h"
#include "value/wire.h"

typedef struct Parser
{
	WireReader	reader;
	PolicyKind	kind;
} Parser;

typedef struct OperatorName
{
	const char *name;
	PolicyFamily family;
	PolicyComparison comparison;
	bool		is_negated;
} OperatorName;

static const OperatorName operators[] = {
	{"StringEquals", FAMILY_STRING},
	{"StringNotEquals", FAMILY_STRING, .is_negated = true},
	{"StringEqualsIgnoreCase", FAMILY_STRING_IGNORE_CASE},
	{"StringNotEqualsIgnoreCase", FAMILY_STRING_IGNORE_CASE, .is_negated = true},
	{"StringLike", FAMILY_STRING_LIKE},
	{"StringNotLike", FAMILY_STRING_LIKE, .is_negated = true},
	{"NumericEquals", FAMILY_NUMERIC, COMPARE_EQUAL},
	{"NumericNotEquals", FAMILY_NUMERIC, COMPARE_EQUAL, .is_negated = true},
	{"NumericLessThan", FAMILY_NUMERIC, COMPARE_LESS},
	{"NumericLessThanEquals", FAMILY_NUMERIC, COMPARE_LESS_OR_EQUAL},
	{"NumericGreaterThan", FAMILY_NUMERIC, COMPARE_GREATER},
	{"NumericGreaterThanEquals", FAMILY_NUMERIC, COMPARE_GREATER_OR_EQUAL},
	{"DateEquals", FAMILY_DATE, COMPARE_EQUAL},
	{"DateNotEquals", FAMILY_DATE, COMPARE_EQUAL, .is_negated = true},
	{"DateLessThan", FAMILY_DATE, COMPARE_LESS},
	{"DateLessThanEquals", FAMILY_DATE, COMPARE_LESS_OR_EQUAL},
	{"DateGreaterThan", FAMILY_DATE, COMPARE_GREATER},
	{"DateGreaterThanEquals", FAMILY_DATE, COMPARE_GREATER_OR_EQUAL},
	{"Bool", FAMILY_BOOL},
	{"BinaryEquals", FAMILY_BINARY},
	{"IpAddress", FAMILY_ADDRESS},
	{"NotIpAddress", FAMILY_ADDRESS, .is_negated = true},
	{"ArnEquals", FAMILY_ARN},
	{"ArnLike", FAMILY_ARN},
	{"ArnNotEquals", FAMILY_ARN, .is_negated = true},
	{"ArnNotLike", FAMILY_ARN, .is_negated = true},
	{"Null", FAMILY_NULL},
};

const char *const policy_principal_kinds[PRINCIPAL_KIND_COUNT] = {
	[PRINCIPAL_AWS] = "AWS",
	[PRINCIPAL_SERVICE] = "Service",
	[PRINCIPAL_FEDERATED] = "Federated",
	[PRINCIPAL_CANONICAL_USER] = "CanonicalUser"
};

/* ------------------------------------------------------------------------------------------------------------
 * Errors
 * ------------------------------------------------------------------------------------------------------------ */

static _Noreturn void syntax_error(Parser *parser, const char *what);

/* What is wrong ends before the place that is told. */
static void
syntax_error(Parser *parser, const char *what)
{
	int			line;
	int			column;
	char	   *detail;

	wire_position(&parser->reader, &line, &column);
	detail = psprintf("Before line %d, column %d: %s.", line, column, what);
	if (parser->kind == POLICY_IDENTITY)
		policy_malformed(detail, "Syntax errors in policy.");
	dyn_error_detail(DYN_VALIDATION, detail, POLICY_INVALID_DOCUMENT "Syntax error at position (%d,%d)", line, column);
}

/* A text of the policy in quotes, for messages: not too much of it. */
static char *
quote(PolicyText text)
{
	int			len = pg_encoding_mbcliplen(PG_UTF8, text.text, text.len, 100);

	return psprintf("\"%.*s%s\"", len, text.text, len < text.len ? "..." : "");
}

static PolicyText
current_text(Parser *parser)
{
	PolicyText	text = {parser->reader.text, parser->reader.len};

	return text;
}

/* A member must not be there twice. */
static void
once(Parser *parser, bool is_there, const char *name)
{
	if (is_there)
		syntax_error(parser, psprintf("%s is there twice, or beside its opposite", name));
}

/* ------------------------------------------------------------------------------------------------------------
 * Pieces; each reads a value whose first token comes next
 * ------------------------------------------------------------------------------------------------------------ */

static void
expect(Parser *parser, WireToken token, const char *what)
{
	if (wire_next(&parser->reader) != token)
		syntax_error(parser, psprintf("%s is expected", what));
}

static PolicyText
read_string(Parser *parser)
{
	expect(parser, WIRE_STRING, "a string");
	return current_text(parser);
}

/* The next member's name, or false at the object's end. */
static bool
next_member(Parser *parser, PolicyText *name)
{
	if (wire_next(&parser->reader) != WIRE_KEY)
		return false;
	*name = current_text(parser);
	return true;
}

/* An array of structs that grows: makes room for one more. */
static void *
grow(void *array, int n, Size size)
{
	/* at powers of two, there is no room left */
	if ((n & (n - 1)) != 0)
		return array;
	return n == 0 ? palloc(size) : repalloc(array, 2 * n * size);
}

static void
add_text(PolicyList *list, PolicyText text)
{
	list->texts = grow(list->texts, list->n, sizeof(PolicyText));
	list->texts[list->n++] = text;
}

/* The current token as a text; numbers and booleans are the same as in quotes, where they are allowed. */
static PolicyText
scalar(Parser *parser, bool any)
{
	static const PolicyText yes = {"true", 4};
	static const PolicyText no = {"false", 5};

	switch (parser->reader.token)
	{
		case WIRE_STRING:
			return current_text(parser);
		case WIRE_INTEGER:
		case WIRE_DECIMAL:
			if (any)
				return current_text(parser);
			break;
		case WIRE_TRUE:
			if (any)
				return yes;
			break;
		case WIRE_FALSE:
			if (any)
				return no;
			break;
		default:
			break;
	}
	syntax_error(parser, "a string is expected");
}

static void
read_list(Parser *parser, PolicyList *list, bool any)
{
	list->is_there = true;
	if (wire_next(&parser->reader) != WIRE_ARRAY_START)
	{
		add_text(list, scalar(parser, any));
		return;
	}
	while (wire_next(&parser->reader) != WIRE_ARRAY_END)
		add_text(list, scalar(parser, any));
}

/* ------------------------------------------------------------------------------------------------------------
 * Principals
 * ------------------------------------------------------------------------------------------------------------ */

static bool
is_account(PolicyText text)
{
	for (int i = 0; i < text.len; i++)
		if (text.text[i] < '0' || text.text[i] > '9')
			return false;
	return text.len == 12;
}

/* Account ids become ARNs; of principals that are there twice one is left. */
static void
tidy_principals(PolicyList *list)
{
	int			kept = 0;

	for (int i = 0; i < list->n; i++)
	{
		PolicyText	text = list->texts[i];
		bool		is_new = true;

		if (is_account(text))
		{
			text.text = psprintf("arn:aws:iam::%.*s:root", POLICY_TEXT_ARGS(text));
			text.len = strlen(text.text);
		}
		for (int j = 0; j < kept && is_new; j++)
			is_new = !policy_text_equal(list->texts[j], text);
		if (is_new)
			list->texts[kept++] = text;
	}
	list->n = kept;
}

static void
read_principals(Parser *parser, PolicyPrincipals *principals, bool negated)
{
	PolicyText	name;

	once(parser, principals->is_there, "Principal");
	principals->is_there = true;
	principals->is_negated = negated;
	if (wire_next(&parser->reader) == WIRE_STRING)
	{
		principals->is_anybody = policy_text_is(current_text(parser), "*");
		if (!principals->is_anybody)
			syntax_error(parser, "a Principal is \"*\" or an object");
		return;
	}
	if (parser->reader.token != WIRE_OBJECT_START)
		syntax_error(parser, "a Principal is \"*\" or an object");
	while (next_member(parser, &name))
	{
		int			kind = 0;

		while (kind < PRINCIPAL_KIND_COUNT && (name.len != strlen(policy_principal_kinds[kind]) ||
											   memcmp(name.text, policy_principal_kinds[kind], name.len) != 0))
			kind++;
		if (kind == PRINCIPAL_KIND_COUNT)
			syntax_error(parser, psprintf("%s is no kind of principals", quote(name)));
		once(parser, principals->kinds[kind].is_there, policy_principal_kinds[kind]);
		read_list(parser, &principals->kinds[kind], false);
		if (kind == PRINCIPAL_AWS)
			tidy_principals(&principals->kinds[kind]);
	}
}

/* ------------------------------------------------------------------------------------------------------------
 * Conditions
 * ------------------------------------------------------------------------------------------------------------ */

bool
policy_take_prefix(PolicyText *text, const char *prefix)
{
	int			len = strlen(prefix);

	if (text->len < len || memcmp(text->text, prefix, len) != 0)
		return false;
	text->text += len;
	text->len -= len;
	return true;
}

static bool
take_suffix(PolicyText *text, const char *suffix)
{
	int			len = strlen(suffix);

	if (text->len < len || memcmp(text->text + text->len - len, suffix, len) != 0)
		return false;
	text->len -= len;
	return true;
}

/* Takes an operator's name apart; false if there is none of that name.  Null has no IfExists. */
static bool
parse_operator(PolicyText name, PolicyOperator *operator)
{
	operator->name = name;
	operator->quantifier = policy_take_prefix(&name, "ForAllValues:") ? FOR_ALL_VALUES :
		policy_take_prefix(&name, "ForAnyValue:") ? FOR_ANY_VALUE : QUANTIFIER_NONE;
	operator->if_exists = take_suffix(&name, "IfExists");
	for (int i = 0; i < lengthof(operators); i++)
	{
		const OperatorName *known = &operators[i];

		if (name.len != strlen(known->name) || memcmp(name.text, known->name, name.len) != 0)
			continue;
		operator->family = known->family;
		operator->comparison = known->comparison;
		operator->is_negated = known->is_negated;
		return known->family != FAMILY_NULL || !operator->if_exists;
	}
	return false;
}

/* Refuses an operator, or a key of it, that the statement has already. */
static void
refuse_twice(Parser *parser, const PolicyStatement *statement, const PolicyOperator *operator, const PolicyText *key)
{
	for (int i = 0; i < statement->n_conditions; i++)
		if (policy_text_equal(statement->conditions[i].operator.name, operator->name) &&
			(key == NULL || policy_text_equal(statement->conditions[i].key, *key)))
			syntax_error(parser, psprintf("%s is there twice", quote(key ? *key : operator->name)));
}

static void
read_conditions(Parser *parser, PolicyStatement *statement)
{
	PolicyText	name;

	expect(parser, WIRE_OBJECT_START, "an object");
	while (next_member(parser, &name))
	{
		PolicyOperator operator;
		PolicyText	key;

		if (!parse_operator(name, &operator))
			syntax_error(parser, psprintf("%s is no condition operator", quote(name)));
		refuse_twice(parser, statement, &operator, NULL);
		expect(parser, WIRE_OBJECT_START, "an object");
		while (next_member(parser, &key))
		{
			PolicyCondition *condition;

			refuse_twice(parser, statement, &operator, &key);
			statement->conditions = grow(statement->conditions, statement->n_conditions, sizeof(PolicyCondition));
			condition = &statement->conditions[statement->n_conditions++];
			memset(condition, 0, sizeof(*condition));
			condition->operator = operator;
			condition->key = key;
			read_list(parser, &condition->values, true);
		}
	}
}

/* ------------------------------------------------------------------------------------------------------------
 * Statements and the whole
 * ------------------------------------------------------------------------------------------------------------ */

static void
read_effect(Parser *parser, PolicyStatement *statement)
{
	PolicyText	text;

	once(parser, statement->effect != EFFECT_NONE, "Effect");
	text = read_string(parser);
	if (text.len == 5 && pg_strncasecmp(text.text, "Allow", 5) == 0)
		statement->effect = EFFECT_ALLOW;
	else if (text.len == 4 && pg_strncasecmp(text.text, "Deny", 4) == 0)
		statement->effect = EFFECT_DENY;
	else
		syntax_error(parser, "an Effect is Allow or Deny");
	statement->effect_has_wrong_case = memcmp(text.text, statement->effect == EFFECT_ALLOW ? "Allow" : "Deny", text.len) != 0;
}

/* Action or NotAction, Resource or NotResource. */
static void
read_patterns(Parser *parser, PolicyList *list, bool *negated, bool is_negated, const char *name)
{
	once(parser, list->is_there, name);
	*negated = is_negated;
	read_list(parser, list, false);
}

/* A statement whose first brace is the current token. */
static void
read_statement(Parser *parser, PolicyStatement *statement)
{
	PolicyText	name;
	bool		has_condition = false;

	memset(statement, 0, sizeof(*statement));
	if (parser->reader.token != WIRE_OBJECT_START)
		syntax_error(parser, "a statement is an object");
	while (next_member(parser, &name))
	{
		if (policy_text_is(name, "Sid"))
		{
			once(parser, statement->sid.text != NULL, "Sid");
			statement->sid = read_string(parser);
		}
		else if (policy_text_is(name, "Effect"))
			read_effect(parser, statement);
		else if (policy_text_is(name, "Principal"))
			read_principals(parser, &statement->principals, false);
		else if (policy_text_is(name, "NotPrincipal"))
			read_principals(parser, &statement->principals, true);
		else if (policy_text_is(name, "Action"))
			read_patterns(parser, &statement->actions, &statement->actions_negated, false, "Action");
		else if (policy_text_is(name, "NotAction"))
			read_patterns(parser, &statement->actions, &statement->actions_negated, true, "NotAction");
		else if (policy_text_is(name, "Resource"))
			read_patterns(parser, &statement->resources, &statement->resources_negated, false, "Resource");
		else if (policy_text_is(name, "NotResource"))
			read_patterns(parser, &statement->resources, &statement->resources_negated, true, "NotResource");
		else if (policy_text_is(name, "Condition"))
		{
			once(parser, has_condition, "Condition");
			has_condition = true;
			read_conditions(parser, statement);
		}
		else
			syntax_error(parser, psprintf("%s is no member of a statement", quote(name)));
	}
}

static void
add_statement(Parser *parser, PolicyDocument *document)
{
	document->statements = grow(document->statements, document->n_statements, sizeof(PolicyStatement));
	read_statement(parser, &document->statements[document->n_statements++]);
}

/* One object is as good as a list of it. */
static void
read_statements(Parser *parser, PolicyDocument *document)
{
	if (wire_next(&parser->reader) != WIRE_ARRAY_START)
	{
		add_statement(parser, document);
		return;
	}
	while (wire_next(&parser->reader) != WIRE_ARRAY_END)
		add_statement(parser, document);
	if (document->n_statements > 0)
		return;
	if (parser->kind == POLICY_IDENTITY)
		syntax_error(parser, "there is no statement");
	dyn_invalid(POLICY_INVALID_DOCUMENT "Could not parse the policy: Statement is empty!");
}

static void
read_version(Parser *parser, PolicyDocument *document)
{
	PolicyText	text;

	once(parser, document->has_version, "Version");
	text = read_string(parser);
	document->has_version = true;
	document->has_variables = policy_text_is(text, "2012-10-17");
	if (!document->has_variables && !policy_text_is(text, "2008-10-17"))
		syntax_error(parser, psprintf("%s is no version; 2012-10-17 and 2008-10-17 are", quote(text)));
}

static void
read_document(Parser *parser, PolicyDocument *document)
{
	PolicyText	name;
	bool		has_statement = false;

	while (next_member(parser, &name))
	{
		if (policy_text_is(name, "Version"))
			read_version(parser, document);
		else if (policy_text_is(name, "Id"))
		{
			once(parser, document->id.text != NULL, "Id");
			document->id = read_string(parser);
		}
		else if (policy_text_is(name, "Statement"))
		{
			once(parser, has_statement, "Statement");
			has_statement = true;
			read_statements(parser, document);
		}
		else
			syntax_error(parser, psprintf("%s is no member of a policy", quote(name)));
	}
	if (!has_statement)
		syntax_error(parser, "there is no Statement");
}

/* Refuses what is too large, and what is no object in JSON. */
static void
check_text(const char *text, int len, PolicyKind kind)
{
	if (kind != POLICY_IDENTITY)
	{
		if (len > POLICY_RESOURCE_MAX_SIZE)
			dyn_invalid(POLICY_INVALID "Maximum policy size of %d bytes exceeded", POLICY_RESOURCE_MAX_SIZE);
		if (!wire_text_is_json(text, len))
			dyn_invalid(POLICY_INVALID_DOCUMENT "This policy contains invalid Json");
		return;
	}
	if (pg_verify_mbstr_len(PG_UTF8, text, len, true) > POLICY_IDENTITY_MAX_SIZE)
		policy_malformed("A policy has so many characters at most.",
						 psprintf("1 validation error detected: Value at 'policyDocument' failed to satisfy constraint: "
								  "Member must have length less than or equal to %d", POLICY_IDENTITY_MAX_SIZE));
	if (!wire_text_is_json(text, len))
		policy_malformed("The text is no valid JSON.", "Syntax errors in policy.");
}

PolicyDocument *
policy_parse(const char *text, int len, PolicyKind kind)
{
	Parser		parser;
	PolicyDocument *document = palloc0(sizeof(PolicyDocument));

	check_text(text, len, kind);
	document->kind = kind;
	parser.kind = kind;
	wire_read_text(&parser.reader, text, len);
	if (wire_next(&parser.reader) != WIRE_OBJECT_START)
	{
		if (kind == POLICY_IDENTITY)
			syntax_error(&parser, "a policy is an object");
		dyn_invalid(POLICY_INVALID_DOCUMENT "%s", parser.reader.token == WIRE_NULL ? "This text appears not to be a policy" :
					"This policy contains invalid Json");
	}
	read_document(&parser, document);
	policy_check(document);
	return document;
}

int
policy_size(const char *text, int len)
{
	int			size = 0;
	bool		in_string = false;

	for (const char *p = text; p < text + len; p += pg_utf_mblen((const unsigned char *) p))
	{
		if (*p == '"')
			in_string = !in_string;
		else if (in_string && *p == '\\' && p + 1 < text + len)
		{
			size++;
			p++;
		}
		else if (!in_string && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r'))
			continue;
		size++;
	}
	return size;
}
