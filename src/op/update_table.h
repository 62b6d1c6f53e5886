/*
 * update_table.h
 *		Private to UpdateTable: the request, and the part of it that is about global indexes.
 */
#ifndef DYNAPG_UPDATE_TABLE_H
#define DYNAPG_UPDATE_TABLE_H

#include "op/table_description.h"

/* A request's members; those that say nothing count as absent. */
typedef struct Update
{
	const RequestValue *request;
	const RequestValue *throughput;
	const RequestValue *indexes;
	const RequestValue *vectors;
	const RequestValue *stream;
	const RequestValue *encryption;
	const RequestValue *ceilings;
	const RequestValue *warm;
	int			billing_mode;	/* -1: not given; else whether on demand */
	int			online;			/* how many indexes it creates and deletes */
	bool		creates_index;
	bool		changes_replicas;	/* anything about global tables */
	bool		changes_group;		/* what is about replicas as a group; alone it is nothing */
	bool		changes_class;
	bool		changes_protection;
	const char *kms_key;
	int			concerns;		/* how many things the request is about */
} Update;

/* The changes of a table's indexes that a request makes. */
typedef struct IndexUpdates
{
	List	   *changed;		/* of IndexUpdate: those that get a new definition */
	const char *created;		/* NULL: none */
	IndexDefinition definition;	/* its definition */
	List	   *attributes;		/* AttributeDefinitions of the request */
	const char *deleted;		/* NULL: none */
} IndexUpdates;

typedef struct IndexUpdate
{
	IndexView  *view;
	const RequestValue *action; /* NULL: only the table's mode changes */
	IndexDefinition definition; /* as it becomes */
	bool		changes_units;
	bool		changes_ceilings;
} IndexUpdate;

/*
 * What cannot be changed while another change of the table goes on:
 * ResourceInUseException.  Deletion protection, what the table is encrypted with and
 * WarmThroughput can, as a rule.
 */
extern void update_check_busy(const Update *update, const TableView *view);

/*
 * update_stream.c: what a switch of the stream excludes; its change of the definition, and what contradicts the table's stream; the switch,
 * after the change of the table.
 */
extern void update_stream_check_busy(const Update *update, const TableView *view);
extern bool update_stream(const Update *update, const TableInfo *table, TableDefinition *definition);
extern void update_stream_write(const Update *update, const TableInfo *table);

/* What contradicts itself in a request's index updates, whatever the table; fills `online` and `creates_index`. */
extern void update_indexes_check_request(Update *update);

/*
 * What contradicts the table as it is: a new index's definition, indexes that are not there or busy, and what cannot be
 * changed while an index is.
 */
extern void update_indexes_check(const Update *update, const TableView *view, IndexUpdates *updates);

/* Works out how the indexes change with a table whose mode before is the view's and whose mode after is given. */
extern void update_indexes_plan(const Update *update, const TableView *view, bool on_demand, IndexUpdates *updates);

/* Writes the changes to the catalog, after that of the table itself, and shows them in the view, as going on. */
extern void update_indexes_write(TableView *view, const IndexUpdates *updates);

#endif							/* DYNAPG_UPDATE_TABLE_H */
