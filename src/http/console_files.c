/*
 * console_files.c
 *		The console's files: src/http/console/, which `make` puts into the library.
 *
 * No path of a request ever names a file on the disk.  A browser may keep them, and asks each time whether they are the same.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "http/console.h"

typedef struct ConsoleFile
{
	const char *name;
	const unsigned char *bytes;
	size_t		len;
} ConsoleFile;

/* files: made by tools/embed_files.sh */
#include "http/console_files_data.h"

#define FIRST_FILE "/index.html"

static const char *
content_type(const char *name)
{
	static const char *const types[][2] = {
		{".html", "text/html; charset=utf-8"},
		{".css", "text/css; charset=utf-8"},
		{".js", "text/javascript; charset=utf-8"},
		{".svg", "image/svg+xml"},
	};
	const char *ending = strrchr(name, '.');

	for (int i = 0; i < lengthof(types); i++)
		if (ending != NULL && strcmp(ending, types[i][0]) == 0)
			return types[i][1];
	return "application/octet-stream";
}

/* Weak, since it may be sent compressed. */
static const char *
etag_of(int file)
{
	static const char *etags[lengthof(files)];

	if (etags[file] == NULL)
	{
		char		hash[SIGV4_HASH_LENGTH + 1];
		MemoryContext caller = MemoryContextSwitchTo(TopMemoryContext);

		sigv4_hash((const char *) files[file].bytes, files[file].len, hash);
		etags[file] = psprintf("W/\"%.32s\"", hash);
		MemoryContextSwitchTo(caller);
	}
	return etags[file];
}

bool
console_file(HttpRequest *request, const char *name, size_t len)
{
	const char *known = request_header(request, "If-None-Match");

	if (len == 0 || (len == 1 && name[0] == '/'))
	{
		name = FIRST_FILE;
		len = strlen(FIRST_FILE);
	}
	for (int i = 0; i < lengthof(files); i++)
	{
		if (strlen(files[i].name) + 1 != len || memcmp(files[i].name, name + 1, len - 1) != 0)
			continue;
		request->etag = etag_of(i);
		if (known != NULL && strstr(known, request->etag) != NULL)
			protocol_respond(request, 304, NULL, "");
		else
		{
			protocol_respond(request, 200, content_type(files[i].name), "");
			appendBinaryStringInfo(&request->response, (const char *) files[i].bytes, files[i].len);
		}
		return true;
	}
	return false;
}
