/*
 * event_pattern.c
 *		Compiling patterns.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"

#include "events/event_pattern_private.h"
#include "value/wire.h"

/* "$or" is an operator where none of its objects has a member of these names, as patterns from before it was one. */
static const char *const operators[] = {
	"exactly", "exists", "prefix", "suffix", "equals-ignore-case", "wildcard", "numeric", "cidr", "anything-but",
	"anything-but-prefix", "anything-but-suffix", "anything-but-equals-ignore-case", "anything-but-wildcard"
};

/* What is compiled. */
typedef struct Compiler
{
	WireReader *reader;
	int			absences;
} Compiler;

static Pattern *compile_object(Compiler *compiler, const PatternMember *parent);

static _Noreturn void
fail(const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("Invalid filter pattern definition."),
			 errdetail_internal("%s", detail)));
}

/* A text of the pattern's, cut for a message. */
static char *
shown(const char *text, int len)
{
	return pnstrdup(text, pg_mbcliplen(text, len, 60));
}

static char *
copy_text(const WireReader *reader)
{
	return pnstrdup(reader->text, reader->len);
}

static bool
is_text(const WireReader *reader, const char *text)
{
	return reader->len == (int) strlen(text) && memcmp(reader->text, text, reader->len) == 0;
}

/* ------------------------------------------------------------------------------------------------------------
 * Operators
 * ------------------------------------------------------------------------------------------------------------ */

static PatternRule *
make_rule(RuleKind kind)
{
	PatternRule *rule = (PatternRule *) palloc0(sizeof(PatternRule));

	rule->kind = kind;
	return rule;
}

/* The current token is a string that an operator has. */
static PatternRule *
string_rule(const WireReader *reader, const char *operator, RuleKind kind)
{
	PatternRule *rule;

	if (reader->token != WIRE_STRING)
		fail(psprintf("%s needs a string.", operator));
	rule = make_rule(kind);
	if (kind == RULE_IGNORE_CASE || kind == RULE_PREFIX_IGNORE_CASE || kind == RULE_SUFFIX_IGNORE_CASE)
		rule->text = event_pattern_fold(reader->text, reader->len, &rule->len);
	else
	{
		rule->text = copy_text(reader);
		rule->len = reader->len;
	}
	return rule;
}

/* prefix, suffix: a string, or {"equals-ignore-case": string}. */
static PatternRule *
compile_affix(WireReader *reader, const char *operator, RuleKind kind, RuleKind ignoring_case)
{
	PatternRule *rule;

	if (reader->token == WIRE_OBJECT_START)
	{
		if (wire_next(reader) != WIRE_KEY || !is_text(reader, "equals-ignore-case"))
			fail(psprintf("%s needs a string, or an object with equals-ignore-case.", operator));
		wire_next(reader);
		rule = string_rule(reader, "equals-ignore-case", ignoring_case);
		if (wire_next(reader) != WIRE_OBJECT_END)
			fail(psprintf("The object of %s has one member.", operator));
	}
	else
		rule = string_rule(reader, operator, kind);
	return rule;
}

static void
add_piece(PatternRule *rule, StringInfo piece)
{
	PatternPiece *added = (PatternPiece *) palloc(sizeof(PatternPiece));

	added->text = pnstrdup(piece->data, piece->len);
	added->len = piece->len;
	rule->pieces = lappend(rule->pieces, added);
	resetStringInfo(piece);
}

/* wildcard: * stands for anything, \* and \\ for themselves; two * may not follow each other. */
static PatternRule *
compile_wildcard(WireReader *reader)
{
	PatternRule *rule = string_rule(reader, "wildcard", RULE_WILDCARD);
	StringInfoData piece;

	initStringInfo(&piece);
	for (int i = 0; i < rule->len; i++)
	{
		char		c = rule->text[i];

		if (c == '*')
		{
			if (i + 1 < rule->len && rule->text[i + 1] == '*')
				fail(psprintf("Two wildcards follow each other at byte %d of a wildcard pattern.", i + 1));
			add_piece(rule, &piece);
			continue;
		}
		if (c == '\\')
		{
			i++;
			if (i == rule->len || (rule->text[i] != '*' && rule->text[i] != '\\'))
				fail(psprintf("A backslash stands before an asterisk or a backslash only: byte %d of a wildcard pattern.", i));
			c = rule->text[i];
		}
		appendStringInfoChar(&piece, c);
	}
	add_piece(rule, &piece);
	return rule;
}

