/*
 * framing.c
 *		Where a request ends: heads that two readers could read in two ways are refused.
 *
 * A proxy in front of us that takes other bytes for a request's body than we do would let its clients smuggle requests into the
 * connections of others.  RFC 9112 says what to refuse; libmicrohttpd before 1.0 takes much of it, so it is looked for here.  After
 * such a request the connection is closed.
 */
#include "postgres.h"

#include "http/http.h"

#define MAX_HEAD_SIZE (16 * 1024)	/* request line and headers, as the service takes them */

/* Version 1 of the library sees to the ends of lines by itself, if it is told to. */
static bool
library_is_strict(void)
{
	return strncmp(MHD_get_version(), "0.", 2) != 0;
}

int
framing_strictness(void)
{
	return library_is_strict() ? 1 : 0;
}

/* RFC 9110's token: what a method and the name of a header are made of. */
static bool
is_token(const char *text)
{
	if (text[0] == '\0')
		return false;
	for (const char *c = text; *c; c++)
		if (*c <= ' ' || *c >= 127 || strchr("\"(),/:;<=>?@[\\]{}", *c) != NULL)
			return false;
	return true;
}

/* No control characters but tabs; a carriage return is one that some take for the end of a line. */
static bool
is_field_value(const char *text)
{
	for (const unsigned char *c = (const unsigned char *) text; *c; c++)
		if ((*c < ' ' && *c != '\t') || *c == 127)
			return false;
	return true;
}

static bool
is_uri(const char *text)
{
	for (const unsigned char *c = (const unsigned char *) text; *c; c++)
		if (*c <= ' ' || *c == 127)
			return false;
	return text[0] != '\0';
}

static bool
is_digits(const char *text)
{
	return text[0] != '\0' && text[strspn(text, "0123456789")] == '\0';
}

static int
count_headers(const HttpRequest *request, const char *name)
{
	int			count = 0;

	for (int i = 0; i < request->n_headers; i++)
		count += pg_strcasecmp(request->headers[i].name, name) == 0;
	return count;
}

/*
 * Whether each line has ended in CR LF, and begun with the name of a header: not in a bare LF, nor gone on in a line that begins with a
 * blank (which the library's versions before 1.0 join to the header's name), and without a NUL.  The library does not say; but it
 * gives us the head where it was received, with nothing changed but the ends of words and lines, which are NULs then.  So each word
 * must follow the one before at the distance that it was sent with.  (A NUL and a bare LF look like CR LF; no proxy passes that on.)
 */
static bool
lines_are_whole(const HttpRequest *request, const char *method, const char *version)
{
	const char *end = method + MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE)->header_size;
	const char *next = version + strlen(version) + strlen("\r\n");

	if (library_is_strict())
		return true;
	if (request->received_uri != method + strlen(method) + 1 ||
		version != request->received_uri + strlen(request->uri) + 1)
		return false;
	for (int i = 0; i < request->n_headers; i++)
	{
		const HttpHeader *header = &request->headers[i];

		if (header->name != next)
			return false;
		next += strlen(header->name) + strlen(":");
		if (header->value < next || header->value >= end || strspn(next, " \t") < header->value - next)
			return false;
		next = header->value + strlen(header->value) + strlen("\r\n");
	}
	return next + strlen("\r\n") == end;
}

/* Whether the head says how long the body is, once and for everybody. */
static bool
length_is_clear(const HttpRequest *request, bool is_http_1_0)
{
	int			codings = count_headers(request, "Transfer-Encoding");
	int			lengths = count_headers(request, "Content-Length");

	if (codings > 0)
		return codings == 1 && lengths == 0 && !is_http_1_0 &&
			pg_strcasecmp(request_header(request, "Transfer-Encoding"), "chunked") == 0;
	return lengths == 0 || (lengths == 1 && is_digits(request_header(request, "Content-Length")));
}

bool
framing_is_sound(const HttpRequest *request, const char *method, const char *version)
{
	bool		is_http_1_0 = strcmp(version, "HTTP/1.0") == 0;
	int			hosts = count_headers(request, "Host");

	if (MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE)->header_size > MAX_HEAD_SIZE)
		return false;
	if (!is_token(method) || !is_uri(request->uri) || !lines_are_whole(request, method, version))
		return false;
	for (int i = 0; i < request->n_headers; i++)
		if (!is_token(request->headers[i].name) || !is_field_value(request->headers[i].value))
			return false;
	return (hosts == 1 || (hosts == 0 && is_http_1_0)) && length_is_clear(request, is_http_1_0);
}
