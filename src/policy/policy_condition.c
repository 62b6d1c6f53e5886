/*
 * policy_condition.c
 *		Conditions: operators over a key's values in the policy and in the request.
 *
 * A key that the request does not have, or has no value for, makes an operator false, but for these: IfExists and ForAllValues make
 * it true, and so does a negated operator that has no ForAnyValue.  An operator without ForAllValues or ForAnyValue never
 * holds for a key that is a list, negated or not: IAM compares single values only.
 */
#include "postgres.h"

#include <sys/socket.h>

#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/inet.h"

#include "policy/policy_private.h"
#include "value/base64.h"
#include "value/number.h"

/* A value that is no pattern; what a text says of a type. */
typedef struct Operand
{
	bool		is_valid;
	union
	{
		DynNumber	number;
		int64		date;		/* microseconds since 1970 */
		bool		boolean;
		PolicyText	bytes;
		struct
		{
			int			family;
			int			bits;
			unsigned char bytes[16];
		}			address;
		PolicyText	arn[ARN_PARTS];
	}			value;
} Operand;

/* A value of the policy. */
typedef struct CompiledValue
{
	Operand		operand;
	Pattern		patterns[ARN_PARTS];	/* of ARNs; strings have one */
} CompiledValue;

struct CompiledCondition
{
	PolicyOperator operator;
	PolicyKey	key;
	int			n_values;
	CompiledValue *values;
};

/* ------------------------------------------------------------------------------------------------------------
 * Values
 * ------------------------------------------------------------------------------------------------------------ */

/* Reads some digits, so many at least and at most; false if they are not there. */
static bool
take_digits(const char **p, const char *end, int least, int most, int *value)
{
	int			n = 0;

	*value = 0;
	while (*p < end && n < most && **p >= '0' && **p <= '9')
	{
		*value = *value * 10 + (**p - '0');
		(*p)++;
		n++;
	}
	return n >= least;
}

static bool
take_char(const char **p, const char *end, char c)
{
	if (*p == end || pg_toupper((unsigned char) **p) != c)
		return false;
	(*p)++;
	return true;
}

/* Seconds since 1970, of up to 19 digits; what is beyond all dates is the last of them. */
static bool
parse_epoch(PolicyText text, int64 *microseconds)
{
	int64		seconds = 0;

	for (int i = 0; i < text.len; i++)
	{
		if (text.text[i] < '0' || text.text[i] > '9')
			return false;
		if (seconds < PG_INT64_MAX / USECS_PER_SEC / 10)
			seconds = seconds * 10 + (text.text[i] - '0');
		else
			seconds = PG_INT64_MAX / USECS_PER_SEC;
	}
	*microseconds = seconds * USECS_PER_SEC;
	return text.len > 0 && text.len <= 19;
}

/* hh:mm, with seconds and a fraction or without, in microseconds. */
static bool
take_time(const char **p, const char *end, int64 *microseconds)
{
	int			hour;
	int			minute;
	int			second = 0;
	int			fraction = 0;
	int			digits = 0;

	if (!take_digits(p, end, 2, 2, &hour) || !take_char(p, end, ':') || !take_digits(p, end, 2, 2, &minute))
		return false;
	if (take_char(p, end, ':'))
	{
		if (!take_digits(p, end, 2, 2, &second))
			return false;
		if (take_char(p, end, '.'))
		{
			const char *start = *p;
			int			ignored;

			if (!take_digits(p, end, 1, 6, &fraction))
				return false;
			for (digits = *p - start; digits < 6; digits++)
				fraction *= 10;
			take_digits(p, end, 0, 9, &ignored);
		}
	}
	*microseconds = ((hour * 60 + minute) * 60 + second) * USECS_PER_SEC + fraction;
	return hour < 24 && minute < 60 && second < 60;
}

/* Z or an offset; none is Z. */
static bool
take_zone(const char **p, const char *end, int64 *microseconds)
{
	bool		west;
	int			hour;
	int			minute;

	*microseconds = 0;
	if (*p == end || take_char(p, end, 'Z'))
		return true;
	west = take_char(p, end, '-');
	if (!west && !take_char(p, end, '+'))
		return false;
	if (!take_digits(p, end, 2, 2, &hour) || !take_char(p, end, ':') || !take_digits(p, end, 2, 2, &minute))
		return false;
	*microseconds = (hour * 60 + minute) * 60 * USECS_PER_SEC * (west ? -1 : 1);
	return hour < 24 && minute < 60;
}

