/*
 * partiql_parse.c
 *		From a PartiQL statement's text to its tree.
 */
#include "postgres.h"

#include "base/error.h"
#include "expr/partiql_private.h"
#include "value/attr_build.h"

const char *
partiql_place(const PartiqlParser *parser, const ExprText *token)
{
	int			line = 1;
	int			column = 1;
	int			length = 0;

	for (const char *at = parser->source.at; at < token->at; at++)
	{
		if (*at == '\n')
		{
			line++;
			column = 1;
		}
		else if (((unsigned char) *at & 0xC0) != 0x80)
			column++;
	}
	for (int i = 0; i < token->len; i++)
		if (((unsigned char) token->at[i] & 0xC0) != 0x80)
			length++;
	return psprintf(" at %d:%d:%d", line, column, length);
}

/* ---- FROM ---- */

static void
read_source(PartiqlParser *parser, PartiqlStatement *statement)
{
	bool		is_read = statement->kind == PARTIQL_SELECT || statement->kind == PARTIQL_EXISTS;
	ListCell   *cell;

	if (list_length(parser->source_steps) > 1 && statement->kind == PARTIQL_INSERT)
		dyn_invalid("FROM clause may only contain a single table name in data manipulation statements%s",
					partiql_place(parser, &((const PartiqlNode *) linitial(parser->source_steps))->token));
	if (list_length(parser->source_steps) > 1 && !is_read)
		dyn_invalid("This operation is not supported on an index");
	if (list_length(parser->source_steps) > 2)
		dyn_invalid("A path may contain at most 2 components in the FROM clause");
	foreach(cell, parser->source_steps)
	{
		const PathStep *step = linitial(((const PartiqlNode *) lfirst(cell))->steps);

		if (step->name_len == 0)
			dyn_invalid("Path component cannot be an empty string");
		if (cell == list_head(parser->source_steps))
		{
			statement->table = pnstrdup(step->name, step->name_len);
			statement->table_len = step->name_len;
		}
		else
		{
			statement->index = pnstrdup(step->name, step->name_len);
			statement->index_len = step->name_len;
		}
	}
}

/* ---- SELECT ---- */

/* The attribute that a column becomes: the path's last name and the indexes behind it. */
static void
name_column(PartiqlColumn *column)
{
	const DocPath *path = column->path;
	int			last = path->count - 1;
	StringInfoData name;

	while (path->steps[last].is_index)
		last--;
	initStringInfo(&name);
	appendBinaryStringInfo(&name, path->steps[last].name, path->steps[last].name_len);
	for (int i = last + 1; i < path->count; i++)
		appendStringInfo(&name, "[%u]", path->steps[i].index);
	column->stored = attr_name_to_stored(name.data, name.len, &column->stored_len);
}

static void
check_duplicates(const PartiqlStatement *statement, const PartiqlColumn *column)
{
	for (const PartiqlColumn *other = statement->columns; other < column; other++)
		if (other->stored_len == column->stored_len && memcmp(other->stored, column->stored, column->stored_len) == 0)
			dyn_invalid("Duplicate identifiers in select clause: %s",
						expr_printable(column->stored, column->stored_len));
}

static void
read_columns(PartiqlParser *parser, PartiqlStatement *statement)
{
	DocPath   **paths = palloc(list_length(parser->columns) * sizeof(DocPath *));
	ListCell   *cell;

	statement->columns = palloc0(list_length(parser->columns) * sizeof(PartiqlColumn));
	foreach(cell, parser->columns)
	{
		const PartiqlNode *node = lfirst(cell);
		PartiqlColumn *column = &statement->columns[statement->n_columns];

		if (node->kind == PARTIQL_STAR)
		{
			if (list_length(parser->columns) > 1)
				dyn_invalid("Other attributes should not be present in the projection when '*' is used.");
			return;
		}
		if (node->kind != PARTIQL_PATH)
			dyn_invalid("Unexpected path component%s", partiql_place(parser, &node->token));
		column->path = partiql_doc_path(parser, node);
		name_column(column);
		check_duplicates(statement, column);
		paths[statement->n_columns++] = column->path;
	}
	expr_check_overlaps(&parser->checker, paths, statement->n_columns);
}

