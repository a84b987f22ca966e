package dev.parley.bench;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.concurrent.ThreadLocalRandom;

/**
 * A WebSocket client (RFC 6455) that does no more than a load needs: text frames, and pongs. Frames
 * are gathered with {@link #append} and written together by {@link #flush}; what was read is handed
 * out in place. Used by one thread.
 */
final class WireSocket implements AutoCloseable {
  /**
   * Takes a text frame: bytes {@code from} to {@code to} of {@code buffer}, valid until it returns.
   */
  interface Receiver {
    void text(byte[] buffer, int from, int to);
  }

  private static final int TEXT = 0x81;
  private static final int PONG = 0x8a;
  private static final int MAX_HEADER = 14;

  private final SocketChannel channel;
  private final byte[] mask = new byte[4];
  private byte[] in = new byte[16 << 10];
  private int inStart;
  private int inEnd;
  private byte[] out = new byte[16 << 10];
  private int outEnd;

  private WireSocket(SocketChannel channel) {
    this.channel = channel;
    ThreadLocalRandom.current().nextBytes(mask);
  }

  /** Connects and upgrades; the socket then blocks until it is told otherwise. */
  static WireSocket open(int port, String path) throws IOException {
    SocketChannel channel =
        SocketChannel.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
    try {
      channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
      WireSocket socket = new WireSocket(channel);
      socket.upgrade(port, path);
      return socket;
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  private void upgrade(int port, String path) throws IOException {
    byte[] nonce = new byte[16];
    ThreadLocalRandom.current().nextBytes(nonce);
    put(
        """
        GET %s HTTP/1.1\r
        Host: 127.0.0.1:%d\r
        Upgrade: websocket\r
        Connection: Upgrade\r
        Sec-WebSocket-Version: 13\r
        Sec-WebSocket-Key: %s\r
        \r
        """
            .formatted(path, port, Base64.getEncoder().encodeToString(nonce))
            .getBytes(StandardCharsets.US_ASCII));
    flush();
    String head = "";
    int end = -1;
    while (end < 0) {
      fill();
      head = new String(in, inStart, inEnd - inStart, StandardCharsets.ISO_8859_1);
      end = head.indexOf("\r\n\r\n");
    }
    if (!head.startsWith("HTTP/1.1 101 ")) {
      throw new IOException("no upgrade: " + head.lines().findFirst().orElse(""));
    }
    inStart += end + 4;
  }

  SocketChannel channel() {
    return channel;
  }

  void send(String text) throws IOException {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    append(bytes, bytes.length);
    flush();
  }

  /** Adds a text frame to what the next flush writes. */
  void append(byte[] text, int length) {
    frame(TEXT, text, 0, length);
  }

  /** Writes what was appended; waits when the other side does not read. */
  void flush() throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(out, 0, outEnd);
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
    outEnd = 0;
  }

  /** Reads what is there, once; waits for something when the socket blocks. */
  void fill() throws IOException {
    if (inStart > 0) {
      System.arraycopy(in, inStart, in, 0, inEnd - inStart);
      inEnd -= inStart;
      inStart = 0;
    }
    if (inEnd == in.length) {
      in = Arrays.copyOf(in, in.length * 2);
    }
    int count = channel.read(ByteBuffer.wrap(in, inEnd, in.length - inEnd));
    if (count < 0) {
      throw new IOException("the server closed the connection");
    }
    inEnd += count;
  }

  /** Hands out the text frames that are here whole; answers how many. */
  int drain(Receiver receiver) throws IOException {
    int texts = 0;
    while (inEnd - inStart >= 2) {
      int opcode = in[inStart] & 0x0f;
      int length = in[inStart + 1] & 0x7f;
      int header = length < 126 ? 2 : length == 126 ? 4 : 10;
      if (inEnd - inStart < header) {
        break;
      }
      if (length >= 126) {
        ByteBuffer extended = ByteBuffer.wrap(in, inStart + 2, header - 2);
        length = header == 4 ? extended.getShort() & 0xffff : (int) extended.getLong();
      }
      int from = inStart + header;
      if (inEnd - from < length) {
        break;
      }
      inStart = from + length;
      switch (opcode) {
        case 1 -> {
          texts++;
          receiver.text(in, from, from + length);
        }
        case 9 -> frame(PONG, in, from, length);
        case 10 -> {}
        default -> throw new IOException("the server closed: " + closeReason(from, length));
      }
    }
    return texts;
  }

  private String closeReason(int from, int length) {
    return length < 2
        ? "no reason"
        : (ByteBuffer.wrap(in, from, 2).getShort() & 0xffff)
            + " "
            + new String(in, from + 2, length - 2, StandardCharsets.UTF_8);
  }

  private void frame(int first, byte[] payload, int from, int length) {
    if (length > 0xffff) {
      throw new IllegalArgumentException("a frame of " + length + " bytes");
    }
    room(MAX_HEADER + length);
    out[outEnd++] = (byte) first;
    if (length < 126) {
      out[outEnd++] = (byte) (0x80 | length);
    } else {
      out[outEnd++] = (byte) (0x80 | 126);
      out[outEnd++] = (byte) (length >>> 8);
      out[outEnd++] = (byte) length;
    }
    System.arraycopy(mask, 0, out, outEnd, 4);
    outEnd += 4;
    for (int i = 0; i < length; i++) {
      out[outEnd + i] = (byte) (payload[from + i] ^ mask[i & 3]);
    }
    outEnd += length;
  }

  private void put(byte[] bytes) {
    room(bytes.length);
    System.arraycopy(bytes, 0, out, outEnd, bytes.length);
    outEnd += bytes.length;
  }

  private void room(int more) {
    if (out.length - outEnd < more) {
      out = Arrays.copyOf(out, Math.max(out.length * 2, outEnd + more));
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
