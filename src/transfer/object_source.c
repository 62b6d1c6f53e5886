/*
 * object_source.c
 *		The bytes of an object.
 */
#include "postgres.h"

#include "transfer/object_source.h"

typedef struct ObjectSource
{
	ByteSource	source;
	ObjectStore *store;
	char	   *key;
	char	   *etag;
	ObjectReader *reader;		/* NULL: it is not open yet */
	int64		position;
	MemoryContext context;		/* of the reader */
} ObjectSource;

static int
object_source_read(ByteSource *source, char *buffer, int size)
{
	ObjectSource *object = (ObjectSource *) source;
	int			got;

	if (object->reader == NULL)
	{
		MemoryContext caller = MemoryContextSwitchTo(object->context);

		object->reader = object_open(object->store, object->key, object->position, object->etag);
		MemoryContextSwitchTo(caller);
	}
	got = object_read(object->reader, buffer, size);
	object->position += got;
	return got;
}

/* That the object is long enough will be seen. */
static bool
object_source_skip(ByteSource *source, int64 bytes)
{
	ObjectSource *object = (ObjectSource *) source;

	if (object->reader != NULL)
		object_close(object->reader);
	object->reader = NULL;
	object->position += bytes;
	return true;
}

static void
object_source_close(ByteSource *source)
{
	ObjectSource *object = (ObjectSource *) source;

	if (object->reader != NULL)
		object_close(object->reader);
	object->reader = NULL;
}

ByteSource *
object_source(ObjectStore *store, const char *key, const char *etag)
{
	ObjectSource *object = (ObjectSource *) palloc0(sizeof(ObjectSource));

	object->source.read = object_source_read;
	object->source.skip = object_source_skip;
	object->source.close = object_source_close;
	object->store = store;
	object->key = pstrdup(key);
	object->etag = etag ? pstrdup(etag) : NULL;
	object->context = CurrentMemoryContext;
	return &object->source;
}

int64
object_source_position(const ByteSource *source)
{
	return ((const ObjectSource *) source)->position;
}
