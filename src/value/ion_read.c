/*
 * ion_read.c
 *		Amazon Ion text to stored values.
 *
 * As in attr_read.c: text is not copied where it can be pointed to, what a value may not be is noted and reading goes on, and what is no Ion at all is
 * raised.  Recursion is bounded by how deep items may nest; what is deeper is passed over by a loop.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "utils/memutils.h"

#include "base/error.h"
#include "base/limits.h"
#include "value/attr_build.h"
#include "value/base64.h"
#include "value/ion_lex.h"

#define SET_PREFIX			"$dynamodb_"
#define SYMBOL_TABLE		"$ion_symbol_table"
#define SYMBOLS_MAX_SIZE	(4 * 1024 * 1024)	/* of all symbols of a stream: text and our own for each */
#define TOO_DEEP			"Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit"

struct IonSymbols
{
	MemoryContext context;
	char	  **texts;			/* of the symbols after the system's; NULL: none */
	int			count;
	int			capacity;
	Size		size;
};

/* Symbols 1 to 9. */
static const char *const system_symbols[] = {
	"$ion", "$ion_1_0", "$ion_symbol_table", "name", "version", "imports", "symbols", "max_id", "$ion_shared_symbol_table"
};

typedef struct ReadState
{
	IonReader  *reader;
	AttrError  *error;
	const char *name;			/* the top-level attribute that is being read */
	int			name_len;
	int			values;			/* those begun */
} ReadState;

/* Of a value: whether it is to be a set, and of what. */
typedef enum SetKind
{
	NO_SET,
	SET_SS,
	SET_NS,
	SET_BS,
	SET_UNKNOWN					/* an annotation of the service's that is not one of these */
} SetKind;

static void read_value(ReadState *state, JsonbValue *value, int *size, int level);

static bool
text_is(const char *text, int len, const char *expected)
{
	return len == strlen(expected) && memcmp(text, expected, len) == 0;
}

/* ---- symbols ---- */

IonSymbols *
ion_symbols_create(void)
{
	IonSymbols *symbols = palloc0(sizeof(IonSymbols));

	symbols->context = AllocSetContextCreate(CurrentMemoryContext, "dynapg Ion symbols", ALLOCSET_SMALL_SIZES);
	return symbols;
}

static void
forget_symbols(IonSymbols *symbols)
{
	if (symbols->count == 0)
		return;
	MemoryContextReset(symbols->context);
	symbols->texts = NULL;
	symbols->count = symbols->capacity = 0;
	symbols->size = 0;
}

/* Adds a symbol; text NULL: its number has no text. */
static void
add_symbol(IonSymbols *symbols, const char *text, int len)
{
	symbols->size += len + sizeof(char *) + 16;
	if (symbols->size > SYMBOLS_MAX_SIZE)
		ion_malformed("symbol tables are too large");
	if (symbols->count == symbols->capacity)
	{
		symbols->capacity = Max(16, 2 * symbols->capacity);
		symbols->texts = symbols->texts ?
			repalloc(symbols->texts, symbols->capacity * sizeof(char *)) :
			MemoryContextAlloc(symbols->context, symbols->capacity * sizeof(char *));
	}
	if (text != NULL)
	{
		/* its length before it: it may hold U+0000 */
		char	   *kept = MemoryContextAlloc(symbols->context, sizeof(int) + len);

		memcpy(kept, &len, sizeof(int));
		memcpy(kept + sizeof(int), text, len);
		symbols->texts[symbols->count] = kept;
	}
	else
		symbols->texts[symbols->count] = NULL;
	symbols->count++;
}

void
ion_symbol_of_number(const IonSymbols *symbols, const char *digits, int len, IonSymbol *symbol)
{
	int64		number = 0;

	for (int i = 0; i < len && number < PG_INT32_MAX; i++)
		number = number * 10 + (digits[i] - '0');
	symbol->quoted = true;
	if (number >= 1 && number <= lengthof(system_symbols))
	{
		symbol->text = system_symbols[number - 1];
		symbol->len = strlen(symbol->text);
		return;
	}
	number -= lengthof(system_symbols) + 1;
	if (number < 0 || number >= symbols->count || symbols->texts[number] == NULL)
		ion_malformed("a symbol has no text");
	memcpy(&symbol->len, symbols->texts[number], sizeof(int));
	/* copied: a symbol table may be forgotten while the value lives */
	symbol->text = pnstrdup(symbols->texts[number] + sizeof(int), symbol->len);
}

