#!/usr/bin/env python3
"""Makes docs/reference.md from a database that has dynapg: its catalog and pg_settings say what there is.

    tools/gen_reference.py [--check]        with --check nothing is written; exit status 1 says that the page is not current

The database is named by PGHOST, PGPORT, PGUSER and PGDATABASE; dynapg must be in the server's shared_preload_libraries, since only
then the settings of the endpoint are there. `make reference` makes such a server.
"""
import difflib
import json
import re
import subprocess
import sys

PAGE = "docs/reference.md"

FUNCTIONS = """
SELECT json_agg(json_build_object('schema', n.nspname, 'name', p.proname, 'kind', p.prokind,
    'arguments', pg_get_function_arguments(p.oid), 'result', pg_get_function_result(p.oid), 'volatility', p.provolatile,
    'strict', p.proisstrict, 'public', has_function_privilege('public', p.oid, 'EXECUTE'), 'definer', p.prosecdef,
    'roles', (SELECT array_agg(a.grantee::regrole::text ORDER BY 1) FROM aclexplode(p.proacl) a
        WHERE a.grantee <> 0 AND a.grantee <> p.proowner),
    'internal', p.prorettype IN ('trigger'::regtype, 'event_trigger'::regtype, 'table_am_handler'::regtype, 'index_am_handler'::regtype)
        OR 'internal'::regtype = ANY (p.proargtypes),
    'comment', obj_description(p.oid, 'pg_proc')) ORDER BY n.nspname, p.proname COLLATE "C", pg_get_function_arguments(p.oid) COLLATE "C")
FROM pg_depend d JOIN pg_proc p ON p.oid = d.objid JOIN pg_namespace n ON n.oid = p.pronamespace
    JOIN pg_extension e ON e.oid = d.refobjid
WHERE d.classid = 'pg_proc'::regclass AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e' AND e.extname = 'dynapg'"""

VIEWS = """
SELECT json_agg(json_build_object('name', c.relname, 'kind', c.relkind, 'comment', obj_description(c.oid, 'pg_class'),
    'public', has_table_privilege('public', c.oid, 'SELECT'),
    'columns', (SELECT json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod),
            'comment', col_description(c.oid, a.attnum)) ORDER BY a.attnum)
        FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)) ORDER BY c.relname COLLATE "C")
FROM pg_depend d JOIN pg_class c ON c.oid = d.objid JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_extension e ON e.oid = d.refobjid
WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e' AND e.extname = 'dynapg'
    AND n.nspname = 'dynapg' AND c.relkind IN ('v', 'r')"""

SETTINGS = """
SELECT json_agg(json_build_object('name', name, 'type', vartype, 'unit', unit, 'default', boot_val, 'min', min_val, 'max', max_val,
    'values', enumvals, 'context', context, 'short', short_desc, 'extra', extra_desc) ORDER BY name COLLATE "C")
FROM pg_settings WHERE name LIKE 'dynapg.%'"""

VOLATILITY = {"i": "immutable", "s": "stable", "v": "volatile"}
CONTEXT = {
    "user": "by anybody, in a session, for a role or a database",
    "superuser": "by superusers and whom they let (`GRANT SET ON PARAMETER`), in a session, for a role or a database",
    "sighup": "for the server; a reload takes it in use",
    "postmaster": "for the server; a restart takes it in use",
    "backend": "for the server or a connection, at its start",
    "superuser-backend": "for the server or a superuser's connection, at its start",
}


def ask(query):
    got = subprocess.run(["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-c", query], capture_output=True, text=True, check=False)
    if got.returncode != 0:
        sys.exit("gen_reference: " + got.stderr.strip())
    return json.loads(got.stdout)


def escaped(text):
    """For Markdown, outside of code."""
    return re.sub(r"([\\|<>*_\[\]])", r"\\\1", text)


def sentence(text):
    text = text.strip()
    text = text[:1].upper() + text[1:]
    return escaped(text if text.endswith((".", "!", "?", ":")) else text + ".")


def who(thing):
    roles = ["`%s`" % role for role in thing.get("roles") or [] if role != "-"]
    if thing["public"]:
        return "everybody"
    return " and ".join(["the extension's owner"] + roles)


def function(f, schema):
    yield "### %s" % f["name"]
    yield ""
    yield "    %s%s(%s) RETURNS %s" % (schema, f["name"], f["arguments"], f["result"])
    yield ""
    yield sentence(f["comment"])
    yield ""
    notes = [VOLATILITY[f["volatility"]]]
    if f["strict"]:
        notes.append("NULL for a NULL argument")
    if f["definer"]:
        notes.append("runs as the extension's owner")
    yield "*%s; may be called by %s.*" % (", ".join(notes).capitalize().replace("null for a null", "NULL for a NULL"), who(f))
    yield ""