static void
read_order(PartiqlParser *parser, PartiqlStatement *statement)
{
	ListCell   *cell;

	statement->order = palloc(Max(list_length(parser->order), 1) * sizeof(PartiqlOrder));
	foreach(cell, parser->order)
	{
		const PartiqlSort *sort = lfirst(cell);
		PartiqlOrder *order = &statement->order[statement->n_order++];

		if (sort->key->kind != PARTIQL_PATH || list_length(sort->key->steps) > 1)
			dyn_invalid("Unexpected path component%s", partiql_place(parser, &sort->key->token));
		order->path = partiql_doc_path(parser, sort->key);
		order->descending = sort->descending;
	}
	if (statement->n_order > 0 && parser->where == NULL)
		dyn_invalid("Must have WHERE clause in the statement when using ORDER BY clause.");
}

/* Each column that the item has is an attribute of the result. */
void
partiql_project(const PartiqlStatement *statement, const JsonbValue *item, JsonbValue *result)
{
	JsonbPair  *pairs = palloc(Max(statement->n_columns, 1) * sizeof(JsonbPair));
	int			count = 0;

	for (int i = 0; i < statement->n_columns; i++)
	{
		const PartiqlColumn *column = &statement->columns[i];
		JsonbPair  *pair = &pairs[count];

		if (!path_lookup(column->path, item, &pair->value))
			continue;
		pair->key.type = jbvString;
		pair->key.val.string.val = unconstify(char *, column->stored);
		pair->key.val.string.len = column->stored_len;
		pair->order = count++;
	}
	attr_make_item(pairs, count, result);
}

/* ---- the statement ---- */

static const char *
returning_text(PartiqlReturning returning)
{
	switch (returning)
	{
		case RETURNING_ALL_OLD:
			return "ALL OLD";
		case RETURNING_ALL_NEW:
			return "ALL NEW";
		case RETURNING_MODIFIED_OLD:
			return "MODIFIED OLD";
		default:
			return "MODIFIED NEW";
	}
}

static void
read_syntax(PartiqlParser *parser, const char *text, int len, const PartiqlParameters *parameters)
{
	memset(parser, 0, sizeof(*parser));
	parser->source.at = text;
	parser->source.len = len;
	parser->parameters = parameters;
	if (len == 0)
		dyn_invalid(PARTIQL_MALFORMED "Expected data manipulation");
	if (len > PARTIQL_MAX_SIZE)
		dyn_invalid("Statement size has exceeded the maximum allowed size; statement size: %d", len);

	/* errors leave by longjmp(); all memory is palloc'd */
	partiql_scan_begin(parser);
	if (partiql_yyparse(parser) != 0)
		elog(ERROR, "a statement's parser gave up without an error");
	partiql_scan_end(parser);
	if (parser->unsupported != NULL)
		dyn_invalid("%s", parser->unsupported);
	if (parser->n_parameters != parameters->count)
		dyn_invalid("Number of parameters in request and statement don't match.");
}

PartiqlStatement *
partiql_parse(const char *text, int len, const PartiqlParameters *parameters, PartiqlIndexCheck check_index)
{
	PartiqlStatement *statement = palloc0(sizeof(PartiqlStatement));
	PartiqlParser parser;

	read_syntax(&parser, text, len, parameters);
	statement->kind = parser.kind;
	statement->returning = parser.returning;
	if (statement->kind == PARTIQL_DELETE && statement->returning != RETURNING_NOTHING &&
		statement->returning != RETURNING_ALL_OLD)
		dyn_invalid("Invalid returning clause: RETURNING %s *. Only RETURNING ALL OLD * is allowed in DELETE statements.",
					returning_text(statement->returning));
	read_source(&parser, statement);
	if (statement->index != NULL && check_index != NULL)
		check_index(statement);
	if (parser.columns != NIL)
		read_columns(&parser, statement);
	if (parser.item != NULL)
		statement->item = partiql_item(&parser, parser.item);
	if (parser.actions != NIL)
		statement->update = partiql_update(&parser);
	if (parser.where != NULL)
		statement->where = partiql_condition(&parser, parser.where);
	read_order(&parser, statement);
	return statement;
}
