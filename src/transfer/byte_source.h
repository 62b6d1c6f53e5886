/*
 * byte_source.h
 *		Bytes that are pulled: from an object, from memory, through a decompressor.
 *
 * What a source cannot read since its bytes are broken is a result, not an error: byte_source_read() returns -1, and source->error says what
 * is wrong.  What else goes wrong (the bucket cannot be reached) is raised.
 */
#ifndef DYNAPG_BYTE_SOURCE_H
#define DYNAPG_BYTE_SOURCE_H

typedef struct ByteSource ByteSource;

/* Sources of every kind begin with this. */
struct ByteSource
{
	/* at least one byte, 0 at the end, -1 if the bytes are broken */
	int			(*read) (ByteSource *source, char *buffer, int size);
	/* passes over bytes faster than reading them does; false if the source ends before; NULL: it cannot */
	bool		(*skip) (ByteSource *source, int64 bytes);
	/* gives back what is not palloc'd; NULL: nothing is */
	void		(*close) (ByteSource *source);
	const char *error;			/* NULL: none; lives as long as the source */
};

/* As source->read; once it has returned 0 or -1 it does so forever. */
extern int	byte_source_read(ByteSource *source, char *buffer, int size);

/* Passes over bytes; false if there are fewer, or they are broken. */
extern bool byte_source_skip(ByteSource *source, int64 bytes);

extern void byte_source_close(ByteSource *source);

/* Bytes in memory, which are not copied. */
extern ByteSource *byte_source_of_bytes(const char *bytes, int64 len);

#endif							/* DYNAPG_BYTE_SOURCE_H */