/* ---- structure ---- */

void
ion_read_text(IonReader *reader, const char *text, int len, IonSymbols *symbols)
{
	if (pg_encoding_verifymbstr(PG_UTF8, text, len) != len)
		ion_malformed("the text is not UTF-8");
	reader->cursor = text;
	reader->end = text + len;
	reader->first = false;
	reader->symbols = symbols;
}

/* Whether two colons follow, which make an annotation of what was before them; passes over them. */
static bool
take_colons(IonReader *reader)
{
	ion_skip_blanks(reader);
	if (reader->end - reader->cursor < 2 || reader->cursor[0] != ':' || reader->cursor[1] != ':')
		return false;
	reader->cursor += 2;
	ion_skip_blanks(reader);
	return true;
}

/* Passes over the annotations of a value. */
static SetKind
read_annotations(IonReader *reader)
{
	SetKind		kind = NO_SET;

	ion_skip_blanks(reader);
	for (;;)
	{
		const char *start = reader->cursor;
		IonSymbol	symbol;
		const int	prefix = sizeof(SET_PREFIX) - 1;

		/* most values begin with none of what a symbol does */
		if (!ion_is_identifier_start(ion_peek(reader)) && ion_peek(reader) != '\'')
			return kind;
		if (!ion_lex_symbol(reader, &symbol) || !take_colons(reader))
		{
			reader->cursor = start;
			return kind;
		}
		if (!symbol.quoted && ion_is_keyword(symbol.text, symbol.len))
			ion_malformed("an annotation is a keyword");
		if (symbol.len < prefix || memcmp(symbol.text, SET_PREFIX, prefix) != 0)
			continue;
		kind = text_is(symbol.text, symbol.len, SET_PREFIX "SS") ? SET_SS :
			text_is(symbol.text, symbol.len, SET_PREFIX "NS") ? SET_NS :
			text_is(symbol.text, symbol.len, SET_PREFIX "BS") ? SET_BS : SET_UNKNOWN;
	}
}

/* Passes over a container. */
static void
skip_container(IonReader *reader)
{
	int			len = ion_container_len(reader->cursor, reader->end - reader->cursor);

	if (len < 0)
		ion_malformed("a value does not end");
	reader->cursor += len;
}

/* What the word at the cursor is; passes over it. */
typedef enum WordKind
{
	WORD_SYMBOL,
	WORD_NULL,
	WORD_TRUE,
	WORD_FALSE,
	WORD_NAN
} WordKind;

static WordKind
read_word(IonReader *reader, IonSymbol *symbol)
{
	static const char *const types[] = {
		"null", "bool", "int", "float", "decimal", "timestamp", "symbol", "string", "clob", "blob", "list", "sexp", "struct"
	};

	if (!ion_lex_symbol(reader, symbol))
		ion_malformed("a value is expected");
	if (symbol->quoted || !ion_is_keyword(symbol->text, symbol->len))
		return WORD_SYMBOL;
	if (symbol->text[0] == 't')
		return WORD_TRUE;
	if (symbol->text[0] == 'f')
		return WORD_FALSE;
	if (symbol->len == 3)
		return WORD_NAN;
	if (ion_peek(reader) == '.')
	{
		reader->cursor++;
		if (ion_lex_symbol(reader, symbol) && !symbol->quoted)
			for (int i = 0; i < lengthof(types); i++)
				if (text_is(symbol->text, symbol->len, types[i]))
					return WORD_NULL;
		ion_malformed("a null has an unknown type");
	}
	return WORD_NULL;
}

/* Whether a number or timestamp is next. */
static inline bool
at_number(const IonReader *reader)
{
	char		c = ion_peek(reader);

	return ion_is_digit(c) || c == '-' || c == '+';
}

static inline bool
at_string(const IonReader *reader)
{
	return ion_peek(reader) == '"' || ion_at_long_string(reader);
}

/* Passes over a value without its annotations. */
static void
skip_bare_value(IonReader *reader)
{
	const char *text;
	int			len;
	IonSymbol	symbol;

	switch (ion_peek(reader))
	{
		case '{':
		case '[':
		case '(':
			skip_container(reader);
			break;
		default:
			if (at_string(reader))
				ion_lex_string(reader, &text, &len);
			else if (at_number(reader))
				ion_lex_number(reader, &text, &len);
			else
				read_word(reader, &symbol);
			break;
	}
}

