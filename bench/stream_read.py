#!/usr/bin/env python3
"""Reads a stream to its end through the HTTP endpoint, in developer mode: prints records, seconds, and records a second.

    stream_read.py PORT TABLE
"""
import http.client
import json
import re
import sys
import time


def main():
    connection = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=60)

    def call(operation, request):
        connection.request("POST", "/", json.dumps(request), {
            "Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "DynamoDBStreams_20120810." + operation})
        answer = connection.getresponse().read()
        return answer

    arn = json.loads(call("ListStreams", {"TableName": sys.argv[2]}))["Streams"][-1]["StreamArn"]
    shard = json.loads(call("DescribeStream", {"StreamArn": arn}))["StreamDescription"]["Shards"][0]["ShardId"]
    iterator = json.loads(call("GetShardIterator", {"StreamArn": arn, "ShardId": shard,
                                                    "ShardIteratorType": "TRIM_HORIZON"}))["ShardIterator"]
    count, began = 0, time.monotonic()
    while True:
        answer = call("GetRecords", {"ShardIterator": iterator})
        found = answer.count(b'"eventID":')
        count += found
        iterator = re.search(rb'"NextShardIterator":"([^"]*)"', answer[-2500:]).group(1).decode()
        if found == 0:
            break
    seconds = time.monotonic() - began
    print(count, round(seconds, 2), round(count / seconds))


if __name__ == "__main__":
    main()
