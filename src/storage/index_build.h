/*
 * index_build.h
 *		Building and dropping indexes online, by a worker of their own.
 *
 * At any moment writers may know two neighbouring states of an index, and no more: before a step, the builder waits for every
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
 * A builder that dies, or whose server gives way to a standby, is started again by whoever notices: the next DescribeTable or
 * UpdateTable, or the endpoint, when it starts and after a promotion.  One at a time works on a table, and is asked for once.
 */
#ifndef DYNAPG_INDEX_BUILD_H
#define DYNAPG_INDEX_BUILD_H

#include "catalog/tables.h"

/*
 * To be called in the transaction that has made an index CREATING or DELETING, by the table's owner.  Starts a builder, which begins
 * after this transaction's commit.  In a transaction block, or where no process can be started, does the work itself: under ShareLock
 * on the table for CREATING, and AccessExclusiveLock on the index for DELETING, until the transaction ends; a NOTICE says so.
 */
extern void index_build_start(const char *table_name);

/* If an index of the table waits to be built or dropped and no builder works on it, starts one. */
extern void index_build_resume(const TableInfo *table);

/* The same for all tables. */
extern void index_build_resume_all(void);

#endif							/* DYNAPG_INDEX_BUILD_H */
