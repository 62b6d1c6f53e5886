"""PynamoDB's tutorial: models, conditions, queries, batches, updates."""
from datetime import datetime, timezone

from harness import ENDPOINT, REGION, equal, finish, test
from pynamodb.attributes import (
    BinaryAttribute,
    BooleanAttribute,
    JSONAttribute,
    ListAttribute,
    MapAttribute,
    NumberAttribute,
    UnicodeAttribute,
    UnicodeSetAttribute,
    UTCDateTimeAttribute,
    VersionAttribute,
)
from pynamodb.connection import Connection
from pynamodb.exceptions import DoesNotExist, PutError, TransactWriteError, UpdateError
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex, KeysOnlyProjection, LocalSecondaryIndex
from pynamodb.models import Model
from pynamodb.transactions import TransactGet, TransactWrite


class Office(MapAttribute):
    city = UnicodeAttribute()
    floor = NumberAttribute(null=True)


class Thread(Model):
    class Meta:
        table_name = "Thread"
        host = ENDPOINT
        region = REGION
        billing_mode = "PAY_PER_REQUEST"

    forum = UnicodeAttribute(hash_key=True)
    subject = UnicodeAttribute(range_key=True)
    views = NumberAttribute(default=0)
    tags = UnicodeSetAttribute(default=set)
    posted = UTCDateTimeAttribute(null=True)
    closed = BooleanAttribute(null=True)
    office = Office(null=True)
    offices = ListAttribute(of=Office, null=True)
    data = JSONAttribute(null=True)
    raw = BinaryAttribute(null=True, legacy_encoding=False)


class Versioned(Model):
    class Meta:
        table_name = "Versioned"
        host = ENDPOINT
        region = REGION
        read_capacity_units = 1
        write_capacity_units = 1

    id = NumberAttribute(hash_key=True)
    text = UnicodeAttribute()
    version = VersionAttribute()


def fails(exception, function):
    try:
        function()
    except exception:
        return
    raise AssertionError(f"no {exception.__name__}")


@test("PynamoDB: create_table")
def _():
    equal(Thread.exists(), False)
    Thread.create_table(wait=True)
    equal(Thread.exists(), True)
    Versioned.create_table(wait=True)


@test("PynamoDB: save and get")
def _():
    posted = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=timezone.utc)
    thread = Thread("General", "First", views=3, tags={"a", "b"}, posted=posted, closed=False, data={"x": [1, None]}, raw=b"\0\xff")
    thread.office = Office(city="Berlin", floor=2)
    thread.offices = [Office(city="Paris"), Office(city="Rome", floor=1)]
    thread.save()
    got = Thread.get("General", "First", consistent_read=True)
    equal(got.attribute_values.keys(), thread.attribute_values.keys())
    equal((got.views, got.tags, got.posted, got.closed, got.data, got.raw), (3, {"a", "b"}, posted, False, {"x": [1, None]}, b"\0\xff"))
    equal((got.office.city, got.offices[1].floor), ("Berlin", 1))
    fails(DoesNotExist, lambda: Thread.get("General", "Second"))


@test("PynamoDB: conditions")
def _():
    fails(PutError, lambda: Thread("General", "First").save(Thread.forum.does_not_exist()))
    Thread("General", "Second").save(Thread.forum.does_not_exist())


@test("PynamoDB: update")
def _():
    thread = Thread.get("General", "First")
    thread.update(
        actions=[Thread.views.add(1), Thread.closed.set(True), Thread.posted.remove(), Thread.tags.delete({"a"}), Thread.office.city.set("Bonn")],
        condition=Thread.views == 3,
    )
    thread.refresh(consistent_read=True)
    equal((thread.views, thread.closed, thread.posted, thread.tags, thread.office.city), (4, True, None, {"b"}, "Bonn"))
    fails(UpdateError, lambda: thread.update(actions=[Thread.views.set(0)], condition=Thread.views > 100))