void
ion_skip(IonReader *reader)
{
	read_annotations(reader);
	skip_bare_value(reader);
}

/*
 * Moves to the next element of a container that ends with a character, which is passed over if it comes instead: then false.  Commas stand between
 * elements, and may stand after the last.
 */
static bool
next_element(IonReader *reader, char close)
{
	ion_skip_blanks(reader);
	if (!reader->first)
	{
		if (ion_peek(reader) == ',')
		{
			reader->cursor++;
			ion_skip_blanks(reader);
		}
		else if (ion_peek(reader) != close)
			ion_malformed("a comma or the end of a container is expected");
	}
	reader->first = false;
	if (reader->cursor == reader->end)
		ion_malformed("a container does not end");
	if (*reader->cursor != close)
		return true;
	reader->cursor++;
	return false;
}

/* Into the container whose bracket is next. */
static inline void
enter(IonReader *reader)
{
	reader->cursor++;
	reader->first = true;
}

bool
ion_next_member(IonReader *reader, const char **name, int *len)
{
	IonSymbol	symbol;

	if (!next_element(reader, '}'))
		return false;
	if (at_string(reader))
		ion_lex_string(reader, name, len);
	else
	{
		if (!ion_lex_symbol(reader, &symbol) || (!symbol.quoted && ion_is_keyword(symbol.text, symbol.len)))
			ion_malformed("a member of a struct has no name");
		*name = symbol.text;
		*len = symbol.len;
	}
	ion_skip_blanks(reader);
	if (ion_peek(reader) != ':')
		ion_malformed("a colon is expected after a name");
	reader->cursor++;
	return true;
}

/* ---- the top level ---- */

/* The list of a symbol table's symbols; those that are no strings have numbers, but no text. */
static void
read_symbol_list(IonReader *reader)
{
	read_annotations(reader);
	if (ion_peek(reader) != '[')
	{
		skip_bare_value(reader);
		return;
	}
	enter(reader);
	while (next_element(reader, ']'))
	{
		const char *text;
		int			len;

		if (ion_read_string(reader, &text, &len))
			add_symbol(reader->symbols, text, len);
		else
		{
			ion_skip(reader);
			add_symbol(reader->symbols, NULL, 0);
		}
	}
}

/* What a symbol table imports: nothing, or the current table, which is so kept. */
static bool
read_imports(IonReader *reader)
{
	IonSymbol	symbol;
	bool		is_empty;

	read_annotations(reader);
	if (ion_peek(reader) == '[')
	{
		enter(reader);
		is_empty = !next_element(reader, ']');
		if (!is_empty)
			ion_malformed("shared symbol tables are not known here");
		return false;
	}
	if (at_string(reader) || at_number(reader) || ion_peek(reader) == '{' || ion_peek(reader) == '(')
	{
		skip_bare_value(reader);
		return false;
	}
	return read_word(reader, &symbol) == WORD_SYMBOL && text_is(symbol.text, symbol.len, SYMBOL_TABLE);
}

/* A local symbol table; the cursor is at its brace. */
static void
read_symbol_table(IonReader *reader)
{
	IonReader	symbols = {0};
	bool		keeps = false;
	const char *name;
	int			len;

	enter(reader);
	while (ion_next_member(reader, &name, &len))
	{
		if (text_is(name, len, "imports"))
			keeps = read_imports(reader);
		else
		{
			if (text_is(name, len, "symbols"))
				symbols = *reader;
			ion_skip(reader);
		}
	}
	if (!keeps)
		forget_symbols(reader->symbols);
	if (symbols.cursor != NULL)
		read_symbol_list(&symbols);
}

/* Whether a word at the top level is a version marker; of another version than ours it is an error. */
static bool
is_version_marker(const IonSymbol *symbol)
{
	const char *p = symbol->text + 5;
	const char *end = symbol->text + symbol->len;
	int			digits = 0;

	if (symbol->quoted || symbol->len < 8 || memcmp(symbol->text, "$ion_", 5) != 0)
		return false;
	if (text_is(symbol->text, symbol->len, ION_VERSION_MARKER))
		return true;
	for (; p < end && ion_is_digit(*p); p++)
		digits++;
	if (digits > 0 && end - p > 1 && *p == '_' && ion_is_digit(p[1]))
		ion_malformed("its version is not 1.0");
	return false;
}

