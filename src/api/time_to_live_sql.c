/*
 * time_to_live_sql.c
 *		Items that have expired: dynapg.expire_items(), dynapg.oldest_expired().
 */
#include "postgres.h"

#include "access/xact.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "tcop/utility.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "base/error.h"
#include "base/subtransaction.h"
#include "keep/expire.h"
#include "op/op.h"

PG_FUNCTION_INFO_V1(dynapg_expire_items);
PG_FUNCTION_INFO_V1(dynapg_oldest_expired);

/* What is to be removed of a table. */
typedef struct ExpireOrder
{
	Oid			relation;
	int64		limit;
	int64		removed;
} ExpireOrder;

static void
expire_table(void *argument)
{
	ExpireOrder *order = (ExpireOrder *) argument;
	ExpireSweep *sweep = expire_begin(order->relation);
	int64		removed = 0;

	while (removed < order->limit && expire_batch(sweep, order->limit - removed, &removed))
		CHECK_FOR_INTERRUPTS();
	expire_warn(sweep);
	order->removed = removed;
}

/* What goes wrong with one table is a warning. */
static int64
expire_all_tables(int64 limit)
{
	int64		removed = 0;
	ListCell   *cell;

	foreach(cell, catalog_expiring_relations())
	{
		ExpireOrder order = {lfirst_oid(cell), limit - removed, 0};
		ErrorData  *error;

		if (!compat_owns_relation(order.relation, GetUserId()))
			continue;
		error = subtransaction_try(expire_table, &order);
		if (error == NULL)
			removed += order.removed;
		else if (error->sqlerrcode == ERRCODE_QUERY_CANCELED)
			ReThrowError(error);
		else
			ereport(WARNING,
					(errcode(error->sqlerrcode),
					 errmsg("expired items of relation %s cannot be removed", get_rel_name(order.relation)),
					 errdetail("%s", error->message)));
	}
	return removed;
}

/* expire_items(table name, limit) */
Datum
dynapg_expire_items(PG_FUNCTION_ARGS)
{
	int64		limit = PG_ARGISNULL(1) ? PG_INT64_MAX : PG_GETARG_INT64(1);
	ExpireOrder order = {InvalidOid, limit, 0};
	const TableInfo *table;
	text	   *name;
	const char *plain_name;
	int			len;

	PreventCommandIfReadOnly("dynapg.expire_items()");
	if (PG_ARGISNULL(0))
		PG_RETURN_INT64(expire_all_tables(limit));
	name = PG_GETARG_TEXT_PP(0);
	plain_name = op_table_name_of_text(VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name), &len);
	table = catalog_lock_table(plain_name, len, RowExclusiveLock, true);
	if (table == NULL)
		catalog_raise_not_found(plain_name, len);
	order.relation = table->relation;
	expire_table(&order);
	PG_RETURN_INT64(order.removed);
}

/* oldest_expired(table name) */
Datum
dynapg_oldest_expired(PG_FUNCTION_ARGS)
{
	text	   *name = PG_GETARG_TEXT_PP(0);
	int			len;
	const char *plain_name = op_table_name_of_text(VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name), &len);
	const TableInfo *table = catalog_table(plain_name, len);
	TimestampTz expired_at;

	if (table == NULL)
		catalog_raise_not_found(plain_name, len);
	if (!OidIsValid(table->relation) || !expire_oldest(table, &expired_at))
		PG_RETURN_NULL();
	PG_RETURN_TIMESTAMPTZ(expired_at);
}
