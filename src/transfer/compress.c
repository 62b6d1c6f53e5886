/*
 * compress.c
 *		GZIP for exports, with the MD5 of what comes out.
 */
#include "postgres.h"

#include <zlib.h>

#include "miscadmin.h"

#include "base/digest.h"
#include "transfer/compress.h"
#include "value/base64.h"

#define OUTPUT_SIZE			65536
#define MEMORY_LEVEL		8

struct Compressor
{
	z_stream	stream;
	bool		is_open;
	pg_cryptohash_ctx *md5;
	CompressSink sink;
	void	   *argument;
	CompressResult result;
	MemoryContextCallback release;
	char	   *output;
};

/* Gives back what is not the memory context's. */
static void
release(void *argument)
{
	Compressor *compressor = argument;

	if (compressor->is_open)
		deflateEnd(&compressor->stream);
	compressor->is_open = false;
	if (compressor->md5 != NULL)
		pg_cryptohash_free(compressor->md5);
	compressor->md5 = NULL;
}

Compressor *
compressor_create(int level, CompressSink sink, void *argument)
{
	Compressor *compressor = palloc0(sizeof(Compressor));

	compressor->sink = sink;
	compressor->argument = argument;
	compressor->output = palloc(OUTPUT_SIZE);
	compressor->release.func = release;
	compressor->release.arg = compressor;
	MemoryContextRegisterResetCallback(CurrentMemoryContext, &compressor->release);
	if (deflateInit2(&compressor->stream, level, Z_DEFLATED, GZIP_WINDOW_BITS, MEMORY_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK)
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	compressor->is_open = true;
	compressor->stream.next_out = (Bytef *) compressor->output;
	compressor->stream.avail_out = OUTPUT_SIZE;
	compressor->md5 = digest_context(PG_MD5);
	if (compressor->md5 == NULL || pg_cryptohash_init(compressor->md5) < 0)
		digest_failed(compressor->md5, "checksum");
	return compressor;
}

/* Hands on what has been put out. */
static void
drain(Compressor *compressor)
{
	int			len = OUTPUT_SIZE - compressor->stream.avail_out;

	if (len == 0)
		return;
	if (pg_cryptohash_update(compressor->md5, (const uint8 *) compressor->output, len) < 0)
		digest_failed(compressor->md5, "checksum");
	compressor->sink(compressor->argument, compressor->output, len);
	compressor->result.compressed_bytes += len;
	compressor->stream.next_out = (Bytef *) compressor->output;
	compressor->stream.avail_out = OUTPUT_SIZE;
}

void
compressor_write(Compressor *compressor, const char *bytes, int len)
{
	z_stream   *stream = &compressor->stream;

	stream->next_in = (Bytef *) unconstify(char *, bytes);
	stream->avail_in = len;
	while (stream->avail_in > 0)
	{
		if (deflate(stream, Z_NO_FLUSH) != Z_OK)
			elog(ERROR, "could not compress: %s", stream->msg ? stream->msg : "unknown error");
		if (stream->avail_out == 0)
			drain(compressor);
	}
	compressor->result.bytes += len;
}

void
compressor_finish(Compressor *compressor, CompressResult *result)
{
	z_stream   *stream = &compressor->stream;
	int			status;

	stream->next_in = NULL;
	stream->avail_in = 0;
	do
	{
		status = deflate(stream, Z_FINISH);
		if (status != Z_OK && status != Z_BUF_ERROR && status != Z_STREAM_END)
			elog(ERROR, "could not compress: %s", stream->msg ? stream->msg : "unknown error");
		drain(compressor);
	} while (status != Z_STREAM_END);
	if (pg_cryptohash_final(compressor->md5, compressor->result.md5, MD5_DIGEST_LENGTH) < 0)
		digest_failed(compressor->md5, "checksum");
	*result = compressor->result;
	release(compressor);
}

char *
digest_base64(const uint8 md5[MD5_DIGEST_LENGTH])
{
	StringInfoData text;

	initStringInfo(&text);
	base64_append(&text, (const char *) md5, MD5_DIGEST_LENGTH);
	return text.data;
}

char *
md5_base64(const char *bytes, int len)
{
	pg_cryptohash_ctx *context = digest_context(PG_MD5);
	uint8		md5[MD5_DIGEST_LENGTH];
	bool		done;

	if (context == NULL)
		digest_failed(context, "checksum");
	done = pg_cryptohash_init(context) >= 0 && pg_cryptohash_update(context, (const uint8 *) bytes, len) >= 0 &&
		pg_cryptohash_final(context, md5, sizeof(md5)) >= 0;
	if (!done)
	{
		const char *reason = pstrdup(pg_cryptohash_error(context));

		pg_cryptohash_free(context);
		elog(ERROR, "could not compute a checksum: %s", reason);
	}
	pg_cryptohash_free(context);
	return digest_base64(md5);
}
