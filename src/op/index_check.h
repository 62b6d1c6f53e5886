/*
 * index_check.h
 *		What is refused about key schemas and indexes.
 *
 * Each check raises the service's error, or returns.
 */
#ifndef DYNAPG_INDEX_CHECK_H
#define DYNAPG_INDEX_CHECK_H

#include "op/request.h"
#include "op/table_description.h"

/* How many global indexes a table may have. */
#define MAX_GLOBAL_INDEXES	20

/* How many names the indexes of a table may INCLUDE, in all: each counts in each index. */
#define MAX_PROJECTED	100

/* A key schema of one HASH and at most one RANGE, all defined. */
extern void check_key_schema(List *keys, List *attributes);

/* A key schema of a global index: up to four HASH, then up to four RANGE attributes, all defined. */
extern void check_index_key_schema(List *keys, List *attributes);

/* No attribute is defined twice. */
extern void check_definitions_unique(List *attributes);

/* A Projection, which becomes that of the definition. */
extern void check_projection(const RequestValue *projection, IndexDefinition *definition);

/* A key schema of a local index: the table's HASH attribute, and a RANGE attribute. */
extern void check_local_key_schema(const char *name, List *keys, List *attributes, List *table_keys);

/*
 * The parts of a global index that CreateTable's GlobalSecondaryIndex and UpdateTable's Create action share.
 */
typedef struct IndexRequest
{
	const char *name;
	const RequestValue *keys;
	const RequestValue *projection;
	const RequestValue *throughput;
	const RequestValue *ceilings;
	const RequestValue *warm;
} IndexRequest;

/* Checks a global index and fills its definition. */
extern void check_global_index(const IndexRequest *index, List *attributes, bool on_demand, bool creating_table,
							   IndexDefinition *definition);

/* A vector index of CreateTable or of UpdateTable's Create action, whose members are the same. */
extern void check_vector_index(const RequestValue *index, List *attributes, bool on_demand);

/* Attributes of a new index's key keep the type that they have in the keys of the table and its indexes, seen or not. */
extern void index_check_not_redefined(const TableInfo *table, List *keys, List *attributes);

/* No index is being built or dropped, except the one of a name (NULL: none). */
extern void index_check_alone(const TableInfo *table, const char *name);

/* LimitExceededException: one index at a time. */
extern _Noreturn void index_refuse_online(void);

/* No change of the index goes on that excludes another one; deletes: that one is its deletion. */
extern void index_check_idle(const TableView *view, const IndexView *index, bool deletes);

/* With an index of this name so defined, the table's indexes do not INCLUDE too many names. */
extern void index_check_projected(const TableView *view, const char *name, const IndexDefinition *definition);

/* AttributeDefinitions of the table with a new index: those in use, and those of the index's keys. */
extern List *index_merge_attributes(const TableView *view, List *keys, List *attributes);

#endif							/* DYNAPG_INDEX_CHECK_H */
