/*
 * triggers.c
 *		The triggers that dynapg makes: which they are, and that nobody fires their functions in another way.
 *
 * A trigger is known by its function and by when that is called, not by its name: its table's owner may rename it, or make
 * another one like it.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_trigger.h"
#include "lib/stringinfo.h"
#include "utils/lsyscache.h"

#include "storage/triggers.h"

/* item_trigger.c, index_guard_trigger.c, guard.c */
extern PGDLLEXPORT Datum dynapg_items_changed(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum dynapg_items_truncating(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum dynapg_items_truncated(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum dynapg_index_guard(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum dynapg_catalog_changed(PG_FUNCTION_ARGS);

#define ANY_ROW_EVENT	(TRIGGER_TYPE_INSERT | TRIGGER_TYPE_UPDATE | TRIGGER_TYPE_DELETE)
#define ANY_EVENT		(ANY_ROW_EVENT | TRIGGER_TYPE_TRUNCATE)

typedef struct KindOfTrigger
{
	TriggerKind kind;
	const char *name;
	PGFunction	function;
	int16		type;			/* of pg_trigger.tgtype */
	const char *fired;
} KindOfTrigger;

static const KindOfTrigger all_kinds[] = {
	{TRIGGER_ITEMS_CHANGED, "dynapg_items", dynapg_items_changed,
		TRIGGER_TYPE_ROW | TRIGGER_TYPE_AFTER | ANY_ROW_EVENT, "AFTER INSERT, UPDATE or DELETE for each row"},
	{TRIGGER_ITEMS_TRUNCATED, "dynapg_truncate", dynapg_items_truncated,
		TRIGGER_TYPE_STATEMENT | TRIGGER_TYPE_AFTER | TRIGGER_TYPE_TRUNCATE, "AFTER TRUNCATE"},
	{TRIGGER_ITEMS_TRUNCATING, "dynapg_truncate_log", dynapg_items_truncating,
		TRIGGER_TYPE_STATEMENT | TRIGGER_TYPE_BEFORE | TRIGGER_TYPE_TRUNCATE, "BEFORE TRUNCATE"},
	{TRIGGER_INDEX_ROWS, "dynapg_guard", dynapg_index_guard,
		TRIGGER_TYPE_ROW | TRIGGER_TYPE_BEFORE | ANY_ROW_EVENT, "BEFORE INSERT, UPDATE or DELETE for each row"},
	{TRIGGER_INDEX_TRUNCATE, "dynapg_truncate", dynapg_index_guard,
		TRIGGER_TYPE_STATEMENT | TRIGGER_TYPE_BEFORE | TRIGGER_TYPE_TRUNCATE, "BEFORE TRUNCATE"},
	{TRIGGER_CATALOG_CHANGED, "catalog_changed", dynapg_catalog_changed,
		TRIGGER_TYPE_STATEMENT | TRIGGER_TYPE_AFTER | ANY_EVENT,
	"AFTER INSERT, UPDATE, DELETE or TRUNCATE for each statement"},
};

static const KindOfTrigger *
find_kind(TriggerKind kind)
{
	int			i = 0;

	while (all_kinds[i].kind != kind)
		i++;
	return &all_kinds[i];
}

/* Whether a trigger of a type is fired at the time and for what one of a kind is, and by none but its events. */
static bool
is_fired_as(int16 type, const KindOfTrigger *kind)
{
	return (type & ~ANY_EVENT) == (kind->type & ~ANY_EVENT) && (type & ANY_EVENT & ~kind->type) == 0;
}

/* What has been fired, as a pg_trigger.tgtype with a single event. */
static int16
fired_type(TriggerEvent event)
{
	int16		type = TRIGGER_FIRED_FOR_ROW(event) ? TRIGGER_TYPE_ROW : TRIGGER_TYPE_STATEMENT;

	if (TRIGGER_FIRED_BEFORE(event))
		type |= TRIGGER_TYPE_BEFORE;
	else if (TRIGGER_FIRED_INSTEAD(event))
		type |= TRIGGER_TYPE_INSTEAD;
	if (TRIGGER_FIRED_BY_INSERT(event))
		return type | TRIGGER_TYPE_INSERT;
	if (TRIGGER_FIRED_BY_UPDATE(event))
		return type | TRIGGER_TYPE_UPDATE;
	return type | (TRIGGER_FIRED_BY_DELETE(event) ? TRIGGER_TYPE_DELETE : TRIGGER_TYPE_TRUNCATE);
}

/* The name of the function that is called, for errors. */
static const char *
function_name(Oid function)
{
	const char *name = get_func_name(function);

	return name != NULL ? name : "?";
}

static _Noreturn void
raise_fired_wrongly(const TriggerData *data, int kinds)
{
	StringInfoData fired;

	initStringInfo(&fired);
	for (int i = 0; i < lengthof(all_kinds); i++)
		if (kinds & all_kinds[i].kind)
			appendStringInfo(&fired, "%s%s", fired.len > 0 ? ", or " : "", all_kinds[i].fired);
	ereport(ERROR,
			(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
			 errmsg("function \"%s\" must be fired %s", function_name(data->tg_trigger->tgfoid), fired.data),
			 errhint("dynapg makes the triggers that call it; drop trigger \"%s\".", data->tg_trigger->tgname)));
}

TriggerData *
triggers_require(FunctionCallInfo fcinfo, int kinds)
{
	TriggerData *data = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" was not called by trigger manager", function_name(fcinfo->flinfo->fn_oid))));
	for (int i = 0; i < lengthof(all_kinds); i++)
		if ((kinds & all_kinds[i].kind) && is_fired_as(fired_type(data->tg_event), &all_kinds[i]))
			return data;
	raise_fired_wrongly(data, kinds);
}

void
triggers_raise_wrong_relation(const TriggerData *data, const char *wanted)
{
	ereport(ERROR,
			(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
			 errmsg("function \"%s\" must be fired for %s", function_name(data->tg_trigger->tgfoid), wanted),
			 errdetail("\"%s\" is none.", RelationGetRelationName(data->tg_relation)),
			 errhint("Drop trigger \"%s\".", data->tg_trigger->tgname)));
}

/* The function of a trigger, if it is in our schema: others' are not looked up, since their libraries may be missing. */
static PGFunction
function_of(const Trigger *trigger)
{
	Oid			schema = get_func_namespace(trigger->tgfoid);
	FmgrInfo	info;

	if (!OidIsValid(schema) || schema != get_namespace_oid("dynapg", true))
		return NULL;
	fmgr_info(trigger->tgfoid, &info);
	return info.fn_addr;
}

/* Whether a trigger, whose function this is, is of a kind, but perhaps not for all of its events. */
static bool
is_of_kind(const Trigger *trigger, PGFunction function, const KindOfTrigger *kind)
{
	return function == kind->function && is_fired_as(trigger->tgtype, kind) && trigger->tgqual == NULL;
}

bool
triggers_is_ours(const Trigger *trigger, int kinds)
{
	PGFunction	function = function_of(trigger);

	for (int i = 0; function != NULL && i < lengthof(all_kinds); i++)
		if ((kinds & all_kinds[i].kind) && is_of_kind(trigger, function, &all_kinds[i]))
			return true;
	return false;
}

/* Whether a trigger is of a kind, for all of its events and at once. */
static bool
is_wholly(const Trigger *trigger, const KindOfTrigger *kind)
{
	return trigger->tgtype == kind->type && trigger->tgnattr == 0 && !trigger->tgdeferrable &&
		is_of_kind(trigger, function_of(trigger), kind);
}

bool
triggers_has(Relation relation, TriggerKind wanted, bool always)
{
	const KindOfTrigger *kind = find_kind(wanted);
	TriggerDesc *triggers = relation->trigdesc;

	for (int i = 0; triggers != NULL && i < triggers->numtriggers; i++)
	{
		const Trigger *trigger = &triggers->triggers[i];

		if ((!always || trigger->tgenabled == TRIGGER_FIRES_ALWAYS) && is_wholly(trigger, kind))
			return true;
	}
	return false;
}

/* Whether this session fires a trigger. */
static bool
is_fired_here(const Trigger *trigger)
{
	if (SessionReplicationRole == SESSION_REPLICATION_ROLE_REPLICA)
		return trigger->tgenabled == TRIGGER_FIRES_ALWAYS || trigger->tgenabled == TRIGGER_FIRES_ON_REPLICA;
	return trigger->tgenabled == TRIGGER_FIRES_ALWAYS || trigger->tgenabled == TRIGGER_FIRES_ON_ORIGIN;
}

bool
triggers_is_first(const TriggerData *data, TriggerKind wanted)
{
	const KindOfTrigger *kind = find_kind(wanted);
	TriggerDesc *triggers = data->tg_relation->trigdesc;

	for (int i = 0; triggers != NULL && i < triggers->numtriggers; i++)
		if (is_fired_here(&triggers->triggers[i]) && is_wholly(&triggers->triggers[i], kind))
			return triggers->triggers[i].tgoid == data->tg_trigger->tgoid;
	return false;
}

const char *
triggers_name(TriggerKind kind)
{
	return find_kind(kind)->name;
}
