/*
 * buckets.h
 *		Who may use which buckets (dynapg.bucket_grants), and the credentials for S3 (dynapg.s3_credentials).
 */
#ifndef DYNAPG_BUCKETS_H
#define DYNAPG_BUCKETS_H

#include "utils/array.h"

typedef struct S3Credentials
{
	char	   *access_key_id;
	char	   *secret_access_key;
	char	   *session_token;	/* NULL: none */
} S3Credentials;

/*
 * Whether a role may read, or write, a bucket: it was granted to the role, or to one whose privileges it has; or the role may read, or write, the
 * server's files.
 */
extern bool catalog_may_use_bucket(Oid role, const char *bucket, bool writes);

/* Adds to what a role may do with a bucket, or takes from it; access: a text[] of READ and WRITE. */
extern void catalog_grant_bucket(const char *bucket, Oid role, ArrayType *access);
extern void catalog_revoke_bucket(const char *bucket, Oid role, ArrayType *access);

/* The credentials, palloc'd; NULL: there are none. */
extern S3Credentials *catalog_s3_credentials(void);

/* Replaces them; NULL: there are none from now on. */
extern void catalog_set_s3_credentials(const S3Credentials *credentials);

/* The same for dynapg.kinesis_endpoint. */
extern S3Credentials *catalog_kinesis_credentials(void);
extern void catalog_set_kinesis_credentials(const S3Credentials *credentials);

#endif							/* DYNAPG_BUCKETS_H */
