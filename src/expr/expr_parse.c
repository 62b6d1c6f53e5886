/*
 * expr_parse.c
 *		From an expression's text to its syntax tree, and how expressions say what is wrong with them.
 */
#include "postgres.h"

#include <stdarg.h>

#include "base/error.h"
#include "expr/expr_private.h"
#include "value/attr_node.h"

char *
expr_printable(const char *text, int len)
{
	StringInfoData printable;

	initStringInfo(&printable);
	attr_append_text(&printable, text, len);
	return printable.data;
}

static char *print_reason(const char *format, va_list list) pg_attribute_printf(1, 0);

/* Prints into memory that is as large as it needs to be. */
static char *
print_reason(const char *format, va_list list)
{
	StringInfoData reason;

	initStringInfo(&reason);
	for (;;)
	{
		va_list		again;
		int			needed;

		va_copy(again, list);
		needed = appendStringInfoVA(&reason, format, again);
		va_end(again);
		if (needed == 0)
			return reason.data;
		enlargeStringInfo(&reason, needed);
	}
}

void
expr_fail(const ExprParser *parser, const char *format,...)
{
	va_list		list;
	char	   *reason;

	va_start(list, format);
	reason = print_reason(format, list);
	va_end(list);
	if (parser->kind == NULL)
		dyn_invalid("%s", reason);
	dyn_invalid("Invalid %s: %s", parser->kind, reason);
}

void
expr_fail_enveloped(const ExprParser *parser, DynEnvelopes envelope, const char *format,...)
{
	va_list		list;
	char	   *reason;

	va_start(list, format);
	reason = print_reason(format, list);
	va_end(list);
	if (parser->kind == NULL)
		dyn_invalid("%s", reason);
	dyn_invalid("%sInvalid %s: %s", dyn_envelope(parser->params->envelopes, envelope), parser->kind, reason);
}

void
expr_fail_syntax(ExprParser *parser)
{
	const char *end_of_source = parser->source.at + parser->source.len;
	ExprText	token = parser->current;
	const char *start = parser->previous.at ? parser->previous.at : parser->source.at;
	const char *end;

	if (parser->previous.at == NULL && token.len > 0)
		start = token.at;
	if (token.len == 0)
	{
		token.at = "<EOF>";
		token.len = strlen(token.at);
		end = end_of_source;
	}
	else
		end = expr_scan_next_end(parser);
	expr_fail_enveloped(parser, ENVELOPE_WRITE, "Syntax error; token: \"%s\", near: \"%s\"",
						expr_printable(token.at, token.len), expr_printable(start, end - start));
}

void
expr_parse(ExprParser *parser, ExprLanguage language, const char *kind, const char *text, int len,
		   ExprParams *params)
{
	memset(parser, 0, sizeof(*parser));
	parser->language = language;
	parser->kind = kind;
	parser->source.at = text;
	parser->source.len = len;
	parser->params = params;

	if (len == 0 && language == EXPR_UPDATE)
		expr_fail_enveloped(parser, ENVELOPE_UPDATE, "The expression can not be empty;");
	if (len == 0)
		expr_fail(parser, "The expression can not be empty;");
	if (len > EXPR_MAX_SIZE)
		expr_fail_enveloped(parser, ENVELOPE_WRITE,
							"Expression size has exceeded the maximum allowed size; expression size: %d", len);

	/* errors leave by longjmp(); all memory is palloc'd */
	expr_scan_begin(parser);
	if (expr_yyparse(parser) != 0)
		elog(ERROR, "an expression's parser gave up without an error");
	expr_scan_end(parser);

	/* the service counts no further than to the first one too many */
	if (parser->operators > EXPR_MAX_OPERATORS)
		expr_fail(parser, "The expression contains too many operators; operator count: %d", EXPR_MAX_OPERATORS + 1);
}

void
expr_check_unused(const ExprParams *params)
{
	StringInfoData keys;

	initStringInfo(&keys);
	for (int i = 0; i < params->n_names; i++)
		if (!params->names[i].used)
			appendStringInfo(&keys, "%s%s", keys.len > 0 ? ", " : "", params->names[i].placeholder);
	if (keys.len > 0)
		dyn_invalid("%sValue provided in ExpressionAttributeNames unused in expressions: keys: {%s}",
					dyn_envelope(params->envelopes, ENVELOPE_UNUSED_NAMES), keys.data);

	for (int i = 0; i < params->n_values; i++)
		if (!params->values[i].used)
			appendStringInfo(&keys, "%s%s", keys.len > 0 ? ", " : "", params->values[i].placeholder);
	if (keys.len > 0)
		dyn_invalid("%sValue provided in ExpressionAttributeValues unused in expressions: keys: {%s}",
					dyn_envelope(params->envelopes, ENVELOPE_UPDATE), keys.data);
}
