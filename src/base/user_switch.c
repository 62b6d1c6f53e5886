/*
 * user_switch.c
 *		Doing something in another role's name.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/guc.h"

#include "base/user_switch.h"

void
user_switch(Oid role, UserSwitch *before)
{
	before->nest_level = 0;
	GetUserIdAndSecContext(&before->role, &before->context);
	if (role == before->role)
		return;
	SetUserIdAndSecContext(role, before->context | SECURITY_LOCAL_USERID_CHANGE | SECURITY_RESTRICTED_OPERATION);
	before->nest_level = NewGUCNestLevel();
	(void) set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
}

void
user_switch_back(const UserSwitch *before)
{
	if (before->nest_level == 0)
		return;
	AtEOXact_GUC(true, before->nest_level);
	SetUserIdAndSecContext(before->role, before->context);
}

void
user_switch_forget(const UserSwitch *before)
{
	if (before->nest_level > 0)
		SetUserIdAndSecContext(before->role, before->context);
}
