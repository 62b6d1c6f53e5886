"""Buckets at S3 servers that nobody here wrote: moto's, with and without the verification of signatures, s3rver, also by TLS, and
s3s-fs (which verifies them too) where it is installed.

What dynapg writes boto3 reads, and the other way round.
"""
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import boto3
from botocore.config import Config
from harness import equal, finish, test
from servers import WORK, free_port, literal, psql, start_program

FUNCTIONS = pathlib.Path(__file__).parents[2] / "functions.sql"
BUCKET = "test-bucket"
NAMES = ["plain", "deep/er/key.json.gz", "sp ace+plus&and=is?#%25", "\u00e4\u20ac\U0001f600", "~._-!*'()", "colon:;@,$"]
PART = 8 << 20


class Server:
    """An S3 server: how it is reached, and with what credentials."""

    def __init__(self, name, command, port, key, secret, tls=None):
        self.name = name
        self.url = f"{'https' if tls else 'http'}://localhost:{port}"
        self.settings = {"s3_endpoint": self.url, "s3_region": "us-east-1", "out_ca_file": tls or ""}
        self.key, self.secret = key, secret
        start_program(name, command, port)
        self.connect()
        if BUCKET not in [b["Name"] for b in self.client.list_buckets()["Buckets"]]:
            self.client.create_bucket(Bucket=BUCKET)

    def connect(self):
        self.client = boto3.client(
            "s3", endpoint_url=self.url, region_name="us-east-1", aws_access_key_id=self.key, aws_secret_access_key=self.secret,
            verify=self.settings["out_ca_file"] or None, config=Config(
                s3={"addressing_style": "path"}, request_checksum_calculation="when_required", response_checksum_validation="when_required"))

    def sql(self, call, fails=False, **settings):
        """SELECT of a test function, with this server's settings and credentials."""
        credentials = settings.pop("credentials", (self.key, self.secret))
        sets = [f"SET dynapg.{name} = {literal(value)}" for name, value in {**self.settings, **settings}.items()]
        return psql(f"SELECT dynapg.set_s3_credentials({', '.join(map(literal, credentials))})", *sets,
                    f"SELECT dynapg_test.{call}", fails=fails).lstrip("\n")

    def failure(self, call, **settings):
        return self.sql(f"failure_of({literal('SELECT dynapg_test.' + call)})", **settings).split(" (Service:")[0]

    def keys(self, prefix):
        """The keys of a list, in its order."""
        got = self.sql(f"failure_of(''), (SELECT json_agg(key) FROM dynapg_test.bucket_list('{BUCKET}', {literal(prefix)}))")
        return json.loads(got.split("|", 1)[1] or "[]")

    def body(self, key):
        return self.client.get_object(Bucket=BUCKET, Key=key)["Body"].read()


def start_moto(name="moto", key="testing", secret="testing"):
    port = free_port()
    return Server(name, [pathlib.Path(sys.executable).with_name("moto_server"), "-p", str(port)], port, key, secret)


