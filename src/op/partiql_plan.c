/*
 * partiql_plan.c
 *		How a PartiQL SELECT is read.
 *
 * If each way in which WHERE can hold gives the partition key by =, each of them (a branch) is a range of one partition: OR and IN
 * of key conditions make several branches, other conditions do not.  Ranges that overlap are refused, as the service does, so no
 * item is read twice, and WHERE as a whole can be asked of each item.  But where a condition on the sort key makes no range (NOT,
 * <>), the whole partition is read instead, once.
 */
#include "postgres.h"

#include "base/error.h"
#include "base/settings.h"
#include "base/varlena.h"
#include "op/op.h"
#include "op/partiql.h"
#include "op/partiql_branch.h"
#include "op/query_range.h"

/* A branch as it is read. */
typedef struct BranchRead
{
	const Branch *branch;
	SelectRead	read;
	bytea	   *low[INDEX_KEY_MAX_ATTRIBUTES];	/* of the sort attributes; NULL: no bound */
	bytea	   *high[INDEX_KEY_MAX_ATTRIBUTES]; /* less than this */
	bool		is_empty;
} BranchRead;

static LookupKey
lookup_key(const SelectPlan *plan)
{
	const TableInfo *table = plan->table;
	const TableIndex *index = plan->index;

	if (index != NULL)
		return (LookupKey) {index->hash, index->sort, index->n_hash, index->n_sort};
	return (LookupKey) {&table->hash, &table->sort, 1, table->has_sort ? 1 : 0};
}

/* ------------------------------------------------------------------------------------------------------------
 * Ranges
 * ------------------------------------------------------------------------------------------------------------ */

static void
check_types(const LookupKey *key, const Branch *branch)
{
	static const AttrType types[] = {['S'] = ATTR_S, ['N'] = ATTR_N, ['B'] = ATTR_B};
	ListCell   *cell;

	foreach(cell, branch->terms)
	{
		const KeyTerm *term = (const KeyTerm *) lfirst(cell);

		for (int i = 0; i < key->n_hash + key->n_sort; i++)
		{
			const KeyAttribute *attribute = i < key->n_hash ? &key->hash[i] : &key->sort[i - key->n_hash];

			for (int v = 0; branch_names_attribute(term, attribute) && v < lengthof(term->values) && term->values[v] != NULL; v++)
				if (attr_type(term->values[v]) != types[attribute->type])
					dyn_invalid("Key attribute's data type should match its data type in table's schema: Key %s",
								attribute->name);
		}
	}
}

/* The branch's terms on an attribute: = alone, if there is one.  Of two that exclude each other, sets *is_empty. */
static List *
terms_on(const Branch *branch, const KeyAttribute *attribute, bool *is_empty)
{
	KeyTerm    *equal = NULL;
	List	   *terms = NIL;
	ListCell   *cell;

	foreach(cell, branch->terms)
	{
		KeyTerm    *term = (KeyTerm *) lfirst(cell);

		if (!branch_names_attribute(term, attribute))
			continue;
		if (term->op == KEY_OP_EQ && equal != NULL)
			*is_empty |= !attr_equal(term->values[0], equal->values[0]);
		else if (term->op == KEY_OP_EQ)
			equal = term;
		terms = lappend(terms, term);
	}
	return equal != NULL ? list_make1(equal) : terms;
}

/* The range that terms make, one for each attribute. */
static void
range_of_terms(const SelectPlan *plan, const List *terms, PageRequest *request)
{
	static const RequestValue no_start_key = {0};
	KeyCondition condition = {0};
	ListCell   *cell;

	condition.terms = (KeyTerm *) palloc(list_length(terms) * sizeof(KeyTerm));
	foreach(cell, terms)
		condition.terms[condition.n_terms++] = *(const KeyTerm *) lfirst(cell);
	memset(request, 0, sizeof(*request));
	request->table = plan->table;
	request->index = plan->index;
	query_range(request, &condition, &no_start_key, plan->backward);
}

static bytea *
greater(bytea *a, bytea *b)
{
	return a == NULL || (b != NULL && query_compare_sort(a, b) < 0) ? b : a;
}

static bytea *
smaller(bytea *a, bytea *b)
{
	return a == NULL || (b != NULL && query_compare_sort(a, b) > 0) ? b : a;
}

/* What is in both of two ranges that differ in the bounds of their last attribute only. */
static void
intersect(PageRequest *request, const PageRequest *other)
{
	request->range.low = greater(request->range.low, other->range.low);
	request->range.high = smaller(request->range.high, other->range.high);
	request->index_range.low = greater(request->index_range.low, other->index_range.low);
	request->index_range.high = smaller(request->index_range.high, other->index_range.high);
	request->page.last_sort = NULL;
	request->empty |= other->empty;
	if (request->index == NULL)
		request->empty |= query_compare_sort(request->range.low, request->range.high) >= 0;
	else if (request->index_range.low != NULL && request->index_range.high != NULL)
		request->empty |= query_compare_sort(request->index_range.low, request->index_range.high) >= 0;
}