static void
read_number(const WireReader *reader, DynNumber *number)
{
	if (number_parse(reader->text, reader->len, number) != NUMBER_OK)
		fail(psprintf("A number is out of range or has too many digits: %s", shown(reader->text, reader->len)));
}

static bool
is_number(const WireReader *reader)
{
	return reader->token == WIRE_INTEGER || reader->token == WIRE_DECIMAL;
}

/* One comparison of numeric: the current token is its sign. */
static void
compile_comparison(WireReader *reader, PatternRule *rule)
{
	bool		low;
	bool		inclusive;
	char	   *sign;

	if (reader->token != WIRE_STRING)
		fail("numeric needs an operator: =, <, <=, >, >=.");
	sign = copy_text(reader);
	if (strcmp(sign, "<") != 0 && strcmp(sign, "<=") != 0 && strcmp(sign, ">") != 0 && strcmp(sign, ">=") != 0 && strcmp(sign, "=") != 0)
		fail(psprintf("numeric has no operator \"%s\".", shown(sign, strlen(sign))));
	wire_next(reader);
	if (!is_number(reader))
		fail(psprintf("The value of numeric's %s must be a number.", sign));
	inclusive = sign[strlen(sign) - 1] == '=';
	low = sign[0] != '<';
	if ((low && rule->has_low) || ((!low || sign[0] == '=') && rule->has_high))
		fail("A range of numeric has one end below and one above.");
	if (low)
	{
		read_number(reader, &rule->low);
		rule->has_low = true;
		rule->low_inclusive = inclusive;
	}
	if (!low || sign[0] == '=')
	{
		read_number(reader, &rule->high);
		rule->has_high = true;
		rule->high_inclusive = inclusive;
	}
}

/* numeric: ["=", 5], [">", 0], or [">=", 0, "<", 10]. */
static PatternRule *
compile_numeric(WireReader *reader)
{
	PatternRule *rule = make_rule(RULE_RANGE);
	int			order;

	if (reader->token != WIRE_ARRAY_START)
		fail("numeric needs an array.");
	if (wire_next(reader) == WIRE_ARRAY_END)
		fail("The array of numeric is empty.");
	compile_comparison(reader, rule);
	if (wire_next(reader) == WIRE_ARRAY_END)
		return rule;
	if (!rule->has_low || rule->has_high)
		fail("A range of numeric begins with > or >=.");
	compile_comparison(reader, rule);
	if (wire_next(reader) != WIRE_ARRAY_END)
		fail("numeric has at most two comparisons.");
	order = number_compare(&rule->low, &rule->high);
	if (order >= 0)
		fail("The lower end of a range must be below the upper one.");
	return rule;
}

static PatternRule *
compile_cidr(WireReader *reader)
{
	PatternRule *rule = string_rule(reader, "cidr", RULE_CIDR);
	const char *slash = (const char *) memchr(rule->text, '/', rule->len);
	int			most;

	if (slash == NULL || slash == rule->text + rule->len - 1 || strspn(slash + 1, "0123456789") != strlen(slash + 1) || strlen(slash + 1) > 3)
		fail("cidr needs an address, a slash and a number of bits.");
	if (!event_pattern_address(rule->text, slash - rule->text, &rule->family, rule->address))
		fail("cidr needs an address of IP version 4 or 6.");
	rule->bits = atoi(slash + 1);
	most = rule->family == 4 ? 32 : 128;
	/* the service's rule: a whole address is no block */
	if (rule->bits >= most)
		fail(psprintf("A block of cidr has fewer than %d bits.", most));
	return rule;
}

/* A value that is itself what is looked for. */
static PatternRule *
value_rule(const WireReader *reader)
{
	PatternRule *rule;

	switch (reader->token)
	{
		case WIRE_STRING:
			return string_rule(reader, "", RULE_STRING);
		case WIRE_INTEGER:
		case WIRE_DECIMAL:
			rule = make_rule(RULE_NUMBER);
			read_number(reader, &rule->low);
			return rule;
		case WIRE_TRUE:
			return make_rule(RULE_TRUE);
		case WIRE_FALSE:
			return make_rule(RULE_FALSE);
		case WIRE_NULL:
			return make_rule(RULE_NULL);
		default:
			fail("What matches must be a string, a number, true, false, null, or an object with an operator.");
	}
}