def start_verifying_moto():
    """moto's server that from now on verifies signatures and asks for rights, with a user who has them."""
    server = start_moto("moto that verifies")
    iam = boto3.client("iam", endpoint_url=server.url, region_name="us-east-1", aws_access_key_id="testing", aws_secret_access_key="testing")
    iam.create_user(UserName="dynapg")
    for user, action in (("dynapg", "s3:*"), ("reader", "s3:Get*")):
        if user != "dynapg":
            iam.create_user(UserName=user)
        iam.put_user_policy(UserName=user, PolicyName="p", PolicyDocument=json.dumps(
            {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": action, "Resource": "*"}}))
    server.reader = iam.create_access_key(UserName="reader")["AccessKey"]
    key = iam.create_access_key(UserName="dynapg")["AccessKey"]
    server.key, server.secret = key["AccessKeyId"], key["SecretAccessKey"]
    server.connect()
    urllib.request.urlopen(urllib.request.Request(f"{server.url}/moto-api/reset-auth", b"0", {"Content-Type": "text/plain"})).close()
    return server


def start_s3rver(tls=False):
    port = free_port()
    name = "s3rver by TLS" if tls else "s3rver"
    folder = WORK / name
    folder.mkdir()
    command = [os.environ["S3RVER"], "-d", folder, "-p", str(port)]
    certificate = None
    if tls:
        certificate = str(WORK / "server.crt")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                        "-addext", "subjectAltName=DNS:localhost", "-keyout", WORK / "server.key", "-out", certificate],
                       check=True, capture_output=True)
        command += ["--key", WORK / "server.key", "--cert", certificate]
    return Server(name, command, port, "S3RVER", "S3RVER", tls=certificate)


def start_s3s():
    port = free_port()
    folder = WORK / "s3s"
    (folder / BUCKET).mkdir(parents=True)
    return Server("s3s-fs", ["s3s-fs", "--host", "localhost", "--port", str(port), "--access-key", "AKEXAMPLE", "--secret-key", "s/e+c=ret",
                             folder], port, "AKEXAMPLE", "s/e+c=ret")


psql("SET client_min_messages = warning", FUNCTIONS.read_text(encoding="utf-8"))
moto = start_moto()
verifying = [start_verifying_moto()]
servers = [moto, verifying[0], start_s3rver()]
tls = start_s3rver(tls=True)
if shutil.which("s3s-fs"):
    verifying.append(start_s3s())
    servers.append(verifying[1])


def test_server(server):
    @test(f"{server.name}: objects, there and back")
    def _():
        for name in NAMES:
            server.sql(f"bucket_put('{BUCKET}', {literal('names/' + name)}, convert_to({literal(name)}, 'UTF8'))")
            equal(server.body("names/" + name).decode(), name)
            server.client.put_object(Bucket=BUCKET, Key="theirs/" + name, Body=("theirs: " + name).encode())
            equal(server.sql(f"bucket_read('{BUCKET}', {literal('theirs/' + name)})").rsplit(" ", 1)[0], "theirs: " + name)
        equal(server.sql(f"bucket_put('{BUCKET}', 'empty', '')") != "", True)
        equal(server.body("empty"), b"")
        equal(server.sql(f"bucket_read('{BUCKET}', 'names/plain', 2)").split(" ")[0], "ain")

    @test(f"{server.name}: lists")
    def _():
        there = [folder + name for folder in ("names/", "theirs/") for name in NAMES]
        for prefix in ("names/", "na", "names/sp ace+", "none", "theirs/\u00e4"):
            equal(server.keys(prefix), sorted(key for key in there if key.startswith(prefix)))

    @test(f"{server.name}: an object in parts")
    def _():
        piece = bytes(range(256)) * 4096
        etag = server.sql(f"bucket_put('{BUCKET}', 'parts', decode('{bytes(range(256)).hex()}', 'hex'), {19 * 4096})")
        equal(hashlib.sha256(server.body("parts")).hexdigest(), hashlib.sha256(piece * 19).hexdigest())
        equal(server.client.head_object(Bucket=BUCKET, Key="parts")["ETag"].strip('"'), etag)
        equal(server.sql(f"bucket_read('{BUCKET}', 'parts')"), f"{19 << 20} {hashlib.sha256(piece * 19).hexdigest()}")
        equal(server.sql(f"bucket_read('{BUCKET}', 'parts', {PART}, '{etag}')"),
              f"{(19 << 20) - PART} {hashlib.sha256((piece * 19)[PART:]).hexdigest()}")

    @test(f"{server.name}: errors in the service's words")
    def _():
        equal(server.failure("bucket_list('no-such-bucket')"), "S3NoSuchBucket: The specified bucket does not exist")
        if server.name != "s3s-fs":     # makes it
            equal(server.failure("bucket_put('no-such-bucket', 'k', 'x')"), "S3NoSuchBucket: The specified bucket does not exist")
        equal(server.failure(f"bucket_read('{BUCKET}', 'absent')"), "S3NoSuchKey: The specified key does not exist.")
        equal(server.failure(f"bucket_read('{BUCKET}', 'parts', 0, 'other')").split(":")[0], "S3PreconditionFailed")
        equal(server.failure("bucket_list('No/Bucket')").split(":")[0], "S3InvalidBucketName")


for each in servers:
    test_server(each)


@test("moto: an upload that is abandoned leaves nothing; one that somebody has left is ended by the next")
def _():
    def uploads():
        return [u["Key"] for u in moto.client.list_multipart_uploads(Bucket=BUCKET).get("Uploads", [])]

    bytes_ = f"decode(repeat('00', {1 << 20}), 'hex')"
    moto.sql(f"bucket_put('{BUCKET}', 'left', {bytes_}, 20, 'abandon')")
    equal(uploads(), [])
    for key in ("left", "left/by others"):
        moto.client.create_multipart_upload(Bucket=BUCKET, Key=key)
    moto.sql(f"bucket_put('{BUCKET}', 'left', {bytes_}, 20)")
    equal(uploads(), ["left/by others"])


@test("moto: more objects than a page of a list has")
def _():
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: moto.client.put_object(Bucket=BUCKET, Key=f"many/{n:05}", Body=b""), range(2100)))
    equal(moto.keys("many/"), [f"many/{n:05}" for n in range(2100)])


