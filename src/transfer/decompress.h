/*
 * decompress.h
 *		Sources of bytes that were compressed.
 *
 * They stream: whatever the bytes unfold to, memory is bounded (GZIP by its window of 32 KB, ZSTD by one of 128 MB; frames that ask for
 * more are refused).  GZIP may have several members and ZSTD several frames.  What ends too early, what follows the end, and what was never
 * compressed are broken bytes; nothing at all is nothing at all.
 */
#ifndef DYNAPG_DECOMPRESS_H
#define DYNAPG_DECOMPRESS_H

#include "transfer/byte_source.h"

typedef enum Compression
{
	COMPRESSION_NONE,
	COMPRESSION_GZIP,
	COMPRESSION_ZSTD
} Compression;

/* InputCompressionType: NONE, GZIP or ZSTD; NULL is NONE. */
extern Compression compression_of_name(const char *name);

/*
 * The bytes behind a source, in the current memory context, which may be reset or deleted without closing it.  Closing it closes that
 * source too.  COMPRESSION_NONE: the source itself.
 */
extern ByteSource *decompress(ByteSource *compressed, Compression compression);

#endif							/* DYNAPG_DECOMPRESS_H */
