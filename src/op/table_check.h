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

/* What ResourceInUseException begins with. */
#define IN_USE "Attempt to change a resource which is still in use: "

/* The most units of any kind; no limit of the service, but what it takes for a mistake. */
#define MAX_UNITS INT64CONST(1000000000000)

/* The table of a request, which stays there until the transaction ends; ResourceNotFoundException with its name. */
extern const TableInfo *table_of_request(const RequestValue *table_name);

/*
 * The same for its owner (else AccessDeniedException), locked against other changes, its
 * relation in the mode given, which is to keep at least DROP TABLE away; and neither
 * being created nor being deleted: else ResourceInUseException.  It may be UPDATING: what
 * that excludes depends on what is asked for.
 */
extern const TableInfo *table_to_change(const RequestValue *table_name, LOCKMODE lockmode);

/* Epoch seconds as "2026-10-09T23:23:37.938Z"; palloc'd. */
extern char *table_time_text(double seconds);

/* ResourceInUseException in the words for a status. */
extern _Noreturn void table_refuse_in_use(TableStatus status, const char *name);

/*
 * Sees to it that a job works on the table if something waits for one, that the keeper keeps its logs, and that it removes what has
 * expired.
 */
extern void table_resume_jobs(const TableInfo *table);

/* TableClass is one of those that there are. */
extern void check_table_class(const RequestValue *table_class);

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

/* OnDemandThroughput, of the table (index NULL) or an index.  Where there may be a ceiling, -1 takes it away. */
extern void check_ceilings(const RequestValue *ceilings, bool on_demand, bool creating_table, const char *index);

/* WarmThroughput against what the table or index takes anyhow. */
extern void check_warm_throughput(const RequestValue *warm, const Throughput *throughput,
								  bool creating, const char *index);

/* SSESpecification; returns whether it asks for a key, the ARN of which *kms_key gets. */
extern bool check_encryption(const RequestValue *specification, const char **kms_key);

/*
 * LimitExceededException if the table's class, or what it is encrypted with, was changed
 * too often of late to be changed now. Forgets changes that do not matter any more.
 */
extern void check_class_changes(ChangeTimes *changes);
extern void check_encryption_changes(ChangeTimes *changes);

/* Notes a change now. */
extern void note_change(ChangeTimes *changes);

#endif							/* DYNAPG_TABLE_CHECK_H */
