/*
 * policy_actions.c
 *		The service's actions and the condition keys of requests, by name.
 */
#include "postgres.h"

#include "policy/policy.h"

#define PREFIX "dynamodb:"

#define K(id) (UINT64CONST(1) << POLICY_KEY_##id)
#define LEADING \
	(K(LEADING_KEYS) | K(FIRST_PARTITION_KEY) | K(SECOND_PARTITION_KEY) | K(THIRD_PARTITION_KEY) | K(FOURTH_PARTITION_KEY))

static const PolicyActionInfo actions[] = {
#define POLICY_ACTION(name, resources, keys) {#name, resources, keys},
#include "policy/policy_actions_data.h"
#undef POLICY_ACTION
};

typedef struct KeyInfo
{
	const char *name;
	PolicyKeyType type;
} KeyInfo;

static const KeyInfo keys[] = {
#define POLICY_KEY(id, name, type) {name, type},
#include "policy/policy_keys_data.h"
#undef POLICY_KEY
};

StaticAssertDecl(lengthof(keys) <= 64, "PolicyActionInfo has a bit for each condition key");

const PolicyActionInfo *
policy_action_info(PolicyAction action)
{
	Assert(action < POLICY_ACTION_COUNT);
	return &actions[action];
}

/* Whether a text that need not end is a name, in any case. */
static bool
is_name(const char *text, int len, const char *name)
{
	return len == strlen(name) && pg_strncasecmp(text, name, len) == 0;
}

PolicyAction
policy_action_find(const char *name, int len)
{
	int			prefix = strlen(PREFIX);
	int			action = 0;

	if (len < prefix || pg_strncasecmp(name, PREFIX, prefix) != 0)
		return POLICY_ACTION_COUNT;
	while (action < POLICY_ACTION_COUNT && !is_name(name + prefix, len - prefix, actions[action].name))
		action++;
	return (PolicyAction) action;
}

void
policy_key_find(PolicyText name, PolicyKey *key)
{
	key->name = name;
	key->tag.text = NULL;
	key->tag.len = 0;
	for (int i = 0; i < lengthof(keys); i++)
	{
		int			len = strlen(keys[i].name);

		key->id = (PolicyKeyId) i;
		if (keys[i].type == POLICY_KEY_TAGS && name.len > len && pg_strncasecmp(name.text, keys[i].name, len) == 0)
		{
			key->tag.text = name.text + len;
			key->tag.len = name.len - len;
			return;
		}
		if (keys[i].type != POLICY_KEY_TAGS && is_name(name.text, name.len, keys[i].name))
			return;
	}
	key->id = POLICY_KEY_OTHER;
}

PolicyKeyType
policy_key_type(PolicyKeyId id)
{
	return id == POLICY_KEY_OTHER ? POLICY_KEY_TEXT : keys[id].type;
}
