/*
 * arn.h
 *		Amazon Resource Names of tables: taking them apart and making them.
 */
#ifndef DYNAPG_ARN_H
#define DYNAPG_ARN_H

/* The parts point into the text that was parsed. */
typedef struct TableArn
{
	const char *region;
	int			region_len;
	const char *account;
	int			account_len;
	const char *name;
	int			name_len;
} TableArn;

/* Whether text may stand for a table name: of the characters [a-zA-Z0-9_.-], at least one. */
extern bool arn_is_name(const char *text, int len);

/*
 * Takes arn:<partition>:dynamodb:<region>:<account>:table/<name> apart; false if text is none, which includes the
 * ARN of an index, a stream or a backup.
 */
extern bool arn_parse_table(const char *text, int len, TableArn *arn);

/* The ARN of a table of this server, palloc'd. */
extern char *arn_of_table(const char *name);

#endif							/* DYNAPG_ARN_H */
