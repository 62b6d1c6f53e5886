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

#include "base/bytes.h"
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
	bytea	   *low;			/* of the sort key; NULL: no bound */
	bytea	   *high;			/* less than this */
	bool		is_empty;
} BranchRead;

static LookupKey
lookup_key(const SelectPlan *plan)
{
	const TableInfo *table = plan->table;
	const TableIndex *index = plan->index;

	if (index != NULL)
	{
		/* statements on others are refused (partiql_statement) */
		Assert(index->n_hash == 1 && index->n_sort <= 1);
		return (LookupKey) {&index->hash[0], index->n_sort > 0 ? &index->sort[0] : NULL};
	}
	return (LookupKey) {&table->hash, table->has_sort ? &table->sort : NULL};
}

/* ------------------------------------------------------------------------------------------------------------
 * Ranges
 * ------------------------------------------------------------------------------------------------------------ */

/* Terms are on the key alone. */
static void
check_types(const LookupKey *key, const Branch *branch)
{
	static const AttrType types[] = {['S'] = ATTR_S, ['N'] = ATTR_N, ['B'] = ATTR_B};
	ListCell   *cell;

	foreach(cell, branch->terms)
	{
		const KeyTerm *term = (const KeyTerm *) lfirst(cell);
		const KeyAttribute *attribute = branch_names_attribute(term, key->hash) ? key->hash : key->sort;

		for (int i = 0; i < lengthof(term->values) && term->values[i] != NULL; i++)
			if (attr_type(term->values[i]) != types[attribute->type])
				dyn_invalid("Key attribute's data type should match its data type in table's schema: Key %s", attribute->name);
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

/* The range that terms make, at most one for each attribute. */
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

/* What is in both of two ranges of a partition. */
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

/* The bounds of the sort key, whichever form the range has. */
static void
note_bounds(BranchRead *read)
{
	const PageRequest *request = &read->read.request;
	const StorageIndexRange *range = &request->index_range;

	read->is_empty = request->empty;
	if (request->index == NULL)
	{
		read->low = request->range.low;
		read->high = request->range.high;
	}
	else if (range->n_equal > 0)
	{
		read->low = range->equal[0];
		read->high = storage_sort_after(VARDATA_ANY(range->equal[0]), VARSIZE_ANY_EXHDR(range->equal[0]));
	}
	else
	{
		read->low = range->low;
		read->high = range->high;
	}
}

/* How a branch is read; whole_partition: without looking at the sort key. */
static void
read_of_branch(const SelectPlan *plan, const LookupKey *key, const Branch *branch, bool whole_partition, BranchRead *read)
{
	bool		is_empty = false;
	List	   *equal = terms_on(branch, key->hash, &is_empty);
	List	   *ranges = NIL;
	bool		is_whole_key = plan->index == NULL && !whole_partition;
	PageRequest *request = &read->read.request;

	memset(read, 0, sizeof(*read));
	read->branch = branch;
	if (key->sort != NULL && !whole_partition)
	{
		List	   *terms = terms_on(branch, key->sort, &is_empty);

		if (terms != NIL && ((const KeyTerm *) linitial(terms))->op == KEY_OP_EQ)
			equal = list_concat(equal, terms);
		else
		{
			is_whole_key = false;
			ranges = terms;
		}
	}
	read->read.hash_value = ((const KeyTerm *) linitial(equal))->values[0];
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

/* Partitions are in the order of their keys. */
static int
compare_partitions(const BranchRead *a, const BranchRead *b)
{
	const PageRequest *x = &a->read.request;
	const PageRequest *y = &b->read.request;

	if (x->index == NULL)
		return bytes_compare(x->range.hash_bytes, x->range.hash_len, y->range.hash_bytes, y->range.hash_len);
	return bytes_compare(x->index_range.hash_bytes[0], x->index_range.hash_lens[0],
						 y->index_range.hash_bytes[0], y->index_range.hash_lens[0]);
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
	result = compare_bounds(x->low, y->low);
	return order->sort_descending ? -result : result;
}

/* Whether two ranges of one partition have anything in common. */
static bool
overlap(const BranchRead *a, const BranchRead *b)
{
	if (a->is_empty || b->is_empty)
		return false;
	return (a->high == NULL || b->low == NULL || query_compare_sort(b->low, a->high) < 0) &&
		(b->high == NULL || a->low == NULL || query_compare_sort(a->low, b->high) < 0);
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

/*
 * What SELECT names must be in a global index; of a local one what it lacks is fetched.  Neither
 * its paths nor those of WHERE may lead into a key attribute.
 */
static void
check_paths(SelectPlan *plan)
{
	const PartiqlStatement *statement = plan->statement;
	Projection	projection = {0};
	Expressions expressions = {.filter = statement->where, .projection = &projection};
	PageRequest request = {.table = plan->table, .index = plan->index, .page = {.select = SELECT_PROJECTED}};

	projection.paths = (DocPath **) palloc(Max(statement->n_columns, 1) * sizeof(DocPath *));
	for (int i = 0; i < statement->n_columns; i++)
		projection.paths[projection.n_paths++] = statement->columns[i].path;
	op_check_key_paths(plan->table, &expressions);
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

		if (op_path_names(by->path, key->hash))
		{
			order.hash_descending = by->descending;
			*names_hash = true;
		}
		else if (key->sort != NULL && op_path_names(by->path, key->sort))
			order.sort_descending = by->descending;
		else
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
	LookupKey	key;
	ReadOrder	order;
	bool		names_hash;

	memset(plan, 0, sizeof(*plan));
	plan->statement = statement;
	plan->table = table;
	plan->index = find_index(statement, table, consistent);
	key = lookup_key(plan);
	plan->is_keyed = statement->where != NULL && branch_gives_hash(&key, statement->where);
	order = read_order(plan, &key, &names_hash);
	plan->backward = plan->is_keyed && order.sort_descending;
	check_paths(plan);
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
