/*
 * policy_match.c
 *		Patterns: wildcards and variables.
 *
 * A compiled pattern has wildcards as bytes that UTF-8 does not have, so that a "*" which came by ${*} or as a variable's value is
 * a "*" and nothing else.  Between two wildcards of any length there is a part that is looked for from left to right and never looked
 * for again: no recursion, and no going back.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"

#include "policy/policy_private.h"

PolicyText
policy_copy_text(PolicyText text)
{
	PolicyText	copy = {NULL, text.len};

	if (text.text)
		copy.text = memcpy(palloc(text.len + 1), text.text, text.len);
	return copy;
}

/* ------------------------------------------------------------------------------------------------------------
 * Matching
 * ------------------------------------------------------------------------------------------------------------ */

/* A pattern or a text, or what is left of it. */
typedef struct Span
{
	const char *start;
	const char *end;
} Span;

/* Moves over one character, which the text need not have whole. */
static const char *
next_character(const char *p, const char *end)
{
	int			len = pg_utf_mblen((const unsigned char *) p);

	return len < end - p ? p + len : end;
}

static const char *
previous_character(const char *start, const char *p)
{
	do
		p--;
	while (p > start && ((unsigned char) *p & 0xC0) == 0x80);
	return p;
}

/* Where a part without PATTERN_ANY ends if it is at the start of a text; NULL if it is not. */
static const char *
match_at_start(Span part, Span text)
{
	const char *t = text.start;

	for (const char *p = part.start; p < part.end; p++)
	{
		if (t == text.end || (*p != PATTERN_ONE && *p != *t))
			return NULL;
		t = *p == PATTERN_ONE ? next_character(t, text.end) : t + 1;
	}
	return t;
}

/* Where it starts if it is at the end of a text. */
static const char *
match_at_end(Span part, Span text)
{
	const char *t = text.end;

	for (const char *p = part.end; p > part.start; p--)
	{
		if (t == text.start || (p[-1] != PATTERN_ONE && p[-1] != t[-1]))
			return NULL;
		t = p[-1] == PATTERN_ONE ? previous_character(text.start, t) : t - 1;
	}
	return t;
}

/* Where it ends at the first place where it is; NULL if it is nowhere. */
static const char *
find(Span part, Span text)
{
	int			len = part.end - part.start;

	if (memchr(part.start, PATTERN_ONE, len) == NULL)
	{
		const char *found = memmem(text.start, text.end - text.start, part.start, len);

		return found ? found + len : NULL;
	}
	for (; text.start < text.end; text.start = next_character(text.start, text.end))
	{
		const char *end = match_at_start(part, text);

		CHECK_FOR_INTERRUPTS();
		if (end)
			return end;
	}
	return NULL;
}

/* The next PATTERN_ANY, or the pattern's end. */
static const char *
part_end(Span pattern)
{
	const char *any = memchr(pattern.start, PATTERN_ANY, pattern.end - pattern.start);

	return any ? any : pattern.end;
}

static bool
match(Span pattern, Span text)
{
	Span		part = {pattern.start, part_end(pattern)};

	text.start = match_at_start(part, text);
	if (text.start == NULL)
		return false;
	while (part.end < pattern.end)
	{
		pattern.start = part.start = part.end + 1;
		part.end = part_end(pattern);
		if (part.end == pattern.end)
			return match_at_end(part, text) != NULL;
		text.start = find(part, text);
		if (text.start == NULL)
			return false;
	}
	return text.start == text.end;
}

/* ------------------------------------------------------------------------------------------------------------
 * Case
 * ------------------------------------------------------------------------------------------------------------ */

/* Small letters for capital ones: ASCII's and Latin-1's, which are what IAM's policies may have.  No byte is added or lost. */
static char *
fold_case(const char *text, int len)
{
	char	   *folded = palloc(len + 1);

	for (int i = 0; i < len; i++)
	{
		unsigned char c = text[i];

		if (c >= 'A' && c <= 'Z')
			c += 'a' - 'A';
		else if (i > 0 && (unsigned char) text[i - 1] == 0xC3 && c >= 0x80 && c <= 0x9E && c != 0x97)
			c += 0x20;
		folded[i] = c;
	}
	return folded;
}

static bool
match_bytes(const char *pattern, int pattern_len, PolicyText text, bool ignore_case)
{
	Span		spans[2] = {{pattern, pattern + pattern_len}, {text.text, text.text + text.len}};
	char	   *folded = NULL;
	bool		matches;

	if (ignore_case)
	{
		folded = fold_case(text.text, text.len);
		spans[1].start = folded;
		spans[1].end = folded + text.len;
	}
	matches = match(spans[0], spans[1]);
	if (folded)
		pfree(folded);
	return matches;
}

/* ------------------------------------------------------------------------------------------------------------
 * Compiling
 * ------------------------------------------------------------------------------------------------------------ */

/* Passes over blanks. */
static const char *
skip_blanks(const char *p, const char *end)
{
	while (p < end && *p == ' ')
		p++;
	return p;
}

/*
 * Reads ${name} or ${name, 'default'}, which begins at p; returns its end, or NULL if it is none and the characters stand for
 * themselves.
 */
static const char *
read_variable(const char *p, const char *end, PolicyText *name, PolicyText *standby)
{
	const char *start = p = skip_blanks(p + 2, end);

	while (p < end && *p != ',' && *p != '}')
		p++;
	name->text = start;
	name->len = p - start;
	while (name->len > 0 && start[name->len - 1] == ' ')
		name->len--;
	standby->text = NULL;
	standby->len = 0;
	if (p < end && *p == ',')
	{
		p = skip_blanks(p + 1, end);
		if (p == end || *p != '\'')
			return NULL;
		standby->text = ++p;
		while (p < end && *p != '\'')
			p++;
		standby->len = p - standby->text;
		p = p < end ? skip_blanks(p + 1, end) : end;
	}
	return p < end && *p == '}' ? p + 1 : NULL;
}

