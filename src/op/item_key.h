/*
 * item_key.h
 *		Keys and items: from what was sent to what storage looks up.
 */
#ifndef DYNAPG_OP_KEY_H
#define DYNAPG_OP_KEY_H

#include "op/request.h"
#include "storage/storage.h"

/*
 * Raises the error found in a map of values, if there is one (stage 6).  enveloped: the operation is PutItem or
 * UpdateItem, which put "1 validation error detected: " before some of them.
 */
extern void op_check_values(const RequestValue *values, bool enveloped);

/*
 * The canonical bytes of one attribute of a Key; the service's errors where it does not fit the
 * schema.
 */
extern void op_key_attribute(const KeyAttribute *attribute, const AttributeMap *key, bool is_sort,
							 const char **bytes, int *len);

/* The storage key that a Key parameter names; the service's errors where it does not fit the schema. */
extern void op_key_of_key(const TableInfo *table, const AttributeMap *key, StorageKey *result);

/* The storage key of an item to be put. */
extern void op_key_of_item(const TableInfo *table, const AttributeMap *item, StorageKey *result);

/* Bytes of an item, names included; 0 for NULL. */
extern int	op_item_size(Jsonb *item);

/* Whether two items are the same bytes, so that there is nothing to write. */
extern bool op_same_item(const Jsonb *a, const Jsonb *b);

#endif							/* DYNAPG_OP_KEY_H */
