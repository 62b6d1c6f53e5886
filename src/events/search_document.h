/*
 * search_document.h
 *		Items as documents of search engines.
 */
#ifndef DYNAPG_SEARCH_DOCUMENT_H
#define DYNAPG_SEARCH_DOCUMENT_H

#include "catalog/logs.h"

/*
 * The id of an item's document, by its key attributes: their values, with a | between partition and sort key and a \ before each of these two characters in
 * them; or, where that is longer than 512 bytes, its SHA-256 behind sha256-.  palloc'd.
 */
extern char *search_document_id(const TableLog *log, Jsonb *keys, int *len);

/* Appends an item as plain JSON: numbers as numbers, binary values in base64, sets as arrays. */
extern void search_document_write(StringInfo out, Jsonb *item);

#endif							/* DYNAPG_SEARCH_DOCUMENT_H */
