/*
 * number.c
 *		The service's numbers: parsing, printing, comparing, measuring and adding them.
 *
 * A number enters as text (the wire) or as a numeric (an item), and leaves as either.  Between a DynNumber and a
 * numeric we read and write numeric's stored bytes ourselves instead of going through its text functions: every
 * N of every item passes here, and numeric_in and numeric_out cost several times what the digits need.  That is
 * safe because the stored form cannot change: pg_upgrade carries tables over byte for byte, so numeric.c has to
 * read what older releases wrote, and what we write is what its make_result() would have (same choice between
 * the short and the long header), so that equal numbers stay equal bytes.
 */
#include "postgres.h"

#include "value/number.h"

/* The stored form of a numeric (numeric.c: NumericShort and NumericLong). */
#define GROUP_DIGITS		4	/* decimal digits in a base-10000 digit */
#define SIGN_MASK			0xC000
#define SIGN_NEGATIVE		0x4000
#define SIGN_SHORT			0x8000
#define SIGN_SPECIAL		0xC000	/* NaN and the infinities */
#define SHORT_NEGATIVE		0x2000
#define SHORT_SCALE_SHIFT	7
#define SHORT_SCALE_MAX		0x3F
#define SHORT_WEIGHT_SIGN	0x0040
#define SHORT_WEIGHT_MASK	0x003F
#define SHORT_WEIGHT_MIN	(-(SHORT_WEIGHT_MASK + 1))
#define SHORT_WEIGHT_MAX	SHORT_WEIGHT_MASK

/* DynNumber's exponent is that of 0.d1d2..., one more than the one people write. */
#define MIN_EXPONENT		(NUMBER_MIN_EXPONENT + 1)
#define MAX_EXPONENT		(NUMBER_MAX_EXPONENT + 1)

/* No exponent of this size is in range whatever the digits before it; larger ones are not told apart. */
#define EXPONENT_CAP		INT64CONST(1000000000000)

static void
set_zero(DynNumber *number)
{
	number->negative = false;
	number->ndigits = 0;
	number->exponent = 0;
}

/*
 * The checks that all numbers pass.  Where a number is out of range and too precise at once, the range wins, as
 * at the service.
 */
static NumberStatus
check_range(int64 exponent, int64 ndigits)
{
	if (exponent > MAX_EXPONENT)
		return NUMBER_OVERFLOW;
	if (exponent < MIN_EXPONENT)
		return NUMBER_UNDERFLOW;
	if (ndigits > NUMBER_MAX_DIGITS)
		return NUMBER_TOO_PRECISE;
	return NUMBER_OK;
}

NumberStatus
number_parse(const char *text, int len, DynNumber *number)
{
	const char *p = text;
	const char *end = text + len;
	bool		negative = false;
	bool		in_fraction = false;
	int64		ndigits_seen = 0;	/* digits of any kind */
	int64		fraction_digits = 0;
	int64		significant = 0;	/* digits from the first non-zero one on */
	int64		significant_to_last = 0;	/* the same up to the last non-zero one */
	int64		exponent = 0;	/* of 0.d1d2... */
	int64		written_exponent = 0;
	NumberStatus status;

	if (p < end && (*p == '-' || *p == '+'))
		negative = (*p++ == '-');

	for (; p < end; p++)
	{
		if (*p >= '0' && *p <= '9')
		{
			ndigits_seen++;
			if (in_fraction)
				fraction_digits++;
			if (*p != '0' || significant > 0)
			{
				if (significant < NUMBER_MAX_DIGITS)
					number->digits[significant] = *p - '0';
				significant++;
				if (*p != '0')
					significant_to_last = significant;
				if (!in_fraction)
					exponent++;
			}
			else if (in_fraction)
				exponent--;		/* a zero between the point and the first significant digit */
		}
		else if (*p == '.' && !in_fraction)
			in_fraction = true;
		else
			break;
	}
	if (ndigits_seen == 0)
		return NUMBER_NOT_NUMERIC;

	if (p < end && (*p == 'e' || *p == 'E'))
	{
		bool		exponent_negative = false;

		p++;
		if (p < end && (*p == '-' || *p == '+'))
			exponent_negative = (*p++ == '-');
		if (p == end)
			return NUMBER_NOT_NUMERIC;
		for (; p < end && *p >= '0' && *p <= '9'; p++)
			if (written_exponent < EXPONENT_CAP)
				written_exponent = written_exponent * 10 + (*p - '0');
		if (exponent_negative)
			written_exponent = -written_exponent;
	}
	if (p != end)
		return NUMBER_NOT_NUMERIC;

	if (significant == 0)
	{
		set_zero(number);

		/*
		 * The service takes a zero for as large as its exponent says: 0e126 is refused.  (It is not known to
		 * refuse small ones.)
		 */
		if (written_exponent - fraction_digits > NUMBER_MAX_EXPONENT)
			return NUMBER_OVERFLOW;
		return NUMBER_OK;
	}

	exponent += written_exponent;
	status = check_range(exponent, significant_to_last);
	if (status != NUMBER_OK)
		return status;

	number->negative = negative;
	number->ndigits = (uint8) significant_to_last;
	number->exponent = (int16) exponent;
	return NUMBER_OK;
}

