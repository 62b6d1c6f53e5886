/*
 * partiql_redact.c
 *		A PartiQL statement as an audit may show it: without the values in it, but for those of keys.
 *
 * It works on tokens, so that a statement that is no good is shown, too; what no token is, and all behind it, is left out.  A value is kept
 * only where it stands right behind a key attribute's name and an operator, or right behind its name in the item of an INSERT: lists of IN,
 * the bounds of BETWEEN and the like go.  So do comments.
 */
#include "postgres.h"

#include "expr/partiql_private.h"
#include "expr/partiql_gram.h"

#define YYSTYPE PARTIQL_YYSTYPE
extern int	partiql_yylex(YYSTYPE *value, PartiqlParser *parser);

#define REDACTED "***(Redacted)"

/* What the statement has had up to a token. */
typedef struct Redaction
{
	PartiqlParser parser;
	PartiqlIsKey is_key;
	void	   *argument;
	const char *table;			/* NULL: not met yet */
	int			table_len;
	int			depth;			/* of braces */
	ExprText	name;			/* the attribute's name that a value may follow; len 0: none */
	bool		name_ends;		/* and the operator or colon was there */
	const char *end;			/* of the last token */
} Redaction;

static bool
is_comparison(int token)
{
	return token == '=' || token == '<' || token == '>' || token == PQ_NE || token == PQ_LE || token == PQ_GE;
}

/* Whether a token is a value, or stands where only a value can be meant. */
static bool
is_value(const Redaction *redaction, int token, int before)
{
	switch (token)
	{
		case PQ_STRING:
		case PQ_NUMBER:
		case PQ_TRUE:
		case PQ_FALSE:
			return true;
		case PQ_NULL:
			return before != PQ_IS && before != PQ_NOT;
		case PQ_QUOTED:
			return is_comparison(before) || before == ':';
		default:
			return false;
	}
}

/* The text of a name, without its quotes. */
static ExprText
name_of(int token, ExprText text)
{
	if (token == PQ_QUOTED)
		return partiql_unquoted(text, '"');
	if (token == PQ_STRING)
		return partiql_unquoted(text, '\'');
	return text;
}

static bool
is_key(const Redaction *redaction)
{
	return redaction->is_key != NULL && redaction->table != NULL && redaction->name.len > 0 && redaction->name_ends &&
		redaction->is_key(redaction->table, redaction->table_len, redaction->name.at, redaction->name.len,
						  redaction->argument);
}

/* Whether a string is a member's name in the item of an INSERT, as far as can be told before the colon: behind a brace or a comma. */
static bool
may_be_member(const Redaction *redaction, int token, int before)
{
	return token == PQ_STRING && redaction->depth > 0 && (before == '{' || before == ',');
}

/* What follows a name: another step of its path, or an operator. */
static void
follow_name(Redaction *redaction, int token)
{
	bool		is_operator = redaction->depth > 0 ? token == ':' : is_comparison(token);

	if (redaction->name.len > 0 && !redaction->name_ends && is_operator)
		redaction->name_ends = true;
	else if (!(redaction->name_ends && token == '-'))
		redaction->name.len = 0;
}

static void
take_token(Redaction *redaction, StringInfo out, int token, int before, bool member)
{
	ExprText	text = redaction->parser.current;

	if (redaction->end != NULL && text.at > redaction->end)
		appendStringInfoChar(out, ' ');
	redaction->end = text.at + text.len;
	if (token == '{')
		redaction->depth++;
	else if (token == '}')
		redaction->depth--;

	if (!member && is_value(redaction, token, before) && !is_key(redaction))
		appendStringInfoString(out, REDACTED);
	else
		appendBinaryStringInfo(out, text.at, text.len);

	if (member ? redaction->depth == 1 : (token == PQ_WORD || token == PQ_QUOTED) && redaction->depth == 0 && before != '.')
	{
		ExprText	name = name_of(token, text);

		if (redaction->table == NULL && (before == PQ_FROM || before == PQ_INTO || before == PQ_UPDATE))
		{
			redaction->table = name.at;
			redaction->table_len = name.len;
		}
		redaction->name = name;
		redaction->name_ends = false;
	}
	else
		follow_name(redaction, token);
}

/* Whether the token that was read is a member's name: a colon follows it. */
static bool
colon_follows(const PartiqlParser *parser)
{
	const char *at = parser->current.at + parser->current.len;
	const char *end = parser->source.at + parser->source.len;

	while (at < end && strchr(" \t\r\n", *at) != NULL)
		at++;
	return at < end && *at == ':';
}

void
partiql_redact(StringInfo out, const char *statement, int len, PartiqlIsKey key, void *argument,
			   const char **table, int *table_len)
{
	Redaction	redaction = {.is_key = key, .argument = argument};
	PartiqlParser *parser = &redaction.parser;
	YYSTYPE		value;
	int			before = 0;
	int			token;

	parser->source.at = statement;
	parser->source.len = len;
	partiql_scan_begin(parser);
	while ((token = partiql_yylex(&value, parser)) != 0)
	{
		if (token == PQ_OTHER)
		{
			appendStringInfoString(out, " " REDACTED);
			break;
		}
		take_token(&redaction, out, token, before, may_be_member(&redaction, token, before) && colon_follows(parser));
		before = token;
	}
	partiql_scan_end(parser);
	*table = redaction.table;
	*table_len = redaction.table_len;
}