/* The bounds of each sort attribute, whichever form the range has. */
static void
note_bounds(BranchRead *read)
{
	const PageRequest *request = &read->read.request;
	const StorageIndexRange *range = &request->index_range;

	read->is_empty = request->empty;
	if (request->index == NULL)
	{
		read->low[0] = request->range.low;
		read->high[0] = request->range.high;
		return;
	}
	for (int i = 0; i < range->n_equal; i++)
	{
		read->low[i] = range->equal[i];
		read->high[i] = storage_sort_after(VARDATA_ANY(range->equal[i]), VARSIZE_ANY_EXHDR(range->equal[i]));
	}
	if (range->n_equal < request->index->n_sort)
	{
		read->low[range->n_equal] = range->low;
		read->high[range->n_equal] = range->high;
	}
}

/* How a branch is read; whole_partition: without looking at the sort key. */
static void
read_of_branch(const SelectPlan *plan, const LookupKey *key, const Branch *branch, bool whole_partition, BranchRead *read)
{
	List	   *equal = NIL;
	List	   *ranges = NIL;
	bool		is_whole_key = plan->index == NULL && !whole_partition;
	bool		is_empty = false;
	PageRequest *request = &read->read.request;

	memset(read, 0, sizeof(*read));
	read->branch = branch;
	for (int i = 0; i < key->n_hash; i++)
		equal = list_concat(equal, terms_on(branch, &key->hash[i], &is_empty));
	for (int i = 0; i < key->n_sort && ranges == NIL && !whole_partition; i++)
	{
		List	   *terms = terms_on(branch, &key->sort[i], &is_empty);

		if (terms != NIL && ((const KeyTerm *) linitial(terms))->op == KEY_OP_EQ)
			equal = list_concat(equal, terms);
		else
		{
			is_whole_key = false;
			ranges = terms;
			if (terms == NIL)
				break;
		}
	}
	range_of_terms(plan, ranges == NIL ? equal : lappend(list_copy(equal), linitial(ranges)), request);
	for (int i = 1; i < list_length(ranges); i++)
	{
		PageRequest other;

		range_of_terms(plan, lappend(list_copy(equal), list_nth(ranges, i)), &other);
		intersect(request, &other);
	}
	request->empty |= is_empty;
	note_bounds(read);
	if (is_whole_key && !is_empty)
	{
		const bytea *sort = request->range.low;

		read->read.is_get = true;
		storage_key(&read->read.key, plan->table, request->range.hash_bytes, request->range.hash_len,
					VARDATA_ANY(sort), VARSIZE_ANY_EXHDR(sort));
	}
}

/* ------------------------------------------------------------------------------------------------------------
 * The order of reads, and overlaps
 * ------------------------------------------------------------------------------------------------------------ */

static int
compare_bytes(const char *a, int a_len, const char *b, int b_len)
{
	int			order = memcmp(a, b, Min(a_len, b_len));

	return order != 0 ? order : a_len - b_len;
}

/* Partitions are in the order of their keys. */
static int
compare_partitions(const BranchRead *a, const BranchRead *b)
{
	const PageRequest *x = &a->read.request;
	const PageRequest *y = &b->read.request;
	int			order = 0;

	if (x->index == NULL)
		return compare_bytes(x->range.hash_bytes, x->range.hash_len, y->range.hash_bytes, y->range.hash_len);
	for (int i = 0; i < x->index->n_hash && order == 0; i++)
		order = compare_bytes(x->index_range.hash_bytes[i], x->index_range.hash_lens[i],
							  y->index_range.hash_bytes[i], y->index_range.hash_lens[i]);
	return order;
}

static int
compare_bounds(const bytea *a, const bytea *b)
{
	if (a == NULL || b == NULL)
		return a == b ? 0 : a == NULL ? -1 : 1;
	return query_compare_sort(a, b);
}

typedef struct ReadOrder
{
	bool		hash_descending;
	bool		sort_descending;
} ReadOrder;

static int
compare_reads(const void *a, const void *b, void *argument)
{
	const BranchRead *x = (const BranchRead *) a;
	const BranchRead *y = (const BranchRead *) b;
	const ReadOrder *order = (const ReadOrder *) argument;
	int			result = compare_partitions(x, y);

	if (result != 0)
		return order->hash_descending ? -result : result;
	for (int i = 0; i < INDEX_KEY_MAX_ATTRIBUTES && result == 0; i++)
		result = compare_bounds(x->low[i], y->low[i]);
	return order->sort_descending ? -result : result;
}

