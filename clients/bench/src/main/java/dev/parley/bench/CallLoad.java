package dev.parley.bench;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;

/**
 * Calls one agent as another, both ends in this thread: a fixed number of calls is in flight at any
 * time, each answered at once with a payload of {@value #PAYLOAD_BYTES} bytes. Works the same
 * against the hub and against the {@link RelayServer}.
 */
final class CallLoad implements AutoCloseable {
  static final int PAYLOAD_BYTES = 200;
  static final String CALLEE = "globex/echo";

  private static final int ID_DIGITS = 8;
  private static final int MAX_IN_FLIGHT = 1 << 16;
  private static final long SILENCE_MS = 5_000;
  private static final byte[] ANSWER_HEAD = ascii("{\"type\":\"res\",\"id\":\"");
  private static final byte[] ANSWER_TAIL = ascii("\",\"ok\":true,\"payload\":" + payload() + "}");
  private static final byte[] ANSWERED_OK = ascii("\",\"ok\":true,\"payload\":");
  private static final byte[] DELIVERY_HEAD = ascii("{\"type\":\"req\",\"id\":\"");
  private static final byte[] EVENT_HEAD = ascii("{\"type\":\"event\"");
  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  /**
   * What a round measured.
   *
   * @param cpuMicros processor time of the server for one call
   * @param loadBusy share of its core that the load used, 0 to 1
   */
  record Round(
      double perSecond, double p50Micros, double p99Micros, double cpuMicros, double loadBusy) {}

  private final ServerProcess server;
  private final WireSocket caller;
  private final WireSocket callee;
  private final Selector selector = Selector.open();
  private final byte[] call =
      ascii(
          "{\"type\":\"req\",\"id\":\"%s\",\"method\":\"agent.call\",\"params\":{\"to\":\"%s\",\"payload\":%s}}"
              .formatted("0".repeat(ID_DIGITS), CALLEE, payload()));
  private final long[] startedAt = new long[MAX_IN_FLIGHT];
  private byte[] answer = Arrays.copyOf(ANSWER_HEAD, 1024);
  private Samples latencies = new Samples();
  private long nextId;
  private int inFlight;
  private boolean sending;

  CallLoad(ServerProcess server, WireSocket caller, WireSocket callee) throws IOException {
    this.server = server;
    this.caller = caller;
    this.callee = callee;
    for (WireSocket socket : new WireSocket[] {caller, callee}) {
      socket.channel().configureBlocking(false);
      socket.channel().register(selector, SelectionKey.OP_READ, socket);
    }
  }

  /** Keeps {@code concurrency} calls in flight for a time. */
  Round run(int concurrency, Duration duration) throws IOException {
    latencies = new Samples();
    long cpuBefore = server.cpuTime().toNanos();
    long loadBefore = THREADS.getCurrentThreadCpuTime();
    long begin = System.nanoTime();
    long end = begin + duration.toNanos();
    sending = true;
    for (int i = 0; i < concurrency; i++) {
      sendCall();
    }
    caller.flush();
    while (inFlight > 0) {
      if (selector.select(SILENCE_MS) == 0) {
        throw new IOException("no answer for " + SILENCE_MS + " ms");
      }
      for (SelectionKey key : selector.selectedKeys()) {
        ((WireSocket) key.attachment()).fill();
      }
      selector.selectedKeys().clear();
      callee.drain(this::onDelivery);
      sending = System.nanoTime() < end;
      caller.drain(this::onAnswer);
      callee.flush();
      caller.flush();
    }
    double nanos = System.nanoTime() - begin;
    int calls = latencies.size();
    return new Round(
        calls * 1e9 / nanos,
        latencies.percentile(50) / 1e3,
        latencies.percentile(99) / 1e3,
        (server.cpuTime().toNanos() - cpuBefore) / 1e3 / calls,
        (THREADS.getCurrentThreadCpuTime() - loadBefore) / nanos);
  }

  private void sendCall() {
    long id = nextId++;
    long digits = id;
    for (int i = DELIVERY_HEAD.length + ID_DIGITS - 1; i >= DELIVERY_HEAD.length; i--) {
      call[i] = (byte) ('0' + digits % 10);
      digits /= 10;
    }
    startedAt[(int) (id & (MAX_IN_FLIGHT - 1))] = System.nanoTime();
    inFlight++;
    caller.append(call, call.length);
  }

  private void onDelivery(byte[] frame, int from, int to) {
    if (!startsWith(frame, from, to, DELIVERY_HEAD)) {
      requireEvent(frame, from, to);
      return;
    }
    int idStart = from + DELIVERY_HEAD.length;
    int idEnd = idStart;
    while (frame[idEnd] != '"') {
      idEnd++;
    }
    int length = ANSWER_HEAD.length + (idEnd - idStart) + ANSWER_TAIL.length;
    if (answer.length < length) {
      answer = Arrays.copyOf(answer, length);
    }
    System.arraycopy(frame, idStart, answer, ANSWER_HEAD.length, idEnd - idStart);
    System.arraycopy(
        ANSWER_TAIL, 0, answer, ANSWER_HEAD.length + (idEnd - idStart), ANSWER_TAIL.length);
    callee.append(answer, length);
  }

  private void onAnswer(byte[] frame, int from, int to) {
    int idEnd = from + ANSWER_HEAD.length + ID_DIGITS;
    if (!startsWith(frame, from, to, ANSWER_HEAD) || !startsWith(frame, idEnd, to, ANSWERED_OK)) {
      requireEvent(frame, from, to);
      return;
    }
    long id = 0;
    for (int i = idEnd - ID_DIGITS; i < idEnd; i++) {
      id = id * 10 + frame[i] - '0';
    }
    latencies.add(System.nanoTime() - startedAt[(int) (id & (MAX_IN_FLIGHT - 1))]);
    inFlight--;
    if (sending) {
      sendCall();
    }
  }

  private static void requireEvent(byte[] frame, int from, int to) {
    if (!startsWith(frame, from, to, EVENT_HEAD)) {
      throw new IllegalStateException(
          "not an answer: " + new String(frame, from, to - from, StandardCharsets.UTF_8));
    }
  }

  private static boolean startsWith(byte[] frame, int from, int to, byte[] head) {
    return to - from >= head.length
        && Arrays.equals(frame, from, from + head.length, head, 0, head.length);
  }

  private static String payload() {
    String empty = "{\"text\":\"\"}";
    return "{\"text\":\"" + "x".repeat(PAYLOAD_BYTES - empty.length()) + "\"}";
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  @Override
  public void close() throws IOException {
    selector.close();
    caller.close();
    callee.close();
  }
}
