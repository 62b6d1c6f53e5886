/*
 * index_guard.h
 *		What an index table must be.
 */
#ifndef DYNAPG_INDEX_GUARD_H
#define DYNAPG_INDEX_GUARD_H

#include "utils/rel.h"

#include "catalog/tables.h"

/*
 * Opens the primary key of an index table; NULL, and nothing is open, if the columns, the primary key or the access method are not what dynapg made,
 * so that it can be neither read nor written.
 */
extern Relation index_guard_open_key(Relation relation, const TableIndex *index, LOCKMODE lockmode);

/* Whether an index on an index table, not its primary key, is one that writers keep: a B-tree on columns, unique only as the primary key is. */
extern bool index_guard_keeps(Relation relation, Relation other);

/*
 * What is wrong with an index table, as a sentence; NULL if nothing is.  Others' triggers and foreign keys are, since entries are written
 * past them.  That its own triggers are there is another matter: a dump that is restored makes them after tables are altered.
 */
extern const char *index_guard_problem(Relation relation, const TableInfo *table, const TableIndex *index);

/* Whether it has both triggers, whatever their state. */
extern bool index_guard_has_triggers(Relation relation);

/* Whether its columns are of the types that entries have, and no more. */
extern bool index_guard_has_columns(Relation relation, const TableIndex *index);

/* Empties an index table in the name of its owner, past its trigger. */
extern void index_guard_truncate(Oid relation);

#endif							/* DYNAPG_INDEX_GUARD_H */
