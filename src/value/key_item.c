/*
 * key_item.c
 *		The key attributes of an item, and what the service says of bad ones.
 */
#include "postgres.h"

#include "base/error.h"
#include "base/limits.h"
#include "value/key.h"

/* The service's name of an attribute, for a message. */
static char *
printable_name(const char *stored, int stored_len)
{
	int			len;
	const char *name = attr_name_from_stored(stored, stored_len, &len);

	return pnstrdup(name, len);
}

void
key_raise(KeyStatus status, const char *name, int name_len, KeyType type, const JsonbValue *value, bool is_sort)
{
	switch (status)
	{
		case KEY_OK:
			break;
		case KEY_WRONG_TYPE:
			dyn_invalid("One or more parameter values were invalid: Type mismatch for key %s expected: %c actual: %s",
						printable_name(name, name_len), type, attr_type_name(attr_type(value)));
		case KEY_EMPTY:
			dyn_invalid("One or more parameter values are not valid. The AttributeValue for a key attribute "
						"cannot contain an empty %s value. Key: %s",
						type == KEY_TYPE_B ? "binary" : "string", printable_name(name, name_len));
		case KEY_TOO_LONG:
			if (is_sort)
				dyn_invalid("One or more parameter values were invalid: Aggregated size of all range keys "
							"has exceeded the size limit of 1024 bytes");
			dyn_invalid("One or more parameter values were invalid: Size of hashkey has exceeded the "
						"maximum size limit of2048 bytes");
	}
	elog(ERROR, "unexpected key status");
}

void
key_of_item(const JsonbValue *item, const char *name, int name_len, KeyType type, bool is_sort,
			const char **bytes, int *len)
{
	JsonbValue	value;
	KeyStatus	status;

	if (!attr_lookup(item, name, name_len, &value))
		dyn_invalid("One or more parameter values were invalid: Missing the key %s in the item",
					printable_name(name, name_len));
	status = key_bytes(&value, type, is_sort ? SORT_KEY_MAX_SIZE : PARTITION_KEY_MAX_SIZE, bytes, len);
	if (status != KEY_OK)
		key_raise(status, name, name_len, type, &value, is_sort);
}
