/*
 * event_options.h
 *		The options of event source mappings: Lambda's names, bounds and defaults.
 */
#ifndef DYNAPG_EVENT_OPTIONS_H
#define DYNAPG_EVENT_OPTIONS_H

#include "events/destination.h"
#include "events/event_pattern.h"

typedef struct EventOptions
{
	bool		latest;			/* StartingPosition: LATEST, else TRIM_HORIZON */
	int			batch_size;
	int			window;			/* MaximumBatchingWindowInSeconds */
	int			parallel;		/* ParallelizationFactor */
	int			retries;		/* MaximumRetryAttempts; -1: for ever */
	int			age;			/* MaximumRecordAgeInSeconds; -1: whatever it is */
	bool		bisect;			/* BisectBatchOnFunctionError */
	bool		reports;		/* FunctionResponseTypes has ReportBatchItemFailures */
	List	   *patterns;		/* FilterCriteria: Pattern; NIL: there are none */
} EventOptions;

/* Reads the options of a mapping; patterns are compiled. */
extern void event_options_read(Jsonb *options, EventOptions *read);

/*
 * Makes the options that are stored of those given, in create (old NULL) or update, where what is not given stays.  Raises an error, with Lambda's words where they are
 * known, for what is not allowed.  on_failure gets the destination there (its definition NULL: none).  *enabled: what Enabled says, unchanged where it is not given.
 */
extern Jsonb *event_options_check(Jsonb *given, Jsonb *old, const char *stream_arn, DestinationCheck *on_failure, bool *enabled);

#endif							/* DYNAPG_EVENT_OPTIONS_H */
