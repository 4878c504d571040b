import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;

/**
 * A member of a consumer group on Kafka's own consumer, for the group checks; the same class runs with the clients of
 * 3.9 and 4.1.
 *
 * <p>GroupConsumer BROKERS TOPIC GROUP NAME [KEY=VALUE...], keys and output: see clients/group-clients.mjs.
 *
 * <p>Commits after each poll and, before it gives partitions up, in the listener. SIGTERM leaves in order.
 */
public final class GroupConsumer implements ConsumerRebalanceListener {
  private static final Map<String, String> ASSIGNORS = Map.of(
      "range", "org.apache.kafka.clients.consumer.RangeAssignor",
      "roundrobin", "org.apache.kafka.clients.consumer.RoundRobinAssignor",
      "sticky", "org.apache.kafka.clients.consumer.StickyAssignor",
      "cooperative-sticky", "org.apache.kafka.clients.consumer.CooperativeStickyAssignor");

  private final KafkaConsumer<String, String> consumer;
  private final Map<TopicPartition, OffsetAndMetadata> uncommitted = new HashMap<>();
  private volatile boolean stopping;

  private GroupConsumer(Properties properties) {
    consumer = new KafkaConsumer<>(properties);
  }

  public static void main(String[] args) throws Exception {
    Properties properties = new Properties();
    properties.put("bootstrap.servers", args[0]);
    properties.put("group.id", args[2]);
    properties.put("client.id", args[3]);
    properties.put("enable.auto.commit", "false");
    properties.put("auto.offset.reset", "earliest");
    properties.put("fetch.max.wait.ms", "100");
    properties.put("max.poll.interval.ms", "20000");
    properties.put("reconnect.backoff.ms", "20");
    properties.put("reconnect.backoff.max.ms", "200");
    properties.put("retry.backoff.ms", "50");
    properties.put("key.deserializer", "org.apache.kafka.common.serialization.StringDeserializer");
    properties.put("value.deserializer", "org.apache.kafka.common.serialization.StringDeserializer");
    boolean newProtocol = List.of(args).contains("protocol=consumer");
    if (newProtocol) properties.put("group.protocol", "consumer");
    for (String pair : List.of(args).subList(4, args.length)) {
      String key = pair.substring(0, pair.indexOf('='));
      String value = pair.substring(key.length() + 1);
      if (key.equals("instance")) properties.put("group.instance.id", value);
      if (key.equals("assignor")) {
        if (newProtocol) properties.put("group.remote.assignor", value);
        else properties.put("partition.assignment.strategy", ASSIGNORS.get(value));
      }
      if (newProtocol) continue; // The broker says how often and how long.
      if (key.equals("session")) properties.put("session.timeout.ms", value);
      if (key.equals("heartbeat")) properties.put("heartbeat.interval.ms", value);
    }
    GroupConsumer program = new GroupConsumer(properties);
    Thread main = Thread.currentThread();
    Runtime.getRuntime().addShutdownHook(new Thread(() -> {
      program.stopping = true;
      program.consumer.wakeup();
      try {
        main.join();
      } catch (InterruptedException ignored) {
        // The process ends either way.
      }
    }));
    try {
      program.run(args[1]);
    } catch (Exception error) {
      say("fatal " + error.getClass().getSimpleName());
      throw error;
    }
  }

  private void run(String topic) {
    consumer.subscribe(List.of(topic), this);
    while (!stopping) {
      try {
        for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(50))) {
          say("record " + record.partition() + " " + record.offset() + " " + record.value());
          uncommitted.put(
              new TopicPartition(record.topic(), record.partition()), new OffsetAndMetadata(record.offset() + 1));
        }
        commit();
      } catch (WakeupException stop) {
        // Commits below.
      }
    }
    commit();
    consumer.close();
    say("closed");
  }

  private void commit() {
    if (uncommitted.isEmpty()) return;
    try {
      consumer.commitSync(uncommitted);
    } catch (WakeupException stop) {
      consumer.commitSync(uncommitted);
    } catch (Exception error) {
      // Whoever owns the partitions now processes the records again.
      say("refused commit " + error.getClass().getSimpleName());
      if (error.getClass().getSimpleName().startsWith("Fenced")) throw error;
      return;
    }
    say("committed " + uncommitted.entrySet().stream()
        .map(entry -> entry.getKey().partition() + ":" + entry.getValue().offset())
        .collect(Collectors.joining(",")));
    uncommitted.clear();
  }

  @Override
  public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
    var metadata = consumer.groupMetadata();
    say("assigned " + metadata.generationId() + " " + metadata.memberId() + " " + numbers(partitions));
  }

  @Override
  public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
    commit();
    say("revoked " + numbers(partitions));
  }

  @Override
  public void onPartitionsLost(Collection<TopicPartition> partitions) {
    uncommitted.keySet().removeAll(partitions);
    say("lost " + numbers(partitions));
  }

  private static String numbers(Collection<TopicPartition> partitions) {
    if (partitions.isEmpty()) return "-";
    return partitions.stream().map(TopicPartition::partition).collect(Collectors.toCollection(TreeSet::new)).stream()
        .map(String::valueOf).collect(Collectors.joining(","));
  }

  private static synchronized void say(String text) {
    Instant now = Instant.now();
    System.out.printf("%d.%03d %s%n", now.toEpochMilli(), now.getNano() / 1000 % 1000, text);
    System.out.flush();
  }
}
