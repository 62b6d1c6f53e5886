/*
 * index_build.h
 *		Building and dropping indexes online.
 *
 * At any moment writers may know two neighbouring states of an index, and no more: before a step, the job waits for every
 * transaction that had the table locked for writing before the last one was committed.  The states are
 *
 *	unknown			nobody has heard of it
 *	CREATING		writers take entries away, and make none: what one who knows more has entered, one who knows less may
 *					change without knowing
 *	CREATING, kept	writers keep it; when all know that, the table is read, in batches that commit: each locks its items FOR SHARE, reads
 *					the version locked, and enters what is not there yet
 *	ACTIVE			it is read
 *	DELETING, kept	nobody begins to read it; when the last reader has ended,
 *	DELETING		writers leave it alone; and when all do, it is dropped
 *
 * Table jobs (table_job.h) take the steps.
 */
#ifndef DYNAPG_INDEX_BUILD_H
#define DYNAPG_INDEX_BUILD_H

#include "catalog/tables.h"

/*
 * Whether an index of a table waits to be built or dropped; and whether that is for the table's job to do: the process of an import builds those
 * of its table itself, when it has filled it.
 */
extern bool index_build_is_wanted(Oid relation);
extern bool index_build_is_due(Oid relation);

/* Takes one step, outside of a transaction; each waits for those who know the step before last. */
extern void index_build_step(Oid relation);

/*
 * Builds and drops what waits, in this transaction: under ShareLock on the table for CREATING, and AccessExclusiveLock on the index for
 * DELETING, until the transaction ends; a NOTICE says so.
 */
extern void index_build_here(const char *table_name);

#endif							/* DYNAPG_INDEX_BUILD_H */
