/*
 * partiql_branch.c
 *		The ways in which a PartiQL SELECT's WHERE can hold.
 *
 * OR of conditions on the key, and IN, make branches; AND joins each of one side with each of the other.  Conditions
 * without the key stay as they are, whatever is in them.
 */
#include "postgres.h"

#include "base/error.h"
#include "op/expressions.h"
#include "op/partiql_branch.h"

#define MAX_BRANCHES 50

bool
branch_names_attribute(const KeyTerm *term, const KeyAttribute *attribute)
{
	return term->name_len == attribute->name_len && memcmp(term->name, attribute->name, term->name_len) == 0;
}

/* The term that a condition is, if it is one on the key that makes a range; of IN, that of its first value. */
static KeyTerm *
key_term(const LookupKey *key, const ExprNode *node)
{
	ExprNode	first = *node;
	KeyTerm    *term;

	if (node->kind == NODE_IN)
	{
		for (int i = 1; i < node->n_args; i++)
			if (node->args[i]->kind != NODE_VALUE)
				return NULL;
		first.kind = NODE_EQ;
		first.n_args = Min(node->n_args, 2);
		if (node->n_args < 2 || node->args[0]->kind != NODE_PATH)
			return NULL;
	}
	term = expr_key_term(&first);
	if (term == NULL)
		return NULL;
	if (branch_names_attribute(term, key->hash))
		return term->op == KEY_OP_EQ ? term : NULL;
	return key->sort != NULL && branch_names_attribute(term, key->sort) ? term : NULL;
}

bool
branch_gives_hash(const LookupKey *key, const ExprNode *node)
{
	const KeyTerm *term;

	if (node->kind == NODE_AND || node->kind == NODE_OR)
	{
		for (int i = 0; i < node->n_args; i++)
			if (branch_gives_hash(key, node->args[i]) == (node->kind == NODE_AND))
				return node->kind == NODE_AND;
		return node->kind == NODE_OR;
	}
	term = key_term(key, node);
	return term != NULL && branch_names_attribute(term, key->hash);
}

static bool
has_key_term(const LookupKey *key, const ExprNode *node)
{
	if (node->kind == NODE_AND || node->kind == NODE_OR)
	{
		for (int i = 0; i < node->n_args; i++)
			if (has_key_term(key, node->args[i]))
				return true;
		return false;
	}
	return key_term(key, node) != NULL;
}

typedef struct SortSearch
{
	const LookupKey *key;
	bool		found;
} SortSearch;

/* A PathVisitor: looks for the sort key. */
static void
find_sort(const DocPath *path, void *argument)
{
	SortSearch *search = (SortSearch *) argument;

	search->found |= search->key->sort != NULL && op_path_names(path, search->key->sort);
}

static _Noreturn void
too_many_reads(void)
{
	dyn_invalid("Too many decomposed read operations for a given query.");
}

/* The branches of IN on a key attribute, or the one of another condition. */
static List *
branches_of_term(const LookupKey *key, const ExprNode *node)
{
	KeyTerm    *term = key_term(key, node);
	int			count = node->kind == NODE_IN && term != NULL ? node->n_args - 1 : 1;
	List	   *branches = NIL;

	if (count > MAX_BRANCHES)
		too_many_reads();
	for (int i = 0; i < count; i++)
	{
		Branch	   *branch = (Branch *) palloc0(sizeof(Branch));
		SortSearch	search = {key, false};

		if (term != NULL)
		{
			KeyTerm    *copy = (KeyTerm *) palloc(sizeof(KeyTerm));

			*copy = *term;
			if (node->kind == NODE_IN)
				copy->values[0] = node->args[i + 1]->value;
			branch->terms = list_make1(copy);
		}
		else
		{
			branch->others = list_make1(unconstify(ExprNode *, node));
			condition_visit_paths(node, find_sort, &search);
			branch->has_no_range = search.found;
		}
		branches = lappend(branches, branch);
	}
	return branches;
}

/* Each of the left with each of the right. */
static List *
cross_branches(const List *left, const List *right)
{
	List	   *branches = NIL;
	ListCell   *l;
	ListCell   *r;

	if (list_length(left) * list_length(right) > MAX_BRANCHES)
		too_many_reads();
	foreach(l, left)
		foreach(r, right)
		{
			const Branch *a = (const Branch *) lfirst(l);
			const Branch *b = (const Branch *) lfirst(r);
			Branch	   *both = (Branch *) palloc(sizeof(Branch));

			both->terms = list_concat_copy(a->terms, b->terms);
			both->others = list_concat_copy(a->others, b->others);
			both->has_no_range = a->has_no_range || b->has_no_range;
			branches = lappend(branches, both);
		}
	return branches;
}

List *
branches_of_condition(const LookupKey *key, const ExprNode *node)
{
	List	   *branches = NIL;

	if ((node->kind != NODE_AND && node->kind != NODE_OR) || !has_key_term(key, node))
		return branches_of_term(key, node);
	for (int i = 0; i < node->n_args; i++)
	{
		List	   *others = branches_of_condition(key, node->args[i]);

		if (node->kind == NODE_AND && i > 0)
			branches = cross_branches(branches, others);
		else
			branches = list_concat(branches, others);
		if (list_length(branches) > MAX_BRANCHES)
			too_many_reads();
	}
	return branches;
}
