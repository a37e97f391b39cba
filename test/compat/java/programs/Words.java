// The word count every tutorial of Kafka Streams begins with, in the default settings.
//
//   Words BOOTSTRAP STATE-DIR LINES    writes LINES lines of known words, counts them, prints COUNTED
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.LongDeserializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.kstream.Produced;

public final class Words {
  static final String[] WORDS = {"all", "streams", "lead", "to", "kafka"};

  public static void main(String[] args) throws Exception {
    String bootstrap = args[0];
    int lines = Integer.parseInt(args[2]);
    Properties properties = new Properties();
    properties.put("bootstrap.servers", bootstrap);
    try (Admin admin = Admin.create(properties)) {
      admin
          .createTopics(
              List.of(
                  new NewTopic("lines", 4, (short) 1), new NewTopic("counts", 4, (short) 1)))
          .all()
          .get();
    }
    Map<String, Long> expected = write(properties, lines);
    KafkaStreams streams = count(bootstrap, Path.of(args[1]));
    streams.start();
    Map<String, Long> found = read(properties, expected);
    boolean closed = streams.close(Duration.ofSeconds(60));
    boolean same = found.equals(expected);
    System.out.println((same ? "COUNTED " : "MISCOUNTED ") + found + " closed " + closed);
    System.exit(same && closed ? 0 : 1);
  }

  static Map<String, Long> write(Properties properties, int lines) {
    Map<String, Long> expected = new HashMap<>();
    try (var producer =
        new KafkaProducer<>(properties, new StringSerializer(), new StringSerializer())) {
      for (int i = 0; i < lines; i++) {
        StringBuilder line = new StringBuilder();
        for (int w = 0; w <= i % WORDS.length; w++) {
          line.append(WORDS[w]).append(' ');
          expected.merge(WORDS[w], 1L, Long::sum);
        }
        producer.send(new ProducerRecord<>("lines", line.toString().trim()));
      }
    }
    return expected;
  }

  static KafkaStreams count(String bootstrap, Path stateDir) {
    Properties properties = new Properties();
    properties.put("bootstrap.servers", bootstrap);
    properties.put(StreamsConfig.APPLICATION_ID_CONFIG, "words");
    properties.put(StreamsConfig.STATE_DIR_CONFIG, stateDir.toString());
    properties.put(StreamsConfig.DEFAULT_KEY_SERDE_CLASS_CONFIG, Serdes.StringSerde.class);
    properties.put(StreamsConfig.DEFAULT_VALUE_SERDE_CLASS_CONFIG, Serdes.StringSerde.class);
    properties.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 500);
    var builder = new StreamsBuilder();
    builder.<String, String>stream("lines")
        .flatMapValues(line -> Arrays.asList(line.split(" ")))
        .groupBy((key, word) -> word)
        .count()
        .toStream()
        .to("counts", Produced.with(Serdes.String(), Serdes.Long()));
    return new KafkaStreams(builder.build(), properties);
  }

  static Map<String, Long> read(Properties given, Map<String, Long> expected) {
    Properties properties = new Properties();
    properties.putAll(given);
    properties.put("group.id", "reader-of-counts");
    properties.put("auto.offset.reset", "earliest");
    Map<String, Long> found = new HashMap<>();
    try (var consumer =
        new KafkaConsumer<>(properties, new StringDeserializer(), new LongDeserializer())) {
      consumer.subscribe(List.of("counts"));
      long end = System.nanoTime() + 180_000_000_000L;
      while (System.nanoTime() < end && !found.equals(expected))
        consumer
            .poll(Duration.ofMillis(500))
            .forEach(record -> found.put(record.key(), record.value()));
    }
    return found;
  }
}
