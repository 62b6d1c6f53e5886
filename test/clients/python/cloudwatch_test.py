"""boto3's CloudWatch client against the endpoint, in each of the protocols that it knows: AWS JSON, CBOR, AWS Query."""
import datetime
import os
import subprocess

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from harness import ENDPOINT, equal, finish, test

CONFIG = Config(retries={"max_attempts": 1})
NOW = datetime.datetime.now(datetime.timezone.utc)
RANGE = {"StartTime": NOW - datetime.timedelta(hours=1), "EndTime": NOW + datetime.timedelta(hours=1)}
TABLE = [{"Name": "TableName", "Value": "Watched"}]
ALARM = {"AlarmName": "reads <&> é", "Namespace": "AWS/DynamoDB", "MetricName": "ConsumedReadCapacityUnits", "Dimensions": TABLE, "Statistic": "Sum", "Period": 60,
         "EvaluationPeriods": 2, "Threshold": 1.5, "ComparisonOperator": "GreaterThanThreshold"}


def sql(statement):
    return subprocess.run([os.environ["DYNAPG_PSQL"], "-X", "-At", "-c", statement], capture_output=True, text=True, check=True).stdout.strip()


def client_of(protocol):
    """A client that speaks one protocol, or what it chooses."""
    session = boto3.Session()
    loader = session._session.get_component("data_loader")  # pylint: disable=protected-access
    load = loader.load_service_model

    def load_changed(service_name, type_name, api_version=None):
        model = load(service_name, type_name, api_version)
        if protocol and service_name == "cloudwatch" and type_name == "service-2":
            model["metadata"]["protocols"] = [protocol]
            model["metadata"]["protocol"] = protocol
        return model

    loader.load_service_model = load_changed
    return session.client("cloudwatch", endpoint_url=ENDPOINT, config=CONFIG)


dynamodb = boto3.client("dynamodb", config=CONFIG)
dynamodb.create_table(TableName="Watched", BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
                      AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}])
for n in range(4):
    dynamodb.get_item(TableName="Watched", Key={"pk": {"S": str(n)}}, ConsistentRead=True)
sql("SELECT dynapg.record_metrics()")

for wanted in (None, "json", "smithy-rpc-v2-cbor", "query"):
    client = client_of(wanted)
    name = wanted or "what boto3 chooses"

    @test(f"{name}: ListMetrics")
    def list_metrics(client=client):
        found = client.list_metrics(Namespace="AWS/DynamoDB", MetricName="ConsumedReadCapacityUnits", Dimensions=TABLE)["Metrics"]
        equal(found, [{"Namespace": "AWS/DynamoDB", "MetricName": "ConsumedReadCapacityUnits", "Dimensions": TABLE}])

    @test(f"{name}: GetMetricData")
    def get_metric_data(client=client):
        metric = {"Namespace": "AWS/DynamoDB", "MetricName": "ConsumedReadCapacityUnits", "Dimensions": TABLE}
        result, = client.get_metric_data(MetricDataQueries=[{"Id": "reads", "MetricStat": {"Metric": metric, "Period": 3600, "Stat": "Sum"}}], **RANGE)["MetricDataResults"]
        equal((result["Id"], sum(result["Values"]), result["StatusCode"]), ("reads", 4, "Complete"))
        equal([type(t) for t in result["Timestamps"]], [datetime.datetime] * len(result["Values"]))

    @test(f"{name}: metric math, by pages")
    def metric_math(client=client):
        queries = [{"Id": "reads", "MetricStat": {"Metric": {"Namespace": "AWS/DynamoDB", "MetricName": "ConsumedReadCapacityUnits", "Dimensions": TABLE}, "Period": 3600, "Stat": "Sum"},
                    "ReturnData": False}, {"Id": "e", "Expression": "FILL(reads, 0) + 1", "Label": "one more"}]
        pages = list(client.get_paginator("get_metric_data").paginate(MetricDataQueries=queries, MaxDatapoints=1, **RANGE))
        results = [result for page in pages for result in page["MetricDataResults"]]
        equal([(r["Id"], r["Label"], len(r["Values"])) for r in results], [("e", "one more", 1)] * len(pages))
        equal((sum(sum(r["Values"]) for r in results), results[0]["StatusCode"], results[-1]["StatusCode"]), (4 + len(pages), "PartialData", "Complete"))

    @test(f"{name}: GetMetricStatistics, with percentiles")
    def get_metric_statistics(client=client):
        point = client.get_metric_statistics(Namespace="AWS/DynamoDB", MetricName="SuccessfulRequestLatency", Period=86400, Statistics=["SampleCount", "Maximum"],
                                             ExtendedStatistics=["p99"], Dimensions=TABLE + [{"Name": "Operation", "Value": "GetItem"}], **RANGE)["Datapoints"][0]
        equal((point["SampleCount"], point["Unit"]), (4, "Milliseconds"))
        equal(0 < point["ExtendedStatistics"]["p99"] <= point["Maximum"], True)

    @test(f"{name}: an alarm is put, described, set and deleted")
    def alarms(client=client):
        client.put_metric_alarm(**ALARM)
        alarm, = client.describe_alarms(AlarmNames=[ALARM["AlarmName"]])["MetricAlarms"]
        equal({k: alarm[k] for k in ALARM}, ALARM)
        client.set_alarm_state(AlarmName=ALARM["AlarmName"], StateValue="ALARM", StateReason="a test")
        alarm, = client.describe_alarms_for_metric(Namespace="AWS/DynamoDB", MetricName="ConsumedReadCapacityUnits", Dimensions=TABLE)["MetricAlarms"]
        equal((alarm["StateValue"], "DatapointsToAlarm" in alarm, type(alarm["StateUpdatedTimestamp"])), ("ALARM", False, datetime.datetime))
        client.put_metric_alarm(**ALARM, DatapointsToAlarm=1)
        equal(client.describe_alarms(AlarmNames=[ALARM["AlarmName"]])["MetricAlarms"][0]["DatapointsToAlarm"], 1)
        client.delete_alarms(AlarmNames=[ALARM["AlarmName"]])
        equal(client.describe_alarms()["MetricAlarms"], [])

    @test(f"{name}: errors have CloudWatch's codes")
    def errors(client=client):
        for code, function, arguments in (
                ("InvalidParameterValue", client.put_metric_alarm, {**ALARM, "ComparisonOperator": "Equals"}),
                ("InvalidParameterValue", client.get_metric_data, {"MetricDataQueries": [], **RANGE}),
                ("ResourceNotFound", client.delete_alarms, {"AlarmNames": ["none"]}),
                ("UnknownOperationException", client.list_dashboards, {})):
            try:
                function(**arguments)
            except ClientError as error:
                if code != "UnknownOperationException":
                    equal(error.response["Error"]["Code"].replace("Exception", ""), code)
            else:
                raise AssertionError(f"no error of {function}")

dynamodb.delete_table(TableName="Watched")
finish()
