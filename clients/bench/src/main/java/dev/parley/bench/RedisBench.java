package dev.parley.bench;

import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What a tenant that signed up and does nothing costs in Redis. */
final class RedisBench implements Bench {
  private static final Pattern USED =
      Pattern.compile(
          "used_memory:(\\d+)\r.*mem_clients_normal:(\\d+)\r.*mem_aof_buffer:(\\d+)\r",
          Pattern.DOTALL);
  private static final int SETTLED_WITHIN = 1_024;
  private static final int MAX_READINGS = 60;

  @Override
  public String name() {
    return "redis";
  }

  @Override
  public List<String> description() {
    return List.of(
        "Memory that Redis uses for one more tenant that has signed up (an owner",
        "key and a first agent) and is idle, its share of all indexes included.");
  }

  @Override
  public void run(Plan plan, Report report) throws IOException, InterruptedException {
    int count = plan.count(2_000, 300);
    HubServer hub = plan.cleanup().add(HubServer.start(plan.cores()));
    signUp(hub, "warm", count / 10);
    long before = settled(hub.redisSocket());
    plan.progress().say("redis: %,d bytes in use; signing up %,d tenants".formatted(before, count));
    signUp(hub, "tenant", count);
    long after = settled(hub.redisSocket());
    plan.progress().say("redis: %,d bytes in use".formatted(after));
    report.add(
        Figure.of("redis.idle_tenant.bytes", (after - before) / (double) count, "bytes")
            .aiming(Figure.Aim.below(2_048)));
  }

  private static void signUp(HubServer hub, String prefix, int count)
      throws IOException, InterruptedException {
    for (int i = 0; i < count; i++) {
      hub.signUp(prefix + "-" + i);
    }
  }

  /** Memory in use once it has stopped changing, apart from the buffers of clients and log. */
  private static long settled(Path socket) throws IOException, InterruptedException {
    long last = used(socket);
    int same = 0;
    for (int i = 0; i < MAX_READINGS && same < 5; i++) {
      TimeUnit.SECONDS.sleep(1);
      long now = used(socket);
      same = Math.abs(now - last) < SETTLED_WITHIN ? same + 1 : 0;
      last = now;
    }
    return last;
  }

  private static long used(Path socket) throws IOException {
    try (SocketChannel redis = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
      redis.write(ByteBuffer.wrap("INFO memory\r\n".getBytes(StandardCharsets.US_ASCII)));
      ByteBuffer answer = ByteBuffer.allocate(64 << 10);
      while (true) {
        int count = redis.read(answer);
        String text = new String(answer.array(), 0, answer.position(), StandardCharsets.US_ASCII);
        Matcher found = USED.matcher(text);
        if (found.find()) {
          return Long.parseLong(found.group(1))
              - Long.parseLong(found.group(2))
              - Long.parseLong(found.group(3));
        }
        if (count < 0 || !answer.hasRemaining()) {
          throw new IOException("Redis did not tell its memory: " + text);
        }
      }
    }
  }
}
