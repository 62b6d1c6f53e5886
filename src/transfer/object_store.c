/*
 * object_store.c
 *		Buckets of objects: which kind a bucket is, and who may use it.
 */
#include "postgres.h"

#include "catalog/pg_authid.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"

#include "base/settings.h"
#include "catalog/buckets.h"
#include "transfer/object_store.h"
#include "transfer/out.h"
#include "transfer/transfer.h"

bool
object_store_may(Oid role, const char *bucket, ObjectAccess access)
{
	return catalog_may_use_bucket(role, bucket, access == OBJECT_WRITE);
}

static char *
null_if_empty(const char *setting)
{
	return setting[0] == '\0' ? NULL : pstrdup(setting);
}

ObjectStoreSettings *
object_store_settings(const char *bucket)
{
	ObjectStoreSettings *settings = (ObjectStoreSettings *) palloc0(sizeof(ObjectStoreSettings));
	S3Credentials *credentials = catalog_s3_credentials();

	settings->bucket = pstrdup(bucket);
	settings->account = pstrdup(dynapg_account_id);
	settings->directory = null_if_empty(dynapg_export_directory);
	settings->endpoint = null_if_empty(dynapg_s3_endpoint);
	settings->region = pstrdup(dynapg_s3_region[0] ? dynapg_s3_region : dynapg_region);
	settings->path_style = dynapg_s3_path_style;
	settings->ca_file = null_if_empty(dynapg_out_ca_file);
	if (credentials != NULL)
	{
		settings->access_key_id = credentials->access_key_id;
		settings->secret_access_key = credentials->secret_access_key;
		settings->session_token = credentials->session_token;
	}
	return settings;
}

ObjectStore *
object_store_open(const ObjectStoreSettings *settings, const char *bucket_owner)
{
	ObjectStore *store = NULL;

	if (settings->directory != NULL)
		store = directory_store_open(settings, bucket_owner);
	if (store == NULL && settings->endpoint != NULL)
		store = out_library()->open_bucket(settings, bucket_owner);
	if (store == NULL)
		object_store_fail(S3_NO_SUCH_BUCKET, NULL, NULL,
						  psprintf("Bucket \"%s\" is no folder below dynapg.export_directory (%s), and dynapg.s3_endpoint is not set.",
								   settings->bucket, settings->directory ? settings->directory : "not set"));
	return store;
}

void
object_store_close(ObjectStore *store)
{
	store->routines->close(store);
}

void
object_store_encrypt(ObjectStore *store, const char *algorithm, const char *kms_key_id)
{
	store->encryption = algorithm;
	store->kms_key_id = kms_key_id;
}

static int
compare_keys(const ListCell *a, const ListCell *b)
{
	return strcmp(((const ObjectInfo *) lfirst(a))->key, ((const ObjectInfo *) lfirst(b))->key);
}

List *
object_store_list(ObjectStore *store, const char *prefix)
{
	List	   *objects = store->routines->list(store, prefix);

	list_sort(objects, compare_keys);
	return objects;
}

ObjectReader *
object_open(ObjectStore *store, const char *key, int64 offset, const char *etag)
{
	return store->routines->open(store, key, offset, etag);
}

int
object_read(ObjectReader *reader, char *buffer, int size)
{
	return reader->store->routines->read(reader, buffer, size);
}

void
object_close(ObjectReader *reader)
{
	reader->store->routines->close_reader(reader);
}

ObjectWriter *
object_create(ObjectStore *store, const char *key)
{
	return store->routines->create(store, key);
}

void
object_write(ObjectWriter *writer, const char *bytes, int len)
{
	writer->store->routines->write(writer, bytes, len);
}

char *
object_finish(ObjectWriter *writer)
{
	return writer->store->routines->finish(writer);
}

void
object_abandon(ObjectWriter *writer)
{
	writer->store->routines->abandon(writer);
}

char *
object_put(ObjectStore *store, const char *key, const char *bytes, int len)
{
	ObjectWriter *writer = object_create(store, key);

	object_write(writer, bytes, len);
	return object_finish(writer);
}

/* So many random characters of an alphabet of 32 or 64, as the ids of requests have them. */
static char *
make_up_id(int len, const char *alphabet)
{
	char	   *id = (char *) palloc(len + 1);
	int			size = strlen(alphabet);

	if (!pg_strong_random(id, len))
		elog(ERROR, "could not generate random values");
	for (int i = 0; i < len; i++)
		id[i] = alphabet[(unsigned char) id[i] % size];
	id[len] = '\0';
	return id;
}

void
object_store_fail(int status, const char *error, const char *message, const char *request_id, const char *extended_id,
				  const char *detail)
{
	static const char small[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
	static const char large[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *code = strcmp(error, "KMS.NotFoundException") == 0 ? "KmsNotFoundException" : psprintf("S3%s", error);

	transfer_fail_detail(code, detail,
						 psprintf("%s (Service: Amazon S3; Status Code: %d; Error Code: %s; Request ID: %s; "
								  "S3 Extended Request ID: %s; Proxy: null)",
								  message, status, error, request_id ? request_id : make_up_id(16, small),
								  extended_id ? extended_id : make_up_id(76, large)));
}
