/*
 * request.h
 *		A request as the model describes it: read once, from either door.
 *
 * request_read() is the service's stages 4 and 5: wrong JSON types are SerializationExceptions, then missing
 * members and broken constraints are one ValidationException.  What comes after is the operation's own.
 */
#ifndef DYNAPG_REQUEST_H
#define DYNAPG_REQUEST_H

#include "op/model.h"
#include "op/model_data.h"
#include "value/attr.h"
#include "value/wire.h"

typedef struct RequestValue
{
	const Shape *shape;
	bool		present;		/* given, and not null */
	union
	{
		struct
		{
			const char *text;	/* NUL-terminated as well (a NUL inside is possible) */
			int			len;
		}			string;		/* SHAPE_STRING, SHAPE_BLOB (decoded) */
		int64		integer;	/* SHAPE_INTEGER, SHAPE_LONG */
		double		real;		/* SHAPE_DOUBLE, SHAPE_TIMESTAMP */
		bool		boolean;
		struct RequestValue *members;	/* SHAPE_STRUCTURE: one for each member of the shape, by its index */
		struct
		{
			struct RequestValue *items;
			int			count;
		}			list;
		struct
		{
			struct RequestEntry *entries;	/* in the order of the text, names unique (the last counts) */
			int			count;
		}			map;
		struct
		{
			JsonbValue *value;
			int			size;
			AttrError	error;
		}			attribute;	/* SHAPE_ATTRIBUTE_VALUE */
		AttributeMap    *attributes; /* SHAPE_ATTRIBUTE_MAP */
	}			as;
} RequestValue;

typedef struct RequestEntry
{
	const char *name;
	int			name_len;
	RequestValue value;
} RequestEntry;

/* The index of an operation (OPERATION_PutItem) by its name ("PutItem"), -1 if the model has none. */
extern int	model_operation(const char *name, int len);

/*
 * Reads and checks a request (stages 4 and 5).  The reader stands before the first token.  Members that the
 * model does not know are dropped; null equals absent.  Everything lives in the current memory context.
 */
extern RequestValue *request_read(WireReader *reader, int operation);

/* What the service's own classes belong to, in Java. */
#define SERVICE_PACKAGE "com.amazonaws.dynamodb.v20120810."

/*
 * Indexes of members begin with 1, so that a table of them has this where nothing is
 * said.
 */
#define NO_MEMBER 0

/* A member of a structure, by its index in the model (PutItemInput_TableName); never NULL: see ->present. */
static inline const RequestValue *
request_member(const RequestValue *structure, int member)
{
	Assert(structure->shape->kind == SHAPE_STRUCTURE);
	Assert(member > NO_MEMBER && member <= structure->shape->n_members);
	return &structure->as.members[member - 1];
}

/* Its name, as on the wire. */
static inline const char *
request_member_name(const RequestValue *structure, int member)
{
	Assert(member > NO_MEMBER && member <= structure->shape->n_members);
	return structure->shape->members[member - 1].name;
}

/* The text of a string member, or NULL if it is absent. */
static inline const char *
request_text(const RequestValue *structure, int member)
{
	const RequestValue *value = request_member(structure, member);

	return value->present ? value->as.string.text : NULL;
}

/* A boolean member; false if it is absent. */
static inline bool
request_boolean(const RequestValue *structure, int member)
{
	const RequestValue *value = request_member(structure, member);

	return value->present && value->as.boolean;
}

/* Whether a string member is present and has this text. */
extern bool request_text_is(const RequestValue *structure, int member, const char *text);

/* Writes a value as the JSON it came from, less what the model does not know. */
extern void request_write(WireWriter *writer, const RequestValue *value);

/* The exact text of a value as constraint messages echo it (Java's toString). */
extern char *request_echo(const RequestValue *value);

#endif							/* DYNAPG_REQUEST_H */