/* The values of anything-but: strings, or numbers. */
static List *
compile_values(WireReader *reader)
{
	List	   *rules = NIL;
	RuleKind	kind = RULE_NULL;

	while (wire_next(reader) != WIRE_ARRAY_END)
	{
		PatternRule *rule;

		if (reader->token != WIRE_STRING && !is_number(reader))
			fail("anything-but has strings or numbers.");
		rule = value_rule(reader);
		if (rules != NIL && rule->kind != kind)
			fail("anything-but has strings or numbers, not both.");
		kind = rule->kind;
		rules = lappend(rules, rule);
	}
	if (rules == NIL)
		fail("The array of anything-but is empty.");
	return rules;
}

/* The strings of {"anything-but": {"prefix": ...}} and its like: the current token is the first of the value. */
static List *
compile_excluded(WireReader *reader, PatternRule *(*compile) (WireReader *reader))
{
	List	   *rules = NIL;

	if (reader->token != WIRE_ARRAY_START)
		return list_make1(compile(reader));
	while (wire_next(reader) != WIRE_ARRAY_END)
		rules = lappend(rules, compile(reader));
	if (rules == NIL)
		fail("An array within anything-but is empty.");
	return rules;
}

/* Everything begins and ends with an empty string: nothing would be left. */
static void
refuse_empty(List *rules)
{
	ListCell   *cell;

	foreach(cell, rules)
	{
		const PatternRule *rule = (const PatternRule *) lfirst(cell);

		if (rule->len == 0 && (rule->kind == RULE_PREFIX || rule->kind == RULE_SUFFIX))
			fail("A prefix or suffix within anything-but must not be empty.");
	}
}

static PatternRule *
compile_prefix(WireReader *reader)
{
	return compile_affix(reader, "prefix", RULE_PREFIX, RULE_PREFIX_IGNORE_CASE);
}

static PatternRule *
compile_suffix(WireReader *reader)
{
	return compile_affix(reader, "suffix", RULE_SUFFIX, RULE_SUFFIX_IGNORE_CASE);
}

static PatternRule *
compile_ignore_case(WireReader *reader)
{
	return string_rule(reader, "equals-ignore-case", RULE_IGNORE_CASE);
}

static PatternRule *
compile_anything_but(WireReader *reader)
{
	PatternRule *rule = make_rule(RULE_NONE_OF);
	PatternRule *(*compile) (WireReader *reader);

	if (reader->token == WIRE_ARRAY_START)
		rule->rules = compile_values(reader);
	else if (reader->token == WIRE_STRING || is_number(reader))
		rule->rules = list_make1(value_rule(reader));
	else if (reader->token != WIRE_OBJECT_START)
		fail("anything-but needs a string, a number, an array of either, or an object with an operator.");
	else
	{
		if (wire_next(reader) != WIRE_KEY)
			fail("The object of anything-but is empty.");
		compile = is_text(reader, "prefix") ? compile_prefix :
			is_text(reader, "suffix") ? compile_suffix :
			is_text(reader, "equals-ignore-case") ? compile_ignore_case :
			is_text(reader, "wildcard") ? compile_wildcard : NULL;
		if (compile == NULL)
			fail(psprintf("anything-but has no operator \"%s\".", shown(reader->text, reader->len)));
		wire_next(reader);
		rule->rules = compile_excluded(reader, compile);
		if (wire_next(reader) != WIRE_OBJECT_END)
			fail("The object of anything-but has one member.");
		refuse_empty(rule->rules);
	}
	return rule;
}

/* An object of an array: an operator and what it needs. */
static PatternRule *
compile_operator(WireReader *reader)
{
	PatternRule *rule;
	char	   *operator;

	if (wire_next(reader) != WIRE_KEY)
		fail("An operator is missing.");
	operator = copy_text(reader);
	wire_next(reader);
	if (strcmp(operator, "exists") == 0)
	{
		if (reader->token != WIRE_TRUE && reader->token != WIRE_FALSE)
			fail("exists needs true or false.");
		rule = make_rule(reader->token == WIRE_TRUE ? RULE_EXISTS : RULE_ABSENT);
	}
	else if (strcmp(operator, "exactly") == 0)
		rule = string_rule(reader, "exactly", RULE_STRING);
	else if (strcmp(operator, "prefix") == 0)
		rule = compile_prefix(reader);
	else if (strcmp(operator, "suffix") == 0)
		rule = compile_suffix(reader);
	else if (strcmp(operator, "equals-ignore-case") == 0)
		rule = compile_ignore_case(reader);
	else if (strcmp(operator, "wildcard") == 0)
		rule = compile_wildcard(reader);
	else if (strcmp(operator, "numeric") == 0)
		rule = compile_numeric(reader);
	else if (strcmp(operator, "cidr") == 0)
		rule = compile_cidr(reader);
	else if (strcmp(operator, "anything-but") == 0)
		rule = compile_anything_but(reader);
	else
		fail(psprintf("There is no operator \"%s\".", shown(operator, strlen(operator))));
	if (wire_next(reader) != WIRE_OBJECT_END)
		fail("An object in an array has one member, which is an operator.");
	return rule;
}

