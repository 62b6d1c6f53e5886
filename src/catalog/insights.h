/*
 * insights.h
 *		Contributor insights: dynapg.contributor_insights_settings.
 *
 * A table, and each of its global indexes, has one row from the first ENABLE on.  Whether it counts stands in TableInfo and TableIndex, too
 * (insights, insights_accessed), for those who count; what is counted is not here (meter/insight.h).  Rows of tables that are gone go with the next
 * change of another one, those of indexes with the index.
 */
#ifndef DYNAPG_CATALOG_INSIGHTS_H
#define DYNAPG_CATALOG_INSIGHTS_H

#include "catalog/tables.h"

/* How many rules there may be, as CloudWatch has it; and how many can be counted at once, by all databases together. */
#define INSIGHTS_MAX_RULES 100

typedef enum InsightsStatus
{
	INSIGHTS_ENABLING,			/* only shown: ENABLED or FAILED, a moment ago */
	INSIGHTS_ENABLED,
	INSIGHTS_DISABLING,			/* only shown: DISABLED, a moment ago */
	INSIGHTS_DISABLED,
	INSIGHTS_FAILED				/* there were too many rules */
} InsightsStatus;

typedef struct InsightsSettings
{
	char	   *table_name;
	char	   *index_name;		/* empty: the table itself */
	InsightsStatus status;		/* as callers see it now */
	bool		throttled_only;	/* mode THROTTLED_KEYS */
	TimestampTz changed_at;
} InsightsSettings;

extern const char *catalog_insights_status_name(InsightsStatus status);

/* The settings of a table (index NULL) or an index, palloc'd; NULL: it was never enabled. */
extern InsightsSettings *catalog_insights(const TableInfo *table, const TableIndex *index);

/* All that are not DISABLED, of tables and indexes that there are: in the order of names, a table before its indexes. */
extern List *catalog_all_insights(void);

/* Whether anything counts in this database.  Costs next to nothing: it is asked again only after the catalog has changed. */
extern bool catalog_any_insights(void);

/* How many rules there are in the database, those of one table (index NULL) or index aside.  The caller holds CATALOG_TOTAL_RULES. */
extern int64 catalog_insights_rules(const TableInfo *table, const TableIndex *index);

/* How many rules a table or an index has: one for its partition key and one for the whole key of each, accessed and throttled. */
extern int	catalog_insights_rules_of(const TableInfo *table, const TableIndex *index, bool throttled_only);

/*
 * Changes the settings; too_many: enabling fails.  The caller holds catalog_lock_name() and has the table from catalog_lock_table() for its
 * owner.
 */
extern void catalog_set_insights(const TableInfo *table, const TableIndex *index, bool enabled, bool too_many, bool throttled_only);

/* The number by which what is counted for settings is told from what was counted for earlier ones: milliseconds since 1970 of their last change. */
extern int64 catalog_insights_number(TimestampTz changed_at);

#endif							/* DYNAPG_CATALOG_INSIGHTS_H */
