#!/usr/bin/env python3
"""Throttling under load: more is asked of tables than they may give, and what they gave is compared with that.

    throttling.py limits SECONDS     each limit for so long, all at once
    throttling.py burst              what was not used is there afterwards, and not more
    throttling.py keys SECONDS       a hot key that adaptive capacity saves, and one that it cannot
    throttling.py doubling           on demand gives twice as much half an hour later: run before and after the clock is set ahead

Environment: DYNAPG_PORT, the endpoint in developer mode. What is measured is the sum of the answers' ConsumedCapacity.
Exit status 0: every figure is as near to its limit as TOLERANCE (0.02) says.
"""
import hashlib
import http.client
import json
import multiprocessing
import os
import sys
import threading
import time

PORT = int(os.environ["DYNAPG_PORT"])
TOLERANCE = float(os.environ.get("TOLERANCE", "0.02"))
WARM_UP = 5
CONNECTIONS = 6     # of each limit: more than the requests that are under way at its rate
HEADERS = {"Content-Type": "application/x-amz-json-1.0"}


class Endpoint:
    """One connection."""
    def __init__(self):
        self.connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=60)

    def call(self, operation, request):
        headers = dict(HEADERS, **{"X-Amz-Target": "DynamoDB_20120810." + operation})
        self.connection.request("POST", "/", json.dumps(request), headers)
        answer = self.connection.getresponse()
        return answer.status, json.loads(answer.read())


def must(operation, request):
    for _ in range(50):
        status, answer = Endpoint().call(operation, request)
        if status == 200:
            return answer
        if "hrottlingReasons" not in json.dumps(answer):
            break
        time.sleep(0.1)
    raise RuntimeError("%s: %s" % (operation, answer))


def key(pk):
    return {"pk": {"S": pk}}


def item(pk, size):
    return dict(key(pk), a={"S": "x" * (size - 10)})


