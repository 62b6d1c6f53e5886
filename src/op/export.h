/*
 * export.h
 *		What the operations on exports share, and what the process of an export (transfer/export.c) knows from its request.
 */
#ifndef DYNAPG_OP_EXPORT_H
#define DYNAPG_OP_EXPORT_H

#include "catalog/transfers.h"
#include "log/log_moment.h"
#include "op/expressions.h"
#include "op/request.h"
#include "storage/storage.h"

/* The state of an export's transfer: which table, as of when, and what is billed. */
typedef struct ExportState
{
	Oid			relation;
	int32		log;
	LogMoment	moment;			/* what the items are exported as of */
	bool		incremental;
	LogMoment	from;			/* what their changes are exported since; incremental only */
	TimestampTz time;			/* ExportTime, or ExportToTime */
	TimestampTz from_time;		/* ExportFromTime */
	int64		billed;			/* bytes: of a full export, those of the table when it was asked for */
} ExportState;

extern Jsonb *export_state_jsonb(const ExportState *state);
extern void export_state_read(Jsonb *jsonb, ExportState *state);

/* The request of an export, as ExportTableToPointInTime got it but for its ClientToken. */
extern const RequestValue *export_request(const Transfer *transfer);

/* Whether an export is of the format ION; whether an incremental one wants old images. */
extern bool export_is_ion(const RequestValue *request);
extern bool export_wants_old_images(const RequestValue *request);

/* FilterSpecification. */
typedef struct ExportFilter
{
	bool		has_range;		/* KeyConditionExpression: only the items of this range */
	bool		is_empty;		/* no key can be in it */
	StorageRange range;
	const ExprNode *condition;	/* NULL: all items */
	const Projection *projection;	/* NULL: whole */
} ExportFilter;

/*
 * Reads the FilterSpecification of a request, and raises what is wrong with it: first what can be said of it alone, then (export_filter_check) what
 * depends on the table.
 */
extern void export_filter_read(const RequestValue *request, Expressions *expressions);
extern void export_filter_check(const TableInfo *table, const Expressions *expressions, ExportFilter *filter);

/* The key of the summary of its manifest: <S3Prefix>/AWSDynamoDB/<id>/manifest-summary.json, and of another object there; palloc'd. */
extern char *export_object_key(const Transfer *transfer, const char *name);

/* The same of a data file; those of incremental exports are not below the id. */
extern char *export_data_key(const Transfer *transfer, const ExportState *state, const char *name);

/* Writes {"ExportDescription": {...}}. */
extern void export_write_description(WireWriter *response, const Transfer *transfer);

#endif							/* DYNAPG_OP_EXPORT_H */
