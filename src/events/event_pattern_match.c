/*
 * event_pattern_match.c
 *		Matching a value with a compiled pattern.
 *
 * A value that is not there matches what wants it absent, and nothing else; so does, for the members of an object, what is no object.  Whether something
 * is absent is asked of the whole event: of a list of objects none may have it.  That is found out once for each member of the pattern that asks.
 */
#include "postgres.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "catalog/pg_collation.h"
#include "miscadmin.h"
#include "utils/formatting.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"

#include "events/event_pattern_private.h"

/* A match that goes on. */
typedef struct Match
{
	const PatternValue *event;
	signed char *absent;		/* of each member that asks: 1 it is, 0 it is not, -1 not asked yet */
} Match;

static bool object_matches(Match *match, const Pattern *pattern, const PatternValue *value);

/* ------------------------------------------------------------------------------------------------------------
 * Texts, numbers, addresses
 * ------------------------------------------------------------------------------------------------------------ */

char *
event_pattern_fold(const char *text, int len, int *folded_len)
{
	char	   *folded = str_tolower(text, len, DEFAULT_COLLATION_OID);

	*folded_len = strlen(folded);
	return folded;
}

bool
event_pattern_address(const char *text, int len, int *family, unsigned char *address)
{
	char		copy[INET6_ADDRSTRLEN + 1];

	if (len >= sizeof(copy) || memchr(text, '\0', len) != NULL)
		return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	*family = inet_pton(AF_INET, copy, address) == 1 ? 4 : inet_pton(AF_INET6, copy, address) == 1 ? 6 : 0;
	return *family != 0;
}

static bool
begins_with(const char *text, int len, const char *prefix, int prefix_len)
{
	return len >= prefix_len && memcmp(text, prefix, prefix_len) == 0;
}

static bool
ends_with(const char *text, int len, const char *suffix, int suffix_len)
{
	return len >= suffix_len && memcmp(text + len - suffix_len, suffix, suffix_len) == 0;
}

/* The first piece begins the text, the last one ends it, and the others come between, each at its first place: in linear time. */
static bool
wildcard_matches(const PatternRule *rule, const char *text, int len)
{
	const PatternPiece *first = (const PatternPiece *) linitial(rule->pieces);
	const PatternPiece *last = (const PatternPiece *) llast(rule->pieces);
	const char *end = text + len;

	if (list_length(rule->pieces) == 1)
		return len == first->len && memcmp(text, first->text, len) == 0;
	if (len < first->len + last->len || !begins_with(text, len, first->text, first->len) ||
		!ends_with(text, len, last->text, last->len))
		return false;
	text += first->len;
	end -= last->len;
	for (int i = 1; i < list_length(rule->pieces) - 1; i++)
	{
		const PatternPiece *piece = (const PatternPiece *) list_nth(rule->pieces, i);
		const char *found = (const char *) memmem(text, end - text, piece->text, piece->len);

		if (found == NULL)
			return false;
		text = found + piece->len;
	}
	return true;
}

static bool
folded_matches(const PatternRule *rule, const char *text, int len)
{
	int			folded_len;
	char	   *folded;
	bool		matches;

	/* lower and upper case of a letter may differ in length, but not so much */
	if (len > 4 * rule->len && rule->kind == RULE_IGNORE_CASE)
		return false;
	folded = event_pattern_fold(text, len, &folded_len);
	matches = rule->kind == RULE_PREFIX_IGNORE_CASE ? begins_with(folded, folded_len, rule->text, rule->len) :
		rule->kind == RULE_SUFFIX_IGNORE_CASE ? ends_with(folded, folded_len, rule->text, rule->len) :
		folded_len == rule->len && memcmp(folded, rule->text, rule->len) == 0;
	pfree(folded);
	return matches;
}

static bool
address_matches(const PatternRule *rule, const char *text, int len)
{
	unsigned char address[16];
	int			family;
	int			bytes = rule->bits / 8;
	int			mask = 0xFF00 >> (rule->bits % 8) & 0xFF;

	return event_pattern_address(text, len, &family, address) && family == rule->family &&
		memcmp(address, rule->address, bytes) == 0 &&
		(mask == 0 || ((address[bytes] ^ rule->address[bytes]) & mask) == 0);
}

/* The number that a value is or stands for; false if it is none. */
static bool
number_of(const PatternValue *value, DynNumber *number)
{
	if (value->type != PATTERN_NUMBER && !(value->type == PATTERN_STRING && value->is_numeric))
		return false;
	if (value->number != NULL)
		return number_from_numeric(value->number, number) == NUMBER_OK;
	return number_parse(value->text, value->len, number) == NUMBER_OK;
}

