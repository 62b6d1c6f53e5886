/*
 * restore_table.h
 *		What both kinds of restores share: the table that they make.
 */
#ifndef DYNAPG_RESTORE_TABLE_H
#define DYNAPG_RESTORE_TABLE_H

#include "catalog/restores.h"
#include "op/request.h"

/* An index of a source, as dynapg.indexes had it. */
typedef struct SourceIndex
{
	const char *name;
	bool		global;
	Jsonb	   *definition;
} SourceIndex;

/* What the restored table is made of. */
typedef struct RestoreSource
{
	Jsonb	   *definition;		/* as dynapg.tables had it */
	List	   *indexes;		/* of SourceIndex */
} RestoreSource;

/* A table as it is now, for a source; it points into the table's cache entry. */
extern void restore_source_of_table(const TableInfo *table, RestoreSource *source);

/* The members that the two requests share. */
typedef struct RestoreRequest
{
	const RequestValue *target;
	const RequestValue *billing_mode;
	const RequestValue *global_indexes;
	const RequestValue *local_indexes;
	const RequestValue *vector_indexes;
	const RequestValue *throughput;
	const RequestValue *ceilings;
	const RequestValue *encryption;
} RestoreRequest;

/* What contradicts itself in a request, whatever is restored; raises the service's errors. */
extern void restore_check_request(const RestoreRequest *request);

/* Locks the name of the new table: TableAlreadyExistsException, TableInUseException where it is taken. */
extern void restore_check_target(const RestoreRequest *request);

/*
 * Makes the table, CREATING, and its restore's row; starts a job that fills it (restore.relation, table_name and filled are not read); answers.
 * What restore_check_target() raises; the service's errors where an override does not fit the source.
 * The caller has seen to it that the current user may read the source.
 */
extern void restore_table(const RestoreRequest *request, const RestoreSource *source, const TableRestore *restore,
						  WireWriter *response);

#endif							/* DYNAPG_RESTORE_TABLE_H */
