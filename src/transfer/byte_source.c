/*
 * byte_source.c
 *		Bytes that are pulled.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "transfer/byte_source.h"

#define SKIP_BUFFER_SIZE 65536

int
byte_source_read(ByteSource *source, char *buffer, int size)
{
	return source->error != NULL ? -1 : source->read(source, buffer, size);
}

bool
byte_source_skip(ByteSource *source, int64 bytes)
{
	char	   *buffer;

	if (source->error != NULL)
		return false;
	if (source->skip != NULL || bytes == 0)
		return bytes == 0 || source->skip(source, bytes);
	buffer = palloc(SKIP_BUFFER_SIZE);
	while (bytes > 0)
	{
		int			got = byte_source_read(source, buffer, (int) Min(bytes, SKIP_BUFFER_SIZE));

		CHECK_FOR_INTERRUPTS();
		if (got <= 0)
			break;
		bytes -= got;
	}
	pfree(buffer);
	return bytes == 0;
}

void
byte_source_close(ByteSource *source)
{
	if (source->close != NULL)
		source->close(source);
}

typedef struct MemorySource
{
	ByteSource	source;
	const char *bytes;
	int64		left;
} MemorySource;

static bool
memory_skip(ByteSource *source, int64 bytes)
{
	MemorySource *memory = (MemorySource *) source;
	int64		skipped = Min(bytes, memory->left);

	memory->bytes += skipped;
	memory->left -= skipped;
	return skipped == bytes;
}

static int
memory_read(ByteSource *source, char *buffer, int size)
{
	MemorySource *memory = (MemorySource *) source;
	int			got = (int) Min(size, memory->left);

	memcpy(buffer, memory->bytes, got);
	memory_skip(source, got);
	return got;
}

ByteSource *
byte_source_of_bytes(const char *bytes, int64 len)
{
	MemorySource *memory = palloc0(sizeof(MemorySource));

	memory->source.read = memory_read;
	memory->source.skip = memory_skip;
	memory->bytes = bytes;
	memory->left = len;
	return &memory->source;
}
