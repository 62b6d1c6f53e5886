/*
 * decompress.c
 *		GZIP and ZSTD, unfolded as they are read.
 *
 * The libraries' own memory is given back by a callback of the memory context, so that an error that passes by leaks nothing.
 */
#include "postgres.h"

#include <zlib.h>
#include <zstd.h>

#include "miscadmin.h"

#include "transfer/compress.h"
#include "transfer/decompress.h"

#define INPUT_SIZE			65536
#define ZSTD_WINDOW_LOG_MAX	27	/* 128 MB, what the zstd program takes unless told otherwise */

#define CUT_SHORT "The compressed data ends too early"

typedef struct Decompressor
{
	ByteSource	source;
	ByteSource *compressed;
	MemoryContext context;		/* where it is */
	MemoryContextCallback release;
	char	   *input;
	int			input_used;
	int			input_len;
	bool		began;			/* a member or frame has begun, and not ended */
	z_stream	gzip;
	bool		gzip_is_open;
	ZSTD_DCtx  *zstd;
} Decompressor;

Compression
compression_of_name(const char *name)
{
	if (name == NULL || strcmp(name, "NONE") == 0)
		return COMPRESSION_NONE;
	if (strcmp(name, "GZIP") == 0)
		return COMPRESSION_GZIP;
	if (strcmp(name, "ZSTD") == 0)
		return COMPRESSION_ZSTD;
	elog(ERROR, "unknown compression \"%s\"", name);
}

/* Makes sure that there is input; false at its end or if it is broken itself, which goes on to our own source. */
static bool
have_input(Decompressor *decompressor)
{
	int			got;

	if (decompressor->input_used < decompressor->input_len)
		return true;
	CHECK_FOR_INTERRUPTS();
	got = byte_source_read(decompressor->compressed, decompressor->input, INPUT_SIZE);
	if (got < 0)
		decompressor->source.error = decompressor->compressed->error;
	if (got <= 0)
		return false;
	decompressor->input_used = 0;
	decompressor->input_len = got;
	return true;
}

/* The bytes are broken; what the library says of it is kept as long as the source. */
static void
set_error(Decompressor *decompressor, const char *kind, const char *reason)
{
	MemoryContext caller = MemoryContextSwitchTo(decompressor->context);

	decompressor->source.error = psprintf("The data is not valid %s: %s", kind, reason);
	MemoryContextSwitchTo(caller);
}

/* There is no more input: the end, if nothing has been begun. */
static int
end_of_input(Decompressor *decompressor)
{
	if (decompressor->source.error == NULL && decompressor->began)
		decompressor->source.error = CUT_SHORT;
	return decompressor->source.error != NULL ? -1 : 0;
}

static int
gzip_read(ByteSource *source, char *buffer, int size)
{
	Decompressor *decompressor = (Decompressor *) source;
	z_stream   *stream = &decompressor->gzip;

	stream->next_out = (Bytef *) buffer;
	stream->avail_out = size;
	while (stream->avail_out == (uInt) size)
	{
		int			result;

		/* what zlib still holds comes out before it needs more */
		if (!have_input(decompressor) && source->error != NULL)
			return -1;
		if (decompressor->input_used == decompressor->input_len && !decompressor->began)
			return end_of_input(decompressor);
		if (!decompressor->began && inflateReset(stream) != Z_OK)
			elog(ERROR, "could not reset zlib");
		decompressor->began = true;
		stream->next_in = (Bytef *) decompressor->input + decompressor->input_used;
		stream->avail_in = decompressor->input_len - decompressor->input_used;
		result = inflate(stream, Z_NO_FLUSH);
		decompressor->input_used = decompressor->input_len - stream->avail_in;
		switch (result)
		{
			case Z_STREAM_END:
				decompressor->began = false;
				break;
			case Z_OK:
				break;
			case Z_BUF_ERROR:
				return end_of_input(decompressor);
			case Z_MEM_ERROR:
				ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
				break;
			default:
				set_error(decompressor, "GZIP", stream->msg ? stream->msg : "malformed");
				/* what came before is good */
				if (stream->avail_out < (uInt) size)
					return size - stream->avail_out;
				return -1;
		}
	}
	return size - stream->avail_out;
}

static int
zstd_read(ByteSource *source, char *buffer, int size)
{
	Decompressor *decompressor = (Decompressor *) source;
	ZSTD_outBuffer out = {buffer, size, 0};

	while (out.pos == 0)
	{
		ZSTD_inBuffer in;
		size_t		result;
		bool		more = have_input(decompressor);

		if (source->error != NULL)
			return -1;
		if (!more && !decompressor->began)
			return 0;
		in.src = decompressor->input;
		in.size = decompressor->input_len;
		in.pos = decompressor->input_used;
		result = ZSTD_decompressStream(decompressor->zstd, &out, &in);
		decompressor->input_used = in.pos;
		if (ZSTD_isError(result))
		{
			set_error(decompressor, "ZSTD", ZSTD_getErrorName(result));
			return out.pos > 0 ? (int) out.pos : -1;
		}
		decompressor->began = result != 0;
		if (!more && out.pos == 0)
			return end_of_input(decompressor);
	}
	return out.pos;
}

/* Gives back what the libraries hold. */
static void
release(void *argument)
{
	Decompressor *decompressor = argument;

	if (decompressor->gzip_is_open)
		inflateEnd(&decompressor->gzip);
	decompressor->gzip_is_open = false;
	ZSTD_freeDCtx(decompressor->zstd);
	decompressor->zstd = NULL;
}

static void
decompressor_close(ByteSource *source)
{
	Decompressor *decompressor = (Decompressor *) source;

	release(decompressor);
	source->error = "closed";
	byte_source_close(decompressor->compressed);
}

ByteSource *
decompress(ByteSource *compressed, Compression compression)
{
	Decompressor *decompressor;
	bool		open;

	if (compression == COMPRESSION_NONE)
		return compressed;
	decompressor = palloc0(sizeof(Decompressor));
	decompressor->input = palloc(INPUT_SIZE);
	decompressor->compressed = compressed;
	decompressor->context = CurrentMemoryContext;
	decompressor->source.close = decompressor_close;
	decompressor->release.func = release;
	decompressor->release.arg = decompressor;
	MemoryContextRegisterResetCallback(CurrentMemoryContext, &decompressor->release);
	if (compression == COMPRESSION_GZIP)
	{
		decompressor->source.read = gzip_read;
		open = decompressor->gzip_is_open = inflateInit2(&decompressor->gzip, GZIP_WINDOW_BITS) == Z_OK;
	}
	else
	{
		decompressor->source.read = zstd_read;
		decompressor->zstd = ZSTD_createDCtx();
		open = decompressor->zstd != NULL &&
			!ZSTD_isError(ZSTD_DCtx_setParameter(decompressor->zstd, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG_MAX));
	}
	if (!open)
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	return &decompressor->source;
}
