/*
 * partiql.h
 *		PartiQL: statements as trees.
 *
 * A statement's text and parameters become one PartiqlStatement, whose conditions, updates and paths are the trees of
 * expr.h; its literals and parameters are values in stored form.  Which attributes are keys is not known here.
 */
#ifndef DYNAPG_PARTIQL_H
#define DYNAPG_PARTIQL_H

#include "lib/stringinfo.h"

#include "expr/expr.h"

#define PARTIQL_MAX_SIZE 8192	/* bytes of a statement */

typedef enum PartiqlKind
{
	PARTIQL_SELECT,
	PARTIQL_INSERT,
	PARTIQL_UPDATE,
	PARTIQL_DELETE,
	PARTIQL_EXISTS				/* EXISTS(SELECT ...): a condition check of a transaction */
} PartiqlKind;

/* What SELECT names: a path, and the attribute of the result that its value becomes ("m.k[0]" becomes "k[0]"). */
typedef struct PartiqlColumn
{
	DocPath    *path;
	const char *stored;			/* the attribute's name as stored */
	int			stored_len;
} PartiqlColumn;

typedef struct PartiqlOrder
{
	const DocPath *path;		/* of one step */
	bool		descending;
} PartiqlOrder;

typedef enum PartiqlReturning
{
	RETURNING_NOTHING,
	RETURNING_ALL_OLD,
	RETURNING_ALL_NEW,
	RETURNING_MODIFIED_OLD,
	RETURNING_MODIFIED_NEW
} PartiqlReturning;

typedef struct PartiqlStatement
{
	PartiqlKind kind;
	const char *table;			/* a name or an ARN, not checked; NUL-terminated */
	int			table_len;
	const char *index;			/* NULL: none */
	int			index_len;
	PartiqlColumn *columns;		/* of SELECT */
	int			n_columns;		/* 0: all attributes */
	ExprNode   *where;			/* NULL: none */
	PartiqlOrder *order;
	int			n_order;
	AttributeMap *item;			/* of INSERT */
	Update	   *update;			/* of UPDATE */
	PartiqlReturning returning;
} PartiqlStatement;

/* The values of a statement's `?`, in their order; they are in stored form. */
typedef struct PartiqlParameters
{
	JsonbValue **values;
	int			count;
} PartiqlParameters;

/*
 * Parses a statement of 1 to PARTIQL_MAX_SIZE bytes, and checks all that needs no table.  Raises ValidationException with the
 * service's words.  check_index (NULL: none) is called for a statement that reads an index, after its syntax and before anything else
 * is checked: it may look at kind, table and index, and raise what is wrong with them.
 */
typedef void (*PartiqlIndexCheck) (const PartiqlStatement *statement);
extern PartiqlStatement *partiql_parse(const char *text, int len, const PartiqlParameters *parameters,
									   PartiqlIndexCheck check_index);

/* The columns of an item: a fresh tree (jbvObject), possibly empty. */
extern void partiql_project(const PartiqlStatement *statement, const JsonbValue *item, JsonbValue *result);

/*
 * Appends a statement, whatever is wrong with it, with ***(Redacted) in the place of each value in it that is not a key's, and without comments.
 * is_key says whether an attribute is one of the table's key, names as the statement has them; NULL: no value is kept.  *table gets
 * the name of its table, which points into the statement or is palloc'd; NULL: none is named.
 */
typedef bool (*PartiqlIsKey) (const char *table, int table_len, const char *name, int name_len, void *argument);
extern void partiql_redact(StringInfo out, const char *statement, int len, PartiqlIsKey is_key, void *argument,
						   const char **table, int *table_len);

#endif							/* DYNAPG_PARTIQL_H */
