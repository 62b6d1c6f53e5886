/*
 * audit_private.h
 *		Between the parts of the audit: the JSON that events are made of.
 */
#ifndef DYNAPG_AUDIT_PRIVATE_H
#define DYNAPG_AUDIT_PRIVATE_H

#include "datatype/timestamp.h"
#include "lib/stringinfo.h"

#include "op/audit.h"
#include "op/caller.h"

/* Where a part of an event is written, and how long it may become; what does not fit is left out, or cut. */
typedef struct AuditWriter
{
	StringInfo	out;
	int			limit;			/* of out->len */
	bool		truncated;		/* something was */
} AuditWriter;

/* ---- audit_json.c ---- */

/* Whether there is room for more; else notes that something is left out.  Containers that were begun are ended all the same. */
extern bool audit_has_room(AuditWriter *writer);

extern void audit_begin_object(AuditWriter *writer);
extern void audit_end_object(AuditWriter *writer);
extern void audit_begin_array(AuditWriter *writer);
extern void audit_end_array(AuditWriter *writer);

/* A member's name: as it is, or with its first letter in lower case, or of whatever characters. */
extern void audit_member(AuditWriter *writer, const char *name);
extern void audit_camel_member(AuditWriter *writer, const char *name, int len);
extern void audit_free_member(AuditWriter *writer, const char *name, int len);

/* A string in printable ASCII, cut where it is long; what is no UTF-8 in it is U+FFFD, and so is U+0000, which jsonb does not have. */
extern void audit_string(AuditWriter *writer, const char *text, int len);

/* Anything else: a number, true, false, null. */
extern void audit_bare(AuditWriter *writer, const char *text);

extern void audit_text_member(AuditWriter *writer, const char *name, const char *text);	/* NULL: null */

/* JSON as an operation writes it, with member names in lower case at their beginnings. */
extern void audit_answer(AuditWriter *writer, const char *json, int len);

/* ---- audit_request.c ---- */

/* The tables, streams, ... that a request names. */
typedef struct AuditResources
{
	StringInfoData arns;		/* each with its '\0' */
	int			count;
} AuditResources;

extern void audit_resource(AuditResources *resources, const char *name, int len);

/*
 * Writes requestParameters, and collects resources.  may_look: the catalog may be asked which values in PartiQL statements are keys'; else, as
 * in PG_CATCH, all of them go.
 */
extern void audit_parameters(AuditWriter *writer, const RequestValue *request, AuditResources *resources, bool may_look);

/* ---- audit.c ---- */

/* Appends the events that are kept, a line each. */
extern void audit_read_held(StringInfo out);

/* ---- audit_event.c ---- */

struct AuditCall
{
	int			operation;		/* -1: none that there is */
	bool		is_data;
	bool		is_outermost;
	Oid			user;			/* InvalidOid: nobody is known to ask */
	const char *user_name;
	const char *session_user;
	const char *claimed_key;
	const char *trace_id;		/* NULL: none that is known */
	int64		suppressed;		/* refusals that were not written before this one */
	const Caller *caller;
	const CallerSession *session;
	TimestampTz at;
	MemoryContext context;
	const RequestValue *request;	/* NULL: there is none (yet) */
	StringInfoData parameters;	/* data is NULL: not made (yet) */
	AuditResources resources;
	bool		truncated;
	int			response_start;	/* in the text of the answer; -1: it does not matter */
};

/* An event as a line, and where what is only known later goes into it. */
typedef struct AuditEvent
{
	TimestampTz at;
	bool		is_outermost;
	bool		has_failed;
	StringInfoData line;
	int			error_at;
	int			response_at;	/* what responseElements is */
	int			response_len;
} AuditEvent;

/* What an error is called, and what may be said of it. */
typedef struct AuditError
{
	const char *code;
	const char *message;
	bool		is_denied;
} AuditError;

extern void audit_read_error(const ErrorData *error, bool is_data, AuditError *result);

extern bool audit_is_data(int operation);
extern bool audit_is_read_only(int operation);

/* Makes an event of a call; error: NULL if it has succeeded; response: JSON, NULL: none. */
extern void audit_make_event(const AuditCall *call, const AuditError *error, const char *response, int response_len, AuditEvent *event);

/* Says that it has failed after all. */
extern void audit_change_event(AuditEvent *event, const AuditError *error);

#endif							/* DYNAPG_AUDIT_PRIVATE_H */
