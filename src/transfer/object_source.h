/*
 * object_source.h
 *		The bytes of an object, as a source.
 */
#ifndef DYNAPG_OBJECT_SOURCE_H
#define DYNAPG_OBJECT_SOURCE_H

#include "transfer/byte_source.h"
#include "transfer/object_store.h"

/*
 * A source in the current memory context, which may be deleted without closing it; the object is opened when the first byte is wanted, and must
 * still have this etag then.  Raises what object_open() and object_read() raise.
 */
extern ByteSource *object_source(ObjectStore *store, const char *key, const char *etag);

/* How many bytes of the object it has read or passed over. */
extern int64 object_source_position(const ByteSource *source);

#endif							/* DYNAPG_OBJECT_SOURCE_H */
