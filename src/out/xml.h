/*
 * xml.h
 *		Answers in XML, from servers that need not mean well.
 */
#ifndef DYNAPG_XML_H
#define DYNAPG_XML_H

/*
 * Called at the end of each element, whose path is the local names from the root on (ListBucketResult/Contents/Key), with the text directly
 * in it, in UTF-8.  Both are gone after the call.  May raise errors.
 */
typedef void (*XmlElement) (void *argument, const char *path, const char *text);

/*
 * Reads a document; NULL, or what is wrong with it.  There are no entities but the five of XML itself: a document type is refused.  An element
 * is at most 16 deep, and its text 64 kB long.
 */
extern const char *xml_read(const char *document, size_t len, XmlElement element, void *argument);

#endif							/* DYNAPG_XML_H */
