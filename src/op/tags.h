/*
 * tags.h
 *		Tags of tables: what they may be, and how the catalog keeps them.
 */
#ifndef DYNAPG_TAGS_H
#define DYNAPG_TAGS_H

#include "op/table_definition.h"
#include "op/request.h"

/*
 * A list of Tag as pairs (NamePair); NIL if it is absent or empty.  Raises what the service says
 * of tags that it does not take.
 */
extern List *check_tags(const RequestValue *tags);

/* Whether a text of len bytes has the characters of tags' keys and values only, and so many of them at most. */
extern bool is_tag_text(const char *text, int len, int max_length);

/* Pairs as the catalog keeps them, palloc'd; names are unique. */
extern Jsonb *tags_jsonb(List *pairs);

/* The tags of a table as pairs, palloc'd. */
extern List *tags_of_table(const TableInfo *table);

#endif							/* DYNAPG_TAGS_H */
