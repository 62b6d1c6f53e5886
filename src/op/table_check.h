/*
 * table_check.h
 *		What CreateTable and UpdateTable refuse, and the tables that operations on tables are about.
 *
 * Each function raises the service's error, or returns.
 */
#ifndef DYNAPG_TABLE_CHECK_H
#define DYNAPG_TABLE_CHECK_H

#include "catalog/tables.h"
#include "op/request.h"
#include "op/table_definition.h"

/* What nearly all errors about a table's parameters begin with. */
#define INVALID "One or more parameter values were invalid: "

/* The table of a request; ResourceNotFoundException with its name. */
extern const TableInfo *table_of_request(const RequestValue *table_name);

/* The same, locked against other changes, and with nothing going on: else ResourceInUseException. */
extern const TableInfo *table_to_change(const RequestValue *table_name);

/* Refuses what dynapg does not have yet: "streams are". */
extern _Noreturn void table_refuse(const char *what);

/* BillingMode by either of its names: -1 not given, else whether it is on demand. */
extern int	table_billing_mode(const RequestValue *mode, const RequestValue *alias);

/* ProvisionedThroughput's values are not absurd. */
extern void check_throughput_bounds(const RequestValue *throughput);

/* Lists of AttributeDefinitions or KeySchema as pairs. */
extern List *table_pairs(const RequestValue *list);

/* The first pair of a name, or NULL. */
extern const NamePair *find_pair(List *pairs, const char *name, int name_len);

/* "[a, b]" of the pairs' names. */
extern char *pair_names(List *pairs);

/* A key schema of one HASH and at most one RANGE, all defined. */
extern void check_key_schema(List *keys, List *attributes);

/* A key schema of a global index: up to four HASH, then up to four RANGE attributes, all defined. */
extern void check_index_key_schema(List *keys, List *attributes);

/* No attribute is defined twice. */
extern void check_definitions_unique(List *attributes);

extern void check_projection(const RequestValue *projection);

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

extern void check_global_index(const IndexRequest *index, List *attributes, bool on_demand, bool creating_table);

/* A vector index of CreateTable or of UpdateTable's Create action, whose members are the same. */
extern void check_vector_index(const RequestValue *index, List *attributes, bool on_demand);

/* OnDemandThroughput, of the table (index NULL) or an index.  Where there may be a ceiling, -1 takes it away. */
extern void check_ceilings(const RequestValue *ceilings, bool on_demand, bool creating_table, const char *index);

/* WarmThroughput against what the table or index takes anyhow. */
extern void check_warm_throughput(const RequestValue *warm, const TableDefinition *definition,
								  bool creating, const char *index);

/* SSESpecification; returns whether it asks for a key, the ARN of which *kms_key gets. */
extern bool check_encryption(const RequestValue *specification, const char **kms_key);

/* Tags as pairs. */
extern List *check_tags(const RequestValue *tags);

#endif							/* DYNAPG_TABLE_CHECK_H */
