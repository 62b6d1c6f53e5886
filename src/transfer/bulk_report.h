/*
 * bulk_report.h
 *		What a bulk put leaves in its output bucket.
 *
 * Below <S3KeyPrefix>/AWSDynamoDB/<id>/:
 *
 *	_started					empty: that the bucket can be written is known before the first item is
 *	errors/00000001.json ...	a line for each item that cannot be written, or object that cannot be read on
 *	condition-check-failures/00000001.json ...	a line for each item whose condition did not hold
 *	manifest-files.json			a line for each of the objects above
 *	manifest-summary.json		what DescribeBulkOperation says at the end
 *
 * Lines are committed with the batch that they are of (dynapg.transfer_reports), and from there go into objects: an object that is written
 * twice, since its process died in between, is the same object.
 */
#ifndef DYNAPG_BULK_REPORT_H
#define DYNAPG_BULK_REPORT_H

#include "catalog/imports.h"
#include "transfer/input.h"

typedef struct BulkReport
{
	const Transfer *bulk;
	ObjectStore *store;
	char	   *folder;			/* of its keys */
	bool		wanted[REPORT_OBJECT];	/* OutputType */
	int64		waiting;		/* bytes of lines that have been committed since an object was written; more may be older */
} BulkReport;

/* Opens the output bucket, in the current memory context; fails the transfer where its owner may not write it.  Opens a transaction of its own. */
extern BulkReport *bulk_report_open(const Transfer *bulk);

/* Writes _started. */
extern void bulk_report_start(BulkReport *report);

/* The line of an item, palloc'd: of an error, or with the item and the one that is there (NULL: none). */
extern char *bulk_report_error(const BulkReport *report, const InputRequest *request, const char *key, int64 item_index, const char *message);
extern char *bulk_report_condition(const BulkReport *report, const InputRequest *request, const char *key, int64 item_index,
								   const JsonbValue *item, Jsonb *existing);

/* Moves lines that wait into an object, if they are many, or all that there are (all).  False if there was nothing to do. */
extern bool bulk_report_flush(BulkReport *report, bool all);

/* Writes the manifests, when all lines have gone into objects. */
extern void bulk_report_finish(BulkReport *report, const Transfer *bulk, TransferStatus status);

#endif							/* DYNAPG_BULK_REPORT_H */