/* Whether two ranges of one partition have anything in common. */
static bool
overlap(const BranchRead *a, const BranchRead *b)
{
	if (a->is_empty || b->is_empty)
		return false;
	for (int i = 0; i < INDEX_KEY_MAX_ATTRIBUTES; i++)
		if ((a->high[i] != NULL && b->low[i] != NULL && query_compare_sort(b->low[i], a->high[i]) >= 0) ||
			(b->high[i] != NULL && a->low[i] != NULL && query_compare_sort(a->low[i], b->high[i]) >= 0))
			return false;
	return true;
}

/* Reads the partition of reads[first] once and whole instead of by all its reads; returns how many reads are left. */
static int
merge_partition(const SelectPlan *plan, const LookupKey *key, BranchRead *reads, int count, int first)
{
	BranchRead	whole;
	int			left = 0;

	read_of_branch(plan, key, reads[first].branch, true, &whole);
	for (int i = 0; i < count; i++)
	{
		if (i == first)
			reads[left++] = whole;
		else if (compare_partitions(&reads[i], &whole) != 0)
			reads[left++] = reads[i];
	}
	return left;
}

/* The first of two reads that overlap, and the second in *other; -1 if there are none. */
static int
find_overlap(const BranchRead *reads, int count, int *other)
{
	for (int i = 0; i < count; i++)
		for (*other = i + 1; *other < count; (*other)++)
			if (compare_partitions(&reads[i], &reads[*other]) == 0 && overlap(&reads[i], &reads[*other]))
				return i;
	return -1;
}

/* Refuses reads that overlap, or makes one of them; returns how many reads are left. */
static int
resolve_overlaps(const SelectPlan *plan, const LookupKey *key, BranchRead *reads, int count)
{
	int			first;
	int			second;

	while ((first = find_overlap(reads, count, &second)) >= 0)
	{
		if (!reads[first].branch->has_no_range && !reads[second].branch->has_no_range)
			dyn_invalid("Overlapping conditions with range keys are not supported in where clause");
		count = merge_partition(plan, key, reads, count, first);
	}
	return count;
}

/* ------------------------------------------------------------------------------------------------------------
 * Checks
 * ------------------------------------------------------------------------------------------------------------ */

static const TableIndex *
find_index(const PartiqlStatement *statement, const TableInfo *table, bool consistent)
{
	const TableIndex *index;

	if (statement->index == NULL)
		return NULL;
	index = catalog_index(table, statement->index, statement->index_len);
	if (index == NULL || !index_is_kept(index))
		dyn_invalid("The table does not have the specified index");
	if (index->global && consistent && !dynapg_consistent_gsi_reads)
		dyn_invalid("Strongly consistent read is not supported on Global Secondary Indexes");
	if (!index_is_readable(index) || catalog_index_status(index) == TABLE_CREATING)
		dyn_invalid("Cannot read from backfilling global secondary index: %s", index->name);
	return index;
}

/* What SELECT names must be in a global index; of a local one what it lacks is fetched. */
static void
check_selection(SelectPlan *plan)
{
	const PartiqlStatement *statement = plan->statement;
	Projection	projection = {0};
	PageRequest request = {.table = plan->table, .index = plan->index, .page = {.select = SELECT_PROJECTED}};

	projection.paths = (DocPath **) palloc(Max(statement->n_columns, 1) * sizeof(DocPath *));
	for (int i = 0; i < statement->n_columns; i++)
		projection.paths[projection.n_paths++] = statement->columns[i].path;
	request.page.projection = &projection;
	page_check_selection(&request);
	plan->whole_items = request.whole_items;
}

/*
 * A lookup in an index does not ask for attributes that it does not hold; but one branch that asks for none of them is
 * enough.  reads are in the order of their partitions.
 */
static void
check_filters(const SelectPlan *plan, const BranchRead *reads, int count)
{
	Unprojected missing = {0};

	for (int i = 0; i < count; i++)
	{
		ListCell   *cell;

		missing = (Unprojected) {plan->table, plan->index, NIL};
		foreach(cell, reads[i].branch->others)
			condition_visit_paths((const ExprNode *) lfirst(cell), page_collect_unprojected, &missing);
		if (missing.paths == NIL)
			return;
	}
	dyn_invalid("One or more parameter values were invalid: Secondary index %s does not project one or more filter "
				"attributes: [%s]", plan->index->name, page_unprojected_names(&missing));
}

