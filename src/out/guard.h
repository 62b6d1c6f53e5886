/*
 * guard.h
 *		Where requests may go.
 *
 * An endpoint that a superuser has set may be anywhere.  Other destinations are those of a list of patterns; and since a name may be made to lead to
 * any address, the address is looked at too, on each connection, after the name was resolved.
 */
#ifndef DYNAPG_GUARD_H
#define DYNAPG_GUARD_H

#include <sys/socket.h>

typedef struct Guard
{
	bool		local;			/* addresses of this machine, of private networks and the like are allowed */
} Guard;

/*
 * Whether a host and port match one of the patterns, which commas and blanks separate: host[:port], in which the host may begin with *. for all
 * names below one, and a port that is not given is that of the scheme.  A * alone is every host.  Letters of either case are the same.
 */
extern bool guard_matches(const char *patterns, const char *host, int port, int default_port);

/*
 * What addresses a URL, http[s]://host[:port][/...], may lead to by a list of patterns: any, where the list has its host whole, without a star,
 * since a superuser has named it; public ones, where only a pattern fits it.  Returns NULL; or, if it may not be reached at all, its host and port,
 * palloc'd.
 */
extern const char *guard_of_url(const char *patterns, const char *url, Guard *guard);

/* Whether a connection to an address may be made; guard NULL: every one. */
extern bool guard_allows(const Guard *guard, const struct sockaddr *address);

#endif							/* DYNAPG_GUARD_H */
