#!/usr/bin/env python3
"""The clients of transactions.sh.

    transactions.py bank SECONDS       money is moved and counted, whatever happens to the server
    transactions.py tokens RACES       clients race with one token each time
    transactions.py histories ROUNDS FOLDER
                                       random transactions on few keys; what was called and answered is written into the folder

The server is that of libpq's environment, LIBPQ the library. Exit status 0: nothing was wrong.
"""
import ctypes
import ctypes.util
import json
import multiprocessing
import os
import random
import sys
import time

CLIENTS = int(os.environ.get("CLIENTS", "8"))
SEED = int(os.environ.get("SEED", "0")) or random.randrange(1 << 32)
PATIENCE = 120      # seconds for the server to come back

# ---------------------------------------------------------------- libpq

pq = ctypes.CDLL(os.environ.get("LIBPQ") or ctypes.util.find_library("pq"))
for name, result, arguments in [
        ("PQconnectdb", ctypes.c_void_p, [ctypes.c_char_p]),
        ("PQstatus", ctypes.c_int, [ctypes.c_void_p]),
        ("PQfinish", None, [ctypes.c_void_p]),
        ("PQexecParams", ctypes.c_void_p, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int, ctypes.c_void_p,
                                           ctypes.POINTER(ctypes.c_char_p), ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int]),
        ("PQresultStatus", ctypes.c_int, [ctypes.c_void_p]),
        ("PQresultErrorField", ctypes.c_char_p, [ctypes.c_void_p, ctypes.c_int]),
        ("PQntuples", ctypes.c_int, [ctypes.c_void_p]),
        ("PQgetvalue", ctypes.c_char_p, [ctypes.c_void_p, ctypes.c_int, ctypes.c_int]),
        ("PQclear", None, [ctypes.c_void_p])]:
    function = getattr(pq, name)
    function.restype, function.argtypes = result, arguments


class Lost(Exception):
    """The connection is lost: what was asked is done or not."""


class Failed(Exception):
    def __init__(self, sqlstate, message, detail):
        super().__init__("%s %s %s" % (sqlstate, message, detail))
        self.sqlstate = sqlstate
        self.reasons = json.loads(detail)["CancellationReasons"] if sqlstate == "YD015" else []

    def is_expected(self):
        """A conflict, or a cancellation for conflicts and conditions only."""
        return self.sqlstate == "40001" or (self.sqlstate == "YD015" and {r["Code"] for r in self.reasons} <=
                                            {"None", "TransactionConflict", "ConditionalCheckFailed"})