def unit(setting):
    return {"kB": "kilobytes", "s": "seconds", "ms": "milliseconds", "B": "bytes", "min": "minutes"}.get(setting["unit"], setting["unit"])


def setting_entry(s):
    yield "### %s" % s["name"]
    yield ""
    yield sentence(s["short"]) + (" " + sentence(s["extra"]) if s["extra"] else "")
    yield ""
    default = "`%s`" % s["default"] if s["default"] not in (None, "") else "empty"
    kind = {"bool": "on or off", "string": "text", "integer": "number", "real": "number"}.get(s["type"], s["type"])
    if s["type"] == "enum":
        kind = " or ".join("`%s`" % value for value in s["values"])
    elif s["type"] in ("integer", "real"):
        kind += " from %s to %s" % (s["min"], s["max"])
        if s["unit"]:
            kind += ", in %s without a unit" % unit(s)
    yield "*%s. Default: %s. Set %s.*" % (kind[:1].upper() + kind[1:], default, CONTEXT[s["context"]])
    yield ""


def page():
    functions, relations, settings = ask(FUNCTIONS), ask(VIEWS), ask(SETTINGS)
    if not any(s["name"] == "dynapg.databases" for s in settings):
        sys.exit("gen_reference: dynapg is not in the server's shared_preload_libraries")
    operations = [f for f in functions if f["name"].startswith("dynamo_")]
    internal = [f for f in functions if f["internal"]]
    helpers = [f for f in functions if f["schema"] == "dynapg" and f not in internal and f not in operations]
    types = [f for f in functions if f not in operations and f not in internal and f not in helpers]
    views = [r for r in relations if r["kind"] == "v"]
    tables = [r for r in relations if r["kind"] == "r"]
    yield "# Reference"
    yield ""
    yield "Every SQL function, view, table and setting of dynapg, as a database that has it says; `make reference` makes this page."
    yield "How to use them is in the other pages: see the [index](README.md)."
    yield ""
    yield "- [Operations](#operations): %d functions, one for each of DynamoDB's operations, and their forms for SQL" % len(operations)
    yield "- [Functions](#functions): %d in the schema `dynapg`" % len(helpers)
    yield "- [Views](#views): %d in the schema `dynapg`" % len(views)
    yield "- [Settings](#settings): %d" % len(settings)
    yield "- [Tables of the catalog](#tables-of-the-catalog) and [what PostgreSQL calls](#what-postgresql-calls): for who looks inside"
    yield ""
    yield "## Operations"
    yield ""
    yield "They are in the schema that `CREATE EXTENSION dynapg SCHEMA ...` names. [operations.md](operations.md) says what each of them takes."
    yield ""
    for f in operations:
        yield from function(f, "")
    yield "## Functions"
    yield ""
    for f in helpers:
        yield from function(f, "dynapg.")
    for f in types:
        yield from function(f, "")
    yield "## Views"
    yield ""
    for view in views:
        yield "### dynapg.%s" % view["name"]
        yield ""
        yield sentence(view["comment"])
        yield ""
        yield "| column | type |" + (" |" if any(c["comment"] for c in view["columns"]) else "")
        yield "|---|---|" + ("---|" if any(c["comment"] for c in view["columns"]) else "")
        for c in view["columns"]:
            yield "| `%s` | %s |" % (c["name"], c["type"]) + (" %s |" % escaped(c["comment"] or "")
                                                             if any(d["comment"] for d in view["columns"]) else "")
        yield ""
        yield "*May be read by %s.*" % ("everybody" if view["public"] else "the extension's owner and whom that lets")
        yield ""
    yield "## Settings"
    yield ""
    yield "[settings.md](settings.md) has them by subject."
    yield ""
    for s in settings:
        yield from setting_entry(s)
    yield "## Tables of the catalog"
    yield ""
    yield "Functions and views show what is in them; their columns may change with any version."
    yield ""
    yield "| table | |"
    yield "|---|---|"
    for table in tables:
        yield "| `dynapg.%s` | %s |" % (table["name"], escaped(table["comment"]))
    yield ""
    yield "## What PostgreSQL calls"
    yield ""
    yield "| function | |"
    yield "|---|---|"
    for f in internal:
        yield "| `%s(%s)` | %s |" % (f["name"], f["arguments"], escaped(f["comment"]))


def main():
    made = "\n".join(page()) + "\n"
    if "--check" not in sys.argv[1:]:
        with open(PAGE, "w", encoding="utf-8") as out:
            out.write(made)
        return 0
    try:
        with open(PAGE, encoding="utf-8") as there:
            found = there.read()
    except FileNotFoundError:
        found = ""
    if found == made:
        return 0
    sys.stdout.writelines(difflib.unified_diff(found.splitlines(True), made.splitlines(True), PAGE, "the database", n=1))
    print("%s is not current: run `make reference` and commit it" % PAGE)
    return 1


if __name__ == "__main__":
    sys.exit(main())
