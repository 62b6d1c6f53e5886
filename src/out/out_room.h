/*
 * out_room.h
 *		What the files of the library dynapg_out share.
 */
#ifndef DYNAPG_OUT_ROOM_H
#define DYNAPG_OUT_ROOM_H

#include "transfer/out.h"

/* What dynapg.so has given us. */
extern const OutHost *out_host;

/* s3.c */
extern ObjectStore *s3_open(const ObjectStoreSettings *settings, const char *bucket_owner);

/* remote.c: in the current memory context; a request to a host that is not allowed makes the transfer FAILED. */
extern RemoteTransport *remote_transport_open(const RemoteSettings *settings, const char *allowed_hosts);

/* post.c; in the current memory context. */
extern PostTransport *post_transport_open(const char *ca_file);

#endif							/* DYNAPG_OUT_ROOM_H */
