"""What a write must cost, and what it must say of item collections: the judge where DynamoDB Local is none.

The rules are the service's: an item has the bytes of its names and values; a write takes a unit for each KB of the larger of the
old and the new item, in a transaction two; an index takes units for an entry that comes, goes, moves or changes, and none else.
"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../property"))

from value_property import size as value_size               # noqa: E402


def item_size(item):
    return sum(len(name.encode()) + value_size(value) for name, value in item.items())


def units(size):
    return max((size + 1023) // 1024, 1)


def entry(index, item):
    """What an index holds of an item; None: nothing, also of one that was there before the index and does not fit it."""
    if item is None or not all(item.get(name, {}).get(type_) for name, type_ in index.keys):
        return None
    projected = index.projected()
    return item if projected is None else {name: value for name, value in item.items() if name in projected}


def index_units(index, old, new):
    old, new = entry(index, old), entry(index, new)
    if old == new:
        return 0
    if old is None or new is None:
        return units(item_size(new or old))
    if any(old[name] != new[name] for name, _ in index.keys):
        return units(item_size(old)) + units(item_size(new))
    return units(max(item_size(old), item_size(new)))


def write_capacity(name, table, changes, mode, factor, unit=""):
    """The ConsumedCapacity of a table for [(old item, new item)]; mode is TOTAL or INDEXES."""
    table_units = float(sum(factor * units(max(item_size(item) if item else 0 for item in change)) for change in changes))
    by_index = {index: float(sum(index_units(index, old, new) for old, new in changes)) for index in table.indexes}
    total = table_units + sum(by_index.values())

    def consumed(number):
        return {"CapacityUnits": number, unit: number} if unit else {"CapacityUnits": number}
    capacity = dict(consumed(total), TableName=name)
    if mode == "INDEXES":
        capacity["Table"] = consumed(table_units)
        for index, number in by_index.items():
            if number:
                member = {"L": "LocalSecondaryIndexes", "G": "GlobalSecondaryIndexes"}[index.kind]
                capacity.setdefault(member, {})[index.index_name] = {"CapacityUnits": number}
    return capacity


def collection_metrics(table, keys):
    """What ReturnItemCollectionMetrics reports of a table, for the keys of writes: each collection once."""
    name = table.keys[0][0]
    if not any(index.kind == "L" for index in table.indexes):
        return []
    collections = []
    for key in keys:
        metrics = {"ItemCollectionKey": {name: key[name]}, "SizeEstimateRangeGB": [0.0, 1.0]}
        if metrics not in collections:
            collections.append(metrics)
    return collections
