/*
 * caller.c
 *		What the extension is told of who sends a request (op/caller.h): the peer, TLS, headers.
 *
 * The address is the peer's.  X-Forwarded-For is not believed: whoever connects can send it, and no setting says which proxies to trust.
 */
#include "postgres.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "http/http.h"

/* A worker executes one request at a time. */
static Caller caller;

/* The text of an address, IPv4 behind IPv6 as IPv4; good until the next call.  Most requests come from where the last one came from. */
static const char *
address_text(const struct sockaddr *address)
{
	static char text[INET6_ADDRSTRLEN];
	static char last[sizeof(struct in6_addr)];
	static size_t last_len;
	const char *bytes;
	size_t		len;

	if (address == NULL)
		return NULL;
	if (address->sa_family == AF_INET)
	{
		bytes = (const char *) &((const struct sockaddr_in *) address)->sin_addr;
		len = sizeof(struct in_addr);
	}
	else if (address->sa_family == AF_INET6)
	{
		const struct in6_addr *ip = &((const struct sockaddr_in6 *) address)->sin6_addr;

		bytes = (const char *) ip;
		len = sizeof(struct in6_addr);
		if (IN6_IS_ADDR_V4MAPPED(ip))
		{
			bytes += len - sizeof(struct in_addr);
			len = sizeof(struct in_addr);
		}
	}
	else
		return NULL;
	if (len == last_len && memcmp(last, bytes, len) == 0)
		return text;
	if (inet_ntop(len == sizeof(struct in_addr) ? AF_INET : AF_INET6, bytes, text, sizeof(text)) == NULL)
		return NULL;
	memcpy(last, bytes, len);
	last_len = len;
	return text;
}

/* A header's value as it may stand in messages, logs and JSON; a copy lives as long as the request. */
static const char *
printable(const HttpRequest *request, const char *value)
{
	const char *c = value;
	char	   *copy;

	while (*c >= ' ' && *c <= '~')
		c++;
	if (*c == '\0')
		return value;
	copy = MemoryContextStrdup(request->context, value);
	for (char *p = copy; *p; p++)
		if (*p < ' ' || *p > '~')
			*p = '?';
	return copy;
}

Caller *
caller_tell(const HttpRequest *request)
{
	const union MHD_ConnectionInfo *peer = MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	const char *user_agent = request_header(request, "User-Agent");

	memset(&caller, 0, sizeof(caller));
	caller.source_ip = address_text(peer ? peer->client_addr : NULL);
	caller.is_secure = MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_GNUTLS_SESSION) != NULL;
	caller.user_agent = user_agent ? printable(request, user_agent) : NULL;
	caller.request_id = request->request_id;
	endpoint->begin_caller(&caller);
	endpoint->run_trace(&request->trace, request->record);
	return &caller;
}

void
caller_write_address(const HttpRequest *request, char *out, size_t size)
{
	const union MHD_ConnectionInfo *peer = MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	const char *text = address_text(peer ? peer->client_addr : NULL);

	strlcpy(out, text ? text : "", size);
}

void
caller_forget(void)
{
	endpoint->run_trace(NULL, NULL);
	endpoint->begin_caller(NULL);
}
