/*
 * compat.h
 *		What differs between PostgreSQL 15, 17 and 18.  The one place that asks PG_VERSION_NUM.
 */
#ifndef DYNAPG_COMPAT_H
#define DYNAPG_COMPAT_H

#include "access/genam.h"
#include "access/tableam.h"
#include "catalog/pg_class.h"
#include "catalog/pg_database.h"
#include "catalog/pg_namespace.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "parser/parse_relation.h"
#include "pgstat.h"
#include "catalog/pg_proc.h"
#include "utils/acl.h"
#include "storage/latch.h"
#include "utils/memutils.h"
#include "utils/relcache.h"

/* table_tuple_update()'s word on which indexes need entries: a boolean before 16. */
#if PG_VERSION_NUM < 160000
typedef bool TU_UpdateIndexes;
#define update_needs_indexes(update)	(update)
#define update_only_summarizing(update) false
#else
#define update_needs_indexes(update)	((update) != TU_None)
#define update_only_summarizing(update) ((update) == TU_Summarizing)
#endif

static inline IndexScanDesc
compat_index_beginscan(Relation heap, Relation index, Snapshot snapshot, int nkeys)
{
#if PG_VERSION_NUM >= 180000
	return index_beginscan(heap, index, snapshot, NULL, nkeys, 0);
#else
	return index_beginscan(heap, index, snapshot, nkeys, 0);
#endif
}

/*
 * index_getnext_slot() for callers whose current memory context does not live as long as the scan: what an index keeps of a scan on the way, as
 * B-trees do with dead entries, is put where the scan is.
 */
static inline bool
index_next_slot(IndexScanDesc scan, ScanDirection direction, TupleTableSlot *slot)
{
	MemoryContext caller = MemoryContextSwitchTo(GetMemoryChunkContext(scan));
	bool		found = index_getnext_slot(scan, direction, slot);

	MemoryContextSwitchTo(caller);
	return found;
}

/* The valid primary key that is checked at once; InvalidOid if there is none. */
static inline Oid
compat_primary_key(Relation relation)
{
#if PG_VERSION_NUM >= 180000
	return RelationGetPrimaryKeyIndex(relation, false);
#else
	return RelationGetPrimaryKeyIndex(relation);
#endif
}

static inline List *
compat_insert_index_tuples(ResultRelInfo *rel, TupleTableSlot *slot, EState *estate, bool update,
						   bool no_dup_error, bool *conflict, List *arbiters, bool only_summarizing)
{
#if PG_VERSION_NUM >= 160000
	return ExecInsertIndexTuples(rel, slot, estate, update, no_dup_error, conflict, arbiters, only_summarizing);
#else
	return ExecInsertIndexTuples(rel, slot, estate, update, no_dup_error, conflict, arbiters);
#endif
}

static inline bool
compat_check_index_constraints(ResultRelInfo *rel, TupleTableSlot *slot, EState *estate,
							   ItemPointer conflict, List *arbiters)
{
#if PG_VERSION_NUM >= 180000
	ItemPointerData invalid;

	ItemPointerSetInvalid(&invalid);
	return ExecCheckIndexConstraints(rel, slot, estate, conflict, &invalid, arbiters);
#else
	return ExecCheckIndexConstraints(rel, slot, estate, conflict, arbiters);
#endif
}

/* What ExecutorCheckPerms_hook is called with: range_table, and whether to raise. */
#if PG_VERSION_NUM >= 160000
#define COMPAT_CHECK_PERMS_PARAMETERS	List *range_table, List *permissions, bool raise
#define COMPAT_CHECK_PERMS_ARGUMENTS	range_table, permissions, raise
#else
#define COMPAT_CHECK_PERMS_PARAMETERS	List *range_table, bool raise
#define COMPAT_CHECK_PERMS_ARGUMENTS	range_table, raise
#endif

/*
 * Gives the executor state a range table of one entry, the relation, of which the column given is updated:
 * ExecInsertIndexTuples() asks it for what an UPDATE changes.
 */
static inline void
compat_init_range_table(EState *estate, Relation relation, AttrNumber updated)
{
	RangeTblEntry *rte = makeNode(RangeTblEntry);
	Bitmapset  *columns = bms_make_singleton(updated - FirstLowInvalidHeapAttributeNumber);

	rte->rtekind = RTE_RELATION;
	rte->relid = RelationGetRelid(relation);
	rte->relkind = relation->rd_rel->relkind;
	rte->rellockmode = RowExclusiveLock;
#if PG_VERSION_NUM >= 160000
	{
		List	   *permissions = NIL;
		RTEPermissionInfo *permission = addRTEPermissionInfo(&permissions, rte);

		permission->updatedCols = columns;
#if PG_VERSION_NUM >= 180000
		ExecInitRangeTable(estate, list_make1(rte), permissions, bms_make_singleton(1));
#else
		ExecInitRangeTable(estate, list_make1(rte), permissions);
#endif
	}
#else
	rte->updatedCols = columns;
	ExecInitRangeTable(estate, list_make1(rte));
#endif
}

