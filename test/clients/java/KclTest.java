// The Kinesis Client Library, by the adapter for DynamoDB Streams, with its leases in a table of ours: two workers read all shards of a stream to
// their ends, each change once or more, and an item's in order, while the server crashes and the number of shards is changed.

import com.amazonaws.auth.DefaultAWSCredentialsProviderChain;
import com.amazonaws.client.builder.AwsClientBuilder.EndpointConfiguration;
import com.amazonaws.services.cloudwatch.AmazonCloudWatch;
import com.amazonaws.services.cloudwatch.AmazonCloudWatchClientBuilder;
import com.amazonaws.services.dynamodbv2.AmazonDynamoDB;
import com.amazonaws.services.dynamodbv2.AmazonDynamoDBClientBuilder;
import com.amazonaws.services.dynamodbv2.AmazonDynamoDBStreams;
import com.amazonaws.services.dynamodbv2.AmazonDynamoDBStreamsClientBuilder;
import com.amazonaws.services.dynamodbv2.model.*;
import com.amazonaws.services.dynamodbv2.streamsadapter.AmazonDynamoDBStreamsAdapterClient;
import com.amazonaws.services.dynamodbv2.streamsadapter.StreamsWorkerFactory;
import com.amazonaws.services.dynamodbv2.streamsadapter.model.RecordAdapter;
import com.amazonaws.services.kinesis.clientlibrary.interfaces.v2.IRecordProcessor;
import com.amazonaws.services.kinesis.clientlibrary.lib.worker.InitialPositionInStream;
import com.amazonaws.services.kinesis.clientlibrary.lib.worker.KinesisClientLibConfiguration;
import com.amazonaws.services.kinesis.clientlibrary.lib.worker.ShutdownReason;
import com.amazonaws.services.kinesis.clientlibrary.lib.worker.Worker;
import com.amazonaws.services.kinesis.clientlibrary.types.InitializationInput;
import com.amazonaws.services.kinesis.clientlibrary.types.ProcessRecordsInput;
import com.amazonaws.services.kinesis.clientlibrary.types.ShutdownInput;
import com.amazonaws.services.kinesis.metrics.interfaces.MetricsLevel;
import java.math.BigInteger;
import java.util.*;

public class KclTest {
    static final String TABLE = "Movements", LEASES = "Movements-leases";
    static final EndpointConfiguration ENDPOINT =
        new EndpointConfiguration(System.getenv("AWS_ENDPOINT_URL_DYNAMODB"), System.getenv("AWS_REGION"));
    static final AmazonDynamoDB dynamodb = AmazonDynamoDBClientBuilder.standard().withEndpointConfiguration(ENDPOINT).build();
    static final AmazonDynamoDBStreams streams = AmazonDynamoDBStreamsClientBuilder.standard().withEndpointConfiguration(ENDPOINT).build();

    // What the workers have processed: of each item, the numbers and values in the order in which they came.
    static final Map<String, List<String>> values = new HashMap<>();
    static final Map<String, BigInteger> numbers = new HashMap<>();
    static final Set<String> shards = new TreeSet<>(), ended = new TreeSet<>();
    static final Set<String> events = new HashSet<>();
    static int again, disorder;
    static final Map<String, List<String>> expected = new HashMap<>();

    // A record that comes again after a failover is one that was there before; anything else goes on.
    static synchronized void process(com.amazonaws.services.dynamodbv2.model.Record record) {
        String id = record.getDynamodb().getKeys().get("id").getS();
        BigInteger number = new BigInteger(record.getDynamodb().getSequenceNumber());
        Map<String, AttributeValue> image = record.getDynamodb().getNewImage();

        if (!events.add(record.getEventID())) {
            again++;
            return;
        }
        if (numbers.containsKey(id) && numbers.get(id).compareTo(number) >= 0)
            disorder++;
        numbers.put(id, number);
        values.computeIfAbsent(id, key -> new ArrayList<>()).add(image == null ? "-" : image.get("v").getN());
    }

    static class Processor implements IRecordProcessor {
        String shard;

        public void initialize(InitializationInput input) {
            shard = input.getShardId();
            synchronized (KclTest.class) {
                shards.add(shard);
            }
        }

        public void processRecords(ProcessRecordsInput input) {
            for (com.amazonaws.services.kinesis.model.Record record : input.getRecords())
                process(((RecordAdapter) record).getInternalObject());
            try {
                input.getCheckpointer().checkpoint();
            } catch (Exception error) {
                System.out.println("(checkpoint: " + error + ")");
            }
        }

        public void shutdown(ShutdownInput input) {
            if (input.getShutdownReason() != ShutdownReason.TERMINATE)
                return;
            try {
                input.getCheckpointer().checkpoint();
            } catch (Exception error) {
                throw new RuntimeException(error);
            }
            synchronized (KclTest.class) {
                ended.add(shard);
            }
        }
    }

