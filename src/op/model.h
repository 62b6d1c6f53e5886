/*
 * model.h
 *		The API model: every operation's input, as data.
 *
 * model_data.c and model_data.h are generated from AWS's own model by tools/gen_model.py, which also holds the
 * places where the service differs from its public model.  The request reader walks these tables; nothing else
 * knows shapes.
 */
#ifndef DYNAPG_MODEL_H
#define DYNAPG_MODEL_H

typedef enum ShapeKind
{
	SHAPE_STRUCTURE,
	SHAPE_LIST,
	SHAPE_MAP,
	SHAPE_STRING,
	SHAPE_INTEGER,
	SHAPE_LONG,
	SHAPE_DOUBLE,
	SHAPE_BOOLEAN,
	SHAPE_TIMESTAMP,
	SHAPE_BLOB,
	SHAPE_ATTRIBUTE_VALUE,		/* one AttributeValue */
	SHAPE_ATTRIBUTE_MAP			/* a map of AttributeValues: an item, a key, expression values */
} ShapeKind;

typedef struct ShapeMember
{
	const char *name;			/* as on the wire: "TableName" */
	const char *path_name;		/* as in constraint messages: "tableName" */
	const struct Shape *shape;
	bool		required;
} ShapeMember;

typedef struct Shape
{
	const char *name;			/* "CreateTableInput" */
	ShapeKind	kind;
	bool		has_min;
	bool		has_max;
	int64		min;			/* length of strings (bytes), lists and maps, value of numbers */
	int64		max;
	const char *pattern;		/* as printed in the message; NULL: none */
	const char *const *enum_values; /* in the order printed; NULL: none */
	int			n_enum_values;
	const ShapeMember *members; /* of a structure */
	int			n_members;
	const struct Shape *element;	/* of a list, or a map's value */
	const struct Shape *key;	/* of a map */
} Shape;

typedef struct Operation
{
	const char *name;			/* "PutItem" */
	const Shape *input;
	bool		is_stream;		/* of DynamoDB Streams */
} Operation;

extern const Operation model_operations[];
extern const int model_operation_count;

#endif							/* DYNAPG_MODEL_H */
