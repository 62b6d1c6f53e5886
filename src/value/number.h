/*
 * number.h
 *		The service's numbers: decimal, 38 significant digits, magnitudes 1E-130 to 9.99...E+125, and zero.
 *
 * A DynNumber is 0.d1 d2 ... dn times 10 to the exponent, d1 and dn not zero.  It is what is compared,
 * measured, added and encoded; in an item the number is a numeric in normal form (no trailing zeros after the
 * point: scale is as small as can be).
 */
#ifndef DYNAPG_NUMBER_H
#define DYNAPG_NUMBER_H

#include "lib/stringinfo.h"
#include "utils/numeric.h"

#include "base/varlena.h"
#include "base/limits.h"

typedef struct DynNumber
{
	bool		negative;		/* never set on zero */
	uint8		ndigits;		/* significant digits; 0 is zero */
	int16		exponent;		/* value = 0.d1d2... * 10^exponent; -129 to 126; 0 for zero */
	uint8		digits[NUMBER_MAX_DIGITS];	/* 0 to 9 each */
} DynNumber;

typedef enum NumberStatus
{
	NUMBER_OK,
	NUMBER_NOT_NUMERIC,			/* "The parameter cannot be converted to a numeric value[: ...]" */
	NUMBER_TOO_PRECISE,			/* over 38 significant digits */
	NUMBER_OVERFLOW,
	NUMBER_UNDERFLOW
} NumberStatus;

/*
 * Parses the service's number syntax: optional sign (+ too), digits with leading zeros allowed, optional point
 * and fraction, optional exponent; no blanks, no NaN, no Infinity.  Which error wins where several hold, and
 * that "0e126" is refused, is as at the service.
 */
extern NumberStatus number_parse(const char *text, int len, DynNumber *number);

/* Takes a numeric (never NaN or infinite in jsonb; these are NUMBER_NOT_NUMERIC). */
extern NumberStatus number_from_numeric(Numeric numeric, DynNumber *number);

/* The numeric in normal form, palloc'd: equal numbers give equal bytes. */
extern Numeric number_to_numeric(const DynNumber *number);

/* Prints plain decimal notation ("-0.001", "1000") without a NUL, and returns its length. */
#define NUMBER_TEXT_MAX_SIZE (NUMBER_MAX_DIGITS + NUMBER_MAX_EXPONENT - NUMBER_MIN_EXPONENT + 4)
extern int	number_print(const DynNumber *number, char *out);

/* The same of a numeric; -1 if the service has no such number. */
extern int	number_print_numeric(Numeric numeric, char *out);

/* number_print(), appended. */
extern void number_append(StringInfo out, const DynNumber *number);

/* Numeric order: < 0, 0, > 0. */
extern int	number_compare(const DynNumber *a, const DynNumber *b);

/*
 * Bytes that it counts in an item: 1 + ceil(significant digits of the integer part / 2) + ceil(those of the fraction
 * / 2) + 1 if negative.
 */
extern int	number_size(const DynNumber *number);

/* The same of a numeric. */
extern NumberStatus number_size_of_numeric(Numeric numeric, int *size);

/* Exact sum or difference: NUMBER_OVERFLOW where the exact result is out of range or needs over 38 digits. */
extern NumberStatus number_add(const DynNumber *a, const DynNumber *b, DynNumber *sum);
extern NumberStatus number_subtract(const DynNumber *a, const DynNumber *b, DynNumber *difference);

/* The message of a status for the text given (stage 6 of the service). */
extern char *number_error_message(NumberStatus status, const char *text, int len);

#endif							/* DYNAPG_NUMBER_H */