/* What a numeric's stored bytes say of a number before its digits are looked at one by one. */
typedef struct NumericParts
{
	bool		negative;
	const int16 *groups;		/* base-10000 digits; neither the first nor the last is 0 */
	int			ngroups;		/* 0 is zero */
	int			first_digits;	/* significant digits of the first group */
	int			last_zeros;		/* trailing zeros of the last group */
	int			ndigits;
	int			exponent;		/* of 0.d1d2... */
} NumericParts;

static NumberStatus
take_apart(Numeric numeric, NumericParts *parts)
{
	const uint16 *words = (const uint16 *) VARDATA(numeric);
	uint16		header = words[0];
	const int16 *groups;
	int			ngroups;
	int			weight;
	int			last;

	if ((header & SIGN_MASK) == SIGN_SPECIAL)
		return NUMBER_NOT_NUMERIC;
	if ((header & SIGN_MASK) == SIGN_SHORT)
	{
		parts->negative = (header & SHORT_NEGATIVE) != 0;
		weight = header & SHORT_WEIGHT_MASK;
		if (header & SHORT_WEIGHT_SIGN)
			weight += SHORT_WEIGHT_MIN;
		groups = (const int16 *) (words + 1);
	}
	else
	{
		parts->negative = (header & SIGN_MASK) == SIGN_NEGATIVE;
		weight = (int16) words[1];
		groups = (const int16 *) (words + 2);
	}
	ngroups = (int) (((const char *) numeric + VARSIZE(numeric) - (const char *) groups) / sizeof(int16));

	/* numeric.c strips zero groups at both ends; it costs nothing not to rely on it */
	while (ngroups > 0 && groups[0] == 0)
	{
		groups++;
		ngroups--;
		weight--;
	}
	while (ngroups > 0 && groups[ngroups - 1] == 0)
		ngroups--;
	parts->groups = groups;
	parts->ngroups = ngroups;
	if (ngroups == 0)
		return NUMBER_OK;

	last = groups[ngroups - 1];
	parts->first_digits = groups[0] >= 1000 ? 4 : groups[0] >= 100 ? 3 : groups[0] >= 10 ? 2 : 1;
	parts->last_zeros = last % 10 != 0 ? 0 : last % 100 != 0 ? 1 : last % 1000 != 0 ? 2 : 3;
	parts->ndigits = parts->first_digits + (ngroups - 1) * GROUP_DIGITS - parts->last_zeros;
	parts->exponent = weight * GROUP_DIGITS + parts->first_digits;
	return check_range(parts->exponent, parts->ndigits);
}

NumberStatus
number_from_numeric(Numeric numeric, DynNumber *number)
{
	NumericParts parts;
	NumberStatus status = take_apart(numeric, &parts);
	uint8	   *out;

	if (status != NUMBER_OK)
		return status;
	if (parts.ngroups == 0)
	{
		set_zero(number);
		return NUMBER_OK;
	}

	number->negative = parts.negative;
	number->ndigits = (uint8) parts.ndigits;
	number->exponent = (int16) parts.exponent;
	out = number->digits;
	for (int i = 0; i < parts.ngroups; i++)
	{
		int			group = parts.groups[i];
		uint8		four[GROUP_DIGITS];
		int			from = i == 0 ? GROUP_DIGITS - parts.first_digits : 0;
		int			to = i == parts.ngroups - 1 ? GROUP_DIGITS - parts.last_zeros : GROUP_DIGITS;

		four[0] = group / 1000;
		four[1] = group / 100 % 10;
		four[2] = group / 10 % 10;
		four[3] = group % 10;
		for (int j = from; j < to; j++)
			*out++ = four[j];
	}
	return NUMBER_OK;
}

