/*
 * record_ion.c
 *		Records of Amazon Ion text: a struct each, however it is laid out.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "base/error.h"
#include "transfer/record_private.h"
#include "value/ion.h"

#define BINARY_ION "\xE0\x01\x00\xEA"

/*
 * Finds the next value: record->text, with the version markers and symbol tables before it.  RECORD_ITEM if there is one.
 */
static RecordStatus
next_value(RecordReader *reader, Record *record)
{
	IonScan    *scan = &reader->scan;

	for (;;)
	{
		IonScanResult result = ion_scan(scan, reader->buffer + reader->start, reader->end - reader->start);
		const char *text;

		/* what is no part of a value goes */
		record_take(reader, scan->start);
		scan->at -= scan->start;
		scan->start = 0;
		text = reader->buffer + reader->start;
		if (scan->at > RECORD_MAX_SIZE)
			return record_bad_format(record, RECORD_TOO_LONG);
		if (result == ION_SCAN_BAD && reader->end - reader->start >= 4 && memcmp(text, BINARY_ION, 4) == 0)
			return record_bad_format(record, "Binary Ion is not supported");
		if (result == ION_SCAN_BAD)
			return record_bad_format(record, "Malformed Ion: a struct is expected");
		if (result == ION_SCAN_MORE)
		{
			CHECK_FOR_INTERRUPTS();
			if (record_fill(reader))
				continue;
			if (reader->source->error == NULL && ion_scan_is_in_comment(scan))
				return record_bad_format(record, "Malformed Ion: a comment does not end");
			if (reader->source->error != NULL || reader->start == reader->end)
				return record_end_of_source(reader, record);
			text = reader->buffer + reader->start;
			/* what is cut short is read to say so */
			scan->at = reader->end - reader->start;
		}
		record->text = text;
		record->text_len = scan->at;
		record_take(reader, scan->at);
		scan->at = 0;
		return RECORD_ITEM;
	}
}

/* ExpressionAttributeNames. */
static void
read_names(IonReader *ion, Record *record)
{
	const char *placeholder;
	int			len;

	if (!ion_read_struct(ion))
		dyn_error(DYN_SERIALIZATION, "ExpressionAttributeNames is not a struct");
	while (ion_next_member(ion, &placeholder, &len))
	{
		RecordName *name = record_add_name(record);

		name->placeholder = placeholder;
		name->placeholder_len = len;
		if (!ion_read_string(ion, &name->name, &name->name_len))
			dyn_error(DYN_SERIALIZATION, "A name in ExpressionAttributeNames is not a string");
	}
}

/* Reads a member of a record that belongs to its condition, if its name is of one. */
static void
read_condition(IonReader *ion, const char *name, int len, Record *record)
{
	const char *text;

	if (ion_read_null(ion))
		return;
	if (record_text_is(name, len, "ConditionExpression"))
	{
		if (!ion_read_string(ion, &text, &record->condition_len))
			dyn_error(DYN_SERIALIZATION, "ConditionExpression is not a string");
		record->condition = pnstrdup(text, record->condition_len);
	}
	else if (record_text_is(name, len, "ExpressionAttributeNames"))
		read_names(ion, record);
	else if (record_text_is(name, len, "ExpressionAttributeValues"))
	{
		if (!ion_read_map(ion, &record->values))
			dyn_error(DYN_SERIALIZATION, "ExpressionAttributeValues is not a struct");
		record->has_values = true;
	}
	else
		ion_skip(ion);
}

/* Reads a value; RECORD_END if there are version markers and symbol tables only. */
static RecordStatus
read_ion(RecordReader *reader, Record *record)
{
	IonReader	ion;
	bool		has_item = false;
	const char *name;
	int			len;

	ion_read_text(&ion, record->text, record->text_len, reader->symbols);
	if (!ion_enter_struct(&ion))
		return RECORD_END;
	while (ion_next_member(&ion, &name, &len))
	{
		if (record_text_is(name, len, "Item"))
		{
			if (!ion_read_map(&ion, &record->item))
				return record_bad_format(record, RECORD_NO_ITEM);
			has_item = true;
		}
		else if (reader->options.conditions)
			read_condition(&ion, name, len, record);
		else
			ion_skip(&ion);
	}
	ion_finish(&ion);
	return has_item ? RECORD_ITEM : record_bad_format(record, RECORD_NO_ITEM);
}

/* Reads the version markers and symbol tables before a value. */
static void
pass_value(RecordReader *reader, Record *record)
{
	IonReader	ion;

	if (record->text[0] == '{')
		return;
	ion_read_text(&ion, record->text, record->text_len, reader->symbols);
	ion_enter_struct(&ion);
}

const RecordFormatRoutines record_ion_routines = {
	.find = next_value,
	.read = read_ion,
	.pass = pass_value,
	.reads_all = true,
};
