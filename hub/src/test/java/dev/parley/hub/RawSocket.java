package dev.parley.hub;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.hub.Peer.Close;
import dev.parley.protocol.frame.Json;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;

/**
 * A TCP connection that speaks WebSocket by hand (RFC 6455), for what a well-behaved client library
 * does not let one do: broken text, cut-off frames, endless messages, not reading.
 */
public final class RawSocket implements AutoCloseable {
  public static final int CONTINUATION = 0x0;
  public static final int TEXT = 0x1;
  public static final int BINARY = 0x2;
  public static final int CLOSE = 0x8;
  public static final int PING = 0x9;
  private static final int FINAL = 0x80;
  private static final int PATIENCE_MS = 20_000;

  private final Socket socket;
  private final DataInputStream in;
  private final OutputStream out;
  private long bytesRead;

  /** A frame as it came. */
  public record Frame(int opcode, ByteBuffer payload) {
    public String text() {
      return StandardCharsets.UTF_8.decode(payload.duplicate()).toString();
    }
  }

  private RawSocket(Socket socket) throws IOException {
    this.socket = socket;
    this.in = new DataInputStream(socket.getInputStream());
    this.out = socket.getOutputStream();
  }

  /** Connects without saying anything. */
  public static RawSocket dial(int port, int receiveBuffer) {
    try {
      Socket socket = new Socket();
      if (receiveBuffer > 0) {
        socket.setReceiveBufferSize(receiveBuffer);
      }
      socket.setSoTimeout(PATIENCE_MS);
      socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
      return new RawSocket(socket);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public static RawSocket upgrade(int port) {
    RawSocket raw = dial(port, 0);
    raw.upgrade("127.0.0.1:" + port, Map.of());
    return raw;
  }

  /**
   * Asks for the upgrade and answers the status line; the hub's first frame is still to be read.
   */
  public String upgrade(String host, Map<String, String> headers) {
    return upgrade("/ws", host, headers);
  }

  public String upgrade(String path, String host, Map<String, String> headers) {
    StringBuilder request =
        new StringBuilder("GET " + path + " HTTP/1.1\r\nHost: ")
            .append(host)
            .append("\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n")
            .append("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n");
    headers.forEach((name, value) -> request.append(name + ": " + value + "\r\n"));
    write(request.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1));
    String status = line();
    for (String line = line(); !line.isEmpty(); line = line()) {}
    return status;
  }

  /** Connects as a person. */
  public JsonNode hello(String key) {
    text(Peer.request("hello", "connect", Peer.connectParams(key)));
    return answer("hello");
  }

  /** The answer to a request; what comes before it is dropped. */
  public JsonNode answer(String id) {
    while (true) {
      Frame frame = read();
      if (frame.opcode() == CLOSE) {
        throw new AssertionError("closed before the answer to " + id + ": " + close(frame));
      }
      if (frame.opcode() == TEXT) {
        JsonNode json = Json.parse("frame", frame.text());
        if (json.path("id").asText().equals(id) && json.has("ok")) {
          return json;
        }
      }
    }
  }

  public void text(String text) {
    frame(TEXT, true, text.getBytes(StandardCharsets.UTF_8));
  }

  /** A text frame as a client sends it. */
  public static byte[] encode(String text) {
    return encode(TEXT, true, text.getBytes(StandardCharsets.UTF_8));
  }

  /** Sends one frame, masked as a client's must be. */
  public void frame(int opcode, boolean last, byte[] payload) {
    write(encode(opcode, last, payload));
  }

  private static byte[] encode(int opcode, boolean last, byte[] payload) {
    ByteBuffer frame = ByteBuffer.allocate(payload.length + 14);
    header(frame, opcode, last, payload.length);
    byte[] mask = {0x11, 0x22, 0x33, 0x44};
    frame.put(mask);
    for (int i = 0; i < payload.length; i++) {
      frame.put((byte) (payload[i] ^ mask[i & 3]));
    }
    return Arrays.copyOf(frame.array(), frame.position());
  }

  /** Announces a frame of this length and sends nothing of it. */
  public void announce(int opcode, long length) {
    ByteBuffer frame = ByteBuffer.allocate(14);
    header(frame, opcode, true, length);
    frame.putInt(0);
    write(Arrays.copyOf(frame.array(), frame.position()));
  }

  private static void header(ByteBuffer frame, int opcode, boolean last, long length) {
    frame.put((byte) (opcode | (last ? FINAL : 0)));
    if (length < 126) {
      frame.put((byte) (0x80 | length));
    } else if (length < 65_536) {
      frame.put((byte) (0x80 | 126)).putShort((short) length);
    } else {
      frame.put((byte) (0x80 | 127)).putLong(length);
    }
  }

  /** Sends bytes as they are. */
  public void write(byte[] bytes) {
    try {
      out.write(bytes);
      out.flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Reads one frame. */
  public Frame read() {
    try {
      int first = in.readUnsignedByte();
      long length = in.readUnsignedByte() & 0x7f;
      if (length == 126) {
        length = in.readUnsignedShort();
      } else if (length == 127) {
        length = in.readLong();
      }
      byte[] payload = new byte[Math.toIntExact(length)];
      in.readFully(payload);
      bytesRead += 2 + length;
      return new Frame(first & 0x0f, ByteBuffer.wrap(payload));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Reads until the hub closes; 1006 when it does so without a close frame. */
  public Close readUntilClose() {
    try {
      for (Frame frame = read(); ; frame = read()) {
        if (frame.opcode() == CLOSE) {
          return close(frame);
        }
      }
    } catch (UncheckedIOException e) {
      if (e.getCause() instanceof java.net.SocketTimeoutException) {
        throw new AssertionError("open and silent for " + PATIENCE_MS + " ms", e);
      }
      return new Close(1006, "");
    }
  }

  /** Reads until the other side hangs up; answers everything as text. */
  public String readToEnd() {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    try {
      in.transferTo(all);
    } catch (java.net.SocketTimeoutException e) {
      throw new AssertionError("open and silent for " + PATIENCE_MS + " ms", e);
    } catch (IOException reset) {
      return all.toString(StandardCharsets.ISO_8859_1);
    }
    return all.toString(StandardCharsets.ISO_8859_1);
  }

  /** How many bytes of frames were read so far. */
  public long bytesRead() {
    return bytesRead;
  }

  private static Close close(Frame frame) {
    ByteBuffer payload = frame.payload().duplicate();
    int code = payload.remaining() < 2 ? 1005 : payload.getShort() & 0xffff;
    return new Close(code, StandardCharsets.UTF_8.decode(payload).toString());
  }

  private String line() {
    try {
      StringBuilder line = new StringBuilder();
      for (int c = in.read(); c >= 0 && c != '\n'; c = in.read()) {
        if (c != '\r') {
          line.append((char) c);
        }
      }
      return line.toString();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    try {
      socket.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
