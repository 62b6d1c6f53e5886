/*
 * xml.c
 *		Answers in XML, by expat.
 *
 * All memory of the parser is in a memory context of its own.  So an error may longjmp through it: nothing of it is used any more, and what it
 * had is freed with the context.
 */
#include "postgres.h"

#include <expat.h>

#include "lib/stringinfo.h"
#include "utils/memutils.h"

#include "out/xml.h"

#define MAX_DEPTH	16
#define MAX_TEXT	(64 * 1024)
#define SEPARATOR	'\n'		/* between a namespace and a local name */

typedef struct XmlReader
{
	XML_Parser	parser;
	XmlElement	element;
	void	   *argument;
	const char *error;
	int			depth;
	StringInfoData path;
	StringInfoData texts[MAX_DEPTH];
} XmlReader;

static MemoryContext parser_context;

static void *
parser_malloc(size_t size)
{
	return MemoryContextAlloc(parser_context, size);
}

static void *
parser_realloc(void *pointer, size_t size)
{
	return pointer ? repalloc(pointer, size) : parser_malloc(size);
}

static void
parser_free(void *pointer)
{
	if (pointer != NULL)
		pfree(pointer);
}

static void
stop(XmlReader *reader, const char *error)
{
	if (reader->error == NULL)
		reader->error = error;
	(void) XML_StopParser(reader->parser, XML_FALSE);
}

static void XMLCALL
on_start(void *data, const XML_Char *name, const XML_Char **attributes)
{
	XmlReader  *reader = (XmlReader *) data;
	const char *local = strrchr(name, SEPARATOR);

	if (reader->depth >= MAX_DEPTH)
	{
		stop(reader, "elements are too deep");
		return;
	}
	if (reader->depth > 0)
		appendStringInfoChar(&reader->path, '/');
	appendStringInfoString(&reader->path, local ? local + 1 : name);
	if (reader->path.len > MAX_TEXT)
		stop(reader, "names of elements are too long");
	resetStringInfo(&reader->texts[reader->depth++]);
}

static void XMLCALL
on_end(void *data, const XML_Char *name)
{
	XmlReader  *reader = (XmlReader *) data;
	char	   *slash;

	/* of an empty element it is told even after the reader was stopped at its start */
	if (reader->error != NULL)
		return;
	reader->element(reader->argument, reader->path.data, reader->texts[--reader->depth].data);
	slash = strrchr(reader->path.data, '/');
	reader->path.len = slash ? slash - reader->path.data : 0;
	reader->path.data[reader->path.len] = '\0';
}

static void XMLCALL
on_text(void *data, const XML_Char *text, int len)
{
	XmlReader  *reader = (XmlReader *) data;
	StringInfo	out = &reader->texts[reader->depth - 1];

	if (out->len + len > MAX_TEXT)
		stop(reader, "a text is too long");
	else
		appendBinaryStringInfo(out, text, len);
}

static void XMLCALL
on_document_type(void *data, const XML_Char *name, const XML_Char *system_id, const XML_Char *public_id, int has_internal_subset)
{
	stop((XmlReader *) data, "it has a document type");
}

const char *
xml_read(const char *document, size_t len, XmlElement element, void *argument)
{
	static const XML_Memory_Handling_Suite memory = {parser_malloc, parser_realloc, parser_free};
	const XML_Char separator[] = {SEPARATOR, '\0'};
	XmlReader	reader = {.element = element, .argument = argument};
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "dynapg XML", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);

	parser_context = context;
	initStringInfo(&reader.path);
	for (int i = 0; i < MAX_DEPTH; i++)
		initStringInfo(&reader.texts[i]);
	reader.parser = XML_ParserCreate_MM(NULL, &memory, separator);
	XML_SetUserData(reader.parser, &reader);
	XML_SetElementHandler(reader.parser, on_start, on_end);
	XML_SetCharacterDataHandler(reader.parser, on_text);
	XML_SetStartDoctypeDeclHandler(reader.parser, on_document_type);
	MemoryContextSwitchTo(caller);
	if (XML_Parse(reader.parser, document, (int) Min(len, MaxAllocSize), XML_TRUE) != XML_STATUS_OK && reader.error == NULL)
		reader.error = XML_ErrorString(XML_GetErrorCode(reader.parser));
	MemoryContextDelete(context);
	return reader.error;
}