static bool
is_in_range(const PatternRule *rule, const DynNumber *number)
{
	int			order;

	if (rule->has_low)
	{
		order = number_compare(number, &rule->low);
		if (order < 0 || (order == 0 && !rule->low_inclusive))
			return false;
	}
	if (rule->has_high)
	{
		order = number_compare(number, &rule->high);
		if (order > 0 || (order == 0 && !rule->high_inclusive))
			return false;
	}
	return true;
}

/* ------------------------------------------------------------------------------------------------------------
 * Rules
 * ------------------------------------------------------------------------------------------------------------ */

static bool
text_matches(const PatternRule *rule, const char *text, int len)
{
	switch (rule->kind)
	{
		case RULE_STRING:
			return len == rule->len && memcmp(text, rule->text, len) == 0;
		case RULE_PREFIX:
			return begins_with(text, len, rule->text, rule->len);
		case RULE_SUFFIX:
			return ends_with(text, len, rule->text, rule->len);
		case RULE_WILDCARD:
			return wildcard_matches(rule, text, len);
		case RULE_IGNORE_CASE:
		case RULE_PREFIX_IGNORE_CASE:
		case RULE_SUFFIX_IGNORE_CASE:
			return folded_matches(rule, text, len);
		case RULE_CIDR:
			return address_matches(rule, text, len);
		default:
			return false;
	}
}

/* Whether a value that is no object and no array is what a rule says. */
static bool
rule_matches(const PatternRule *rule, const PatternValue *value)
{
	DynNumber	number;
	ListCell   *cell;

	switch (rule->kind)
	{
		case RULE_EXISTS:
			return true;
		case RULE_ABSENT:
			return false;
		case RULE_TRUE:
			return value->type == PATTERN_TRUE;
		case RULE_FALSE:
			return value->type == PATTERN_FALSE;
		case RULE_NULL:
			return value->type == PATTERN_NULL;
		case RULE_NUMBER:
			return number_of(value, &number) && number_compare(&number, &rule->low) == 0;
		case RULE_RANGE:
			return number_of(value, &number) && is_in_range(rule, &number);
		case RULE_NONE_OF:
			foreach(cell, rule->rules)
				if (rule_matches((const PatternRule *) lfirst(cell), value))
					return false;
			return true;
		default:
			return value->type == PATTERN_STRING && text_matches(rule, value->text, value->len);
	}
}

static bool
is_leaf(const PatternValue *value)
{
	return value->type != PATTERN_OBJECT && value->type != PATTERN_ARRAY;
}

/* Whether a value, or an element of its arrays, is what one of the rules says; a test for any_element(). */
static bool
some_rule_matches(const PatternValue *value, void *argument)
{
	const PatternMember *member = (const PatternMember *) argument;
	ListCell   *cell;

	if (value->type == PATTERN_ARRAY)
		return value->source->any_element(value, some_rule_matches, argument);
	if (!is_leaf(value))
		return false;
	foreach(cell, member->rules)
		if (rule_matches((const PatternRule *) lfirst(cell), value))
			return true;
	return false;
}

/* ------------------------------------------------------------------------------------------------------------
 * Absence
 * ------------------------------------------------------------------------------------------------------------ */

/* Names of members, from the event's on. */
typedef struct Path
{
	const PatternMember **members;
	int			count;
	int			depth;			/* how many of them have been followed */
} Path;

/* Whether there is something at the end of a path that is no object; a test for any_element(). */
static bool
path_leads_somewhere(const PatternValue *value, void *argument)
{
	Path	   *path = (Path *) argument;
	const PatternMember *next;
	PatternValue inner;
	bool		found;

	if (value->type == PATTERN_ARRAY)
		return value->source->any_element(value, path_leads_somewhere, argument);
	if (path->depth == path->count)
		return is_leaf(value);
	next = path->members[path->depth];
	if (value->type != PATTERN_OBJECT || !value->source->member(value, next->name, next->len, &inner))
		return false;
	path->depth++;
	found = path_leads_somewhere(&inner, path);
	path->depth--;
	return found;
}

static bool
is_absent(Match *match, const PatternMember *member)
{
	signed char *absent = &match->absent[member->number];

	if (*absent < 0)
	{
		Path		path = {0};

		for (const PatternMember *m = member; m != NULL; m = m->parent)
			path.count++;
		path.members = (const PatternMember **) palloc(path.count * sizeof(PatternMember *));
		for (const PatternMember *m = member; m != NULL; m = m->parent)
			path.members[path.count - 1 - path.depth++] = m;
		path.depth = 0;
		*absent = !path_leads_somewhere(match->event, &path);
	}
	return *absent;
}

/* ------------------------------------------------------------------------------------------------------------
 * Objects
 * ------------------------------------------------------------------------------------------------------------ */

/* value: NULL if it is not there. */
static bool
member_matches(Match *match, const PatternMember *member, const PatternValue *value)
{
	if (member->object != NULL)
		return object_matches(match, member->object, value);
	return (value != NULL && some_rule_matches(value, (void *) member)) || (member->number >= 0 && is_absent(match, member));
}

