/*
 * guard.c
 *		Where requests may go.
 */
#include "postgres.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "lib/stringinfo.h"

#include "out/guard.h"

/* ------------------------------------------------------------------------------------------------------------
 * Names
 * ------------------------------------------------------------------------------------------------------------ */

static bool
name_matches(const char *pattern, size_t len, const char *host)
{
	size_t		host_len = strlen(host);

	/* a name may end with the point of the root */
	if (host_len > 1 && host[host_len - 1] == '.')
		host_len--;
	if (len == 1 && pattern[0] == '*')
		return true;
	if (len > 2 && pattern[0] == '*' && pattern[1] == '.')
		return host_len > len - 1 && pg_strncasecmp(host + host_len - (len - 1), pattern + 1, len - 1) == 0;
	return host_len == len && pg_strncasecmp(host, pattern, len) == 0;
}

static bool
pattern_matches(const char *pattern, size_t len, const char *host, int port, int default_port)
{
	size_t		name_len = len;

	/* a colon after the bracket of an IPv6 address, if there is one */
	while (name_len > 0 && pattern[name_len - 1] >= '0' && pattern[name_len - 1] <= '9')
		name_len--;
	if (name_len > 0 && name_len < len && pattern[name_len - 1] == ':')
	{
		if (strtol(pattern + name_len, NULL, 10) != port)
			return false;
		name_len--;
	}
	else
	{
		name_len = len;
		if (port != default_port)
			return false;
	}
	return name_matches(pattern, name_len, host);
}

bool
guard_matches(const char *patterns, const char *host, int port, int default_port)
{
	static const char separators[] = ", \t\r\n";

	for (const char *pattern = patterns + strspn(patterns, separators); *pattern != '\0';)
	{
		size_t		len = strcspn(pattern, separators);

		if (pattern_matches(pattern, len, host, port, default_port))
			return true;
		pattern += len;
		pattern += strspn(pattern, separators);
	}
	return false;
}

/* The patterns of a list that are names without a star, as such a list. */
static char *
whole_names(const char *patterns)
{
	static const char separators[] = ", \t\r\n";
	StringInfoData names;

	initStringInfo(&names);
	for (const char *p = patterns + strspn(patterns, separators); *p != '\0'; p += strspn(p, separators))
	{
		size_t		len = strcspn(p, separators);

		if (memchr(p, '*', len) == NULL)
		{
			appendBinaryStringInfo(&names, p, len);
			appendStringInfoChar(&names, ',');
		}
		p += len;
	}
	return names.data;
}

/* The host and port of a URL, which has been checked; the host of an IPv6 address in its brackets. */
static char *
host_of_url(const char *url, int *port, int *default_port)
{
	const char *host = strstr(url, "://") + 3;
	size_t		len = host[0] == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/?");

	*default_port = strncmp(url, "https:", 6) == 0 ? 443 : 80;
	*port = host[len] == ':' ? (int) strtol(host + len + 1, NULL, 10) : *default_port;
	return pnstrdup(host, len);
}

const char *
guard_of_url(const char *patterns, const char *url, Guard *guard)
{
	int			port;
	int			default_port;
	char	   *host = host_of_url(url, &port, &default_port);

	guard->local = guard_matches(whole_names(patterns), host, port, default_port);
	if (guard->local || guard_matches(patterns, host, port, default_port))
		return NULL;
	return psprintf("%s:%d", host, port);
}

/* ------------------------------------------------------------------------------------------------------------
 * Addresses
 * ------------------------------------------------------------------------------------------------------------ */

/* Blocks that are not of the public internet (the registries of RFC 6890 and what has been added). */
typedef struct Block4
{
	uint32		address;
	int			bits;
} Block4;

static const Block4 local4[] = {
	{0x00000000, 8},			/* this network */
	{0x0A000000, 8},			/* private */
	{0x64400000, 10},			/* shared by providers */
	{0x7F000000, 8},			/* loopback */
	{0xA9FE0000, 16},			/* link-local, metadata of clouds */
	{0xAC100000, 12},			/* private */
	{0xC0000000, 24},			/* protocols */
	{0xC0000200, 24},			/* documentation */
	{0xC0586300, 24},			/* 6to4 relays */
	{0xC0A80000, 16},			/* private */
	{0xC6120000, 15},			/* benchmarks */
	{0xC6336400, 24},			/* documentation */
	{0xCB007100, 24},			/* documentation */
	{0xE0000000, 3},			/* multicast, reserved, broadcast */
};

static bool
is_local4(uint32 address)
{
	for (int i = 0; i < lengthof(local4); i++)
		if ((address ^ local4[i].address) >> (32 - local4[i].bits) == 0)
			return true;
	return false;
}

static uint32
ipv4_at(const uint8 *bytes)
{
	return (uint32) bytes[0] << 24 | (uint32) bytes[1] << 16 | (uint32) bytes[2] << 8 | bytes[3];
}

/* Only 2000::/3 is public, without its blocks for tunnels into IPv4 and for documentation; 64:ff9b::/96 is IPv4 behind a translator. */
static bool
is_local6(const uint8 *bytes)
{
	static const uint8 translated[12] = {0x00, 0x64, 0xff, 0x9b};

	if (memcmp(bytes, translated, sizeof(translated)) == 0)
		return is_local4(ipv4_at(bytes + 12));
	if (IN6_IS_ADDR_V4MAPPED((const struct in6_addr *) bytes))
		return is_local4(ipv4_at(bytes + 12));
	if (bytes[0] == 0x20 && bytes[1] == 0x02)
		return is_local4(ipv4_at(bytes + 2));
	if (bytes[0] == 0x20 && bytes[1] == 0x01 && bytes[2] < 0x02)
		return true;			/* 2001::/23: Teredo, ORCHID, benchmarks */
	if (bytes[0] == 0x20 && bytes[1] == 0x01 && bytes[2] == 0x0d && bytes[3] == 0xb8)
		return true;
	if (bytes[0] == 0x3f && bytes[1] == 0xff && bytes[2] < 0x10)
		return true;			/* 3fff::/20: documentation */
	return (bytes[0] & 0xe0) != 0x20;
}

bool
guard_allows(const Guard *guard, const struct sockaddr *address)
{
	if (guard == NULL || guard->local)
		return true;
	if (address->sa_family == AF_INET)
		return !is_local4(ntohl(((const struct sockaddr_in *) address)->sin_addr.s_addr));
	if (address->sa_family == AF_INET6)
		return !is_local6(((const struct sockaddr_in6 *) address)->sin6_addr.s6_addr);
	return false;
}
