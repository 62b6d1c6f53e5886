/*
 * layout.c
 *		What an item table looks like, read off the relation itself.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/stratnum.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xlog.h"
#include "catalog/pg_index.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "nodes/primnodes.h"
#include "rewrite/prs2lock.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/tuplesort.h"
#include "utils/typcache.h"

#include "base/compat.h"
#include "base/error.h"
#include "storage/am.h"
#include "storage/layout.h"
#include "storage/triggers.h"

/* The generation functions, from value_sql.c. */
extern PGDLLEXPORT Datum dynapg_partition_hash(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum dynapg_sort_key(PG_FUNCTION_ARGS);

/*
 * Takes apart a column's generation expression: function(item, 'name', 'type').  False if it is anything else.
 */
static bool
read_generated_key(TupleDesc desc, AttrNumber column, PGFunction function,
				   char *name, int *name_len, KeyType *type)
{
	const char *source = NULL;
	FuncExpr   *call;
	FmgrInfo	info;
	text	   *texts[2];
	const char *stored;
	int			type_len;

	if (TupleDescAttr(desc, column - 1)->attgenerated != ATTRIBUTE_GENERATED_STORED || desc->constr == NULL)
		return false;
	for (int i = 0; i < desc->constr->num_defval; i++)
		if (desc->constr->defval[i].adnum == column)
			source = desc->constr->defval[i].adbin;
	if (source == NULL)
		return false;

	call = (FuncExpr *) stringToNode(source);
	if (!IsA(call, FuncExpr) || list_length(call->args) != 3)
		return false;
	if (!IsA(linitial(call->args), Var) || ((Var *) linitial(call->args))->varattno != LAYOUT_ITEM)
		return false;
	for (int i = 0; i < 2; i++)
	{
		Const	   *constant = (Const *) list_nth(call->args, i + 1);

		if (!IsA(constant, Const) || constant->consttype != TEXTOID || constant->constisnull)
			return false;
		texts[i] = DatumGetTextPP(constant->constvalue);
	}
	fmgr_info(call->funcid, &info);
	if (info.fn_addr != function)
		return false;

	type_len = VARSIZE_ANY_EXHDR(texts[1]);
	if (VARSIZE_ANY_EXHDR(texts[0]) < 1 || VARSIZE_ANY_EXHDR(texts[0]) > KEY_NAME_MAX_SIZE || type_len != 1)
		return false;
	stored = attr_name_to_stored(VARDATA_ANY(texts[0]), VARSIZE_ANY_EXHDR(texts[0]), name_len);
	memcpy(name, stored, *name_len);
	name[*name_len] = '\0';
	*type = (KeyType) *VARDATA_ANY(texts[1]);
	return *type == KEY_TYPE_S || *type == KEY_TYPE_N || *type == KEY_TYPE_B;
}

/* Whether the generation expression of the sort column says that the table has no sort key: ''::bytea. */
static bool
has_no_sort_key(TupleDesc desc)
{
	if (desc->constr == NULL)
		return false;
	for (int i = 0; i < desc->constr->num_defval; i++)
	{
		Const	   *constant;

		if (desc->constr->defval[i].adnum != LAYOUT_SORT)
			continue;
		constant = (Const *) stringToNode(desc->constr->defval[i].adbin);
		return IsA(constant, Const) && constant->consttype == BYTEAOID && !constant->constisnull &&
			VARSIZE_ANY_EXHDR(DatumGetPointer(constant->constvalue)) == 0;
	}
	return false;
}

bool
layout_has_triggers(Relation relation)
{
	return triggers_has(relation, TRIGGER_ITEMS_CHANGED, false) &&
		triggers_has(relation, TRIGGER_ITEMS_TRUNCATING, false) &&
		triggers_has(relation, TRIGGER_ITEMS_TRUNCATED, false);
}

/* Whether a relation has triggers that are not ours. */
static bool
has_foreign_triggers(Relation relation)
{
	TriggerDesc *triggers = relation->trigdesc;

	for (int i = 0; triggers != NULL && i < triggers->numtriggers; i++)
		if (!triggers_is_ours(&triggers->triggers[i], TRIGGERS_OF_ITEMS))
			return true;
	return false;
}

/* Whether direct access would pass by something that the executor would have honoured. */
static bool
allows_direct_access(Relation relation)
{
	TupleDesc	desc = RelationGetDescr(relation);

	return desc->natts == LAYOUT_COLUMNS &&
		relation->rd_rel->relkind == RELKIND_RELATION &&
		am_is_heap(relation) &&
		!relation->rd_rel->relhassubclass &&
		!relation->rd_rel->relispartition &&
		!has_foreign_triggers(relation) &&
		relation->rd_rules == NULL &&
		(desc->constr == NULL || desc->constr->num_check == 0);
}

static void
read_layout(Relation relation, Layout *layout)
{
	static const Oid types[LAYOUT_COLUMNS] = {UUIDOID, BYTEAOID, JSONBOID};
	static const char *const names[LAYOUT_COLUMNS] = {"hash", "sort", "item"};
	TupleDesc	desc = RelationGetDescr(relation);

	memset(layout, 0, sizeof(*layout));
	if (desc->natts < LAYOUT_COLUMNS)
		return;
	for (int i = 0; i < LAYOUT_COLUMNS; i++)
		if (TupleDescAttr(desc, i)->attisdropped || TupleDescAttr(desc, i)->atttypid != types[i] ||
			strcmp(NameStr(TupleDescAttr(desc, i)->attname), names[i]) != 0)
			return;
	if (!read_generated_key(desc, LAYOUT_HASH, dynapg_partition_hash,
							layout->hash_name, &layout->hash_name_len, &layout->hash_type))
		return;
	layout->has_sort = read_generated_key(desc, LAYOUT_SORT, dynapg_sort_key,
										  layout->sort_name, &layout->sort_name_len, &layout->sort_type);
	if (!layout->has_sort && !has_no_sort_key(desc))
		return;
	layout->valid = true;
	layout->direct = allows_direct_access(relation);
}

/* Reads the layout of a relation, or of the one that it is to replace, and leaves no memory behind. */
static void
read_layout_in_scratch(Relation relation, Layout *layout)
{
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext, "dynapg layout", ALLOCSET_SMALL_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(scratch);

	if (OidIsValid(relation->rd_rel->relrewrite))
	{
		/* the rewriting command holds the lock that this needs */
		Relation	rewritten = table_open(relation->rd_rel->relrewrite, NoLock);

		*layout = *layout_of(rewritten);
		table_close(rewritten, NoLock);
	}
	else
		read_layout(relation, layout);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(scratch);
}

const Layout *
layout_of(Relation relation)
{
	static Layout uncached;

	/* rd_amcache is the access method's: heap leaves it alone, of another we know nothing */
	if (!am_is_heap(relation))
	{
		read_layout_in_scratch(relation, &uncached);
		return &uncached;
	}
	if (relation->rd_amcache == NULL)
	{
		Layout		layout;

		read_layout_in_scratch(relation, &layout);

		/* reading may have processed invalidations and even filled the cache */
		if (relation->rd_amcache == NULL)
			relation->rd_amcache = MemoryContextAlloc(CacheMemoryContext, sizeof(Layout));
		memcpy(relation->rd_amcache, &layout, sizeof(Layout));
	}
	return (const Layout *) relation->rd_amcache;
}

bool
layout_is_absent(Relation relation)
{
	return RecoveryInProgress() && relation->rd_rel->relpersistence != RELPERSISTENCE_PERMANENT;
}

bool
layout_is_key_index(Relation index)
{
	return index->rd_index->indnkeyatts == 2 &&
		index->rd_index->indkey.values[0] == LAYOUT_HASH &&
		index->rd_index->indkey.values[1] == LAYOUT_SORT;
}

bool
layout_guards_key(HeapTuple index_row)
{
	const FormData_pg_index *index = (const FormData_pg_index *) GETSTRUCT(index_row);

	return index->indisunique && index->indimmediate && index->indnkeyatts == 2 &&
		index->indkey.values[0] == LAYOUT_HASH && index->indkey.values[1] == LAYOUT_SORT &&
		heap_attisnull(index_row, Anum_pg_index_indpred, NULL);
}

void
layout_keys(const Layout *layout, Jsonb *item, pg_uuid_t *hash, bytea **sort)
{
	JsonbValue	map;
	const char *bytes;
	int			len;

	attr_from_item(item, &map);
	key_of_item(&map, layout->hash_name, layout->hash_name_len, layout->hash_type, false, &bytes, &len);
	key_hash(layout->hash_type, bytes, len, hash);

	len = 0;
	if (layout->has_sort)
		key_of_item(&map, layout->sort_name, layout->sort_name_len, layout->sort_type, true, &bytes, &len);
	*sort = (bytea *) palloc(VARHDRSZ + len);
	SET_VARSIZE(*sort, VARHDRSZ + len);
	if (len > 0)
		memcpy(VARDATA(*sort), bytes, len);
}

void
layout_check_item(const Layout *layout, Jsonb *item, pg_uuid_t *hash, bytea **sort)
{
	if (attr_check_item(item) > ITEM_MAX_SIZE)
		dyn_invalid("Item size has exceeded the maximum allowed size");
	layout_keys(layout, item, hash, sort);
}

Tuplesortstate *
layout_begin_sort(TupleDesc columns, int n_keys, AttrNumber *keys)
{
	Oid		   *operators = (Oid *) palloc(n_keys * sizeof(Oid));
	Oid		   *collations = (Oid *) palloc0(n_keys * sizeof(Oid));
	bool	   *nulls_first = (bool *) palloc0(n_keys * sizeof(bool));

	for (int i = 0; i < n_keys; i++)
		operators[i] = lookup_type_cache(TupleDescAttr(columns, keys[i] - 1)->atttypid, TYPECACHE_LT_OPR)->lt_opr;
	return tuplesort_begin_heap(columns, n_keys, keys, operators, collations, nulls_first, maintenance_work_mem, NULL, TUPLESORT_NONE);
}

bool
layout_is_same_key(const pg_uuid_t *hash, const bytea *sort, const pg_uuid_t *other_hash, const bytea *other_sort)
{
	return memcmp(hash, other_hash, UUID_LEN) == 0 &&
		VARSIZE_ANY_EXHDR(sort) == VARSIZE_ANY_EXHDR(other_sort) &&
		memcmp(VARDATA_ANY(sort), VARDATA_ANY(other_sort), VARSIZE_ANY_EXHDR(sort)) == 0;
}

bool
layout_row_has_key(TupleTableSlot *slot, const pg_uuid_t *hash, const bytea *sort)
{
	bool		isnull;
	Datum		row_hash = slot_getattr(slot, LAYOUT_HASH, &isnull);
	Datum		row_sort = slot_getattr(slot, LAYOUT_SORT, &isnull);

	return layout_is_same_key(DatumGetUUIDP(row_hash), DatumGetByteaPP(row_sort), hash, sort);
}

void
layout_scan_keys(ScanKey keys, const pg_uuid_t *hash, StrategyNumber strategy, const bytea *sort)
{
	static const RegProcedure comparisons[] = {
		[BTLessStrategyNumber] = F_BYTEALT,
		[BTLessEqualStrategyNumber] = F_BYTEALE,
		[BTEqualStrategyNumber] = F_BYTEAEQ,
		[BTGreaterEqualStrategyNumber] = F_BYTEAGE,
		[BTGreaterStrategyNumber] = F_BYTEAGT,
	};

	ScanKeyInit(&keys[0], LAYOUT_HASH, BTEqualStrategyNumber, F_UUID_EQ, UUIDPGetDatum(hash));
	ScanKeyInit(&keys[1], LAYOUT_SORT, strategy, comparisons[strategy], PointerGetDatum(sort));
}

void
layout_row_scan_key(ScanKey header, ScanKey row)
{
	memset(header, 0, sizeof(ScanKeyData));
	header->sk_flags = SK_ROW_HEADER;
	header->sk_attno = row->sk_attno;
	header->sk_strategy = row->sk_strategy;
	header->sk_argument = PointerGetDatum(row);
}

bool
layout_find_row(Relation relation, Relation key_index, Snapshot snapshot, const pg_uuid_t *hash, const bytea *sort,
				TupleTableSlot *slot)
{
	ScanKeyData keys[2];
	IndexScanDesc scan;
	bool		found;

	layout_scan_keys(keys, hash, BTEqualStrategyNumber, sort);
	scan = compat_index_beginscan(relation, key_index, snapshot, 2);
	index_rescan(scan, keys, 2, NULL, 0);
	found = index_getnext_slot(scan, ForwardScanDirection, slot);
	index_endscan(scan);
	return found;
}

bool
layout_find_row_now(Relation relation, const pg_uuid_t *hash, const bytea *sort, TupleTableSlot *slot)
{
	Oid			oid = compat_primary_key(relation);
	Relation	key_index = OidIsValid(oid) ? index_open(oid, AccessShareLock) : NULL;
	bool		found;

	if (key_index == NULL || !layout_is_key_index(key_index))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("table \"%s\" has no primary key of hash and sort", RelationGetRelationName(relation))));
	found = layout_find_row(relation, key_index, SnapshotSelf, hash, sort, slot);
	index_close(key_index, NoLock);
	return found;
}