/* All members and alternatives, with an object or something that has no members (NULL). */
static bool
all_members_match(Match *match, const Pattern *pattern, const PatternValue *object)
{
	ListCell   *cell;

	foreach(cell, pattern->members)
	{
		const PatternMember *member = (const PatternMember *) lfirst(cell);
		PatternValue value;
		bool		found = object != NULL && object->source->member(object, member->name, member->len, &value);

		if (!member_matches(match, member, found ? &value : NULL))
			return false;
	}
	foreach(cell, pattern->alternatives)
	{
		ListCell   *inner;
		bool		matches = false;

		foreach(inner, (List *) lfirst(cell))
			if (!matches)
				matches = all_members_match(match, (const Pattern *) lfirst(inner), object);
		if (!matches)
			return false;
	}
	return true;
}

typedef struct ElementTest
{
	Match	   *match;
	const Pattern *pattern;
	bool		has_elements;
} ElementTest;

static bool
element_matches(const PatternValue *element, void *argument)
{
	ElementTest *test = (ElementTest *) argument;

	test->has_elements = true;
	return object_matches(test->match, test->pattern, element);
}

static bool
object_matches(Match *match, const Pattern *pattern, const PatternValue *value)
{
	check_stack_depth();
	if (value != NULL && value->type == PATTERN_ARRAY)
	{
		ElementTest test = {match, pattern, false};

		if (value->source->any_element(value, element_matches, &test))
			return true;
		if (test.has_elements)
			return false;
		value = NULL;
	}
	return all_members_match(match, pattern, value != NULL && value->type == PATTERN_OBJECT ? value : NULL);
}

bool
event_pattern_matches(const Pattern *pattern, const PatternValue *value)
{
	Match		match = {value, NULL};

	if (pattern->absences > 0)
	{
		match.absent = (signed char *) palloc(pattern->absences);
		memset(match.absent, -1, pattern->absences);
	}
	return object_matches(&match, pattern, value);
}

/* ------------------------------------------------------------------------------------------------------------
 * jsonb
 * ------------------------------------------------------------------------------------------------------------ */

static const PatternSource jsonb_source;

#define TAG_NUMBERS 1			/* strings in it are numbers: the value of a member NS */

static void
set_jsonb_value(const JsonbValue *json, bool is_numeric, PatternValue *value)
{
	memset(value, 0, sizeof(*value));
	value->value = *json;
	switch (json->type)
	{
		case jbvString:
			value->type = PATTERN_STRING;
			value->text = json->val.string.val;
			value->len = json->val.string.len;
			value->is_numeric = is_numeric;
			break;
		case jbvNumeric:
			value->type = PATTERN_NUMBER;
			value->number = json->val.numeric;
			break;
		case jbvBool:
			value->type = json->val.boolean ? PATTERN_TRUE : PATTERN_FALSE;
			break;
		case jbvNull:
			value->type = PATTERN_NULL;
			break;
		default:
			value->type = JsonContainerIsArray(json->val.binary.data) ? PATTERN_ARRAY : PATTERN_OBJECT;
			value->source = &jsonb_source;
			value->tag = is_numeric ? TAG_NUMBERS : 0;
			break;
	}
}

static bool
jsonb_member(const PatternValue *object, const char *name, int len, PatternValue *member)
{
	JsonbValue	found;
	bool		is_number = (len == 1 && name[0] == 'N') || (len == 2 && memcmp(name, "NS", 2) == 0);

	if (getKeyJsonValueFromContainer(object->value.val.binary.data, name, len, &found) == NULL)
		return false;
	set_jsonb_value(&found, is_number, member);
	return true;
}

static bool
jsonb_any_element(const PatternValue *array, bool (*test) (const PatternValue *element, void *argument), void *argument)
{
	JsonbContainer *container = array->value.val.binary.data;

	for (uint32 i = 0; i < JsonContainerSize(container); i++)
	{
		JsonbValue *json = getIthJsonbValueFromContainer(container, i);
		PatternValue element;
		bool		found;

		set_jsonb_value(json, array->tag == TAG_NUMBERS, &element);
		found = test(&element, argument);
		pfree(json);
		if (found)
			return true;
	}
	return false;
}

static const PatternSource jsonb_source = {jsonb_member, jsonb_any_element};

void
event_pattern_of_jsonb(Jsonb *jsonb, PatternValue *value)
{
	JsonbValue	json;

	if (JB_ROOT_IS_SCALAR(jsonb))
	{
		JsonbValue *scalar = getIthJsonbValueFromContainer(&jsonb->root, 0);

		set_jsonb_value(scalar, false, value);
		return;
	}
	json.type = jbvBinary;
	json.val.binary.data = &jsonb->root;
	json.val.binary.len = VARSIZE(jsonb) - VARHDRSZ;
	set_jsonb_value(&json, false, value);
}
