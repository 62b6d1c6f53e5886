/*
 * triggers.h
 *		The triggers that dynapg makes: which they are, and that nobody fires their functions in another way.
 *
 * Their functions may be executed by everybody, since who restores a dump of his tables makes these triggers.  So whoever may have a
 * trigger on a table may call them, at any time and on any relation: they look at how they are fired before they do anything.
 */
#ifndef DYNAPG_TRIGGERS_H
#define DYNAPG_TRIGGERS_H

#include "commands/trigger.h"
#include "fmgr.h"
#include "utils/rel.h"
#include "utils/reltrigger.h"

typedef enum TriggerKind
{
	TRIGGER_ITEMS_CHANGED = 1 << 0, /* of item tables: rows */
	TRIGGER_ITEMS_TRUNCATED = 1 << 1,	/* and after TRUNCATE */
	TRIGGER_INDEX_ROWS = 1 << 2,	/* of index tables: rows */
	TRIGGER_INDEX_TRUNCATE = 1 << 3,	/* and TRUNCATE */
	TRIGGER_CATALOG_CHANGED = 1 << 4,	/* of dynapg.tables, dynapg.indexes and the like */
	TRIGGER_ITEMS_TRUNCATING = 1 << 5	/* of item tables: before TRUNCATE */
} TriggerKind;

#define TRIGGERS_OF_ITEMS	(TRIGGER_ITEMS_CHANGED | TRIGGER_ITEMS_TRUNCATING | TRIGGER_ITEMS_TRUNCATED)
#define TRIGGERS_OF_INDEXES	(TRIGGER_INDEX_ROWS | TRIGGER_INDEX_TRUNCATE)
#define TRIGGERS_ALL		(TRIGGERS_OF_ITEMS | TRIGGERS_OF_INDEXES | TRIGGER_CATALOG_CHANGED)

/*
 * What the trigger manager calls a function with; ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED unless a trigger of one of these kinds
 * could be fired so: by its events, at its time, for rows or statements.
 */
extern TriggerData *triggers_require(FunctionCallInfo fcinfo, int kinds);

/* The error of a trigger function that is fired for a relation that has no business with it. */
extern _Noreturn void triggers_raise_wrong_relation(const TriggerData *data, const char *wanted);

/*
 * Whether a trigger is of one of these kinds, if perhaps not for all of its events: it calls our function and does nothing else, having no
 * condition of somebody else's.
 */
extern bool triggers_is_ours(const Trigger *trigger, int kinds);

/*
 * Whether a relation has a trigger of a kind, for all of its events and at once, whatever its name; always: that is ENABLE ALWAYS,
 * as ours are, else whatever its state.
 */
extern bool triggers_has(Relation relation, TriggerKind kind, bool always);

/*
 * Whether a trigger that is fired is the first of its table's of this kind that this session fires, for all of its events: who may make
 * triggers may make further ones, which must not have everything logged twice.
 */
extern bool triggers_is_first(const TriggerData *data, TriggerKind kind);

/*
 * The name of a trigger that a write in a role's name would fire though others than that role may have made what it calls; NULL: there is none.
 */
extern const char *triggers_untrusted(Relation relation, Oid role);

/* The name that a trigger of a kind has when dynapg makes it. */
extern const char *triggers_name(TriggerKind kind);

#endif							/* DYNAPG_TRIGGERS_H */
