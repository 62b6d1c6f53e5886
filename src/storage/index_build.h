/*
 * index_build.h
 *		Building and dropping indexes online, by a worker of their own.
 *
 * An index becomes CREATING by a committed transaction.  The builder then waits for every transaction that had the table locked
 * for writing before (they may not know the index), and only then reads the table, in batches that commit: each locks its items FOR
 * SHARE, reads the version locked, and enters what is not there yet.  Writers go on meanwhile and keep the index
 * themselves.  The last batch makes it ACTIVE.  An index becomes DELETING in the same way: the builder waits for those who may still
 * keep it and drops it.
 *
 * A builder that dies is started again by whoever notices: the next DescribeTable or UpdateTable, or the endpoint. One at a
 * time works on a table.
 */
#ifndef DYNAPG_INDEX_BUILD_H
#define DYNAPG_INDEX_BUILD_H

#include "catalog/tables.h"

/*
 * To be called in the transaction that has made an index CREATING or DELETING.  Starts a builder, which begins after this
 * transaction's commit.  In a transaction block, or where no process can be started, does the work itself: under ShareLock on the table for CREATING, and
 * AccessExclusiveLock on the index for DELETING, until the transaction ends; a NOTICE says so.
 */
extern void index_build_start(const char *table_name);

/* If an index of the table waits to be built or dropped and no builder works on it, starts one. */
extern void index_build_resume(const TableInfo *table);

/* The same for all tables. */
extern void index_build_resume_all(void);

#endif							/* DYNAPG_INDEX_BUILD_H */
