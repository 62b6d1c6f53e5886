/*
 * create_table.h
 *		Tables that are asked for now and made later, when they are filled: those of imports.
 */
#ifndef DYNAPG_CREATE_TABLE_H
#define DYNAPG_CREATE_TABLE_H

#include "op/request.h"
#include "utils/uuid.h"

/*
 * What is to be made of a structure with members of CreateTable's (TableCreationParameters): {"definition": {...}, "indexes": [{"name": ...,
 * "definition": {...}}, ...]}, as the catalog keeps them; palloc'd.  Raises what CreateTable raises, except that it does not look whether the name
 * is taken.
 */
extern Jsonb *create_table_plan(const RequestValue *parameters);

/* Whether the database may have the capacity of a plan's table (op/quota.h). */
extern void create_table_check_plan(Jsonb *plan);

/*
 * Makes the table of a plan, with its TableId, for the current user: CREATING without an end (catalog/imports.h), with indexes that are to be built.
 * The caller holds catalog_lock_name() and found no such table.
 */
extern void create_planned_table(Jsonb *plan, const char *name, const pg_uuid_t *id);

#endif							/* DYNAPG_CREATE_TABLE_H */
