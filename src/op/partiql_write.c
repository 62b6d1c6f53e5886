/*
 * partiql_write.c
 *		PartiQL's INSERT, UPDATE, DELETE and EXISTS as writes of one item.
 */
#include "postgres.h"

#include "base/error.h"
#include "op/expressions.h"
#include "op/partiql.h"

void
partiql_require_key(const PartiqlKey *key)
{
	if (!key->is_whole)
		dyn_invalid("Where clause does not contain a mandatory equality on all key attributes");
	if (key->conflict != NULL)
		dyn_invalid("Multiple conditions on same key %s. Only single item Update/Insert/Delete are supported",
					key->conflict);
}

/* A DELETE's condition is not asked of an item that is not there. */
static ExprNode *
unless_missing(const TableInfo *table, ExprNode *condition)
{
	DocPath    *path = path_of_name(table->hash.name, table->hash.name_len);

	return node_make(NODE_OR, 2, node_make(NODE_ATTRIBUTE_NOT_EXISTS, 1, node_path(path)), condition);
}

void
partiql_write(const PartiqlStatement *statement, const TableInfo *table, const PartiqlKey *key, ItemWrite *write)
{
	memset(write, 0, sizeof(*write));
	write->info = table;
	write->plain_size = true;
	write->reads_old = statement->returning != RETURNING_NOTHING;
	if (statement->kind == PARTIQL_INSERT)
	{
		write->kind = ITEM_PUT;
		write->attributes = statement->item;
		write->must_be_new = true;
		return;
	}
	write->attributes = &key->attributes;
	write->condition = key->rest;
	switch (statement->kind)
	{
		case PARTIQL_UPDATE:
			write->kind = ITEM_UPDATE;
			write->update = statement->update;
			write->must_exist = true;
			break;
		case PARTIQL_DELETE:
			write->kind = ITEM_DELETE;
			if (key->rest != NULL)
				write->condition = unless_missing(table, key->rest);
			break;
		default:
			write->kind = ITEM_CHECK;
			write->must_exist = true;
			break;
	}
}

bool
partiql_returned(const PartiqlStatement *statement, const ItemWrite *write, JsonbValue *item)
{
	bool		is_old = statement->returning == RETURNING_ALL_OLD || statement->returning == RETURNING_MODIFIED_OLD;
	Jsonb	   *image = is_old ? write->result.old : write->item;
	JsonbValue	map;

	if (statement->returning == RETURNING_NOTHING || image == NULL)
		return false;
	attr_from_item(image, &map);
	if (statement->returning == RETURNING_ALL_OLD || statement->returning == RETURNING_ALL_NEW)
	{
		*item = map;
		return true;
	}
	return update_fragments(statement->update, &map, item);
}
