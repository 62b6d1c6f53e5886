/*
 * partiql_statement.c
 *		The statements and parameters of requests.
 */
#include "postgres.h"

#include "base/error.h"
#include "op/op.h"
#include "op/partiql.h"

void
partiql_parameters(const RequestValue *list, PartiqlParameters *parameters)
{
	int			count = list->present ? list->as.list.count : 0;

	parameters->values = (JsonbValue **) palloc(Max(count, 1) * sizeof(JsonbValue *));
	parameters->count = count;
	for (int i = 0; i < count; i++)
	{
		const RequestValue *parameter = &list->as.list.items[i];

		if (parameter->as.attribute.error.message != NULL)
			dyn_invalid("%s", parameter->as.attribute.error.message);
		parameters->values[i] = parameter->as.attribute.value;
	}
}

/* The service refuses such an index before it looks at what is selected, and whatever is. */
static void
check_index(const PartiqlStatement *statement)
{
	const TableInfo *table;
	const TableIndex *index;

	partiql_foresee(statement);
	table = op_find_data_table(statement->table, statement->table_len);
	index = table == NULL ? NULL : catalog_index(table, statement->index, statement->index_len);

	if (index != NULL && index_is_kept(index) && (index->n_hash > 1 || index->n_sort > 1))
		dyn_invalid("PartiQL statements cannot be executed on tables with multi-attribute HASH keys or multi-attribute "
					"RANGE keys.");
}

void
partiql_set_action(const PartiqlStatement *statement)
{
	static const char *const actions[] = {
		[PARTIQL_SELECT] = "PartiQLSelect", [PARTIQL_EXISTS] = "PartiQLSelect", [PARTIQL_INSERT] = "PartiQLInsert",
		[PARTIQL_UPDATE] = "PartiQLUpdate", [PARTIQL_DELETE] = "PartiQLDelete"
	};

	dyn_operation = actions[statement->kind];
}

PartiqlStatement *
partiql_statement(const RequestValue *text, const PartiqlParameters *parameters)
{
	PartiqlStatement *statement = partiql_parse(text->as.string.text, text->as.string.len, parameters, check_index);

	partiql_foresee(statement);
	return statement;
}
