/*
 * compress.h
 *		GZIP for exports.
 *
 * Equal bytes in equal pieces give equal output: no name and no time is written.
 */
#ifndef DYNAPG_COMPRESS_H
#define DYNAPG_COMPRESS_H

#include "common/md5.h"

/* zlib's way to say gzip and nothing else. */
#define GZIP_WINDOW_BITS	(15 + 16)

/* Takes compressed bytes, some ten thousand at a time. */
typedef void (*CompressSink) (void *argument, const char *bytes, int len);

typedef struct Compressor Compressor;

/* What has become of the bytes. */
typedef struct CompressResult
{
	int64		bytes;			/* given */
	int64		compressed_bytes;
	uint8		md5[MD5_DIGEST_LENGTH]; /* of the compressed bytes */
} CompressResult;

#define COMPRESS_FASTEST	1
#define COMPRESS_SMALLEST	9

/*
 * A compressor in the current memory context, which may be reset or deleted at any time.  What the sink raises leaves a compressor that can
 * only be given up so.
 */
extern Compressor *compressor_create(int level, CompressSink sink, void *argument);
extern void compressor_write(Compressor *compressor, const char *bytes, int len);

/* Writes the end; the compressor is gone after that. */
extern void compressor_finish(Compressor *compressor, CompressResult *result);

/* MD5 of bytes, as base64, palloc'd: what manifests and Content-MD5 carry. */
extern char *md5_base64(const char *bytes, int len);
extern char *digest_base64(const uint8 md5[MD5_DIGEST_LENGTH]);

#endif							/* DYNAPG_COMPRESS_H */
