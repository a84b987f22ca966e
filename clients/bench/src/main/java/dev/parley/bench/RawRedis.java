package dev.parley.bench;

import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;

/** Adds entries to a stream of a Redis, a fixed number of them in flight on one connection. */
final class RawRedis implements AutoCloseable {
  private static final byte[] XADD = command();

  private final SocketChannel channel;
  private final ByteBuffer in = ByteBuffer.allocate(64 << 10);

  RawRedis(Path socket) throws IOException {
    channel = SocketChannel.open(UnixDomainSocketAddress.of(socket));
  }

  SendLoad.Round run(int concurrency, Duration duration) throws IOException {
    long begin = System.nanoTime();
    long end = begin + duration.toNanos();
    write(concurrency);
    int inFlight = concurrency;
    long answered = 0;
    while (inFlight > 0) {
      int answers = answers();
      answered += answers;
      inFlight -= answers;
      if (System.nanoTime() < end) {
        write(answers);
        inFlight += answers;
      }
    }
    return new SendLoad.Round(answered * 1e9 / (System.nanoTime() - begin), 0);
  }

  private void write(int commands) throws IOException {
    ByteBuffer out = ByteBuffer.allocate(commands * XADD.length);
    for (int i = 0; i < commands; i++) {
      out.put(XADD);
    }
    out.flip();
    while (out.hasRemaining()) {
      channel.write(out);
    }
  }

  /** Reads once; an answer is two lines, {@code $<length>} and the id. */
  private int answers() throws IOException {
    if (channel.read(in) < 0) {
      throw new IOException("Redis closed the connection");
    }
    in.flip();
    int answers = 0;
    int start = in.position();
    int lines = 0;
    for (int i = start; i < in.limit(); i++) {
      if (in.get(i) == '\n' && ++lines == 2) {
        if (in.get(start) != '$') {
          throw new IOException("Redis did not take an entry");
        }
        answers++;
        lines = 0;
        start = i + 1;
      }
    }
    in.position(start);
    in.compact();
    return answers;
  }

  private static byte[] command() {
    StringBuilder command = new StringBuilder("*5\r\n");
    for (String part : new String[] {"XADD", "bench", "*", "e", SendLoad.payload()}) {
      command.append('$').append(part.length()).append("\r\n").append(part).append("\r\n");
    }
    return command.toString().getBytes(StandardCharsets.US_ASCII);
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