class Connection:
    def __init__(self):
        self.connection = None
        self.connect()

    def connect(self):
        """Waits for the server."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if self.connection:
                pq.PQfinish(self.connection)
            self.connection = pq.PQconnectdb(b"dbname=postgres application_name=transactions")
            if pq.PQstatus(self.connection) == 0:
                return
            time.sleep(0.05)
        raise SystemExit("the server does not come back")

    def ask(self, statement, *arguments):
        """The first column of the first row."""
        values = (ctypes.c_char_p * max(len(arguments), 1))(*[a.encode() for a in arguments])
        result = pq.PQexecParams(self.connection, statement.encode(), len(arguments), None, values, None, None, 0)
        try:
            if pq.PQresultStatus(result) == 2:      # rows
                return pq.PQgetvalue(result, 0, 0).decode() if pq.PQntuples(result) else None
            if pq.PQresultStatus(result) == 1:      # a command
                return None
            sqlstate, message, detail = [(pq.PQresultErrorField(result, ord(f)) or b"").decode() for f in "CMD"]
            if not sqlstate or sqlstate.startswith(("08", "57P")):
                raise Lost(message)
            raise Failed(sqlstate, message, detail)
        finally:
            pq.PQclear(result)

    def api(self, operation, request):
        return json.loads(self.ask("SELECT dynamo_%s($1)" % operation, json.dumps(request)))

    def write(self, actions, **more):
        return self.api("transact_write_items", dict(TransactItems=actions, **more))


def processes(function, *arguments):
    """Runs function(rng, number, *arguments) CLIENTS times at once; the results, or none if one has ended otherwise."""
    results = multiprocessing.Queue()

    def body(number):
        try:
            results.put(function(random.Random(SEED * 1000 + number), number, *arguments))
        except BaseException as error:      # whatever it is, the parent waits for it
            results.put("%s: %r" % (function.__name__, error))

    children = [multiprocessing.Process(target=body, args=(n,)) for n in range(CLIENTS)]
    return children, results


def await_processes(groups, ended=lambda n: None):
    """Starts all; returns their results, and stops with the first that is an error. ended is told the number of groups that have ended."""
    for children, _ in groups:
        for child in children:
            child.start()
    answers = []
    for children, results in groups:
        answers.append([])
        for _ in children:
            answer = results.get()
            if isinstance(answer, str):
                for group, _ in groups:
                    for child in group:
                        child.terminate()
                raise SystemExit(answer)
            answers[-1].append(answer)
        ended(len(answers))
    return answers


def create_table(connection, name, keys, indexes=()):
    attributes = {}
    for schema in [keys] + [i[1] for i in indexes]:
        attributes.update(schema)

    def schema(of):
        return [{"AttributeName": a, "KeyType": k} for a, k in zip(of, ("HASH", "RANGE"))]

    request = {"TableName": name, "BillingMode": "PAY_PER_REQUEST", "KeySchema": schema(keys),
               "AttributeDefinitions": [{"AttributeName": a, "AttributeType": t} for a, t in attributes.items()]}
    if indexes:
        request["GlobalSecondaryIndexes"] = [{"IndexName": i, "KeySchema": schema(s), "Projection": {"ProjectionType": "ALL"}}
                                             for i, s in indexes]
    connection.api("create_table", request)


def number(value):
    return {"N": str(value)}


# ---------------------------------------------------------------- the bank

ACCOUNTS, GROUP, MONEY = 1000, 100, 100     # accounts of one group, which a transaction can read, pay each other only


def account(i):
    """Table and key."""
    if i % 3 == 2:
        return {"TableName": "Bank2", "Key": {"group": number(i // GROUP), "id": number(i)}}
    return {"TableName": "Bank%d" % (i % 3), "Key": {"id": number(i)}}


def counter(client):
    return {"TableName": "Counters", "Key": {"client": number(client)}}


def open_bank():
    connection = Connection()
    create_table(connection, "Bank0", {"id": "N"})
    create_table(connection, "Bank1", {"id": "N"}, [("branch", {"branch": "N", "balance": "N"})])
    create_table(connection, "Bank2", {"group": "N", "id": "N"})
    create_table(connection, "Counters", {"client": "N"})
    for i in range(ACCOUNTS):
        where = account(i)
        connection.api("put_item", {"TableName": where["TableName"], "Item": dict(
            where["Key"], balance=number(MONEY), branch=number(i // GROUP))})
    for client in range(CLIENTS):
        connection.api("put_item", {"TableName": "Counters", "Item": dict(counter(client)["Key"], n=number(0))})
    # its entries are read by plain SQL in bank_sum()
    relation = connection.ask("SELECT relation::regclass::text FROM dynapg.indexes WHERE table_name = 'Bank1'")
    connection.ask("CREATE FUNCTION bank_sum() RETURNS text LANGUAGE sql STABLE AS $$ SELECT concat_ws(' ',"
                   " (SELECT sum((item->'balance')::int) FROM (TABLE dynamo.\"Bank0\" UNION ALL TABLE dynamo.\"Bank1\" UNION ALL TABLE dynamo.\"Bank2\") x),"
                   " (SELECT sum((item->'balance')::int) FROM dynamo.\"Bank1\") - (SELECT sum((item->'balance')::int) FROM %s)) $$" % relation)


def transfer(rng, client):
    """Between two or three accounts of a group; now and then, between the same ones as everybody."""
    group = rng.randrange(ACCOUNTS // GROUP) * GROUP
    accounts = [group + i for i in rng.sample(range(4 if rng.random() < 0.2 else GROUP), rng.choice((2, 3)))]
    amounts = [rng.randrange(1, 30) for _ in accounts[1:]]
    amounts.insert(0, -sum(amounts))
    actions = []
    for i, amount in zip(accounts, amounts):
        update = dict(account(i), UpdateExpression="SET balance = balance + :x", ExpressionAttributeValues={":x": number(amount)})
        if amount < 0:
            update["ConditionExpression"] = "balance >= :least"
            update["ExpressionAttributeValues"][":least"] = number(-amount)
        actions.append({"Update": update})
    actions.append({"Update": dict(counter(client), UpdateExpression="ADD n :one", ExpressionAttributeValues={":one": number(1)})})
    # a reason to be refused that is nobody's money, and a write that changes nothing
    other = account(rng.choice([group + i for i in range(GROUP) if group + i not in accounts]))
    if rng.random() < 0.3:
        actions.append({"ConditionCheck": dict(other, ConditionExpression="balance > :x", ExpressionAttributeValues={":x": number(20)})})
    elif rng.random() < 0.3:
        actions.append({"Update": dict(other, UpdateExpression="REMOVE nothing")})
    rng.shuffle(actions)
    return actions


def pay(rng, client, seconds):
    """Acknowledged, refused, in conflict, connections lost, done though the connection was lost, done again by token."""
    connection = Connection()
    counts = dict.fromkeys(("done", "refused", "conflicts", "lost", "done though lost", "replayed"), 0)
    acknowledged = 0
    serial = 0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        actions = transfer(rng, client)
        more = {}
        if rng.random() < 0.5:
            serial += 1
            more["ClientRequestToken"] = "%d %d" % (client, serial)
        lost = False
        while True:
            try:
                connection.write(actions, **more)
                acknowledged += 1
                counts["done"] += 1
            except Failed as error:
                if not error.is_expected():
                    raise
                conflict = error.sqlstate == "40001" or "TransactionConflict" in [r["Code"] for r in error.reasons]
                counts["conflicts" if conflict else "refused"] += 1
            except Lost:
                counts["lost"] += 1
                lost = True
                connection.connect()
                if more:        # the token tells whether it was done
                    continue
            break
        if lost:
            while True:
                try:
                    found = int(connection.api("get_item", dict(counter(client), ConsistentRead=True))["Item"]["n"]["N"])
                    break
                except Lost:
                    connection.connect()
            if found not in ((acknowledged,) if more else (acknowledged, acknowledged + 1)):
                return "client %d saw %d transactions acknowledged, its counter says %d" % (client, acknowledged, found)
            if more:
                counts["replayed"] += 1
            counts["done though lost"] += found - acknowledged
            acknowledged = found
    while True:
        try:
            found = int(connection.api("get_item", counter(client))["Item"]["n"]["N"])
            break
        except Lost:
            connection.connect()
    if found != acknowledged:
        return "client %d saw %d transactions acknowledged, its counter says %d" % (client, acknowledged, found)
    return counts


def audit(rng, reader, seconds):
    """Sums what transactions read of one group, and what one statement of plain SQL reads of all, in turns."""
    connection = Connection()
    counts = {"group": 0, "all": 0, "lost": 0}
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if rng.random() < 0.8:
                group = rng.randrange(ACCOUNTS // GROUP) * GROUP
                answer = connection.api("transact_get_items", {"TransactItems": [{"Get": account(group + i)} for i in range(GROUP)]})
                total = sum(int(r["Item"]["balance"]["N"]) for r in answer["Responses"])
                if total != GROUP * MONEY:
                    return "TransactGetItems: the accounts of group %d have %d" % (group // GROUP, total)
                counts["group"] += 1
            else:
                total = connection.ask("SELECT bank_sum()")
                if total != "%d 0" % (ACCOUNTS * MONEY):
                    return "SQL: all accounts have, and the index lacks: %s" % total
                counts["all"] += 1
        except Lost:
            counts["lost"] += 1
            connection.connect()
    return counts


def added(dictionaries):
    return {key: sum(d[key] for d in dictionaries) for key in dictionaries[0]}


def bank(seconds):
    payers = processes(pay, seconds)
    auditors = processes(audit, seconds)
    auditors = (auditors[0][:max(1, CLIENTS // 4)], auditors[1])
    paid, audited = await_processes([payers, auditors])
    print("transfers of %d clients: %s; snapshots: %s" % (CLIENTS, added(paid), added(audited)))


# ---------------------------------------------------------------- one token, many clients


def race(rng, client, races, barrier):
    """How often this client's transaction was committed, and how often some client's was."""
    connection = Connection()
    committed = 0
    for i in range(races):
        # whoever rolls back leaves the work to another
        commits = client == i % CLIENTS or rng.random() < 0.8
        barrier.wait(PATIENCE)
        connection.ask("BEGIN")
        connection.write([{"Update": {"TableName": "Races", "Key": {"id": number(i)}, "UpdateExpression": "ADD n :one",
                                      "ExpressionAttributeValues": {":one": number(1)}}}], ClientRequestToken="race %d" % i)
        connection.ask("COMMIT" if commits else "ROLLBACK")
        committed += commits
    barrier.wait(PATIENCE)
    return {"committed": committed}


def tokens(races):
    connection = Connection()
    create_table(connection, "Races", {"id": "N"})
    committed, = await_processes([processes(race, races, multiprocessing.Barrier(CLIENTS))])
    found = connection.ask("SELECT concat_ws(' ', count(*), min(item->>'n'), max(item->>'n')) FROM dynamo.\"Races\"")
    if found != "%d 1 1" % races:
        raise SystemExit("of %d races, executed and least and most often: %s" % (races, found))
    print("%d races of %d clients with one token, %d calls acknowledged: each executed once" %
          (races, CLIENTS, added(committed)["committed"]))


# ---------------------------------------------------------------- histories

KEYS, CALLS = 4, 25


def key_of(round_number, key):
    return {"TableName": "List%d" % (key % 2), "Key": {"id": {"S": "%d %d" % (round_number, key)}}}


def list_of(item):
    return ",".join(v["S"] for v in item["l"]["L"]) if item else None


def condition(rng, known):
    """Mostly one that holds if nothing has happened since the list was seen."""
    kind = rng.random()
    if known is None or kind < 0.2:
        return {"exists": (known is not None) == (rng.random() < 0.8)}
    values = known.split(",")
    if kind < 0.7:
        return {"size": len(values) + (rng.random() < 0.1)}
    return {"contains": rng.choice(values)}


def request_of(round_number, action, returns):
    """The action as TransactWriteItems has it."""
    where = key_of(round_number, action["key"])
    values = {}
    kind = {"append": "Update", "nothing": "Update", "delete": "Delete", "put": "Put", "check": "ConditionCheck"}[action["do"]]
    if action["do"] == "append":
        where["UpdateExpression"] = "SET l = list_append(if_not_exists(l, :none), :v)"
        values.update({":none": {"L": []}, ":v": {"L": [{"S": action["value"]}]}})
    elif action["do"] == "nothing":
        where["UpdateExpression"] = "REMOVE nothing"
    elif action["do"] == "put":
        where["Item"] = dict(where.pop("Key"), l={"L": [{"S": action["value"]}]})
    asked = action.get("if")
    if asked:
        if "exists" in asked:
            where["ConditionExpression"] = "attribute_exists(id)" if asked["exists"] else "attribute_not_exists(id)"
        elif "size" in asked:
            where["ConditionExpression"] = "size(l) = :c"
            values[":c"] = number(asked["size"])
        else:
            where["ConditionExpression"] = "contains(l, :c)"
            values[":c"] = {"S": asked["contains"]}
        if returns:
            where["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
    if values:
        where["ExpressionAttributeValues"] = values
    return {kind: where}


def random_call(rng, client, round_number, serial, known):
    """A call as the checker reads it."""
    kind = rng.random()
    if kind < 0.3:
        return {"kind": "read", "keys": rng.sample(range(KEYS), rng.randrange(1, KEYS + 1))}
    actions = []
    for i, key in enumerate(rng.sample(range(KEYS), 1 if kind < 0.45 else rng.randrange(1, KEYS + 1))):
        action = {"key": key, "do": rng.choice(("append", "append", "append", "put", "delete", "nothing", "check", "check"))}
        if action["do"] in ("append", "put"):
            action["value"] = "%d.%d.%d" % (client, serial, i)
        if action["do"] == "check" or rng.random() < 0.3:
            action["if"] = condition(rng, known[key])
        actions.append(action)
    if kind < 0.45:
        actions[0]["do"] = "append"
        actions[0].setdefault("value", "%d.%d.0" % (client, serial))
    return {"kind": "write", "actions": actions, "single": kind < 0.45}


def carry_out(connection, rng, round_number, call):
    """Adds the result to the call."""
    if call["kind"] == "read":
        gets = [{"Get": key_of(round_number, key)} for key in call["keys"]]
        if len(gets) == 1 and rng.random() < 0.5:
            call["lists"] = [list_of(connection.api("get_item", dict(gets[0]["Get"], ConsistentRead=True)).get("Item"))]
        else:
            answer = connection.api("transact_get_items", {"TransactItems": gets})
            call["lists"] = [list_of(r.get("Item")) for r in answer["Responses"]]
        return "ok"
    returns = rng.random() < 0.5
    requests = [request_of(round_number, a, returns) for a in call["actions"]]
    if call.pop("single"):
        answer = connection.api("update_item", dict(requests[0]["Update"], ReturnValues="ALL_NEW"))
        call["new"] = list_of(answer["Attributes"])
        return "ok"
    block = rng.random()
    if block >= 0.3:
        connection.write(requests)
        return "ok"
    # in a transaction of the caller's, which may undo it
    connection.ask("BEGIN")
    try:
        connection.write(requests)
    except Failed:
        connection.ask("ROLLBACK")
        raise
    connection.ask("ROLLBACK" if block < 0.1 else "COMMIT")
    return "none" if block < 0.1 else "ok"


def fail(call, error):
    """What the error says of the call."""
    if error.sqlstate == "YD010":       # ConditionalCheckFailedException of a single write
        call["failed"] = [0]
        return "failed"
    if not error.is_expected():
        raise error
    codes = [r["Code"] for r in error.reasons]
    call["failed"] = [i for i, code in enumerate(codes) if code == "ConditionalCheckFailed"]
    if not call["failed"] or "TransactionConflict" in codes:
        return "none"
    if any("Item" in r for r in error.reasons):
        call["old"] = [list_of(error.reasons[i].get("Item")) for i in call["failed"]]
    return "failed"


def history(rng, client, rounds, folder, barrier):
    connection = Connection()
    counts = {"calls": 0, "lost": 0}
    with open("%s/%d.jsonl" % (folder, client), "w", encoding="ascii") as file:
        for round_number in range(rounds):
            known = [None] * KEYS
            barrier.wait(PATIENCE)
            for serial in range(CALLS):
                call = random_call(rng, client, round_number, serial, known)
                call.update(round=round_number, client=client, call=time.monotonic_ns())
                try:
                    call["result"] = carry_out(connection, rng, round_number, call)
                except Failed as error:
                    call["result"] = fail(call, error)
                except Lost:
                    call["result"] = "unknown"
                call["return"] = time.monotonic_ns()
                json.dump(call, file)
                file.write("\n")
                counts["calls"] += 1
                if call["result"] == "unknown":
                    counts["lost"] += 1
                    connection.connect()
                elif call["kind"] == "read":
                    for key, value in zip(call["keys"], call["lists"]):
                        known[key] = value
    return counts


def histories(rounds, folder):
    connection = Connection()
    for name in ("List0", "List1"):
        create_table(connection, name, {"id": "S"})
    made, = await_processes([processes(history, rounds, folder, multiprocessing.Barrier(CLIENTS))])
    print("%d rounds of %d clients on %d keys: %s" % (rounds, CLIENTS, KEYS, added(made)))


def main():
    print("seed %d" % SEED, flush=True)
    what, number_of = sys.argv[1], int(sys.argv[2])
    if what == "open":
        open_bank()
    elif what == "bank":
        bank(number_of)
    elif what == "tokens":
        tokens(number_of)
    elif what == "histories":
        histories(number_of, sys.argv[3])


if __name__ == "__main__":
    main()
