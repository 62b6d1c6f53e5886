/*
 * attr_check.c
 *		Checks items that plain SQL wrote.
 *
 * What came through the doors is right by construction; an INSERT of any jsonb is not.  The check also refuses
 * second spellings of a value (an escape or a wrapper that is not needed): each value has one stored form, or
 * comparisons and look-ups by name would have to know them all.
 */
#include "postgres.h"

#include "base/error.h"
#include "base/limits.h"
#include "value/attr_node.h"
#include "value/base64.h"

/* The top-level attribute that is being checked, for the DETAIL; in stored form. */
typedef struct CheckState
{
	const JsonbValue *attribute;
} CheckState;

static int	check_value(CheckState *state, const JsonbValue *value, int level);

static _Noreturn void fail(CheckState *state, const char *message);

static void
fail(CheckState *state, const char *message)
{
	dyn_error_detail(DYN_VALIDATION,
					 psprintf("Attribute \"%.*s\".", Min(state->attribute->val.string.len, KEY_NAME_MAX_SIZE),
							  state->attribute->val.string.val),
					 "%s", message);
}

static _Noreturn void malformed(CheckState *state, const char *reason);

static void
malformed(CheckState *state, const char *reason)
{
	attr_malformed(psprintf("Attribute \"%.*s\": %s", Min(state->attribute->val.string.len, KEY_NAME_MAX_SIZE),
							state->attribute->val.string.val, reason));
}

/* Checks a name in stored form and returns its real length. */
static int
check_name(CheckState *state, const JsonbValue *name)
{
	const char *text = name->val.string.val;
	int			len = name->val.string.len;

	if (len >= 2 && text[0] == '$' && text[1] == '$')
	{
		char	   *real = palloc(len);
		int			real_len = attr_unescape_text(text + 2, len - 2, real);

		if (real_len < 0)
			malformed(state, "In a name that begins with $$, each further $ must be followed by $ or 0.");
		if (memchr(real, '\0', real_len) == NULL && !(real_len >= 2 && real[0] == '$' && real[1] == '$'))
			malformed(state, "A name begins with $$ only if it is the escaped form of one that needs escaping.");
		pfree(real);
		len = real_len;
	}
	if (len == 0)
		fail(state, ATTR_EMPTY_NAME);
	if (len > ATTR_NAME_MAX_SIZE)
		fail(state, "Attribute name is too large, must be less than 65536 bytes");
	return len;
}

/* Checks escaped text; returns its real length, and in *has_nul whether it holds U+0000. */
static int
check_escaped(CheckState *state, const JsonbValue *string, bool *has_nul)
{
	int			len = attr_unescape_text(string->val.string.val, string->val.string.len, NULL);

	if (len < 0)
		malformed(state, "In an escaped string, $ must be followed by $ or 0.");

	/* $ is always the first of a pair, so what follows the first of a pair is $ or 0 */
	for (int i = 0; i < string->val.string.len; i++)
		if (string->val.string.val[i] == '$' && string->val.string.val[++i] == '0')
			*has_nul = true;
	return len;
}

static int
check_number(CheckState *state, const JsonbValue *numeric, DynNumber *number)
{
	NumberStatus status = number_from_numeric(numeric->val.numeric, number);

	if (status != NUMBER_OK)
		fail(state, number_error_message(status, "", 0));
	return number_size(number);
}