bool
ion_enter_struct(IonReader *reader)
{
	bool		annotated = false;
	bool		is_table = false;

	for (;;)
	{
		IonSymbol	symbol;

		ion_skip_blanks(reader);
		if (reader->cursor == reader->end && !annotated)
			return false;
		if (ion_peek(reader) == '{' && !ion_at_lob(reader))
		{
			if (!is_table)
			{
				enter(reader);
				return true;
			}
			read_symbol_table(reader);
			annotated = is_table = false;
		}
		else if (at_string(reader) || !ion_lex_symbol(reader, &symbol))
			ion_malformed("a struct is expected");
		else if (take_colons(reader))
		{
			if (!symbol.quoted && ion_is_keyword(symbol.text, symbol.len))
				ion_malformed("an annotation is a keyword");
			if (!annotated)
				is_table = text_is(symbol.text, symbol.len, SYMBOL_TABLE);
			annotated = true;
		}
		else if (!annotated && is_version_marker(&symbol))
			forget_symbols(reader->symbols);
		else
			ion_malformed("a struct is expected");
	}
}

void
ion_finish(IonReader *reader)
{
	if (ion_enter_struct(reader))
		ion_malformed("there is more than one value");
}

/* ---- values ---- */

/* Notes an error of a value unless there is one already. */
static void
note_error(ReadState *state, const char *message)
{
	if (state->error->message)
		return;
	state->error->message = message;
	state->error->name = state->name;
	state->error->name_len = state->name_len;
}

/*
 * Whether one more value is to be kept.  Each counts a byte at least, but for an empty string in a set, so that more of them are no item: that
 * is noted, and the rest passed over, since they would take far more memory than text.
 */
static bool
keep_value(ReadState *state)
{
	if (state->values++ <= ITEM_MAX_SIZE)
		return true;
	note_error(state, "Item size has exceeded the maximum allowed size");
	ion_skip(state->reader);
	return false;
}

/* A value of Ion that no attribute can have, already passed over. */
static void
note_type(ReadState *state, const char *type)
{
	note_error(state, psprintf("One or more parameter values were invalid: An attribute value cannot be an Ion %s", type));
}

/* Reads a number; false if it is none of the service's, which is then noted. */
static bool
read_number(ReadState *state, DynNumber *number)
{
	const char *start = state->reader->cursor;
	const char *text;
	int			len;
	NumberStatus status;
	StringInfoData as_written;

	switch (ion_lex_number(state->reader, &text, &len))
	{
		case ION_TIMESTAMP:
			note_type(state, "timestamp");
			return false;
		case ION_NOT_A_NUMBER:
			text = start;
			len = state->reader->cursor - start;
			status = NUMBER_NOT_NUMERIC;
			break;
		default:
			status = number_parse(text, len, number);
			if (status == NUMBER_OK)
				return true;
			break;
	}
	if (state->error->message == NULL)
	{
		initStringInfo(&as_written);
		attr_append_text(&as_written, text, len);
		note_error(state, number_error_message(status, as_written.data, as_written.len));
	}
	return false;
}

/* Reads a member of a set; false if it is none, which is then noted. */
static bool
read_set_member(ReadState *state, AttrType type, AttrSetMember *member, int *size)
{
	IonReader  *reader = state->reader;
	IonSymbol	symbol;
	bool		fits;
	WordKind	word;

	read_annotations(reader);
	if (type == ATTR_NS && at_number(reader))
	{
		if (!read_number(state, &member->number))
			return false;
		*size += number_size(&member->number);
		return true;
	}
	if (type == ATTR_BS && ion_at_lob(reader))
	{
		const char *base64;
		int			len;

		fits = ion_lex_blob(reader, &base64, &len);
		if (fits)
		{
			member->stored.type = jbvString;
			member->stored.val.string.val = unconstify(char *, base64);
			member->stored.val.string.len = len;
			member->bytes = attr_decode_binary(&member->stored, &member->len);
			*size += member->len;
			return true;
		}
	}
	else if (type == ATTR_SS && at_string(reader))
	{
		ion_lex_string(reader, &member->bytes, &member->len);
		*size += member->len;
		return true;
	}
	else if (type == ATTR_SS && (ion_is_identifier_start(ion_peek(reader)) || ion_peek(reader) == '\''))
	{
		word = read_word(reader, &symbol);
		if (word == WORD_SYMBOL)
		{
			member->bytes = symbol.text;
			member->len = symbol.len;
			*size += member->len;
			return true;
		}
	}
	else
		skip_bare_value(reader);
	note_error(state, psprintf("One or more parameter values were invalid: A member of a set of type %s is of another type",
							   attr_type_name(type)));
	return false;
}

