/*
 * attr_build.h
 *		Making values in stored form: sets, maps and lists out of parts, and the jsonb of a made item.
 *
 * Parts may point into a stored item (jbvBinary for containers).  JsonbValueToJsonb() takes no such trees:
 * attr_to_jsonb() does.
 */
#ifndef DYNAPG_ATTR_BUILD_H
#define DYNAPG_ATTR_BUILD_H

#include "value/attr_node.h"

/* The element of an array, built or not; false if it has none. */
extern bool attr_element(const JsonbValue *array, uint32 index, JsonbValue *element);

/* An S, tagged if it holds U+0000; and a B, of valid base64.  Neither is copied unless it has to be escaped. */
extern void attr_make_string(const char *text, int len, JsonbValue *value);
extern void attr_make_binary(const char *base64, int len, JsonbValue *value);

/* A set of at least one member, sorted and without duplicates (attr_set_members()); tagged as the members need it. */
extern void attr_make_set(AttrType type, const AttrSetMember *members, int count, JsonbValue *value);

/* A list of the elements, which are not copied. */
extern void attr_make_list(JsonbValue *elements, int count, JsonbValue *value);

/* An object of the pairs, which are sorted in place: an item. */
extern void attr_make_item(JsonbPair *pairs, int count, JsonbValue *item);

/* The same as a value: an M, wrapped if it could be taken for a tag. */
extern void attr_make_map(JsonbPair *pairs, int count, JsonbValue *value);

/* A copy of a tree, palloc'd with all that it points to. */
extern void attr_copy(const JsonbValue *value, JsonbValue *copy);

/* Levels of a value: 1 for scalars and sets. */
extern int	attr_depth(const JsonbValue *value);

/* The jsonb of an item (jbvObject or jbvBinary), palloc'd.  Parts that are jsonb already are copied as bytes. */
extern Jsonb *attr_to_jsonb(const JsonbValue *item);

#endif							/* DYNAPG_ATTR_BUILD_H */
