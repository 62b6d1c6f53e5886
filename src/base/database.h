/*
 * database.h
 *		This database.
 */
#ifndef DYNAPG_DATABASE_H
#define DYNAPG_DATABASE_H

#include "access/htup_details.h"
#include "catalog/pg_database.h"
#include "miscadmin.h"
#include "utils/syscache.h"

/* Who owns it. */
static inline Oid
database_owner(void)
{
	HeapTuple	row = SearchSysCache1(DATABASEOID, ObjectIdGetDatum(MyDatabaseId));
	Oid			owner;

	if (!HeapTupleIsValid(row))
		elog(ERROR, "cache lookup failed for database %u", MyDatabaseId);
	owner = ((Form_pg_database) GETSTRUCT(row))->datdba;
	ReleaseSysCache(row);
	return owner;
}

#endif							/* DYNAPG_DATABASE_H */
