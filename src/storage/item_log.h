/*
 * item_log.h
 *		What writes of items log: by key, by row triggers, and by TRUNCATE.
 */
#ifndef DYNAPG_ITEM_LOG_H
#define DYNAPG_ITEM_LOG_H

#include "commands/trigger.h"
#include "executor/tuptable.h"
#include "utils/rel.h"

#include "log/log.h"

/*
 * Logs a write by key, when it is done and before another command begins.  over: the slot with the version that was written over, NULL if there was
 * none.
 */
extern void item_log_write(LogWriter *writer, Relation relation, Jsonb *old, Jsonb *item, bool expires,
						   const pg_uuid_t *hash, bytea *sort, TupleTableSlot *over);

/*
 * The item that time to live is about to remove by a statement: what the row trigger logs of its removal is that.  InvalidOid: there is none (any
 * more).
 */
extern void item_log_expires(Oid relation, const pg_uuid_t *hash, const bytea *sort);

/* Logs what an event of the item table's row trigger tells. */
extern void item_log_event(LogWriter *writer, const TriggerData *event);

/* BEFORE TRUNCATE: logs the removal of every item. */
extern void item_log_truncate(LogWriter *writer, Relation relation);

#endif							/* DYNAPG_ITEM_LOG_H */
