/*
 * object_store_sql.c
 *		Buckets for tests (test/functions.sql): a backend does what processes of transfers do.
 */
#include "postgres.h"

#include "common/cryptohash.h"
#include "common/sha2.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

#include "base/hex.h"
#include "base/varlena.h"
#include "transfer/object_store.h"

PG_FUNCTION_INFO_V1(dynapg_test_bucket_may);
PG_FUNCTION_INFO_V1(dynapg_test_bucket_list);
PG_FUNCTION_INFO_V1(dynapg_test_bucket_read);
PG_FUNCTION_INFO_V1(dynapg_test_bucket_put);

static char *
text_argument(FunctionCallInfo fcinfo, int n)
{
	return PG_ARGISNULL(n) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(n));
}

static ObjectStore *
open_argument(FunctionCallInfo fcinfo, const char *owner)
{
	return object_store_open(object_store_settings(text_argument(fcinfo, 0)), owner);
}

/* bucket_may(bucket, access): of the current user */
Datum
dynapg_test_bucket_may(PG_FUNCTION_ARGS)
{
	const char *access = text_argument(fcinfo, 1);

	PG_RETURN_BOOL(object_store_may(GetUserId(), text_argument(fcinfo, 0), access[0] == 'W' ? OBJECT_WRITE : OBJECT_READ));
}

/* bucket_list(bucket, prefix, owner): key, size, etag */
Datum
dynapg_test_bucket_list(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	ObjectStore *store = open_argument(fcinfo, text_argument(fcinfo, 2));
	List	   *objects = object_store_list(store, text_argument(fcinfo, 1));
	ListCell   *cell;

	InitMaterializedSRF(fcinfo, 0);
	foreach(cell, objects)
	{
		const ObjectInfo *object = (const ObjectInfo *) lfirst(cell);
		Datum		values[3] = {CStringGetTextDatum(object->key), Int64GetDatum(object->size), CStringGetTextDatum(object->etag)};
		bool		nulls[3] = {false};

		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	object_store_close(store);
	return (Datum) 0;
}

/*
 * bucket_read(bucket, key, from, etag, hash): the object's bytes from there on, or (if there are more than a megabyte) how many they are;
 * and their SHA-256, if that is wanted.
 */
Datum
dynapg_test_bucket_read(PG_FUNCTION_ARGS)
{
	enum { SIZE = 1024 * 1024 };
	ObjectStore *store = open_argument(fcinfo, NULL);
	ObjectReader *reader = object_open(store, text_argument(fcinfo, 1), PG_GETARG_INT64(2), text_argument(fcinfo, 3));
	pg_cryptohash_ctx *hash = pg_cryptohash_create(PG_SHA256);
	char	   *buffer = (char *) palloc(SIZE + 1);
	uint8		digest[PG_SHA256_DIGEST_LENGTH];
	StringInfoData bytes;
	StringInfoData out;
	int64		total = 0;
	int			len;

	initStringInfo(&bytes);
	initStringInfo(&out);
	pg_cryptohash_init(hash);
	while ((len = object_read(reader, buffer, SIZE)) > 0)
	{
		total += len;
		if (total <= SIZE)
			appendBinaryStringInfo(&bytes, buffer, len);
		if (PG_GETARG_BOOL(4))
			pg_cryptohash_update(hash, (uint8 *) buffer, len);
	}
	pg_cryptohash_final(hash, digest, sizeof(digest));
	pg_cryptohash_free(hash);
	object_close(reader);
	object_store_close(store);
	if (total > SIZE)
		appendStringInfo(&out, INT64_FORMAT " ", total);
	else
		appendStringInfo(&out, "%s ", bytes.data);
	hex_append(&out, digest, sizeof(digest));
	PG_RETURN_TEXT_P(cstring_to_text(out.data));
}

/*
 * bucket_put(bucket, key, bytes, times, action, encryption, kms_key): writes the bytes so often; action finish gives the etag, abandon null,
 * leave leaves it open in a context that is reset.
 */
Datum
dynapg_test_bucket_put(PG_FUNCTION_ARGS)
{
	ObjectStore *store = open_argument(fcinfo, NULL);
	bytea	   *bytes = PG_GETARG_BYTEA_PP(2);
	const char *action = text_argument(fcinfo, 4);
	ObjectWriter *writer;
	char	   *etag = NULL;

	object_store_encrypt(store, text_argument(fcinfo, 5), text_argument(fcinfo, 6));
	writer = object_create(store, text_argument(fcinfo, 1));
	for (int i = 0; i < PG_GETARG_INT32(3); i++)
		object_write(writer, VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes));
	if (strcmp(action, "finish") == 0)
		etag = object_finish(writer);
	else if (strcmp(action, "abandon") == 0)
		object_abandon(writer);
	object_store_close(store);
	if (etag == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(etag));
}
