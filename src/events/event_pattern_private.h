/*
 * event_pattern_private.h
 *		A compiled pattern; private to event_pattern*.c.
 */
#ifndef DYNAPG_EVENT_PATTERN_PRIVATE_H
#define DYNAPG_EVENT_PATTERN_PRIVATE_H

#include "nodes/pg_list.h"

#include "events/event_pattern.h"

typedef enum RuleKind
{
	RULE_STRING,				/* what it is equal to */
	RULE_NUMBER,
	RULE_TRUE,
	RULE_FALSE,
	RULE_NULL,
	RULE_EXISTS,
	RULE_ABSENT,
	RULE_PREFIX,
	RULE_SUFFIX,
	RULE_IGNORE_CASE,
	RULE_PREFIX_IGNORE_CASE,
	RULE_SUFFIX_IGNORE_CASE,
	RULE_WILDCARD,
	RULE_RANGE,
	RULE_CIDR,
	RULE_NONE_OF				/* anything-but */
} RuleKind;

/* One thing that a value may be. */
typedef struct PatternRule
{
	RuleKind	kind;
	const char *text;			/* of strings: what to look for, in lower case if case does not matter */
	int			len;
	List	   *pieces;			/* RULE_WILDCARD: PatternPiece, what stands between the asterisks, in their order */
	DynNumber	low;			/* RULE_NUMBER: the number; RULE_RANGE */
	DynNumber	high;
	bool		has_low;
	bool		has_high;
	bool		low_inclusive;
	bool		high_inclusive;
	int			family;			/* RULE_CIDR: 4 or 6 */
	int			bits;
	unsigned char address[16];
	List	   *rules;			/* RULE_NONE_OF: what it may not be */
} PatternRule;

typedef struct PatternPiece
{
	const char *text;
	int			len;
} PatternPiece;

/* What is said of one member of an object: one of the rules, or all that its own members say. */
typedef struct PatternMember
{
	const char *name;
	int			len;
	const struct PatternMember *parent; /* whose object it is a member of; NULL: the event's */
	List	   *rules;			/* NIL: it is an object */
	struct Pattern *object;
	int			number;			/* among those that have a rule RULE_ABSENT; -1: it has none */
} PatternMember;

struct Pattern
{
	List	   *members;		/* PatternMember: all must match */
	List	   *alternatives;	/* of "$or": lists of Pattern, one of each of which must match */
	int			absences;		/* of the whole: how many members have a rule RULE_ABSENT */
};

/* A text in lower case, palloc'd; the database's rules say what that is. */
extern char *event_pattern_fold(const char *text, int len, int *folded_len);

/* An address as it is written; false if it is none. */
extern bool event_pattern_address(const char *text, int len, int *family, unsigned char *address);

#endif							/* DYNAPG_EVENT_PATTERN_PRIVATE_H */