/* ORDER BY: the directions that it asks for. */
static ReadOrder
read_order(const SelectPlan *plan, const LookupKey *key, bool *names_hash)
{
	const PartiqlStatement *statement = plan->statement;
	ReadOrder	order = {false, statement->n_order > 0};

	*names_hash = false;
	for (int i = 0; i < statement->n_order; i++)
	{
		const PartiqlOrder *by = &statement->order[i];
		bool		found = false;

		for (int k = 0; k < key->n_hash; k++)
			if (op_path_names(by->path, &key->hash[k]))
			{
				order.hash_descending = by->descending;
				found = *names_hash = true;
			}
		for (int k = 0; k < key->n_sort; k++)
			if (op_path_names(by->path, &key->sort[k]))
			{
				order.sort_descending = by->descending;
				found = true;
			}
		if (!found)
			dyn_invalid("Attribute %s in ORDER BY clause must be part of the primary key",
						pnstrdup(by->path->steps[0].name, by->path->steps[0].name_len));
	}
	if (statement->n_order > 0 && !plan->is_keyed)
		dyn_invalid("Must have at least one non-optional hash key condition in WHERE clause when using ORDER BY clause.");
	return order;
}

/* ------------------------------------------------------------------------------------------------------------
 * The plan
 * ------------------------------------------------------------------------------------------------------------ */

/* Everything is read, in the order of hashes. */
static void
plan_scan(SelectPlan *plan)
{
	PageRequest *request;

	plan->reads = (SelectRead *) palloc0(sizeof(SelectRead));
	plan->n_reads = 1;
	request = &plan->reads[0].request;
	request->table = plan->table;
	request->index = plan->index;
	memset(&request->range.last, 0xFF, UUID_LEN);
	request->range.low = storage_sort_bytes("", 0);
	memset(&request->index_range.last, 0xFF, UUID_LEN);
}

static void
plan_lookups(SelectPlan *plan, const LookupKey *key, ReadOrder *order, bool names_hash)
{
	List	   *branches = branches_of_condition(key, plan->statement->where);
	BranchRead *reads = (BranchRead *) palloc(list_length(branches) * sizeof(BranchRead));
	int			count = 0;
	ListCell   *cell;

	foreach(cell, branches)
		check_types(key, (const Branch *) lfirst(cell));
	foreach(cell, branches)
		read_of_branch(plan, key, (const Branch *) lfirst(cell), false, &reads[count++]);
	qsort_arg(reads, count, sizeof(BranchRead), compare_reads, order);
	if (plan->index != NULL)
		check_filters(plan, reads, count);
	for (int i = 1; i < count; i++)
		if (plan->statement->n_order > 0 && !names_hash && compare_partitions(&reads[0], &reads[i]) != 0)
			dyn_invalid("Must have hash key in ORDER BY clause when more than one hash key condition specified in "
						"WHERE clause.");
	count = resolve_overlaps(plan, key, reads, count);
	plan->reads = (SelectRead *) palloc(count * sizeof(SelectRead));
	for (int i = 0; i < count; i++)
		plan->reads[plan->n_reads++] = reads[i].read;
}

void
partiql_plan(const PartiqlStatement *statement, const TableInfo *table, bool consistent, SelectPlan *plan)
{
	Expressions expressions = {.filter = statement->where};
	LookupKey	key;
	ReadOrder	order;
	bool		names_hash;

	memset(plan, 0, sizeof(*plan));
	plan->statement = statement;
	plan->table = table;
	plan->index = find_index(statement, table, consistent);
	key = lookup_key(plan);
	plan->is_keyed = statement->where != NULL;
	for (int i = 0; i < key.n_hash && plan->is_keyed; i++)
		plan->is_keyed = branch_gives_attribute(&key, statement->where, &key.hash[i]);
	order = read_order(plan, &key, &names_hash);
	plan->backward = plan->is_keyed && order.sort_descending;
	op_check_key_paths(table, &expressions);
	check_selection(plan);
	if (plan->is_keyed)
		plan_lookups(plan, &key, &order, names_hash);
	else
		plan_scan(plan);
	for (int i = 0; i < plan->n_reads; i++)
		plan->reads[i].request.whole_items = plan->whole_items;
}

/* ------------------------------------------------------------------------------------------------------------
 * Going on
 * ------------------------------------------------------------------------------------------------------------ */

bool
partiql_continue_behind(const SelectPlan *plan, SelectRead *read, AttributeMap *key)
{
	RequestValue start_key = {.present = true, .as = {.attributes = key}};
	StorageRange *range = &read->request.range;
	StorageKey	start;

	if (read->is_get)
		return false;
	if (plan->index != NULL)
	{
		page_index_start(plan->table, plan->index, &start_key, &read->request.index_range);
		page_index_start_item(plan->table, &start_key, &read->request.index_range);
		return true;
	}
	if (!page_start_key(plan->table, &start_key, &start))
		return false;
	if (range->backward)
		range->high = start.sort;
	else
	{
		range->first = start.hash;
		range->low = storage_sort_after(VARDATA_ANY(start.sort), VARSIZE_ANY_EXHDR(start.sort));
	}
	if (plan->is_keyed)
		read->request.empty = query_compare_sort(range->low, range->high) >= 0;
	return true;
}