    static Worker startWorker(String name, String arn) {
        AmazonCloudWatch nobody = AmazonCloudWatchClientBuilder.standard().withEndpointConfiguration(ENDPOINT).build();
        KinesisClientLibConfiguration configuration =
            new KinesisClientLibConfiguration(LEASES, arn, new DefaultAWSCredentialsProviderChain(), name)
                .withInitialPositionInStream(InitialPositionInStream.TRIM_HORIZON).withMaxRecords(100).withIdleTimeBetweenReadsInMillis(100)
                .withFailoverTimeMillis(3000).withShardSyncIntervalMillis(1000).withParentShardPollIntervalMillis(500)
                .withMetricsLevel(MetricsLevel.NONE).withBillingMode(BillingMode.PAY_PER_REQUEST);
        Worker worker = StreamsWorkerFactory.createDynamoDbStreamsWorker(Processor::new, configuration,
            new AmazonDynamoDBStreamsAdapterClient(streams), dynamodb, nobody);
        Thread thread = new Thread(worker, name);

        thread.setDaemon(true);
        thread.start();
        return worker;
    }

    static void write(int rounds, String first) {
        for (int v = 0; v < rounds; v++)
            for (int i = 0; i < 20; i++) {
                String id = "m" + i;
                dynamodb.putItem(TABLE, Map.of("id", new AttributeValue(id), "v", new AttributeValue().withN(first + v)));
                expected.computeIfAbsent(id, key -> new ArrayList<>()).add(new BigInteger(first + v).toString());
            }
        dynamodb.deleteItem(TABLE, Map.of("id", new AttributeValue("m0")));
        expected.get("m0").add("-");
    }

    static void run(String... command) throws Exception {
        int status = new ProcessBuilder(command).inheritIO().start().waitFor();
        if (status != 0)
            throw new RuntimeException(command[0] + " ended with status " + status);
    }

    static int passed, failed;

    static void check(String name, Object got, Object wanted) {
        boolean good = Objects.equals(got, wanted);

        if (good)
            passed++;
        else {
            failed++;
            System.out.println("  got: " + got + "\n  expected: " + wanted);
        }
        System.out.println((good ? "ok: " : "not ok: ") + name);
    }

    static synchronized int count() {
        return events.size();
    }

    interface Condition {
        boolean holds() throws Exception;
    }

    static void await(String what, Condition condition) throws Exception {
        for (int i = 0; i < 1800; i++) {
            if (condition.holds())
                return;
            Thread.sleep(100);
        }
        System.out.println("(no end of waiting for " + what + ")");
    }

    public static void main(String[] arguments) throws Exception {
        String arn = dynamodb.createTable(new CreateTableRequest().withTableName(TABLE).withBillingMode(BillingMode.PAY_PER_REQUEST)
            .withKeySchema(new KeySchemaElement("id", KeyType.HASH)).withAttributeDefinitions(new AttributeDefinition("id", ScalarAttributeType.S))
            .withStreamSpecification(new StreamSpecification().withStreamEnabled(true).withStreamViewType(StreamViewType.NEW_IMAGE)))
            .getTableDescription().getLatestStreamArn();
        write(20, "1");
        startWorker("one", arn);
        await("the first records", () -> count() >= 200);
        run(System.getenv("DYNAPG_RESTART"));
        write(10, "2");
        Worker two = startWorker("two", arn);
        run(System.getenv("DYNAPG_PSQL"), "-X", "-q", "-o", "/dev/null", "-c", "SELECT dynapg.set_stream_shards('" + TABLE + "', 3)");
        write(10, "3");
        run(System.getenv("DYNAPG_RESTART"));
        write(10, "4");
        dynamodb.updateTable(new UpdateTableRequest().withTableName(TABLE)
            .withStreamSpecification(new StreamSpecification().withStreamEnabled(false)));
        List<Shard> all = streams.describeStream(new DescribeStreamRequest().withStreamArn(arn)).getStreamDescription().getShards();
        int total = expected.values().stream().mapToInt(List::size).sum();
        await("all records", () -> count() >= total);
        await("the ends of all shards", () -> { synchronized (KclTest.class) { return ended.size() == all.size(); } });
        synchronized (KclTest.class) {
            System.out.println("(" + again + " records came again)");
            check("KCL: the shards that DescribeStream lists are read to their ends", ended.size(), all.size());
            check("KCL: four of them, three of which have a parent", all.stream().filter(shard -> shard.getParentShardId() != null).count(), 3L);
            check("KCL: each change of each item, in order", values, expected);
            check("KCL: sequence numbers of an item ascend", disorder, 0);
        }
        System.out.println(passed + " passed, " + failed + " failed");
        System.exit(failed == 0 ? 0 : 1);
    }
}