bool
policy_parse_date(PolicyText text, int64 *microseconds)
{
	const char *p = text.text;
	const char *end = p + text.len;
	int			year;
	int			month = 1;
	int			day = 1;
	int64		time = 0;
	int64		zone = 0;

	if (parse_epoch(text, microseconds))
		return true;
	if (!take_digits(&p, end, 4, 4, &year))
		return false;
	if (take_char(&p, end, '-'))
	{
		if (!take_digits(&p, end, 2, 2, &month))
			return false;
		if (take_char(&p, end, '-') && !take_digits(&p, end, 2, 2, &day))
			return false;
	}
	if (month < 1 || month > 12 || day < 1 || day > day_tab[isleap(year)][month - 1])
		return false;
	if (take_char(&p, end, 'T') && (!take_time(&p, end, &time) || !take_zone(&p, end, &zone)))
		return false;
	*microseconds = (date2j(year, month, day) - UNIX_EPOCH_JDATE) * USECS_PER_DAY + time - zone;
	return p == end;
}

/* An address, or a range in CIDR notation.  What IPv6 has of IPv4 is IPv4. */
static bool
parse_address(PolicyText text, Operand *operand)
{
	static const unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
	char		copy[64];
	bool		is_v6 = memchr(text.text, ':', text.len) != NULL;

	if (text.len >= sizeof(copy) || memchr(text.text, '\0', text.len) != NULL)
		return false;
	memcpy(copy, text.text, text.len);
	copy[text.len] = '\0';
	operand->value.address.family = is_v6 ? PGSQL_AF_INET6 : PGSQL_AF_INET;
	operand->value.address.bits = pg_inet_net_pton(operand->value.address.family, copy, operand->value.address.bytes, -1);
	if (operand->value.address.bits < 0)
		return false;
	if (is_v6 && operand->value.address.bits >= 96 && memcmp(operand->value.address.bytes, mapped, sizeof(mapped)) == 0)
	{
		operand->value.address.family = PGSQL_AF_INET;
		operand->value.address.bits -= 96;
		memmove(operand->value.address.bytes, operand->value.address.bytes + 12, 4);
	}
	return true;
}

static bool
parse_boolean(PolicyText text, bool *value)
{
	*value = text.len == 4;
	return (text.len == 4 && pg_strncasecmp(text.text, "true", 4) == 0) ||
		(text.len == 5 && pg_strncasecmp(text.text, "false", 5) == 0);
}

static bool
parse_binary(PolicyText text, PolicyText *bytes)
{
	char	   *decoded;

	if (text.len % 4 != 0)
		return false;
	bytes->len = base64_decoded_size(text.text, text.len);
	bytes->text = decoded = palloc(bytes->len + 1);
	return base64_decode(text.text, text.len, decoded) == BASE64_OK;
}

/* What a text says, for operators that compare no strings. */
static void
read_operand(PolicyFamily family, PolicyText text, Operand *operand)
{
	switch (family)
	{
		case FAMILY_NUMERIC:
			operand->is_valid = number_parse(text.text, text.len, &operand->value.number) == NUMBER_OK;
			break;
		case FAMILY_DATE:
			operand->is_valid = policy_parse_date(text, &operand->value.date);
			break;
		case FAMILY_BOOL:
		case FAMILY_NULL:
			operand->is_valid = parse_boolean(text, &operand->value.boolean);
			break;
		case FAMILY_BINARY:
			operand->is_valid = parse_binary(text, &operand->value.bytes);
			break;
		case FAMILY_ADDRESS:
			operand->is_valid = parse_address(text, operand);
			break;
		case FAMILY_ARN:
			operand->is_valid = policy_split_arn(text, false, operand->value.arn) == ARN_PARTS;
			break;
		default:
			operand->is_valid = true;
			break;
	}
}

/* ------------------------------------------------------------------------------------------------------------
 * Compiling
 * ------------------------------------------------------------------------------------------------------------ */

static void
compile_arn(CompiledValue *value, PolicyText text, bool variables)
{
	PolicyText	parts[ARN_PARTS];

	value->operand.is_valid = policy_split_arn(text, variables, parts) == ARN_PARTS;
	for (int i = 0; value->operand.is_valid && i < ARN_PARTS; i++)
		pattern_compile(&value->patterns[i], parts[i], true, variables, false);
}

static void
compile_value(const PolicyOperator *operator, PolicyText text, bool variables, CompiledValue *value)
{
	switch (operator->family)
	{
		case FAMILY_STRING:
		case FAMILY_STRING_IGNORE_CASE:
		case FAMILY_STRING_LIKE:
			pattern_compile(&value->patterns[0], text, operator->family == FAMILY_STRING_LIKE, variables,
							operator->family == FAMILY_STRING_IGNORE_CASE);
			value->operand.is_valid = true;
			break;
		case FAMILY_ARN:
			compile_arn(value, text, variables);
			break;
		default:
			read_operand(operator->family, text, &value->operand);
			break;
	}
}

CompiledCondition *
conditions_compile(const PolicyCondition *conditions, int n, bool variables)
{
	CompiledCondition *compiled = palloc0(n * sizeof(CompiledCondition));

	for (int i = 0; i < n; i++)
	{
		compiled[i].operator = conditions[i].operator;
		compiled[i].operator.name = policy_copy_text(conditions[i].operator.name);
		policy_key_find(policy_copy_text(conditions[i].key), &compiled[i].key);
		compiled[i].n_values = conditions[i].values.n;
		compiled[i].values = palloc0(conditions[i].values.n * sizeof(CompiledValue));
		for (int j = 0; j < conditions[i].values.n; j++)
			compile_value(&conditions[i].operator, conditions[i].values.texts[j], variables, &compiled[i].values[j]);
	}
	return compiled;
}