@test("moto: encryption is asked for")
def _():
    moto.sql(f"bucket_put('{BUCKET}', 'aes', 'x', 1, 'finish', 'AES256')")
    equal(moto.client.head_object(Bucket=BUCKET, Key="aes")["ServerSideEncryption"], "AES256")
    for times in (1, 9 << 20):
        moto.sql(f"bucket_put('{BUCKET}', 'kms', 'x', {times}, 'finish', 'KMS', 'arn:aws:kms:us-east-1:123456789012:key/k')")
        head = moto.client.head_object(Bucket=BUCKET, Key="kms")
        equal((head["ServerSideEncryption"], head["SSEKMSKeyId"]), ("aws:kms", "arn:aws:kms:us-east-1:123456789012:key/k"))


@test("moto: the bucket in the host")
def _():
    equal(moto.sql(f"bucket_read('{BUCKET}', 'aes')", s3_path_style="off").split(" ")[0], "x")


@test("wrong credentials are refused where signatures are verified")
def _():
    for server in verifying:
        for call in (f"bucket_list('{BUCKET}')", f"bucket_put('{BUCKET}', 'k', 'x')", f"bucket_read('{BUCKET}', 'names/plain')"):
            equal(server.failure(call, credentials=(server.key, "wrong")).split(":")[0], "S3SignatureDoesNotMatch")
            equal(server.failure(call, credentials=("AKUNKNOWN", "x")).split(":")[0] in ("S3InvalidAccessKeyId", "S3NotSignedUp"), True)


@test("a user without the right to write")
def _():
    reader = verifying[0].reader
    credentials = (reader["AccessKeyId"], reader["SecretAccessKey"])
    equal(verifying[0].sql(f"bucket_read('{BUCKET}', 'names/plain')", credentials=credentials).split(" ")[0], "plain")
    equal(verifying[0].failure(f"bucket_put('{BUCKET}', 'k', 'x')", credentials=credentials), "S3AccessDenied: Access Denied")


@test("TLS: a server is believed whom the CA file vouches for, and no other")
def _():
    tls.sql(f"bucket_put('{BUCKET}', 'tls', 'secret')")
    equal(tls.sql(f"bucket_read('{BUCKET}', 'tls')").split(" ")[0], "secret")
    unknown = tls.sql(f"bucket_read('{BUCKET}', 'tls')", fails=True, out_ca_file="")
    equal("cannot be reached" in unknown and "certificate" in unknown, True)
    misnamed = tls.sql(f"bucket_read('{BUCKET}', 'tls')", fails=True, s3_endpoint=tls.url.replace("localhost", "127.0.0.1"))
    equal("cannot be reached" in misnamed, True)


