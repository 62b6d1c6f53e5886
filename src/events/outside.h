/*
 * outside.h
 *		Destinations outside of the database: what the courier asks of their kinds.
 *
 * A delivery is what becomes of one batch, or of one invocation record.  As a rule it is one request; what does not fit into one, or is refused for the
 * moment, goes in further ones.
 */
#ifndef DYNAPG_OUTSIDE_H
#define DYNAPG_OUTSIDE_H

#include "events/destination.h"
#include "transfer/post.h"

typedef struct Delivery
{
	const EventMapping *mapping;
	Jsonb	   *definition;		/* of the destination; without secrets */
	Jsonb	   *secret;			/* NULL: none */
	const EventBatch *batch;	/* NULL: it is an invocation record */
	const char *invocation;		/* JSON */
	int64		id;				/* of the invocation record */
	bool		reports;		/* FunctionResponseTypes has ReportBatchItemFailures */
	Post	   *post;
	void	   *state;			/* the kind's; NULL at first */
} Delivery;

typedef enum DeliveryStep
{
	DELIVERY_OVER,				/* the outcome says how it went */
	DELIVERY_GOES_ON,			/* the post is the next request */
	DELIVERY_WAITS				/* the same after a pause: something was refused for the moment */
} DeliveryStep;

typedef struct OutsideKind
{
	DestinationKind base;		/* first: kinds with outside are these */

	/* Makes the first request, in the current context, which lives as long as the delivery. */
	void		(*begin) (Delivery *delivery);

	/* Looks at an answer of status 2xx or any other; the post has what came back.  attempt: how many pauses there were. */
	DeliveryStep (*judge) (Delivery *delivery, int pauses, EventOutcome *outcome);
} OutsideKind;

#define outside_kind(kind) ((const OutsideKind *) (kind))

/* ------------------------------------------------------------------------------------------------------------
 * What kinds share: outside.c
 * ------------------------------------------------------------------------------------------------------------ */

/*
 * Of a definition that is being checked: raises an error unless it is an object with members of these names only (a list that NULL ends).
 */
extern void outside_require_members(const DestinationCheck *check, Jsonb *value, const char *const *names);

/* A text member of a definition, palloc'd; NULL if it is not there.  While it is checked: an error if it is no text, or has control characters. */
extern char *outside_text(const char *what, Jsonb *value, const char *name);

/* The same of one that must be there; of a number between two others. */
extern char *outside_required_text(const DestinationCheck *check, Jsonb *value, const char *name);
extern int	outside_number(const char *what, Jsonb *value, const char *name, int least, int most, int otherwise);

/*
 * A URL that is there, of a server (whole: with a path and a query).  Raises an error for what is none; a WARNING, if dynapg.event_hosts does not name its host.
 */
extern char *outside_url(const DestinationCheck *check, Jsonb *value, const char *name, bool whole);

/* The definition without those members; and a secret of these, NULL if none of them is there.  palloc'd. */
extern Jsonb *outside_without(Jsonb *value, const char *const *names);
extern Jsonb *outside_only(Jsonb *value, const char *const *names);

/*
 * Takes the definition and its secret apart.  Where an update gives no secret, the one that there was stays, if the destination is the one that it was, TimeoutSeconds
 * apart; raises an error if it is another: who may change a mapping need not know its secret, and must not have it sent elsewhere.
 */
extern void outside_split(DestinationCheck *check, Jsonb *value, const char *const *secrets);

/* The credentials of a definition and its secret into a post, for a service; checked: both or none are there. */
extern void outside_check_key(const DestinationCheck *check, Jsonb *value);
extern void outside_check_region(const DestinationCheck *check, Jsonb *value);
extern void outside_sign(Delivery *delivery, const char *service);

extern void outside_header(Post *post, const char *name, const char *value);

/* The same of a value that is shown nowhere. */
extern void outside_secret_header(Post *post, const char *name, const char *value);

/* So many bytes of an answer's beginning for a message, palloc'd: as text of one line; nothing of one that repeats a secret of the request. */
extern const char *outside_excerpt(const Post *post, int most);

/* What is wrong with an answer whose status is not 2xx, or that did not come; palloc'd, with the beginning of its body.  NULL: nothing. */
extern const char *outside_problem(const Post *post);

/*
 * Lambda's events as bodies: the next one of a delivery, which is the invocation record, or {"Records": [...]} with what fits into OUTSIDE_PAYLOAD_BYTES, at
 * least one record, of those that no body has had; state is this file's then.  And the outcome of a body, whose answer may report failures of
 * items (problem: NULL, or why it has failed as a whole); whether there is more to send.
 */
extern void outside_next_body(Delivery *delivery);
extern bool outside_judge_body(const Delivery *delivery, const char *problem, EventOutcome *outcome);

/* Limits of answers and of requests. */
#define OUTSIDE_ANSWER_BYTES (1024 * 1024)
#define OUTSIDE_PAYLOAD_BYTES (6 * 1024 * 1024)

extern const OutsideKind destination_webhook;
extern const OutsideKind destination_lambda;
extern const OutsideKind destination_kinesis;
extern const OutsideKind destination_opensearch;

#endif							/* DYNAPG_OUTSIDE_H */
