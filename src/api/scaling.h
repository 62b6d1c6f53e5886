/*
 * scaling.h
 *		The operations of Application Auto Scaling, for SQL's door (scaling_sql.c) and HTTP's (cloudwatch.c).
 */
#ifndef DYNAPG_SCALING_H
#define DYNAPG_SCALING_H

typedef struct ScalingOperation
{
	const char *name;
	const char *statement;		/* of one parameter, the request; SQL's door executes it */
	bool		changes;
} ScalingOperation;

/* An operation by its name, a constant; NULL: there is none. */
extern const ScalingOperation *scaling_operation(const char *name, int len);

#endif							/* DYNAPG_SCALING_H */
