/*
 * create_table.h
 *		Tables that are asked for now and made later, when they are filled: those of imports.
 */
#ifndef DYNAPG_CREATE_TABLE_H
#define DYNAPG_CREATE_TABLE_H

#include "catalog/transfers.h"
#include "op/request.h"
#include "op/throughput.h"

/*
 * What is to be made of a structure with members of CreateTable's (TableCreationParameters): {"definition": {...}, "indexes": [{"name": ...,
 * "definition": {...}}, ...]}, as the catalog keeps them; palloc'd.  Raises what CreateTable raises, except that it does not look whether the name
 * is taken.
 */
extern Jsonb *create_table_plan(const RequestValue *parameters);

/* Whether the database may have the capacity of a plan's table (op/quota.h). */
extern void create_table_check_plan(Jsonb *plan);

/* The plan of an import that goes on and has not made its table yet; NULL: it has. */
extern Jsonb *create_table_plan_of(const Transfer *import);

/* Calls a function with the capacity of a plan's table (name NULL), and with that of each of its indexes. */
typedef void (*PlanVisitor) (const char *index, const Throughput *throughput, void *argument);
extern void create_table_visit_plan(Jsonb *plan, PlanVisitor visit, void *argument);

/*
 * Makes the table of a plan, with its TableId, for the current user: CREATING without an end (catalog/imports.h), with indexes that are to be built.
 * The caller holds catalog_lock_name() and found no such table.
 */
extern void create_planned_table(Jsonb *plan, const char *name, const pg_uuid_t *id);

#endif							/* DYNAPG_CREATE_TABLE_H */