/* ------------------------------------------------------------------------------------------------------------
 * Objects
 * ------------------------------------------------------------------------------------------------------------ */

/* The rules of an array, whose start is the current token. */
static List *
compile_rules(WireReader *reader)
{
	List	   *rules = NIL;

	while (wire_next(reader) != WIRE_ARRAY_END)
		rules = lappend(rules, reader->token == WIRE_OBJECT_START ? compile_operator(reader) : value_rule(reader));
	if (rules == NIL)
		fail("An array is empty.");
	return rules;
}

/* Whether the value of "$or", whose first token is the current one, makes it an operator: two objects or more without names of operators. */
static bool
is_or(const WireReader *reader)
{
	WireReader	ahead;
	int			count = 0;

	wire_fork(reader, &ahead);
	if (ahead.token != WIRE_ARRAY_START)
		return false;
	while (wire_next(&ahead) != WIRE_ARRAY_END)
	{
		if (ahead.token != WIRE_OBJECT_START)
			return false;
		while (wire_next(&ahead) != WIRE_OBJECT_END)
		{
			for (int i = 0; i < lengthof(operators); i++)
				if (is_text(&ahead, operators[i]))
					return false;
			wire_next(&ahead);
			wire_skip(&ahead);
		}
		count++;
	}
	return count >= 2;
}

static List *
compile_alternatives(Compiler *compiler, const PatternMember *parent)
{
	List	   *patterns = NIL;

	while (wire_next(compiler->reader) != WIRE_ARRAY_END)
		patterns = lappend(patterns, compile_object(compiler, parent));
	return patterns;
}

static bool
has_absence(List *rules)
{
	ListCell   *cell;

	foreach(cell, rules)
		if (((const PatternRule *) lfirst(cell))->kind == RULE_ABSENT)
			return true;
	return false;
}

static PatternMember *
compile_member(Compiler *compiler, const PatternMember *parent, char *name, int len)
{
	PatternMember *member = (PatternMember *) palloc0(sizeof(PatternMember));

	member->name = name;
	member->len = len;
	member->parent = parent;
	member->number = -1;
	if (compiler->reader->token == WIRE_OBJECT_START)
		member->object = compile_object(compiler, member);
	else if (compiler->reader->token == WIRE_ARRAY_START)
		member->rules = compile_rules(compiler->reader);
	else
		fail(psprintf("\"%s\" must be an object or an array.", shown(name, len)));
	if (has_absence(member->rules))
		member->number = compiler->absences++;
	return member;
}

static void
refuse_second(const Pattern *pattern, const char *name, int len)
{
	ListCell   *cell;

	foreach(cell, pattern->members)
	{
		const PatternMember *other = (const PatternMember *) lfirst(cell);

		if (other->len == len && memcmp(other->name, name, len) == 0)
			fail(psprintf("\"%s\" is there twice.", shown(name, len)));
	}
}

/* The object whose start is the current token. */
static Pattern *
compile_object(Compiler *compiler, const PatternMember *parent)
{
	WireReader *reader = compiler->reader;
	Pattern    *pattern = (Pattern *) palloc0(sizeof(Pattern));

	check_stack_depth();
	if (reader->token != WIRE_OBJECT_START)
		fail("A pattern is an object.");
	while (wire_next(reader) == WIRE_KEY)
	{
		char	   *name = copy_text(reader);
		int			len = reader->len;

		wire_next(reader);
		if (strcmp(name, "$or") == 0 && is_or(reader))
		{
			pattern->alternatives = lappend(pattern->alternatives, compile_alternatives(compiler, parent));
			continue;
		}
		refuse_second(pattern, name, len);
		pattern->members = lappend(pattern->members, compile_member(compiler, parent, name, len));
	}
	if (pattern->members == NIL && pattern->alternatives == NIL)
		fail("An object is empty.");
	return pattern;
}

Pattern *
event_pattern_compile(const char *text, int len)
{
	WireReader	reader;
	Compiler	compiler = {&reader, 0};
	Pattern    *pattern;

	if (!wire_text_is_json(text, len))
		fail("It is not JSON.");
	wire_read_text(&reader, text, len);
	wire_next(&reader);
	pattern = compile_object(&compiler, NULL);
	pattern->absences = compiler.absences;
	return pattern;
}
