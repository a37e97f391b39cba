// A word count of Kafka Streams in a streams group (KIP-1071), exactly once, and what judges it.
//
//   Count fill BOOTSTRAP FROM TO     lines FROM … TO-1 into `lines`, two words each
//   Count run BOOTSTRAP STATE-DIR    lines → words → repartition topic → count in a store → `counts`
//   Count check BOOTSTRAP TO         waits for the counts of lines 0 … TO-1, then prints EXACT
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.LongDeserializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;

public final class Count {
  static final int WORDS = 23;

  public static void main(String[] args) throws Exception {
    switch (args[0]) {
      case "fill" -> fill(args[1], Integer.parseInt(args[2]), Integer.parseInt(args[3]));
      case "run" -> run(args[1], args[2]);
      case "check" -> check(args[1], Integer.parseInt(args[2]));
      default -> throw new IllegalArgumentException(args[0]);
    }
  }

  static String line(int i) {
    return "word" + i % WORDS + " again" + i % 7;
  }

  static Properties at(String bootstrap) {
    Properties properties = new Properties();
    properties.put("bootstrap.servers", bootstrap);
    return properties;
  }

  static void fill(String bootstrap, int from, int to) {
    try (var producer =
        new KafkaProducer<>(at(bootstrap), new StringSerializer(), new StringSerializer())) {
      for (int i = from; i < to; i++)
        producer.send(new ProducerRecord<>("lines", String.valueOf(i), line(i)));
    }
    System.out.println("FILLED");
  }

  static void run(String bootstrap, String stateDir) {
    Properties properties = at(bootstrap);
    properties.put(StreamsConfig.APPLICATION_ID_CONFIG, "count");
    properties.put("group.protocol", "streams");
    properties.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
    properties.put(StreamsConfig.STATE_DIR_CONFIG, stateDir);
    properties.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 2);
    properties.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 100);
    properties.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 0);
    properties.put(StreamsConfig.producerPrefix("transaction.timeout.ms"), 10000);
    var builder = new StreamsBuilder();
    builder.stream("lines", Consumed.with(Serdes.String(), Serdes.String()))
        .flatMapValues(line -> Arrays.asList(line.split(" ")))
        .groupBy((key, word) -> word, Grouped.with("words", Serdes.String(), Serdes.String()))
        .count(Materialized.as("counted"))
        .toStream()
        .to("counts", Produced.with(Serdes.String(), Serdes.Long()));
    var streams = new KafkaStreams(builder.build(), properties);
    streams.setStateListener((now, before) -> System.out.println("STATE " + now));
    Runtime.getRuntime().addShutdownHook(new Thread(() -> streams.close(Duration.ofSeconds(60))));
    streams.start();
  }

  static void check(String bootstrap, int to) {
    Map<String, Long> expected = new TreeMap<>();
    for (int i = 0; i < to; i++)
      for (String word : line(i).split(" ")) expected.merge(word, 1L, Long::sum);
    Properties properties = at(bootstrap);
    properties.put("isolation.level", "read_committed");
    properties.put("auto.offset.reset", "earliest");
    Map<String, Long> last = new HashMap<>();
    long seen = 0;
    try (var consumer =
        new KafkaConsumer<>(properties, new StringDeserializer(), new LongDeserializer())) {
      var partitions =
          consumer.partitionsFor("counts").stream()
              .map(info -> new TopicPartition("counts", info.partition()))
              .toList();
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      long quietSince = System.nanoTime();
      // Two words a line, and then some more time in which one too many would arrive.
      while (System.nanoTime() - quietSince < (seen >= 2L * to ? 5e9 : 120e9)) {
        for (ConsumerRecord<String, Long> record : consumer.poll(Duration.ofMillis(500))) {
          seen++;
          quietSince = System.nanoTime();
          last.put(record.key(), record.value());
        }
      }
    }
    boolean exact = seen == 2L * to && expected.equals(new TreeMap<>(last));
    System.out.println((exact ? "EXACT " : "NOT EXACT ") + seen + " of " + 2 * to);
    if (!exact) System.out.println("expected " + expected + "\nfound    " + new TreeMap<>(last));
    System.exit(exact ? 0 : 1);
  }
}