@test("PynamoDB: batches")
def _():
    with Thread.batch_write() as batch:
        for i in range(60):
            batch.save(Thread("Batch", f"{i:02}", views=i))
    keys = [("Batch", f"{i:02}") for i in range(60)]
    equal(sorted(thread.views for thread in Thread.batch_get(keys)), list(range(60)))


@test("PynamoDB: query, scan, count")
def _():
    got = Thread.query("Batch", Thread.subject.between("10", "19"), Thread.views >= 15, scan_index_forward=False, limit=3)
    equal([thread.subject for thread in got], ["19", "18", "17"])
    equal([thread.subject for thread in Thread.query("Batch", page_size=7)], [f"{i:02}" for i in range(60)])
    equal(Thread.count("Batch"), 60)
    equal(len(list(Thread.scan(Thread.views < 10, page_size=9))), 12)


@test("PynamoDB: optimistic locking")
def _():
    first = Versioned(1, text="one")
    first.save()
    second = Versioned.get(1)
    first.text = "two"
    first.save()
    second.text = "lost"
    fails(PutError, second.save)
    equal((Versioned.get(1).text, Versioned.get(1).version), ("two", 2))


@test("PynamoDB: delete")
def _():
    Thread.get("General", "First").delete()
    fails(DoesNotExist, lambda: Thread.get("General", "First"))
    Thread.delete_table()
    Versioned.delete_table()
    equal(Thread.exists(), False)


class ByViews(GlobalSecondaryIndex):
    class Meta:
        index_name = "by-views"
        projection = AllProjection()

    kind = UnicodeAttribute(hash_key=True)
    views = NumberAttribute(range_key=True)


class ByDay(LocalSecondaryIndex):
    class Meta:
        index_name = "by-day"
        projection = KeysOnlyProjection()

    forum = UnicodeAttribute(hash_key=True)
    day = NumberAttribute(range_key=True)


class Post(Model):
    class Meta:
        table_name = "Post"
        host = ENDPOINT
        region = REGION
        billing_mode = "PAY_PER_REQUEST"

    forum = UnicodeAttribute(hash_key=True)
    subject = UnicodeAttribute(range_key=True)
    kind = UnicodeAttribute(null=True)
    views = NumberAttribute(default=0)
    day = NumberAttribute(null=True)
    by_views = ByViews()
    by_day = ByDay()


@test("indexes of a model")
def _():
    Post.create_table(wait=True)
    for i in range(20):
        Post("f", f"s{i:02}", kind="question" if i % 2 else None, views=i, day=20 - i).save()
    equal([post.views for post in Post.by_views.query("question", Post.views > 14)], [15, 17, 19])
    equal([post.subject for post in Post.by_day.query("f", limit=2)], ["s19", "s18"])
    equal(Post.by_views.count("question"), 10)


@test("transactions of models")
def _():
    connection = Connection(region=REGION, host=ENDPOINT)
    with TransactWrite(connection=connection) as transaction:
        transaction.save(Post("t", "new", kind="answer"), condition=Post.forum.does_not_exist())
        transaction.update(Post("f", "s01"), actions=[Post.views.add(100)])
        transaction.delete(Post("f", "s00"))
        transaction.condition_check(Post, "f", "s02", condition=Post.views == 2)
    try:
        with TransactWrite(connection=connection) as transaction:
            transaction.save(Post("t", "new"), condition=Post.forum.does_not_exist())
            transaction.delete(Post("f", "s03"))
        raise AssertionError("no error")
    except TransactWriteError as error:
        equal(error.cause_response_code, "TransactionCanceledException")
        equal([reason.code if reason else None for reason in error.cancellation_reasons], [None, "ConditionalCheckFailed"])  # deletes are sent first
    with TransactGet(connection=connection) as transaction:
        first = transaction.get(Post, "f", "s01")
        second = transaction.get(Post, "f", "s03")
    equal((first.get().views, second.get().views), (101, 3))
    Post.delete_table()


finish()