/*
 * Tells the executor that an update of this relation changes no generated column: else it parses their expressions
 * anew for each update that is not HOT, only to find out that the key's columns may have changed, which ours have not.
 */
static inline void
compat_no_generated_updates(ResultRelInfo *rel, EState *estate)
{
#if PG_VERSION_NUM >= 180000
	rel->ri_extraUpdatedCols = NULL;
	rel->ri_extraUpdatedCols_valid = true;
#else
	ExprState **none = (ExprState **) palloc0(RelationGetDescr(rel->ri_RelationDesc)->natts * sizeof(ExprState *));
#if PG_VERSION_NUM >= 160000
	rel->ri_GeneratedExprsU = none;
#else
	ResultRelInfoExtra *extra = (ResultRelInfoExtra *) palloc0(sizeof(ResultRelInfoExtra));

	rel->ri_GeneratedExprs = none;
	extra->rinfo = rel;
	estate->es_resultrelinfo_extra = lappend(estate->es_resultrelinfo_extra, extra);
#endif
#endif
}

static inline bool
compat_owns_relation(Oid relation, Oid role)
{
#if PG_VERSION_NUM >= 160000
	return object_ownercheck(RelationRelationId, relation, role);
#else
	return pg_class_ownercheck(relation, role);
#endif
}

static inline AclResult
compat_schema_aclcheck(Oid schema, Oid role, AclMode mode)
{
#if PG_VERSION_NUM >= 160000
	return object_aclcheck(NamespaceRelationId, schema, role, mode);
#else
	return pg_namespace_aclcheck(schema, role, mode);
#endif
}

static inline AclResult
compat_function_aclcheck(Oid function, Oid role, AclMode mode)
{
#if PG_VERSION_NUM >= 160000
	return object_aclcheck(ProcedureRelationId, function, role, mode);
#else
	return pg_proc_aclcheck(function, role, mode);
#endif
}

/* Sets when a trigger fires (pg_trigger.tgenabled). */
static inline void
compat_enable_trigger(Relation relation, const char *name, char fires_when)
{
#if PG_VERSION_NUM >= 160000
	EnableDisableTrigger(relation, name, InvalidOid, fires_when, false, false, ShareRowExclusiveLock);
#else
	EnableDisableTrigger(relation, name, fires_when, false, ShareRowExclusiveLock);
#endif
}

/* A set of events that lives as long as the process. */
static inline WaitEventSet *
compat_create_wait_event_set(int size)
{
#if PG_VERSION_NUM >= 170000
	return CreateWaitEventSet(NULL, size);
#else
	return CreateWaitEventSet(TopMemoryContext, size);
#endif
}

static inline AclResult
compat_database_aclcheck(Oid database, Oid role, AclMode mode)
{
#if PG_VERSION_NUM >= 160000
	return object_aclcheck(DatabaseRelationId, database, role, mode);
#else
	return pg_database_aclcheck(database, role, mode);
#endif
}

/* Whether a role could SET ROLE to another. */
static inline bool
compat_may_set_role(Oid role, Oid other)
{
#if PG_VERSION_NUM >= 160000
	return member_can_set_role(role, other);
#else
	return is_member_of_role(role, other);
#endif
}

static inline PgStat_Counter
compat_live_tuples(PgStat_StatTabEntry *entry)
{
#if PG_VERSION_NUM >= 160000
	return entry->live_tuples;
#else
	return entry->n_live_tuples;
#endif
}

/* The new tuple of a decoded change. */
#if PG_VERSION_NUM >= 170000
#define compat_new_tuple(change) ((change)->data.tp.newtuple)
#else
#define compat_new_tuple(change) ((change)->data.tp.newtuple ? &(change)->data.tp.newtuple->tuple : NULL)
#endif

/*
 * PostgreSQL's rules for a private key's file, broken ones logged: a backend's function in all versions, declared in libpq/libpq.h, which
 * wants GSSAPI's headers where the server was built with it.
 */
extern bool check_ssl_key_file_permissions(const char *ssl_key_file, bool isServerStart);

#endif							/* DYNAPG_COMPAT_H */