def make(table, *, reads=0, writes=0, ceiling=0, warm=0, index=0):
    request = {"TableName": table, "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
               "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}]}
    if reads:
        request["ProvisionedThroughput"] = {"ReadCapacityUnits": reads, "WriteCapacityUnits": writes}
    else:
        request["BillingMode"] = "PAY_PER_REQUEST"
    if ceiling:
        request["OnDemandThroughput"] = {"MaxReadRequestUnits": ceiling}
    if warm:
        request["WarmThroughput"] = {"ReadUnitsPerSecond": warm}
    if index:
        request["AttributeDefinitions"].append({"AttributeName": "g", "AttributeType": "S"})
        request["GlobalSecondaryIndexes"] = [{
            "IndexName": "by_g", "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}], "Projection": {"ProjectionType": "ALL"},
            "ProvisionedThroughput": {"ReadCapacityUnits": 10, "WriteCapacityUnits": index}}]
    must("CreateTable", request)


def get(table, pk):
    return "GetItem", {"TableName": table, "Key": key(pk), "ConsistentRead": True, "ProjectionExpression": "pk"}


def update(table, pk, number):
    return "UpdateItem", {"TableName": table, "Key": key(pk), "UpdateExpression": "SET n = :n",
                          "ExpressionAttributeValues": {":n": {"N": str(number)}}}


def scan(table):
    return "Scan", {"TableName": table, "ConsistentRead": True, "Select": "COUNT"}


class Load:
    """Asks at a rate, in requests a second, on some connections, and sums what was consumed and why it was refused."""
    def __init__(self, rate, request, index=None):
        self.rate, self.request, self.index = rate, request, index
        self.lock = threading.Lock()
        self.units, self.asked, self.refusals, self.refused = 0.0, 0, 0, {}

    def note(self, status, answer):
        if status == 200:
            capacity = answer["ConsumedCapacity"]
            capacity = capacity[0] if isinstance(capacity, list) else capacity
            self.units += capacity["GlobalSecondaryIndexes"][self.index]["CapacityUnits"] if self.index else \
                capacity.get("Table", capacity)["CapacityUnits"]
            return
        reasons = [reason["reason"] for reason in answer.get("ThrottlingReasons") or answer.get("throttlingReasons") or []]
        reasons = reasons or sorted({reason["Code"] for reason in answer.get("CancellationReasons", [])} - {"None"})
        if status != 400 or not reasons:
            raise RuntimeError("%s: %s" % (status, answer))
        self.refusals += 1
        for reason in reasons:
            self.refused[reason] = self.refused.get(reason, 0) + 1

    def run_one(self, number, begin, measured, end):
        endpoint = Endpoint()
        count = 0
        while True:
            due = begin + (count * CONNECTIONS + number) / self.rate
            if due >= end or time.monotonic() >= end:
                return
            now = time.monotonic()
            if now < due:
                time.sleep(due - now)
            operation, request = self.request(count * CONNECTIONS + number)
            request["ReturnConsumedCapacity"] = "INDEXES"
            status, answer = endpoint.call(operation, request)
            count += 1
            with self.lock:
                if measured <= time.monotonic() <= end:
                    self.asked += 1
                    self.note(status, answer)

    def run(self, seconds, warm_up=WARM_UP):
        begin = time.monotonic()
        threads = [threading.Thread(target=self.run_one, args=(n, begin, begin + warm_up, begin + warm_up + seconds)) for n in range(CONNECTIONS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return self.units / seconds


def report(name, limit, load, rate):
    """Prints a line of Markdown; whether the figure is near enough to the limit."""
    why = ", ".join(sorted(load.refused)) or "nothing"
    print("| %s | %d | %.1f | %+.2f %% | %d of %d | %s |" % (name, limit, rate, 100 * (rate / limit - 1), load.refusals, load.asked, why), flush=True)
    return abs(rate / limit - 1) <= TOLERANCE


# ---------------------------------------------------------------- each limit

def provisioned_reads(name):
    make(name, reads=300, writes=100)
    must("PutItem", {"TableName": name, "Item": item("a", 40000)})
    return 300, Load(45, lambda n: get(name, "a"))


def provisioned_writes(name):
    make(name, reads=100, writes=200)
    must("PutItem", {"TableName": name, "Item": item("a", 10000)})
    return 200, Load(30, lambda n: update(name, "a", n))


def index_writes(name):
    make(name, reads=100, writes=500, index=40)
    request = {"TableName": name, "Key": key("a"), "UpdateExpression": "SET g = :g"}
    return 40, Load(30, lambda n: ("UpdateItem", dict(request, ExpressionAttributeValues={":g": {"S": str(n)}})), index="by_g")


def ceiling(name):
    make(name, ceiling=200)
    must("PutItem", {"TableName": name, "Item": item("a", 40000)})
    return 200, Load(30, lambda n: get(name, "a"))


def partition(name):
    make(name, reads=9000, writes=1000)
    must("PutItem", {"TableName": name, "Item": item("a", 400000)})
    return 3000, Load(45, lambda n: get(name, "a"))


def scans(name, warm):
    make(name, warm=warm)
    for n in range(3):
        must("PutItem", {"TableName": name, "Item": item(str(n), 400000)})


def partition_of(pk):
    """Of the 16 partitions that 40,000 reads take: the first bits of the key's hash (docs/format.md)."""
    return hashlib.sha256(b"\x01S" + pk.encode()).digest()[0] >> 4


def account(name):
    """One key in each partition, all read in one transaction: 16 times 61 units, twice."""
    make(name, warm=40000)
    spread = {partition_of(str(n)): str(n) for n in range(1000)}
    for pk in spread.values():
        must("PutItem", {"TableName": name, "Item": item(pk, 249000)})
    gets = [{"Get": {"TableName": name, "Key": key(pk), "ProjectionExpression": "pk"}} for pk in spread.values()]
    return 40000, Load(27, lambda n: ("TransactGetItems", {"TransactItems": gets}))


LIMITS = {"a table's provisioned reads": provisioned_reads, "a table's provisioned writes": provisioned_writes,
          "a global index's provisioned writes": index_writes, "OnDemandThroughput": ceiling, "one partition's reads": partition,
          "an account's reads of a table": account}


def run_limit(arguments):
    name, seconds = arguments
    limit, load = LIMITS[name]("Limit%d" % list(LIMITS).index(name))
    return report(name, limit, load, load.run(seconds))


def limits(seconds):
    with multiprocessing.Pool(len(LIMITS)) as pool:
        return all(pool.map(run_limit, [(name, seconds) for name in LIMITS]))


# ---------------------------------------------------------------- what is not a rate

def burst():
    """50 units a second, unused for a minute after all was used: the next half minute gives a minute and a half of them."""
    make("Burst", reads=50, writes=50)
    must("PutItem", {"TableName": "Burst", "Item": item("a", 40000)})
    load = Load(40, lambda n: get("Burst", "a"))
    load.run(20)
    time.sleep(60)
    load = Load(40, lambda n: get("Burst", "a"))
    rate = load.run(30, warm_up=0)
    return report("50 units a second, unused for 60 seconds, over the next 30", 150, load, rate)


def keys(seconds):
    """A key that takes half of what its table has, whatever its partitions, and one that takes more than a partition has."""
    make("Saved", reads=6000, writes=100)
    must("PutItem", {"TableName": "Saved", "Item": item("hot", 400000)})
    saved = Load(28, lambda n: get("Saved", "hot"))
    rate = saved.run(seconds)
    ok = report("a hot key within a partition's limit: as much as it asks for", 28 * 98, saved, rate) and not saved.refused
    make("Lost", reads=9000, writes=100)
    must("PutItem", {"TableName": "Lost", "Item": item("hot", 400000)})
    lost = Load(60, lambda n: get("Lost", "hot"))
    rate = lost.run(seconds)
    return report("a hot key beyond it, of a table that has 9,000", 3000, lost, rate) and ok


def doubling():
    """What a table on demand gives at once: 12,000 when it is new, and 24,000 when the clock is half an hour on."""
    status, _ = Endpoint().call("DescribeTable", {"TableName": "Demand"})
    limit = 24000 if status == 200 else 12000
    if status != 200:
        scans("Demand", 0)
    load = Load(limit / 300 * 1.3, lambda n: scan("Demand"))
    rate = load.run(40, warm_up=15)
    return report("a new table on demand" if limit == 12000 else "the same half an hour later", limit, load, rate)


if __name__ == "__main__":
    functions = {"limits": limits, "burst": burst, "keys": keys, "doubling": doubling}
    sys.exit(0 if functions[sys.argv[1]](*map(int, sys.argv[2:])) else 1)