static PatternPiece *
add_piece(Pattern *pattern, const char *bytes, int len)
{
	PatternPiece *piece;

	pattern->pieces = pattern->n_pieces == 0 ? palloc(sizeof(PatternPiece)) :
		repalloc(pattern->pieces, (pattern->n_pieces + 1) * sizeof(PatternPiece));
	piece = &pattern->pieces[pattern->n_pieces++];
	memset(piece, 0, sizeof(*piece));
	piece->bytes.text = bytes;
	piece->bytes.len = len;
	return piece;
}

/* Adds a copy of what was gathered as a piece, and begins anew. */
static void
add_gathered(Pattern *pattern, StringInfo gathered)
{
	PolicyText	bytes = {gathered->data, gathered->len};

	add_piece(pattern, pattern->ignore_case ? fold_case(bytes.text, bytes.len) : policy_copy_text(bytes).text, bytes.len);
	resetStringInfo(gathered);
}

static void
add_variable(Pattern *pattern, PolicyText name, PolicyText standby)
{
	PatternPiece *piece = add_piece(pattern, NULL, 0);

	piece->is_variable = true;
	policy_key_find(policy_copy_text(name), &piece->key);
	piece->bytes = policy_copy_text(standby);
	if (pattern->ignore_case && standby.text)
		piece->bytes.text = fold_case(standby.text, standby.len);
}

/* Most patterns are no patterns. */
static void
note_shortcuts(Pattern *pattern)
{
	PolicyText	bytes = pattern->pieces[0].bytes;

	if (pattern->n_pieces > 1)
		return;
	pattern->is_anything = bytes.len == 1 && bytes.text[0] == PATTERN_ANY;
	pattern->is_literal = !pattern->ignore_case && memchr(bytes.text, PATTERN_ANY, bytes.len) == NULL &&
		memchr(bytes.text, PATTERN_ONE, bytes.len) == NULL;
}

void
pattern_compile(Pattern *pattern, PolicyText source, bool wildcards, bool variables, bool ignore_case)
{
	const char *end = source.text + source.len;
	StringInfoData gathered;

	memset(pattern, 0, sizeof(*pattern));
	pattern->ignore_case = ignore_case;
	initStringInfo(&gathered);
	for (const char *p = source.text; p < end; p++)
	{
		PolicyText	name;
		PolicyText	standby;
		const char *after = NULL;

		if (variables && *p == '$' && end - p > 2 && p[1] == '{')
			after = read_variable(p, end, &name, &standby);
		if (after && name.len == 1 && memchr("*?$", name.text[0], 3) != NULL)
			appendStringInfoChar(&gathered, name.text[0]);
		else if (after)
		{
			add_gathered(pattern, &gathered);
			add_variable(pattern, name, standby);
		}
		else
			appendStringInfoChar(&gathered, !wildcards ? *p : *p == '*' ? PATTERN_ANY : *p == '?' ? PATTERN_ONE : *p);
		if (after)
			p = after - 1;
	}
	add_gathered(pattern, &gathered);
	pfree(gathered.data);
	note_shortcuts(pattern);
}

/* ------------------------------------------------------------------------------------------------------------
 * Use
 * ------------------------------------------------------------------------------------------------------------ */

/*
 * The value of a variable in a request.  A key that has several values is no variable, and bytes that are no UTF-8 might be taken
 * for wildcards.
 */
static bool
variable_value(const PatternPiece *piece, const PolicyRequest *request, PolicyText *value)
{
	PolicyValues values;

	if (!request->lookup(request->argument, &piece->key, &values) || values.n == 0)
	{
		*value = piece->bytes;
		return value->text != NULL;
	}
	*value = values.texts[0];
	return !values.is_list && memchr(value->text, PATTERN_ANY, value->len) == NULL &&
		memchr(value->text, PATTERN_ONE, value->len) == NULL;
}

bool
pattern_matches(const Pattern *pattern, PolicyText text, const PolicyRequest *request)
{
	StringInfoData bytes;
	bool		matches;

	if (pattern->is_anything)
		return true;
	if (pattern->is_literal)
		return policy_text_equal(pattern->pieces[0].bytes, text);
	if (pattern->n_pieces == 1)
		return match_bytes(pattern->pieces[0].bytes.text, pattern->pieces[0].bytes.len, text, pattern->ignore_case);
	initStringInfo(&bytes);
	for (int i = 0; i < pattern->n_pieces; i++)
	{
		PolicyText	piece = pattern->pieces[i].bytes;

		if (pattern->pieces[i].is_variable)
		{
			if (!variable_value(&pattern->pieces[i], request, &piece))
				return false;
			if (pattern->ignore_case)
				piece.text = fold_case(piece.text, piece.len);
		}
		appendBinaryStringInfo(&bytes, piece.text, piece.len);
	}
	matches = match_bytes(bytes.data, bytes.len, text, pattern->ignore_case);
	pfree(bytes.data);
	return matches;
}

bool
policy_glob(const char *pattern, int pattern_len, const char *text, int len, bool ignore_case)
{
	Pattern		compiled;
	PolicyText	source = {pattern, pattern_len};
	PolicyText	against = {text, len};

	pattern_compile(&compiled, source, true, false, ignore_case);
	return pattern_matches(&compiled, against, NULL);
}
