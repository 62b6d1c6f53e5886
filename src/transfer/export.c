/*
 * export.c
 *		Exports of tables.
 */
#include "postgres.h"

#include "transfer/transfer.h"

static bool
export_step(const char *id)
{
	transfer_fail("NotSupported", "EXPORT is not supported yet");
}

const TransferRoutines transfer_export = {.step = export_step};
