/*
 * scan.c
 *		Ranges of items: what both back ends share.
 */
#include "postgres.h"

#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "base/limits.h"
#include "base/varlena.h"
#include "storage/backend.h"

bytea *
storage_sort_bytes(const char *bytes, int len)
{
	bytea	   *sort = (bytea *) palloc(VARHDRSZ + len);

	SET_VARSIZE(sort, VARHDRSZ + len);
	if (len > 0)
		memcpy(VARDATA(sort), bytes, len);
	return sort;
}

bytea *
storage_sort_after(const char *bytes, int len)
{
	bytea	   *sort = (bytea *) palloc(VARHDRSZ + len + 1);

	SET_VARSIZE(sort, VARHDRSZ + len + 1);
	memcpy(VARDATA(sort), bytes, len);
	VARDATA(sort)[len] = '\0';
	return sort;
}

bytea *
storage_sort_after_prefix(const char *bytes, int len)
{
	bytea	   *sort;

	/* trailing 0xFF cannot be incremented: what follows the prefix follows the shorter one too */
	while (len > 0 && (uint8) bytes[len - 1] == 0xFF)
		len--;
	if (len == 0)
		return storage_sort_infinity();
	sort = storage_sort_bytes(bytes, len);
	VARDATA(sort)[len - 1]++;
	return sort;
}

bytea *
storage_sort_infinity(void)
{
	bytea	   *sort = (bytea *) palloc(VARHDRSZ + SORT_KEY_MAX_SIZE + 1);

	SET_VARSIZE(sort, VARHDRSZ + SORT_KEY_MAX_SIZE + 1);
	memset(VARDATA(sort), 0xFF, SORT_KEY_MAX_SIZE + 1);
	return sort;
}

StorageScan *
storage_scan_begin(StorageTable *table, const StorageRange *range)
{
	StorageScan *scan = (StorageScan *) palloc0(sizeof(StorageScan));

	scan->table = table;
	scan->range = *range;
	PushActiveSnapshot(GetTransactionSnapshot());
	scan->snapshot = GetActiveSnapshot();
	if (table->direct)
		direct_scan_begin(scan);
	return scan;
}

Jsonb *
storage_scan_next(StorageScan *scan)
{
	if (scan->index != NULL)
		return index_scan_next(scan);
	for (;;)
	{
		Jsonb	   *item = scan->table->direct ? direct_scan_next(scan) : spi_scan_next(scan);
		StorageKey	key;

		if (item == NULL || scan->range.hash_bytes == NULL)
			return item;
		key.hash_bytes = scan->range.hash_bytes;
		key.hash_len = scan->range.hash_len;
		if (storage_is_key(scan->table, &key, item))
			return item;
		pfree(item);			/* another partition key of the same hash */
	}
}

Jsonb *
storage_scan_entry(StorageScan *scan)
{
	return scan->entry;
}

void
storage_scan_end(StorageScan *scan)
{
	if (scan->index != NULL)
		index_scan_end(scan);
	else if (scan->table->direct)
		direct_scan_end(scan);
	if (scan->chunk_context)
		MemoryContextDelete(scan->chunk_context);
	PopActiveSnapshot();
	pfree(scan);
}