static void
read_set(ReadState *state, AttrType type, JsonbValue *value, int *size)
{
	IonReader  *reader = state->reader;
	int			capacity = 8;
	int			count = 0;
	AttrSetMember *members = palloc(capacity * sizeof(AttrSetMember));
	bool		broken = false;
	const char *message;

	*size = 0;
	enter(reader);
	while (next_element(reader, ']'))
	{
		if (!keep_value(state))
		{
			broken = true;
			continue;
		}
		if (count == capacity)
		{
			capacity *= 2;
			members = repalloc(members, capacity * sizeof(AttrSetMember));
		}
		if (read_set_member(state, type, &members[count], size))
			count++;
		else
			broken = true;
	}
	message = broken ? NULL : attr_set_error(type, members, count);
	if (message)
		note_error(state, message);
	if (!broken && !message)
	{
		attr_sort_set(members, count, type);
		attr_make_set(type, members, count, value);
	}
	pfree(members);
}

static void
read_list(ReadState *state, JsonbValue *value, int *size, int level)
{
	IonReader  *reader = state->reader;
	int			capacity = 8;
	int			count = 0;
	JsonbValue *elements = palloc(capacity * sizeof(JsonbValue));

	*size = 3;
	enter(reader);
	while (next_element(reader, ']'))
	{
		int			element_size;

		if (!keep_value(state))
			continue;
		if (count == capacity)
		{
			capacity *= 2;
			elements = repalloc(elements, capacity * sizeof(JsonbValue));
		}
		read_value(state, &elements[count++], &element_size, level + 1);
		*size += 1 + element_size;
	}
	attr_make_list(elements, count, value);
}

/*
 * Reads a struct that was entered, whose values are at the given level; level 1 is an item.  The size counts as that of attr_read_map().
 */
static void
read_struct(ReadState *state, JsonbValue *object, int *size, int level)
{
	IonReader  *reader = state->reader;
	int			capacity = 8;
	int			count = 0;
	int			member_cost = level == 1 ? 0 : 1;
	JsonbPair  *pairs = palloc(capacity * sizeof(JsonbPair));
	const char *name;
	int			name_len;

	*size = level == 1 ? 0 : 3;
	while (ion_next_member(reader, &name, &name_len))
	{
		JsonbPair  *pair;
		int			value_size;

		if (level == 1)
		{
			state->name = name;
			state->name_len = name_len;
		}
		if (name_len == 0)
			note_error(state, ATTR_EMPTY_NAME);
		else if (name_len > ATTR_NAME_MAX_SIZE)
			note_error(state, "Attribute name is too large, must be less than 65536 bytes");
		if (!keep_value(state))
			continue;
		if (count == capacity)
		{
			capacity *= 2;
			pairs = repalloc(pairs, capacity * sizeof(JsonbPair));
		}
		pair = &pairs[count];
		pair->key.type = jbvString;
		pair->key.val.string.val = unconstify(char *, attr_name_to_stored(name, name_len, &pair->key.val.string.len));
		pair->order = count++;
		read_value(state, &pair->value, &value_size, level);
		*size += name_len + member_cost + value_size;
	}

	object->type = jbvObject;
	object->val.object.nPairs = count;
	object->val.object.pairs = pairs;
	if (attr_sort_members(object))
		*size = attr_map_size(object) + (level == 1 ? 0 : 3 + object->val.object.nPairs);
}

