/*
 * s3.c
 *		Buckets of an S3 service.
 */
#include "postgres.h"

#include "out/out_room.h"

ObjectStore *
s3_open(const ObjectStoreSettings *settings, const char *bucket_owner)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("buckets of S3 are not there yet")));
}
