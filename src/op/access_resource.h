/*
 * access_resource.h
 *		What a request is about, for those who judge it: its ARN, what the catalog knows of it, who owns it.
 *
 * The ARN is that of what the operation will act on, not the text that was written: an ARN of another Region may mean a table here, a name has none.
 * Nothing here raises an error because of what there is or is not: who may not know must not be told.  What is said of the text alone, an ARN of
 * another account for instance, is the operation's own error, raised before or later.
 */
#ifndef DYNAPG_ACCESS_RESOURCE_H
#define DYNAPG_ACCESS_RESOURCE_H

#include "catalog/backups.h"
#include "catalog/transfers.h"
#include "op/request.h"
#include "policy/policy.h"

/* How a request names what it is about. */
typedef enum AccessKind
{
	ACCESS_ANYTHING,			/* not at all: "*" */
	ACCESS_TABLE,				/* a table's name, or its ARN */
	ACCESS_TABLES,				/* the same as the keys of a map; of items only, as the next two */
	ACCESS_QUERIED,				/* a table, or the index alone if IndexName is there */
	ACCESS_SCANNED,
	ACCESS_RESOURCE,			/* the ARN of a table or of a stream */
	ACCESS_EXPORTED,			/* a table's ARN, whatever its Region */
	ACCESS_SOURCE,				/* SourceTableName or SourceTableArn */
	ACCESS_IMPORTED,			/* the name in TableCreationParameters */
	ACCESS_STREAM,
	ACCESS_ITERATOR,			/* the stream of a ShardIterator */
	ACCESS_BACKUP,
	ACCESS_EXPORT,
	ACCESS_IMPORT,
	ACCESS_BULK_OPERATION
} AccessKind;

typedef struct AccessResource
{
	PolicyText	arn;			/* text is NULL: the request names nothing that there could be, and the operation will say so */
	const char *table_name;		/* whose it is; NULL: of "*" */
	const char *stream_label;	/* of a stream; else NULL */
	bool		has_policy;		/* it is a table or a stream, which may have a resource policy */
	const TableInfo *table;		/* NULL: there is none */
	const TableLog *stream;
	const Backup *backup;
	const Transfer *transfer;
	Oid			owner;			/* with whose privileges a policy lets it be done; InvalidOid: there is no such thing, or nobody's */
} AccessResource;

/* What the member of a request names; not for the kinds that only operations on items have.  Palloc'd parts. */
extern void access_resource_read(AccessKind kind, const RequestValue *request, int member, AccessResource *resource);

/* A table by its name; it need not be there. */
extern void access_resource_of_table(const char *name, int len, AccessResource *resource);

/* A stream by its ARN. */
extern void access_resource_of_stream(const char *arn, int len, AccessResource *resource);

#endif							/* DYNAPG_ACCESS_RESOURCE_H */
