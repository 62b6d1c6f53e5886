/*
 * arn.h
 *		Amazon Resource Names: taking them apart and making them.
 */
#ifndef DYNAPG_ARN_H
#define DYNAPG_ARN_H

/* The parts point into the text that was parsed. */
typedef struct TableArn
{
	const char *partition;
	int			partition_len;
	const char *region;
	int			region_len;
	const char *account;
	int			account_len;
	const char *type;			/* "table", unless it is a mistake */
	int			type_len;
	const char *name;
	int			name_len;
} TableArn;

/* What an operation about resources got for a ResourceArn. */
typedef enum ArnKind
{
	ARN_NONE,					/* does not begin with "arn:" */
	ARN_OTHER,					/* of no resource below */
	ARN_TABLE,
	ARN_INDEX,
	ARN_STREAM
} ArnKind;

typedef struct ResourceArn
{
	ArnKind		kind;
	bool		is_own_account;
	bool		is_own_region;	/* and of the partition aws */
	const char *table;			/* ARN_TABLE, ARN_INDEX, ARN_STREAM: the table's name, whatever its characters */
	int			table_len;
} ResourceArn;

/* Whether text may stand for a table name: of the characters [a-zA-Z0-9_.-], at least one. */
extern bool arn_is_name(const char *text, int len);

/*
 * Takes arn:<partition>:dynamodb:<region>:<account>:<type>/<name> apart; false if text is
 * none, which includes the ARN of an index, a stream or a backup.  Whether partition,
 * type, account and region are right is not looked at.
 */
extern bool arn_parse_table(const char *text, int len, TableArn *arn);

/* An ARN that ends in table/<name>/<kind>/<label>: of a backup, an export, an import ... */
typedef struct TablePartArn
{
	const char *partition;
	int			partition_len;
	const char *service;
	int			service_len;
	const char *region;			/* may be empty, as the account */
	int			region_len;
	const char *account;
	int			account_len;
	const char *table;
	int			table_len;
	const char *label;			/* up to the end of the text */
} TablePartArn;

/* Takes arn:<partition>:<service>:<region>:<account>:table/<name>/<kind>/<label> apart, whatever its parts; false if text is none. */
extern bool arn_parse_table_part(const char *text, int len, const char *kind, TablePartArn *arn);

/* Whether it is that of a table, be it there or not, of this server's account and Region. */
extern bool arn_is_own_table(const TableArn *arn);

/* Whether there may be a Region of this name. */
extern bool arn_is_region(const char *text, int len);

/* Whether a part of an ARN is a text. */
extern bool arn_part_is(const char *part, int len, const char *text);

/* Takes what may be the ARN of anything apart; raises nothing. */
extern void arn_parse_resource(const char *text, int len, ResourceArn *arn);

/* The ARN of a table of this server, palloc'd. */
extern char *arn_of_table(const char *name);

#endif							/* DYNAPG_ARN_H */
