/*
 * bulk_item.h
 *		One item of a bulk put, from its record to its write.
 *
 * A record is what a PutItem request would be without its TableName: {"Item": {...}}, and if it is to be put on a condition only,
 * ConditionExpression, ExpressionAttributeNames and ExpressionAttributeValues.
 */
#ifndef DYNAPG_BULK_ITEM_H
#define DYNAPG_BULK_ITEM_H

#include "catalog/transfers.h"
#include "op/item_write.h"
#include "transfer/record_reader.h"

typedef struct BulkItem
{
	const TransferPart *part;	/* whose record it is, and which */
	int64		index;
	RequestValue *request;		/* PutItem's */
	ItemWrite	write;
	ItemWriteFailure failure;	/* write.failure; its kind says whether the condition held */
	const char *error;			/* why it cannot be written; NULL: it can, or has been */
} BulkItem;

/* Copies a record, whose item is good, with all that it points to; palloc'd. */
extern BulkItem *bulk_item_of_record(const TransferPart *part, const Record *record);

/*
 * Makes it a write of a table, checked as PutItem checks it.  False if it is none, and error says why.  returns_old: a condition that does
 * not hold keeps the item that is there in failure.old.
 */
extern bool bulk_item_prepare(BulkItem *item, const TableInfo *table, bool returns_old);

/* The order of writes: item_write_compare(), and items of one key as they came. */
extern int	bulk_item_compare(const ListCell *a, const ListCell *b);

#endif							/* DYNAPG_BULK_ITEM_H */
