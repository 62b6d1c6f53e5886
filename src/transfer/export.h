/*
 * export.h
 *		The parts of the process of an export.  Private to export*.c.
 *
 * An export is made of data files, each with the items of a segment of the hashes.  Since what items were at a moment can be read again at any
 * time, each file is made for itself: some of them are read in one transaction into temporary files, compressed; these are written to the
 * bucket outside of any; and each is committed as done.  A process that dies repeats what it was at; files have the same names then.
 */
#ifndef DYNAPG_TRANSFER_EXPORT_H
#define DYNAPG_TRANSFER_EXPORT_H

#include "storage/buffile.h"

#include "op/export.h"
#include "transfer/compress.h"
#include "transfer/object_store.h"
#include "transfer/transfer.h"

/* What a step has to know of its export; in the step's memory context. */
typedef struct Export
{
	const Transfer *transfer;
	ExportState state;
	const RequestValue *request;
	Expressions expressions;
	const char *bucket;
	ObjectStoreSettings *settings;
	int			n_parts;		/* of which the step reads those from first_part on */
	int			first_part;
} Export;

/* So many data files are read at once. */
#define EXPORT_FILES 8

/* What has been read of a data file. */
typedef struct ExportFile
{
	int			part;
	BufFile    *spool;			/* compressed; positioned at its beginning */
	CompressResult result;
	TransferCounts counts;
} ExportFile;

/*
 * Reads the files of parts that follow each other, at most EXPORT_FILES, in the current transaction, as the export's owner; they live in
 * the current memory context, the temporary files until export_close_files().  transfer_fail() if the items of that moment are no longer to be had.
 */
extern void export_read_files(const Export *export, ExportFile *files, int count);

/* Closes what export_read_files() has opened, whether or not it came to its end. */
extern void export_close_files(void);

/* The objects that tell what an export has: manifest-files.json, manifest-summary.json, and their checksums.  Outside of transactions. */
extern void export_write_manifests(const Export *export, ObjectStore *store, List *parts);

#endif							/* DYNAPG_TRANSFER_EXPORT_H */
