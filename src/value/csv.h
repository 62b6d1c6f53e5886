/*
 * csv.h
 *		Records of comma-separated values: RFC 4180, with LF or CRLF at the end of a record and a delimiter of any kind.
 */
#ifndef DYNAPG_CSV_H
#define DYNAPG_CSV_H

/* A search for the end of a record; zeroed at first, and after each record that was found. */
typedef struct CsvScan
{
	int			at;				/* what is before it has been looked at */
	int			state;
} CsvScan;

/*
 * Looks at len bytes, of which those before scan->at are as they were at the last call; true once the record has ended, with its newline before
 * scan->at.
 */
extern bool csv_scan(CsvScan *scan, const char *bytes, int len, char delimiter);

typedef struct CsvField
{
	const char *text;			/* points into the record, or is palloc'd */
	int			len;
	bool		quoted;
} CsvField;

/*
 * The fields of a record, with or without its newline; palloc'd.  NULL, and *error is what is wrong: a quote that is not escaped in a field that is not
 * quoted, something behind a closing quote, a quote that does not close.
 */
extern CsvField *csv_split(const char *record, int len, char delimiter, int *count, const char **error);

#endif							/* DYNAPG_CSV_H */
