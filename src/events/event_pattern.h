/*
 * event_pattern.h
 *		Patterns: the filter language of Lambda's event source mappings, which is that of EventBridge.
 *
 * A pattern is JSON: an object whose members name those of the event, down to arrays of what the value there may be: a value itself, or an object with one
 * member that is an operator (exists, prefix, suffix, equals-ignore-case, wildcard, numeric, cidr, anything-but).  All members must match, one of each array;
 * "$or" has an array of objects one of which must match.  Where the event has an array, one of its elements must match; what is said of
 * the members of an array's objects is said of one of them.
 *
 * Pure: knows JSON and nothing of records.  What is matched is seen through PatternSource, so that nobody has to build JSON of it.  Time is bounded by the
 * size of the pattern times that of what it looks at; nothing backtracks.
 */
#ifndef DYNAPG_EVENT_PATTERN_H
#define DYNAPG_EVENT_PATTERN_H

#include "utils/jsonb.h"

#include "value/number.h"

typedef struct Pattern Pattern;

/*
 * Compiles a pattern, into the current context.  Raises "Invalid filter pattern definition." with a DETAIL that says what is wrong.
 */
extern Pattern *event_pattern_compile(const char *text, int len);

typedef enum PatternType
{
	PATTERN_OBJECT,
	PATTERN_ARRAY,
	PATTERN_STRING,
	PATTERN_NUMBER,
	PATTERN_TRUE,
	PATTERN_FALSE,
	PATTERN_NULL
} PatternType;

/* A value of what is matched. */
typedef struct PatternValue
{
	PatternType type;
	const struct PatternSource *source; /* of objects and arrays */
	const void *object;			/* theirs: what it is, to their source */
	int			tag;
	JsonbValue	value;
	const char *text;			/* of strings; of numbers: NULL, or as DynNumber's syntax has them */
	int			len;
	Numeric		number;			/* of numbers: where text is NULL */
	bool		is_numeric;		/* a string that stands for a number (N, NS): operators on numbers take it */
} PatternValue;

/* How objects and arrays are looked into. */
typedef struct PatternSource
{
	/* The member of an object; false if it has none of this name. */
	bool		(*member) (const PatternValue *object, const char *name, int len, PatternValue *member);

	/* Calls back with each element of an array until that returns true; whether it did. */
	bool		(*any_element) (const PatternValue *array, bool (*test) (const PatternValue *element, void *argument), void *argument);
} PatternSource;

/* Whether a value matches.  What it needs of memory is in the current context. */
extern bool event_pattern_matches(const Pattern *pattern, const PatternValue *value);

/* A jsonb to be matched as it is; strings that are members called N, and elements of those called NS, stand for numbers. */
extern void event_pattern_of_jsonb(Jsonb *jsonb, PatternValue *value);

#endif							/* DYNAPG_EVENT_PATTERN_H */