@test("an export to S3, and an import of it")
def _():
    def wait(kind, arn):
        for _ in range(3000):
            answer = json.loads(psql(f"SELECT dynamo_describe_{kind}(jsonb_build_object('{kind.title()}Arn', {literal(arn)}))"))
            answer = answer[f"{kind.title()}Description" if kind == "export" else "ImportTableDescription"]
            if answer[f"{kind.title()}Status"] != "IN_PROGRESS":
                return answer
            time.sleep(0.1)
        raise AssertionError(answer)

    key = """"BillingMode": "PAY_PER_REQUEST", "KeySchema": [{"AttributeName": "k", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "k", "AttributeType": "N"}]"""
    psql(f"""SELECT dynamo_create_table('{{"TableName": "S3Source", {key}}}')""",
         "SELECT dynamo_update_continuous_backups('{\"TableName\": \"S3Source\", \"PointInTimeRecoverySpecification\": "
         "{\"PointInTimeRecoveryEnabled\": true}}')",
         "SELECT dynapg.put('S3Source', jsonb_build_object('k', n, 'text', repeat(md5(n::text), 30))) FROM generate_series(1, 5000) n")
    for server in servers:
        name = "S3" + "".join(filter(str.isalnum, server.name))
        psql(f"SELECT dynapg.set_s3_credentials({literal(server.key)}, {literal(server.secret)})")
        for setting in ("s3_endpoint", "s3_region"):
            psql("LOAD 'dynapg'", f"ALTER SYSTEM SET dynapg.{setting} = {literal(server.settings[setting])}", "SELECT pg_reload_conf()")
        arn = json.loads(psql(f"""SELECT dynamo_export_table_to_point_in_time('{{"TableArn": "arn:aws:dynamodb:eu-central-1:000000000000:table/S3Source",
            "S3Bucket": "{BUCKET}", "S3Prefix": "exports"}}')"""))["ExportDescription"]["ExportArn"]
        done = wait("export", arn)
        equal((done["ExportStatus"], done.get("ItemCount")), ("COMPLETED", 5000))
        equal(json.loads(server.body(done["ExportManifest"]))["itemCount"], 5000)
        data = done["ExportManifest"].replace("manifest-summary.json", "data/")
        arn = json.loads(psql(f"""SELECT dynamo_import_table('{{"ClientToken": "{name}", "S3BucketSource": {{"S3Bucket": "{BUCKET}", "S3KeyPrefix": "{data}"}},
            "InputFormat": "DYNAMODB_JSON", "InputCompressionType": "GZIP", "TableCreationParameters": {{"TableName": "{name}", {key}}}}}')"""
                              ))["ImportTableDescription"]["ImportArn"]
        done = wait("import", arn)
        equal((done["ImportStatus"], done.get("ImportedItemCount")), ("COMPLETED", 5000))
        equal(psql(f"SELECT count(*) FROM (SELECT item FROM dynamo.\"S3Source\" EXCEPT SELECT item FROM dynamo.\"{name}\") x"), "0")
    arn = json.loads(psql("""SELECT dynamo_export_table_to_point_in_time('{"TableArn": "arn:aws:dynamodb:eu-central-1:000000000000:table/S3Source",
        "S3Bucket": "no-such-bucket"}')"""))["ExportDescription"]["ExportArn"]
    done = wait("export", arn)
    if servers[-1].name != "s3s-fs":
        equal((done["ExportStatus"], done["FailureCode"], done["FailureMessage"].split(" (")[0]),
              ("FAILED", "S3NoSuchBucket", "The specified bucket does not exist"))


finish()
