/*
 * imports.h
 *		Tables that are being imported, and what transfers have to report of items: dynapg.transfer_reports.
 *
 * A table that is imported is CREATING without an end, as one that is restored (catalog/restores.h), until its items and indexes are there.
 */
#ifndef DYNAPG_IMPORTS_H
#define DYNAPG_IMPORTS_H

#include "catalog/restores.h"

/*
 * Whether an import fills a table.  False of one that has come by a dump, which nobody fills any more: that can be deleted like one
 * that is being restored.
 */
extern bool catalog_is_being_imported(const TableInfo *table);

typedef enum TransferReportKind
{
	REPORT_ERROR,				/* the item, or the rest of its object, could not be read or written */
	REPORT_CONDITION,			/* its condition did not hold */
	REPORT_OBJECT				/* an object that has got reports of the other kinds */
} TransferReportKind;

typedef struct TransferReport
{
	TransferReportKind kind;
	int			part;
	int64		item_index;
	const char *message;
	const char *line;			/* JSON; NULL: only the message is wanted */
} TransferReport;

/* Adds reports, TransferReport pointers, to those of a transfer, in their order. */
extern void catalog_add_reports(const char *transfer, List *reports);

/* Lines of the oldest reports of a kind, each with a newline: so many bytes, and the rest of a line. */
typedef struct TransferReportLines
{
	char	   *lines;
	int64		count;
	int64		last;			/* where catalog_forget_reports() may go up to, and catalog_report_lines() may go on */
} TransferReportLines;

/* Those behind a place (0: from the first); palloc'd, false if there are none. */
extern bool catalog_report_lines(const char *transfer, TransferReportKind kind, int64 after, int64 bytes, TransferReportLines *lines);

/* Removes those of a kind up to a place. */
extern void catalog_forget_reports(const char *transfer, TransferReportKind kind, int64 last);

/* How many a transfer has of a kind, all that have been forgotten not counted. */
extern int64 catalog_count_reports(const char *transfer, TransferReportKind kind);

#endif							/* DYNAPG_IMPORTS_H */
