/*
 * url.c
 *		URLs of servers.
 */
#include "postgres.h"

#include <ctype.h>

#include "base/url.h"

/* Bytes of the host that a text begins with; 0: there is none. */
static size_t
host_length(const char *text)
{
	static const char characters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
	size_t		len;

	if (text[0] != '[')
		return strspn(text, characters);
	len = 1 + strspn(text + 1, "0123456789abcdefABCDEF:.");
	return len > 1 && text[len] == ']' ? len + 1 : 0;
}

bool
url_is_server(const char *text)
{
	size_t		len;

	if (strncmp(text, "https://", 8) == 0)
		text += 8;
	else if (strncmp(text, "http://", 7) == 0)
		text += 7;
	else
		return false;
	len = host_length(text);
	if (len == 0)
		return false;
	text += len;
	if (text[0] == ':' && isdigit((unsigned char) text[1]))
		text += 1 + strspn(text + 1, "0123456789");
	return text[0] == '\0' || (text[0] == '/' && text[1] == '\0');
}
