/*
 * destination.h
 *		Where event source mappings send: the kinds of destinations.
 *
 * A destination is a JSON object with one member, which names its kind.  Kinds that are inside of the database are served by event workers
 * (event_worker.c) in the transaction that moves the position, so exactly once; those outside by the courier, at least once.
 */
#ifndef DYNAPG_DESTINATION_H
#define DYNAPG_DESTINATION_H

#include "catalog/event_mappings.h"
#include "events/event_batch.h"

/* A destination as it is to be stored. */
typedef struct DestinationCheck
{
	const TableInfo *table;		/* whose changes are sent */
	const char *what;			/* "Destination" or "OnFailure", for messages */
	bool		on_failure;		/* it gets invocation records and not events */
	/* of an update: the destination that there was, without its secret, and that; NULL: none */
	const struct DestinationKind *old_kind;
	Jsonb	   *old_definition;
	Jsonb	   *old_secret;
	/* what check() finds */
	Jsonb	   *definition;		/* the value of the member, without secrets */
	Jsonb	   *secret;			/* NULL: none */
	Oid			function_owner; /* of a SQL function; else InvalidOid */
	/* whose it was: for callers */
	const struct DestinationKind *kind; /* NULL: there is none */
	bool		kept;			/* it is what it was before, and was not checked */
} DestinationCheck;

typedef struct DestinationKind
{
	const char *name;			/* "Function" */
	bool		outside;		/* the courier's */
	bool		for_alarms;		/* it needs no table, and takes one document at a time */

	/*
	 * Checks a definition, the value of the member, as the current user, who will own the mapping; raises errors for what is wrong with it, and sets
	 * definition (as it came, unless a secret is taken out of it), secret and function_owner.
	 */
	void		(*check) (DestinationCheck *check, Jsonb *value);

	/*
	 * Of kinds inside: delivers a batch in the current transaction, as the mapping's owner, and sets the outcome, which is a success at first.  An error
	 * that it raises is the failure of the batch: the transaction is rolled back.
	 */
	void		(*deliver) (const EventMapping *mapping, const EventBatch *batch, EventOutcome *outcome);

	/* Of kinds inside: gives an invocation record to an on-failure destination; NULL: it cannot be one. */
	void		(*deliver_failure) (const EventMapping *mapping, Jsonb *definition, Jsonb *invocation);
} DestinationKind;

/* A kind by its name; NULL: there is none. */
extern const DestinationKind *destination_kind(const char *name, int len);

/*
 * Takes a destination apart: its kind, and the value of its only member as a jsonb, palloc'd (a scalar too).  Raises an error where it is not an object with
 * one member that names a kind; what: as in DestinationCheck.
 */
extern const DestinationKind *destination_open(const char *what, const JsonbValue *destination, Jsonb **value);

/* Writes a destination that has been checked, as it is stored: {"Function": ...}. */
extern void destination_write(WireWriter *writer, const DestinationCheck *check);

/* The kind and the value of a mapping's destination. */
extern const DestinationKind *destination_of_mapping(const EventMapping *mapping, Jsonb **value);

/* Where the mapping tells of what it gives up; NULL: nowhere. */
extern const DestinationKind *destination_on_failure(const EventMapping *mapping, Jsonb **value);

/* For kinds whose value is a string: that one, palloc'd, which is not empty; an error if it is another value.  check->kind is set. */
extern const char *destination_string(const DestinationCheck *check, Jsonb *value);

/* One of each kind; src/events/destination_*.c.  A kind outside comes with the courier. */
extern const DestinationKind destination_function;
extern const DestinationKind destination_notify;
extern const DestinationKind destination_table;

#endif							/* DYNAPG_DESTINATION_H */