/* A list, or the set that its annotation makes of it. */
static void
read_brackets(ReadState *state, SetKind kind, JsonbValue *value, int *size, int level)
{
	switch (kind)
	{
		case NO_SET:
			read_list(state, value, size, level);
			break;
		case SET_SS:
			read_set(state, ATTR_SS, value, size);
			break;
		case SET_NS:
			read_set(state, ATTR_NS, value, size);
			break;
		case SET_BS:
			read_set(state, ATTR_BS, value, size);
			break;
		case SET_UNKNOWN:
			skip_container(state->reader);
			note_error(state, "One or more parameter values were invalid: An annotation names no type of set");
			break;
	}
}

/* A value that begins with a word. */
static void
read_word_value(ReadState *state, JsonbValue *value, int *size)
{
	IonSymbol	symbol;

	switch (read_word(state->reader, &symbol))
	{
		case WORD_NULL:
			break;
		case WORD_TRUE:
		case WORD_FALSE:
			value->type = jbvBool;
			value->val.boolean = symbol.text[0] == 't';
			break;
		case WORD_NAN:
			note_error(state, number_error_message(NUMBER_NOT_NUMERIC, symbol.text, symbol.len));
			break;
		case WORD_SYMBOL:
			attr_make_string(symbol.text, symbol.len, value);
			*size = symbol.len;
			break;
	}
}

static void
read_blob(ReadState *state, JsonbValue *value, int *size)
{
	const char *base64;
	int			len;

	if (ion_lex_blob(state->reader, &base64, &len))
	{
		attr_make_binary(base64, len, value);
		*size = base64_decoded_size(base64, len);
	}
	else
		note_type(state, "clob");
}

static void
read_value(ReadState *state, JsonbValue *value, int *size, int level)
{
	IonReader  *reader = state->reader;
	SetKind		kind;
	const char *text;
	int			len;
	char		c;

	/* what is noted as an error is left as NULL */
	value->type = jbvNull;
	*size = 1;
	if (level > ATTR_MAX_DEPTH)
	{
		note_error(state, TOO_DEEP);
		ion_skip(reader);
		return;
	}

	kind = read_annotations(reader);
	c = ion_peek(reader);
	if (kind != NO_SET && c != '[')
	{
		skip_bare_value(reader);
		note_error(state, "One or more parameter values were invalid: An annotation makes a set of what is no list");
	}
	else if (at_string(reader))
	{
		ion_lex_string(reader, &text, &len);
		attr_make_string(text, len, value);
		*size = len;
	}
	else if (at_number(reader))
	{
		DynNumber	number;

		if (read_number(state, &number))
		{
			value->type = jbvNumeric;
			value->val.numeric = number_to_numeric(&number);
			*size = number_size(&number);
		}
	}
	else if (ion_at_lob(reader))
		read_blob(state, value, size);
	else if (c == '{')
	{
		enter(reader);
		read_struct(state, value, size, level + 1);
		attr_wrap_map(value);
	}
	else if (c == '[')
		read_brackets(state, kind, value, size, level);
	else if (c == '(')
	{
		skip_container(reader);
		note_type(state, "sexp");
	}
	else
		read_word_value(state, value, size);
}

bool
ion_read_string(IonReader *reader, const char **text, int *len)
{
	read_annotations(reader);
	if (!at_string(reader))
		return false;
	ion_lex_string(reader, text, len);
	return true;
}

bool
ion_read_struct(IonReader *reader)
{
	read_annotations(reader);
	if (ion_peek(reader) != '{' || ion_at_lob(reader))
		return false;
	enter(reader);
	return true;
}

bool
ion_read_null(IonReader *reader)
{
	const char *start;
	IonSymbol	symbol;

	read_annotations(reader);
	start = reader->cursor;
	if (ion_peek(reader) == 'n' && read_word(reader, &symbol) == WORD_NULL)
		return true;
	reader->cursor = start;
	return false;
}

/* A map of a struct that was entered. */
static void
read_map(IonReader *reader, AttributeMap *map)
{
	ReadState	state = {.reader = reader, .error = &map->error};

	memset(map, 0, sizeof(*map));
	read_struct(&state, &map->object, &map->size, 1);
}

bool
ion_read_map(IonReader *reader, AttributeMap *map)
{
	if (!ion_read_struct(reader))
		return false;
	read_map(reader, map);
	return true;
}

void
ion_read_item(IonReader *reader, AttributeMap *map)
{
	if (!ion_enter_struct(reader))
		ion_malformed("a struct is expected");
	read_map(reader, map);
	ion_finish(reader);
}
