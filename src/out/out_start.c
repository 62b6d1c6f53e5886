/*
 * out_start.c
 *		The entry of the library dynapg_out.
 */
#include "postgres.h"

#include "fmgr.h"

#include "out/out_room.h"

PG_MODULE_MAGIC;

extern PGDLLEXPORT const OutLibrary *dynapg_out_start(const OutHost *host);

const OutHost *out_host;

static const OutLibrary library = {
	.version = OUT_VERSION,
	.open_bucket = s3_open,
	.open_remote = remote_transport_open,
	.open_posts = post_transport_open,
};

const OutLibrary *
dynapg_out_start(const OutHost *host)
{
	out_host = host;
	return &library;
}
