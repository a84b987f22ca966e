package dev.parley.hub.store;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;

/** One question to a Redis on a Unix socket, asked by a thread that may block. */
final class RedisSocket {
  private static final int LONGEST_ANSWER = 16_384;

  private RedisSocket() {}

  /**
   * Sends an inline command and answers the beginning of the reply, as RESP text: what arrived when
   * {@code enough} was found in it.
   *
   * @throws IOException when nobody listens, or no such answer comes in time
   */
  static String ask(Path socket, String command, String enough, Duration timeout)
      throws IOException {
    long deadline = System.nanoTime() + timeout.toNanos();
    try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
        Selector selector = Selector.open()) {
      channel.connect(UnixDomainSocketAddress.of(socket));
      channel.write(ByteBuffer.wrap((command + "\r\n").getBytes(StandardCharsets.US_ASCII)));
      channel.configureBlocking(false);
      channel.register(selector, SelectionKey.OP_READ);
      ByteBuffer answer = ByteBuffer.allocate(LONGEST_ANSWER);
      while (true) {
        long leftMs = (deadline - System.nanoTime()) / 1_000_000;
        if (leftMs <= 0) {
          throw new IOException("no answer within " + timeout.toMillis() + " ms");
        }
        selector.select(leftMs);
        selector.selectedKeys().clear();
        int read = channel.read(answer);
        String text = new String(answer.array(), 0, answer.position(), StandardCharsets.US_ASCII);
        if (text.contains(enough) && text.endsWith("\n")) {
          return text;
        }
        if (read < 0 || !answer.hasRemaining()) {
          throw new IOException("an unexpected answer");
        }
      }
    }
  }
}
