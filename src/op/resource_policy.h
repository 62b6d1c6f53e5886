/*
 * resource_policy.h
 *		Policies of tables and streams: what may be put, and when.
 */
#ifndef DYNAPG_OP_RESOURCE_POLICY_H
#define DYNAPG_OP_RESOURCE_POLICY_H

#include "catalog/tables.h"
#include "op/request.h"

/* Raises what the service says of a policy that a new table of this name cannot have; absent: nothing. */
extern void resource_policy_check_new(const RequestValue *policy, const char *table_name);

/* Gives a table that the current transaction has made the policy that was checked. */
extern void resource_policy_put_new(const TableInfo *table, const RequestValue *policy);

/* ResourceInUseException while a change of the table's policy is pending, if the control plane has a delay. */
extern void resource_policy_check_pending(const TableInfo *table);

#endif							/* DYNAPG_OP_RESOURCE_POLICY_H */
