/*
 * event_match.h
 *		Matching records with patterns, without building JSON of them.
 */
#ifndef DYNAPG_EVENT_MATCH_H
#define DYNAPG_EVENT_MATCH_H

#include "events/event_batch.h"
#include "events/event_pattern.h"

/* Whether one of the patterns matches a record that has been measured; what that needs of memory is in the current context. */
extern bool event_record_matches(List *patterns, const TableLog *log, const EventRecord *record);

#endif							/* DYNAPG_EVENT_MATCH_H */
