/*
 * event_objects.c
 *		What an event trigger is told of its command: the objects that it dropped, created or altered.
 *
 * PostgreSQL tells it through two functions for SQL.  They are called here as the executor calls them, and not by a query: everybody's
 * DDL comes by, so it must cost little, and nothing of the caller's may have a say in it.
 */
#include "postgres.h"

#include "access/tupdesc.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/tuplestore.h"

#include "storage/event_objects.h"

/* Columns that the two functions have both. */
#define OBJECT_CLASS	1
#define OBJECT_OID		2
#define OBJECT_SUB		3

/* Columns of pg_event_trigger_dropped_objects(): temporary objects are of no interest. */
#define DROPPED_IS_TEMPORARY	6
#define DROPPED_TYPE	7
#define DROPPED_NAMES	11		/* text[]: for a trigger or constraint the schema, the table and its own */

/* Columns of pg_event_trigger_ddl_commands(). */
#define CHANGED_TYPE	5

EventTriggerData *
event_require(FunctionCallInfo fcinfo, const char *event)
{
	EventTriggerData *data = (EventTriggerData *) fcinfo->context;

	if (!CALLED_AS_EVENT_TRIGGER(fcinfo) || strcmp(data->event, event) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_EVENT_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("not called by the event trigger manager for %s", event)));
	return data;
}

/* Whether a row is about an object that matters. */
static bool
is_of_use(TupleTableSlot *row, bool dropped)
{
	bool		isnull;
	Oid			class = DatumGetObjectId(slot_getattr(row, OBJECT_CLASS, &isnull));

	if (isnull || (class != RelationRelationId && class != ConstraintRelationId && class != TriggerRelationId &&
				   class != NamespaceRelationId))
		return false;
	return !dropped || (DatumGetInt32(slot_getattr(row, OBJECT_SUB, &isnull)) == 0 &&
						!DatumGetBool(slot_getattr(row, DROPPED_IS_TEMPORARY, &isnull)));
}

/* The schema and the table of a dropped object that has them. */
static void
read_names(TupleTableSlot *row, EventObject *object)
{
	bool		isnull;
	Datum		array = slot_getattr(row, DROPPED_NAMES, &isnull);
	Datum	   *names;
	bool	   *nulls;
	int			count;

	if (isnull)
		return;
	deconstruct_array(DatumGetArrayTypeP(array), TEXTOID, -1, false, TYPALIGN_INT, &names, &nulls, &count);
	if (count > 0 && !nulls[0])
		object->schema = TextDatumGetCString(names[0]);
	if (count > 1 && !nulls[1])
		object->relation = TextDatumGetCString(names[1]);
}

/* Appends the object of a row. */
static void
append_object(List **objects, TupleTableSlot *row, int type_column, bool dropped)
{
	EventObject *object = (EventObject *) palloc0(sizeof(EventObject));
	bool		isnull;
	Datum		type;

	object->class = DatumGetObjectId(slot_getattr(row, OBJECT_CLASS, &isnull));
	object->oid = DatumGetObjectId(slot_getattr(row, OBJECT_OID, &isnull));
	type = slot_getattr(row, type_column, &isnull);
	object->type = isnull ? "" : TextDatumGetCString(type);
	if (dropped)
		read_names(row, object);
	*objects = lappend(*objects, object);
}

/* The objects of the rows that one of the two functions returns. */
static List *
objects_of(Oid function, int type_column, bool dropped)
{
	LOCAL_FCINFO(call, 0);
	FmgrInfo	info;
	ExprContext *context = CreateStandaloneExprContext();
	ReturnSetInfo result = {.type = T_ReturnSetInfo, .econtext = context, .allowedModes = SFRM_Materialize};
	TupleTableSlot *row;
	List	   *objects = NIL;

	fmgr_info(function, &info);
	InitFunctionCallInfoData(*call, &info, 0, InvalidOid, NULL, (Node *) &result);
	(void) FunctionCallInvoke(call);
	if (result.returnMode != SFRM_Materialize || result.setResult == NULL)
		elog(ERROR, "an event trigger's function returned no rows as asked");
	row = MakeSingleTupleTableSlot(result.setDesc, &TTSOpsMinimalTuple);
	while (tuplestore_gettupleslot(result.setResult, true, false, row))
		if (is_of_use(row, dropped))
			append_object(&objects, row, type_column, dropped);
	ExecDropSingleTupleTableSlot(row);
	tuplestore_end(result.setResult);
	FreeExprContext(context, true);
	return objects;
}

List *
event_dropped_objects(void)
{
	return objects_of(F_PG_EVENT_TRIGGER_DROPPED_OBJECTS, DROPPED_TYPE, true);
}

List *
event_changed_objects(void)
{
	return objects_of(F_PG_EVENT_TRIGGER_DDL_COMMANDS, CHANGED_TYPE, false);
}
