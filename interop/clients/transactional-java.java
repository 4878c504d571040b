/*
 * Drives Java's transactional producer for the interop run. Compiled when the run starts, against the jars of one
 * Kafka release; the words are those of transactional-librdkafka.c:
 *
 *   copy   BROKERS INPUT OUTPUT GROUP TRANSACTIONAL_ID TIMEOUT_MS SIZE stay|end
 *   script BROKERS TRANSACTIONAL_ID TIMEOUT_MS
 */

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.OutOfOrderSequenceException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.UnsupportedVersionException;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

final class TransactionalJava {
  private static final Duration IDLE = Duration.ofSeconds(30);

  public static void main(String[] args) throws Exception {
    if (args.length == 9 && args[0].equals("copy")) copy(args);
    else if (args.length == 4 && args[0].equals("script")) script(args);
    else throw new IllegalArgumentException("see the top of transactional-java.java");
    Runtime.getRuntime().halt(0); // Nothing is closed: a transaction stays open, a static member in its group.
  }

  private static void say(String line) {
    System.out.println(line);
    System.out.flush();
  }

  private static KafkaProducer<String, String> newProducer(String brokers, String id, String timeoutMs) {
    Properties properties = new Properties();
    properties.put("bootstrap.servers", brokers);
    properties.put("transactional.id", id);
    properties.put("transaction.timeout.ms", timeoutMs);
    properties.put("client.id", "java-transactional");
    properties.put("max.block.ms", "30000");
    properties.put("reconnect.backoff.ms", "20");
    properties.put("reconnect.backoff.max.ms", "200");
    properties.put("retry.backoff.ms", "20");
    properties.put("retry.backoff.max.ms", "100");
    return new KafkaProducer<>(properties, new StringSerializer(), new StringSerializer());
  }

  /** What a producer may do after it: nothing more, or abort and go on. */
  private static boolean isFatal(Throwable error) {
    return error instanceof ProducerFencedException
        || error instanceof OutOfOrderSequenceException
        || error instanceof AuthorizationException
        || error instanceof UnsupportedVersionException;
  }

  // --- copy ---------------------------------------------------------------------------------------------------

  private static void copy(String[] args) {
    String brokers = args[1], input = args[2], output = args[3], group = args[4], id = args[5];
    int size = Integer.parseInt(args[7]);
    Properties properties = new Properties();
    properties.put("bootstrap.servers", brokers);
    properties.put("group.id", group);
    properties.put("group.instance.id", id);
    properties.put("enable.auto.commit", "false");
    properties.put("isolation.level", "read_committed");
    properties.put("auto.offset.reset", "earliest");
    properties.put("session.timeout.ms", "30000");
    properties.put("max.poll.records", String.valueOf(size));
    properties.put("fetch.max.wait.ms", "50");
    properties.put("reconnect.backoff.ms", "20");
    properties.put("reconnect.backoff.max.ms", "200");
    KafkaConsumer<String, String> consumer =
        new KafkaConsumer<>(properties, new StringDeserializer(), new StringDeserializer());
    KafkaProducer<String, String> producer = newProducer(brokers, id, args[6]);
    say("init");
    producer.initTransactions();
    say("joining");
    consumer.subscribe(List.of(input));
    long deadline = System.nanoTime() + IDLE.toNanos();
    boolean stays = args[8].equals("stay");
    while (stays || !isAtEnd(consumer)) {
      Map<TopicPartition, OffsetAndMetadata> next = new HashMap<>();
      int count = 0;
      Iterable<ConsumerRecord<String, String>> records = consumer.poll(Duration.ofMillis(200));
      try {
        for (ConsumerRecord<String, String> record : records) {
          if (count++ == 0) {
            say("begin");
            producer.beginTransaction();
          }
          producer.send(new ProducerRecord<>(output, record.key(), record.value() + "+"));
          next.put(
              new TopicPartition(input, record.partition()), new OffsetAndMetadata(record.offset() + 1));
        }
        if (count == 0) {
          if (System.nanoTime() > deadline) throw new IllegalStateException("nothing came for 30 s");
          continue;
        }
        producer.flush(); // What a kill leaves behind is then in the log, to be aborted.
        say("sent");
        producer.sendOffsetsToTransaction(next, consumer.groupMetadata());
        say("commit");
        producer.commitTransaction();
        say("committed " + count);
        deadline = System.nanoTime() + IDLE.toNanos();
      } catch (KafkaException error) {
        say("error copy " + error.getClass().getSimpleName() + (isFatal(error) ? " fatal" : " abort"));
        if (isFatal(error)) throw error;
        producer.abortTransaction();
        say("aborted");
        rewindToCommitted(consumer);
      }
    }
    say("end");
  }

  private static boolean isAtEnd(KafkaConsumer<String, String> consumer) {
    if (consumer.assignment().isEmpty()) return false;
    Map<TopicPartition, Long> ends = consumer.endOffsets(consumer.assignment());
    return ends.entrySet().stream().allMatch(end -> consumer.position(end.getKey()) >= end.getValue());
  }

  private static void rewindToCommitted(KafkaConsumer<String, String> consumer) {
    Map<TopicPartition, OffsetAndMetadata> committed = consumer.committed(consumer.assignment());
    for (TopicPartition partition : consumer.assignment()) {
      OffsetAndMetadata offset = committed.get(partition);
      if (offset == null) consumer.seekToBeginning(List.of(partition));
      else consumer.seek(partition, offset.offset());
    }
  }

  // --- script -------------------------------------------------------------------------------------------------

  private static void script(String[] args) throws Exception {
    KafkaProducer<String, String> producer = newProducer(args[1], args[2], args[3]);
    BufferedReader commands = new BufferedReader(new InputStreamReader(System.in));
    for (String line = commands.readLine(); line != null; line = commands.readLine()) {
      try {
        say("ok" + obey(producer, line.split(" ")));
      } catch (ExecutionException | KafkaException | IllegalStateException error) {
        Throwable cause = error instanceof ExecutionException ? error.getCause() : error;
        // A later call wraps the first fatal error.
        if (cause.getCause() instanceof ProducerFencedException
            || cause.getCause() instanceof InvalidProducerEpochException) cause = cause.getCause();
        say("error " + cause.getClass().getSimpleName() + (isFatal(cause) ? " fatal" : " abort"));
      }
    }
  }

  private static String obey(KafkaProducer<String, String> producer, String[] words) throws Exception {
    switch (words[0]) {
      case "init" -> producer.initTransactions();
      case "begin" -> producer.beginTransaction();
      case "commit" -> producer.commitTransaction();
      case "abort" -> producer.abortTransaction();
      case "send" -> {
        var record = new ProducerRecord<>(words[1], Integer.valueOf(words[2]), words[3], words[4]);
        return " " + producer.send(record).get().offset();
      }
      case "put" -> producer.send(new ProducerRecord<>(words[1], Integer.valueOf(words[2]), words[3], words[4]));
      case "offsets" -> {
        var partition = new TopicPartition(words[2], Integer.parseInt(words[3]));
        var offset = new OffsetAndMetadata(Long.parseLong(words[4]));
        producer.sendOffsetsToTransaction(Map.of(partition, offset), new ConsumerGroupMetadata(words[1]));
      }
      default -> throw new IllegalArgumentException(words[0]);
    }
    return "";
  }
}