static int
check_set(CheckState *state, const AttrNode *set)
{
	AttrWalk	walk;
	AttrSetMember *members;
	AttrSetMember *member;
	const char *message;
	bool		has_nul = false;
	int			size = 0;

	attr_walk_start(&walk, &set->payload);
	members = palloc(Max(walk.count, 1) * sizeof(AttrSetMember));
	for (member = members; attr_walk_element(&walk, &member->stored); member++)
	{
		if (member->stored.type != (set->type == ATTR_NS ? jbvNumeric : jbvString))
			malformed(state, "A set's members must be strings or, in $NS, numbers.");
		switch (set->type)
		{
			case ATTR_NS:
				size += check_number(state, &member->stored, &member->number);
				break;
			case ATTR_BS:
				if (base64_decode(member->stored.val.string.val, member->stored.val.string.len, NULL) != BASE64_OK)
					malformed(state, "A binary value must be valid base64.");
				member->bytes = attr_decode_binary(&member->stored, &member->len);
				size += member->len;
				break;
			default:
				if (set->escaped)
					check_escaped(state, &member->stored, &has_nul);
				member->bytes = attr_unescape(&member->stored, set->escaped, &member->len);
				size += member->len;
				break;
		}
	}
	message = attr_set_error(set->type, members, walk.count);
	if (message)
		fail(state, message);
	if (set->escaped && !has_nul)
		malformed(state, "$SS0 is for sets of which a member holds U+0000.");
	pfree(members);
	return size;
}

static int
check_members(CheckState *state, const JsonbValue *object, int level)
{
	AttrWalk	walk;
	JsonbValue	name;
	JsonbValue	value;
	int			size = 0;

	attr_walk_start(&walk, object);
	while (attr_walk_member(&walk, &name, &value))
	{
		if (level == 1)
			state->attribute = &name;
		size += check_name(state, &name) + (level == 1 ? 0 : 1);
		size += check_value(state, &value, level);
	}
	return size;
}

/* Checks a value at a level and returns its size.  No deeper than ATTR_MAX_DEPTH. */
static int
check_value(CheckState *state, const JsonbValue *value, int level)
{
	AttrNode	node;
	AttrWalk	walk;
	JsonbValue	element;
	DynNumber	number;
	const char *problem;
	bool		has_nul = false;
	int			size;

	if (level > ATTR_MAX_DEPTH)
		fail(state, "Nesting Levels have exceeded supported limits: "
			 "Attributes in the item have nested levels beyond supported limit");

	problem = attr_try_open(value, &node);
	if (problem)
		malformed(state, problem);
	switch (node.type)
	{
		case ATTR_S:
			if (!node.escaped)
				return node.payload.val.string.len;
			size = check_escaped(state, &node.payload, &has_nul);
			if (!has_nul)
				malformed(state, "$S is for strings that hold U+0000.");
			return size;
		case ATTR_N:
			return check_number(state, &node.payload, &number);
		case ATTR_B:
			if (base64_decode(node.payload.val.string.val, node.payload.val.string.len, NULL) != BASE64_OK)
				malformed(state, "A binary value must be valid base64.");
			return base64_decoded_size(node.payload.val.string.val, node.payload.val.string.len);
		case ATTR_BOOL:
		case ATTR_NULL:
			return 1;
		case ATTR_L:
			size = 3;
			attr_walk_start(&walk, &node.payload);
			while (attr_walk_element(&walk, &element))
				size += 1 + check_value(state, &element, level + 1);
			return size;
		case ATTR_M:
			if (node.wrapped && !attr_needs_wrapping(&node.payload))
				malformed(state, "$M is for maps of one member whose name begins with $.");
			return 3 + check_members(state, &node.payload, level + 1);
		case ATTR_SS:
		case ATTR_NS:
		case ATTR_BS:
			return check_set(state, &node);
	}
	pg_unreachable();
}

void
attr_check_value(const char *name, const JsonbValue *value)
{
	JsonbValue	attribute = {.type = jbvString};
	CheckState	state = {&attribute};

	attribute.val.string.val = unconstify(char *, name);
	attribute.val.string.len = strlen(name);
	(void) check_value(&state, value, 1);
}

int
attr_check_item(Jsonb *item)
{
	CheckState	state;
	JsonbValue	object;

	if (!JB_ROOT_IS_OBJECT(item))
		dyn_error(DYN_VALIDATION, "One or more parameter values were invalid: An item must be a JSON object");
	attr_from_item(item, &object);
	state.attribute = NULL;
	return check_members(&state, &object, 1);
}
