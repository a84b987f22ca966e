package dev.parley.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;

/** Sends durable messages over one blocking socket, a fixed number of them in flight. */
final class SendLoad implements AutoCloseable {
  private static final int ID_DIGITS = 8;
  private static final int MAX_IN_FLIGHT = 1 << 16;
  private static final byte[] REQUEST_HEAD = ascii("{\"type\":\"req\",\"id\":\"");
  private static final byte[] ANSWER_HEAD = ascii("{\"type\":\"res\",\"id\":\"");
  private static final byte[] ANSWERED_OK = ascii("\",\"ok\":true");

  /** What a round measured. */
  record Round(double perSecond, double p99Micros) {}

  private final WireSocket socket;
  private final byte[] request;
  private final long[] startedAt = new long[MAX_IN_FLIGHT];
  private Samples latencies = new Samples();
  private long nextId;
  private int inFlight;
  private boolean sending;

  SendLoad(WireSocket socket, String to) {
    this.socket = socket;
    this.request =
        ascii(
            "{\"type\":\"req\",\"id\":\"%s\",\"method\":\"agent.send\",\"params\":{\"to\":\"%s\",\"payload\":%s}}"
                .formatted("0".repeat(ID_DIGITS), to, payload()));
  }

  /** A JSON text of as many bytes as a call of the other benches has. */
  static String payload() {
    return "\"" + "x".repeat(CallLoad.PAYLOAD_BYTES - 2) + "\"";
  }

  Round run(int concurrency, Duration duration) throws IOException {
    latencies = new Samples();
    long begin = System.nanoTime();
    long end = begin + duration.toNanos();
    sending = true;
    for (int i = 0; i < concurrency; i++) {
      send();
    }
    socket.flush();
    while (inFlight > 0) {
      socket.fill();
      sending = System.nanoTime() < end;
      socket.drain(this::onFrame);
      socket.flush();
    }
    double nanos = System.nanoTime() - begin;
    return new Round(latencies.size() * 1e9 / nanos, latencies.percentile(99) / 1e3);
  }

  private void send() {
    long id = nextId++;
    long digits = id;
    for (int i = REQUEST_HEAD.length + ID_DIGITS - 1; i >= REQUEST_HEAD.length; i--) {
      request[i] = (byte) ('0' + digits % 10);
      digits /= 10;
    }
    startedAt[(int) (id & (MAX_IN_FLIGHT - 1))] = System.nanoTime();
    inFlight++;
    socket.append(request, request.length);
  }

  private void onFrame(byte[] frame, int from, int to) {
    if (!startsWith(frame, from, to, ANSWER_HEAD)) {
      return;
    }
    int idEnd = from + ANSWER_HEAD.length + ID_DIGITS;
    if (!startsWith(frame, idEnd, to, ANSWERED_OK)) {
      throw new IllegalStateException(
          "not accepted: " + new String(frame, from, to - from, StandardCharsets.UTF_8));
    }
    long id = 0;
    for (int i = idEnd - ID_DIGITS; i < idEnd; i++) {
      id = id * 10 + frame[i] - '0';
    }
    latencies.add(System.nanoTime() - startedAt[(int) (id & (MAX_IN_FLIGHT - 1))]);
    inFlight--;
    if (sending) {
      send();
    }
  }

  private static boolean startsWith(byte[] frame, int from, int to, byte[] head) {
    return to - from >= head.length
        && Arrays.equals(frame, from, from + head.length, head, 0, head.length);
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