Numeric
number_to_numeric(const DynNumber *number)
{
	int			weight;
	int			scale;
	int			first_digits;
	int			ngroups;
	int			header_words;
	int			next = 0;
	Size		size;
	char	   *result;
	uint16	   *words;
	int16	   *groups;

	if (number->ndigits == 0)
	{
		weight = 0;
		first_digits = 0;
		ngroups = 0;
	}
	else
	{
		/* floor((exponent - 1) / 4), with an offset that makes the dividend positive */
		weight = (number->exponent - 1 + 4 * 64) / GROUP_DIGITS - 64;
		first_digits = number->exponent - weight * GROUP_DIGITS;
		ngroups = (number->ndigits - first_digits + GROUP_DIGITS - 1 + GROUP_DIGITS) / GROUP_DIGITS;
	}
	scale = Max(0, number->ndigits - number->exponent);
	header_words = (scale <= SHORT_SCALE_MAX && weight >= SHORT_WEIGHT_MIN && weight <= SHORT_WEIGHT_MAX) ? 1 : 2;

	size = VARHDRSZ + (header_words + ngroups) * sizeof(uint16);
	result = palloc(size);
	SET_VARSIZE(result, size);
	words = (uint16 *) VARDATA(result);
	if (header_words == 1)
		words[0] = SIGN_SHORT | (number->negative ? SHORT_NEGATIVE : 0) | (scale << SHORT_SCALE_SHIFT) |
			(weight < 0 ? SHORT_WEIGHT_SIGN : 0) | (weight & SHORT_WEIGHT_MASK);
	else
	{
		words[0] = (number->negative ? SIGN_NEGATIVE : 0) | scale;
		words[1] = (uint16) (int16) weight;
	}
	groups = (int16 *) (words + header_words);

	for (int i = 0; i < ngroups; i++)
	{
		int			in_group = i == 0 ? first_digits : GROUP_DIGITS;
		int			group = 0;

		for (int j = 0; j < in_group; j++, next++)
			group = group * 10 + (next < number->ndigits ? number->digits[next] : 0);
		groups[i] = (int16) group;
	}
	return (Numeric) result;
}

int
number_print(const DynNumber *number, char *out)
{
	char	   *p = out;
	int			integer_digits = number->exponent;

	if (number->ndigits == 0)
	{
		*p = '0';
		return 1;
	}
	if (number->negative)
		*p++ = '-';
	if (integer_digits <= 0)
	{
		*p++ = '0';
		*p++ = '.';
		memset(p, '0', -integer_digits);
		p += -integer_digits;
		for (int i = 0; i < number->ndigits; i++)
			*p++ = '0' + number->digits[i];
	}
	else
	{
		for (int i = 0; i < number->ndigits; i++)
		{
			if (i == integer_digits)
				*p++ = '.';
			*p++ = '0' + number->digits[i];
		}
		if (integer_digits > number->ndigits)
		{
			memset(p, '0', integer_digits - number->ndigits);
			p += integer_digits - number->ndigits;
		}
	}
	return p - out;
}

int
number_print_numeric(Numeric numeric, char *out)
{
	DynNumber	number;

	if (number_from_numeric(numeric, &number) != NUMBER_OK)
		return -1;
	return number_print(&number, out);
}

void
number_append(StringInfo out, const DynNumber *number)
{
	enlargeStringInfo(out, NUMBER_TEXT_MAX_SIZE);
	out->len += number_print(number, out->data + out->len);
	out->data[out->len] = '\0';
}

/* Compares magnitudes. */
static int
compare_magnitude(const DynNumber *a, const DynNumber *b)
{
	int			order;

	if (a->ndigits == 0 || b->ndigits == 0)
		return (a->ndigits != 0) - (b->ndigits != 0);
	if (a->exponent != b->exponent)
		return a->exponent < b->exponent ? -1 : 1;
	order = memcmp(a->digits, b->digits, Min(a->ndigits, b->ndigits));
	if (order != 0)
		return order;
	return a->ndigits - b->ndigits;
}

int
number_compare(const DynNumber *a, const DynNumber *b)
{
	if (a->negative != b->negative)
		return a->negative ? -1 : 1;
	return a->negative ? compare_magnitude(b, a) : compare_magnitude(a, b);
}

static inline int
size_of(bool negative, int ndigits, int exponent)
{
	int			integer = Min(Max(exponent, 0), ndigits);
	int			fraction = ndigits - integer;

	return 1 + (integer + 1) / 2 + (fraction + 1) / 2 + (negative ? 1 : 0);
}