/* ------------------------------------------------------------------------------------------------------------
 * Evaluating
 * ------------------------------------------------------------------------------------------------------------ */

static bool
compare(PolicyComparison comparison, int order)
{
	switch (comparison)
	{
		case COMPARE_EQUAL:
			return order == 0;
		case COMPARE_LESS:
			return order < 0;
		case COMPARE_LESS_OR_EQUAL:
			return order <= 0;
		case COMPARE_GREATER:
			return order > 0;
		case COMPARE_GREATER_OR_EQUAL:
			return order >= 0;
	}
	return false;
}

static bool
is_in_range(const Operand *range, const Operand *address)
{
	return range->value.address.family == address->value.address.family &&
		range->value.address.bits <= address->value.address.bits &&
		bitncmp(range->value.address.bytes, address->value.address.bytes, range->value.address.bits) == 0;
}

/* Each part by itself: a "*" does not reach over a colon. */
static bool
arn_matches(const CompiledValue *value, const Operand *arn, const PolicyRequest *request)
{
	for (int i = 0; i < ARN_PARTS; i++)
		if (!pattern_matches(&value->patterns[i], arn->value.arn[i], request))
			return false;
	return true;
}

/* Whether a value of the policy is met by a value of the request. */
static bool
value_matches(const PolicyOperator *operator, const CompiledValue *value, PolicyText text, const Operand *operand,
			  const PolicyRequest *request)
{
	if (!value->operand.is_valid || !operand->is_valid)
		return false;
	switch (operator->family)
	{
		case FAMILY_STRING:
		case FAMILY_STRING_IGNORE_CASE:
		case FAMILY_STRING_LIKE:
			return pattern_matches(&value->patterns[0], text, request);
		case FAMILY_NUMERIC:
			return compare(operator->comparison, number_compare(&operand->value.number, &value->operand.value.number));
		case FAMILY_DATE:
			return compare(operator->comparison, operand->value.date < value->operand.value.date ? -1 :
						   operand->value.date > value->operand.value.date);
		case FAMILY_BOOL:
			return operand->value.boolean == value->operand.value.boolean;
		case FAMILY_BINARY:
			return policy_text_equal(operand->value.bytes, value->operand.value.bytes);
		case FAMILY_ADDRESS:
			return is_in_range(&value->operand, operand);
		case FAMILY_ARN:
			return arn_matches(value, operand, request);
		case FAMILY_NULL:
			break;
	}
	return false;
}

/* Whether the operator holds for one value of the request: the policy's are alternatives. */
static bool
holds_for(const CompiledCondition *condition, PolicyText text, const PolicyRequest *request)
{
	Operand		operand;

	read_operand(condition->operator.family, text, &operand);
	for (int i = 0; i < condition->n_values; i++)
		if (value_matches(&condition->operator, &condition->values[i], text, &operand, request))
			return !condition->operator.is_negated;
	return condition->operator.is_negated;
}

static bool
holds_without_value(const PolicyOperator *operator)
{
	if (operator->if_exists || operator->quantifier == FOR_ALL_VALUES)
		return true;
	return operator->is_negated && operator->quantifier == QUANTIFIER_NONE;
}

/* The operator Null: whether the key is missing. */
static bool
null_holds(const CompiledCondition *condition, bool is_missing)
{
	for (int i = 0; i < condition->n_values; i++)
		if (condition->values[i].operand.is_valid && condition->values[i].operand.value.boolean == is_missing)
			return true;
	return false;
}

static bool
condition_holds(const CompiledCondition *condition, const PolicyRequest *request)
{
	const PolicyOperator *operator = &condition->operator;
	PolicyValues values = {0};
	bool		is_missing = !request->lookup(request->argument, &condition->key, &values) || values.n == 0;

	if (operator->family == FAMILY_NULL)
		return null_holds(condition, is_missing);
	if (is_missing)
		return holds_without_value(operator);
	if (operator->quantifier == QUANTIFIER_NONE)
		return !values.is_list && holds_for(condition, values.texts[0], request);

	/* ForAnyValue looks for one that holds, ForAllValues for one that does not */
	for (int i = 0; i < values.n; i++)
		if (holds_for(condition, values.texts[i], request) == (operator->quantifier == FOR_ANY_VALUE))
			return operator->quantifier == FOR_ANY_VALUE;
	return operator->quantifier == FOR_ALL_VALUES;
}

bool
conditions_hold(const CompiledCondition *conditions, int n, const PolicyRequest *request)
{
	for (int i = 0; i < n; i++)
		if (!condition_holds(&conditions[i], request))
			return false;
	return true;
}
