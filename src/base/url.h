/*
 * url.h
 *		URLs of servers.
 */
#ifndef DYNAPG_URL_H
#define DYNAPG_URL_H

/*
 * Whether a text is scheme://host[:port] with at most one slash behind it, the scheme http or https.  A host is letters, digits, points, hyphens
 * and underscores, or an address in brackets: nothing that URLs have a meaning for.
 */
extern bool url_is_server(const char *text);

#endif							/* DYNAPG_URL_H */