int
number_size(const DynNumber *number)
{
	return size_of(number->negative, number->ndigits, number->exponent);
}

NumberStatus
number_size_of_numeric(Numeric numeric, int *size)
{
	NumericParts parts;
	NumberStatus status = take_apart(numeric, &parts);

	if (status == NUMBER_OK)
		*size = parts.ngroups == 0 ? size_of(false, 0, 0) : size_of(parts.negative, parts.ndigits, parts.exponent);
	return status;
}

/*
 * Adds (or with the sign of b turned subtracts) exactly, digit by digit over all the decimal places that two
 * numbers can span.
 */
static NumberStatus
add_signed(const DynNumber *a, const DynNumber *b, bool b_negative, DynNumber *sum)
{
	/* place 0 is the digit after 0. at exponent MAX_EXPONENT + 1, which takes the carry */
#define PLACES (MAX_EXPONENT + 1 - MIN_EXPONENT + NUMBER_MAX_DIGITS)
	int8		places[PLACES];
	bool		negative;
	const DynNumber *large = a;
	const DynNumber *small = b;
	int			carry = 0;
	int			first;
	int			last;
	int			ndigits;

	if (a->ndigits == 0 || b->ndigits == 0)
	{
		bool		take_b = a->ndigits == 0;

		negative = take_b ? b_negative : a->negative;
		*sum = take_b ? *b : *a;
		sum->negative = sum->ndigits > 0 && negative;
		return NUMBER_OK;
	}

	negative = a->negative;
	if (compare_magnitude(a, b) < 0)
	{
		large = b;
		small = a;
		negative = b_negative;
	}

	memset(places, 0, sizeof(places));
	for (int i = 0; i < large->ndigits; i++)
		places[MAX_EXPONENT + 1 - large->exponent + i] = large->digits[i];
	if (a->negative == b_negative)
	{
		for (int i = 0; i < small->ndigits; i++)
			places[MAX_EXPONENT + 1 - small->exponent + i] += small->digits[i];
		for (int i = PLACES - 1; i >= 0; i--)
		{
			int			digit = places[i] + carry;

			carry = digit >= 10;
			places[i] = carry ? digit - 10 : digit;
		}
	}
	else
	{
		for (int i = 0; i < small->ndigits; i++)
			places[MAX_EXPONENT + 1 - small->exponent + i] -= small->digits[i];
		for (int i = PLACES - 1; i >= 0; i--)
		{
			int			digit = places[i] - carry;

			carry = digit < 0;
			places[i] = carry ? digit + 10 : digit;
		}
	}

	for (first = 0; first < PLACES && places[first] == 0; first++)
		;
	if (first == PLACES)
	{
		set_zero(sum);
		return NUMBER_OK;
	}
	for (last = PLACES - 1; places[last] == 0; last--)
		;
	ndigits = last - first + 1;

	/* whatever is wrong with the result, the service says overflow */
	if (check_range(MAX_EXPONENT + 1 - first, ndigits) != NUMBER_OK)
		return NUMBER_OVERFLOW;

	sum->negative = negative;
	sum->ndigits = (uint8) ndigits;
	sum->exponent = (int16) (MAX_EXPONENT + 1 - first);
	memcpy(sum->digits, places + first, ndigits);
	return NUMBER_OK;
}

NumberStatus
number_add(const DynNumber *a, const DynNumber *b, DynNumber *sum)
{
	return add_signed(a, b, b->negative, sum);
}

NumberStatus
number_subtract(const DynNumber *a, const DynNumber *b, DynNumber *difference)
{
	return add_signed(a, b, !b->negative, difference);
}

char *
number_error_message(NumberStatus status, const char *text, int len)
{
	switch (status)
	{
		case NUMBER_OK:
			break;
		case NUMBER_NOT_NUMERIC:
			if (len == 0)
				return pstrdup("The parameter cannot be converted to a numeric value");
			return psprintf("The parameter cannot be converted to a numeric value: %.*s", len, text);
		case NUMBER_TOO_PRECISE:
			return pstrdup("Attempting to store more than 38 significant digits in a Number");
		case NUMBER_OVERFLOW:
			return pstrdup("Number overflow. Attempting to store a number with magnitude larger than supported range");
		case NUMBER_UNDERFLOW:
			return pstrdup("Number underflow. Attempting to store a number with magnitude smaller than supported range");
	}
	elog(ERROR, "number status %d is no error", (int) status);
	return NULL;
}
