/*
 * limits.h
 *		The service's numbers.  Sizes are in bytes.
 */
#ifndef DYNAPG_LIMITS_H
#define DYNAPG_LIMITS_H

#define ITEM_MAX_SIZE			409600	/* an item, attribute names included */
#define ATTR_MAX_DEPTH			32	/* levels; a top-level attribute is level 1 */
#define ATTR_NAME_MAX_SIZE		65535
#define KEY_NAME_MAX_SIZE		255 /* names of key, projected and TTL attributes */
#define PARTITION_KEY_MAX_SIZE	2048
#define SORT_KEY_MAX_SIZE		1024
#define NUMBER_MAX_DIGITS		38	/* significant decimal digits */
#define NUMBER_MIN_EXPONENT		(-130)	/* 1E-130, the smallest magnitude */
#define NUMBER_MAX_EXPONENT		125 /* 9.99...E+125, the largest */
#define TABLE_NAME_MIN_SIZE		3
#define TABLE_NAME_MAX_SIZE		255

#define PLACEHOLDER_MAX_SIZE	255 /* of expressions, with # or : */
#define PLACEHOLDERS_MAX_SIZE	(2 * 1024 * 1024)	/* all names and values of a request, placeholders included */

#define PAGE_MAX_SIZE			(1024 * 1024)	/* evaluated bytes of a Query's or Scan's page */
#define TRANSACTION_MAX_ITEMS	100
#define TRANSACTION_MAX_SIZE	(4 * 1024 * 1024)
#define BATCH_GET_MAX_KEYS		100
#define BATCH_WRITE_MAX_ITEMS	25
#define BATCH_MAX_SIZE			(16 * 1024 * 1024)

#define READ_UNIT_SIZE			4096
#define WRITE_UNIT_SIZE			1024

/* Units a second, of reads and of writes alike but for the last two. */
#define TABLE_MAX_UNITS			40000	/* of a table or a global index */
#define ACCOUNT_MAX_UNITS		80000	/* provisioned of all tables */
#define PARTITION_READ_UNITS	3000
#define PARTITION_WRITE_UNITS	1000

#endif							/* DYNAPG_LIMITS_H */
