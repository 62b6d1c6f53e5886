/*
 * alarms.h
 *		Alarms: dynapg.metric_alarms, and their states: dynapg.alarm_states.
 *
 * What an alarm tells of waits in dynapg.event_failures, as invocation records do, under the alarm's uuid: a destination gets it as an on-failure destination gets
 * those (events/destination.h).
 */
#ifndef DYNAPG_ALARMS_H
#define DYNAPG_ALARMS_H

#include "catalog/event_mappings.h"

#define ALARM_MAX_COUNT 5000
#define ALARM_MAX_COUNT_OF_ROLE 500

/* What is put of an alarm. */
typedef struct AlarmPut
{
	const char *name;
	Oid			owner;
	Jsonb	   *definition;
	bool		keeps_destination;	/* what follows is not changed */
	const char *kind;			/* NULL: it has no destination */
	Jsonb	   *destination;
	Oid			function_owner;
} AlarmPut;

/*
 * Makes or changes an alarm; false if there is one of its name that does not belong to a role that the owner is a member of.  Sets its uuid, and whether it has been
 * made.
 */
extern bool catalog_put_alarm(const AlarmPut *put, pg_uuid_t *uuid, bool *is_new);

/* Deletes one, with what it has not told; false if there is none of its name that belongs to a role that this one is a member of. */
extern bool catalog_delete_alarm(const char *name, Oid role);

/* Has one tell of changes of its state, or not; what has come from a dump does not before.  False as above. */
extern bool catalog_enable_alarm_actions(const char *name, Oid role, bool enabled);
extern bool catalog_alarm_actions_are_enabled(const pg_uuid_t *uuid);

/* How many there are, and how many of them a role has.  Others who count them wait until this transaction ends, so that each sees what the one before has made. */
extern int	catalog_count_alarms(Oid owner, int *of_owner);

/* An alarm as the mapping whose on-failure destination is the alarm's, palloc'd; NULL: there is none, or it has come from a dump and tells nobody yet. */
extern EventMapping *catalog_alarm_mapping(const pg_uuid_t *uuid);

/*
 * Notes a state, and since when, by name.  If it is another one, *event is what destinations get, palloc'd, and the uuid is set; else NULL.  False if the alarm is
 * gone.  reason_data may be NULL.
 */
extern bool catalog_set_alarm_state(const char *name, const char *state, const char *reason, Jsonb *reason_data, pg_uuid_t *uuid,
									Jsonb **event);

#endif							/* DYNAPG_ALARMS_H */
