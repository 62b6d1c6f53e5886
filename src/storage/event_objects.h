/*
 * event_objects.h
 *		What an event trigger is told of its command: the objects that it dropped, created or altered.
 */
#ifndef DYNAPG_EVENT_OBJECTS_H
#define DYNAPG_EVENT_OBJECTS_H

#include "commands/event_trigger.h"
#include "fmgr.h"
#include "nodes/pg_list.h"

/* An object; of those of no use to us nothing is told. */
typedef struct EventObject
{
	Oid			class;			/* pg_class, pg_constraint, pg_trigger or pg_namespace */
	Oid			oid;
	const char *type;			/* as pg_identify_object() has it: table, index, table constraint, trigger ... */
	const char *schema;			/* of a dropped one: its own schema, or its table's */
	const char *relation;		/* of a dropped table its name, of a dropped constraint or trigger its table's */
} EventObject;

/* The data of an event trigger's function, which must have been called for this event. */
extern EventTriggerData *event_require(FunctionCallInfo fcinfo, const char *event);

/*
 * The objects that the command of a sql_drop trigger has dropped, and those that the command of a ddl_command_end trigger has created
 * or altered: EventObjects in the current context.  Nothing is looked up by name, no privilege is asked for, whatever the search_path is.
 */
extern List *event_dropped_objects(void);
extern List *event_changed_objects(void);

#endif							/* DYNAPG_EVENT_OBJECTS_H */
