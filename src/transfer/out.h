/*
 * out.h
 *		The library dynapg_out (src/out/): HTTP requests that leave the server.
 *
 * It is the only one that links libcurl, and is loaded by processes of transfers, and by the courier, when they first need it.  The two libraries are linked
 * apart: what each needs of the other it gets as a table of functions.
 */
#ifndef DYNAPG_OUT_H
#define DYNAPG_OUT_H

#include "transfer/object_store.h"
#include "transfer/post.h"
#include "transfer/remote.h"

#define OUT_VERSION	3			/* of both tables */

/* What dynapg_out gets from us. */
typedef struct OutHost
{
	int			version;
	void		(*s3_fail) (int status, const char *error, const char *message, const char *request_id,
							   const char *extended_id, const char *detail);	/* object_store_fail() */
	void		(*fail) (const char *code, const char *detail, const char *message);	/* transfer_fail_detail() */
} OutHost;

/* What we get from dynapg_out. */
typedef struct OutLibrary
{
	int			version;
	ObjectStore *(*open_bucket) (const ObjectStoreSettings *settings, const char *bucket_owner);
	RemoteTransport *(*open_remote) (const RemoteSettings *settings, const char *allowed_hosts);
	PostTransport *(*open_posts) (const char *ca_file); /* NULL: the system's authorities vouch for servers */
} OutLibrary;

/* The library, loaded if need be.  Raises an error if it is not installed, or not of our version. */
extern const OutLibrary *out_library(void);

/* In dynapg_out: what out_library() calls. */
typedef const OutLibrary *(*OutStart) (const OutHost *host);

#endif							/* DYNAPG_OUT_H */
