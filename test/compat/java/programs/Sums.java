// An exactly-once pipeline of Kafka Streams and what judges it.
//
//   Sums fill BOOTSTRAP RECORDS       records i = 0, 1 … of key i % KEYS into `numbers`
//   Sums run BOOTSTRAP STATE-DIR      numbers → re-keyed (i % GROUPS) → repartition topic → running
//                                     sum per group in a store → `sums`; runs until it is killed
//   Sums check BOOTSTRAP RECORDS      waits for all of it, then prints EXACT, or what differs
//
// The store is not cached, so every record of `numbers` gives exactly one of `sums`: one too many
// is a record counted twice, one too few a record lost.
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.LongDeserializer;
import org.apache.kafka.common.serialization.LongSerializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;

public final class Sums {
  static final int KEYS = 100;
  static final int GROUPS = 7;

  public static void main(String[] args) throws Exception {
    switch (args[0]) {
      case "fill" -> fill(args[1], Long.parseLong(args[2]));
      case "run" -> run(args[1], args[2]);
      case "check" -> check(args[1], Long.parseLong(args[2]));
      default -> throw new IllegalArgumentException(args[0]);
    }
  }

  static Properties at(String bootstrap) {
    Properties properties = new Properties();
    properties.put("bootstrap.servers", bootstrap);
    return properties;
  }

  static void fill(String bootstrap, long records) {
    try (var producer =
        new KafkaProducer<>(at(bootstrap), new LongSerializer(), new LongSerializer())) {
      for (long i = 0; i < records; i++)
        producer.send(new ProducerRecord<>("numbers", i % KEYS, i));
    }
    System.out.println("FILLED");
  }

  static void run(String bootstrap, String stateDir) {
    Properties properties = at(bootstrap);
    properties.put(StreamsConfig.APPLICATION_ID_CONFIG, "sums");
    properties.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
    properties.put(StreamsConfig.STATE_DIR_CONFIG, stateDir);
    properties.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 2);
    properties.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, 1);
    properties.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 0);
    properties.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 100);
    properties.put(StreamsConfig.consumerPrefix("session.timeout.ms"), 6000);
    properties.put(StreamsConfig.consumerPrefix("heartbeat.interval.ms"), 1000);
    properties.put(StreamsConfig.consumerPrefix("max.poll.records"), 50);
    properties.put(StreamsConfig.producerPrefix("transaction.timeout.ms"), 10000);
    var builder = new StreamsBuilder();
    builder.stream("numbers", Consumed.with(Serdes.Long(), Serdes.Long()))
        .map((key, value) -> KeyValue.pair(value % GROUPS, value))
        .groupByKey(Grouped.with(Serdes.Long(), Serdes.Long()))
        .aggregate(
            () -> 0L,
            (key, value, sum) -> sum + value,
            Materialized.with(Serdes.Long(), Serdes.Long()))
        .toStream()
        .to("sums", Produced.with(Serdes.Long(), Serdes.Long()));
    var streams = new KafkaStreams(builder.build(), properties);
    streams.setStateListener((now, before) -> System.out.println("STATE " + now));
    streams.start();
  }

  static void check(String bootstrap, long records) {
    Properties properties = at(bootstrap);
    properties.put("isolation.level", "read_committed");
    properties.put("default.api.timeout.ms", 300_000);
    properties.put("auto.offset.reset", "earliest");
    Map<Long, Long> expected = new TreeMap<>();
    for (long i = 0; i < records; i++) expected.merge(i % GROUPS, i, Long::sum);
    Map<Long, Long> last = new HashMap<>();
    long seen = 0;
    try (var consumer =
        new KafkaConsumer<>(properties, new LongDeserializer(), new LongDeserializer())) {
      List<TopicPartition> partitions =
          consumer.partitionsFor("sums").stream()
              .map(info -> new TopicPartition("sums", info.partition()))
              .toList();
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      long quietSince = System.nanoTime();
      // All records, and then some more time in which one too many would arrive.
      while (System.nanoTime() - quietSince < (seen >= records ? 5e9 : 60e9)) {
        for (ConsumerRecord<Long, Long> record : consumer.poll(Duration.ofMillis(500))) {
          seen++;
          quietSince = System.nanoTime();
          Long before = last.put(record.key(), record.value());
          if (before != null && before > record.value())
            System.out.println("a sum fell from " + before + " to " + record.value());
        }
      }
    }
    boolean exact = seen == records && expected.equals(new TreeMap<>(last));
    System.out.println((exact ? "EXACT " : "NOT EXACT ") + seen + " of " + records);
    if (!exact) System.out.println("expected " + expected + "\nfound    " + new TreeMap<>(last));
    System.exit(exact ? 0 : 1);
  }
}
