package dev.parley.hub.cluster;

import dev.parley.protocol.envelope.RawJson;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.FrameCodec;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.eventbus.DeliveryOptions;
import io.vertx.core.eventbus.EventBus;
import io.vertx.core.eventbus.Message;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Messages between nodes: text over the clustered event bus, each tagged with the cluster secret
 * (what has no good tag is dropped), each node under one address. Text to one node arrives in the
 * order it was sent, or not at all.
 */
public final class NodeBus {
  private static final Logger LOG = LoggerFactory.getLogger(NodeBus.class);
  private static final String KIND = "kind";
  private static final String ID = "id";
  private static final String FROM = "from";
  private static final String TAG = "tag";
  private static final String OK = "ok";
  private static final String FAILED = "failed";

  /** What came: from which node, about which id, the text. */
  public record Received(String from, String id, String text) {}

  /** Takes messages of one kind; must not block. */
  @FunctionalInterface
  public interface Receiver {
    void receive(Received message);
  }

  /** Answers requests of one kind; must not block. */
  @FunctionalInterface
  public interface Answerer {
    Future<String> answer(Received request);
  }

  private record Asked(String node, Promise<String> answer) {}

  private final EventBus bus;
  private final Context context;
  private final String self;
  private final ClusterKeys keys;
  private final Supplier<Set<String>> nodes;
  private final AtomicLong questions = new AtomicLong();
  private final Map<Long, Asked> asked = new ConcurrentHashMap<>();
  private final List<Supplier<Future<Void>>> starters = new CopyOnWriteArrayList<>();
  private final Map<String, Receiver> receivers = new ConcurrentHashMap<>();
  private final Map<String, Answerer> answerers = new ConcurrentHashMap<>();

  /**
   * Sends, and takes nothing until it is started.
   *
   * @param nodes the members of the cluster
   */
  NodeBus(Vertx vertx, String self, ClusterKeys keys, Supplier<Set<String>> nodes) {
    this.bus = vertx.eventBus();
    this.context = vertx.getOrCreateContext();
    this.self = self;
    this.keys = keys;
    this.nodes = nodes;
    bus.serializableChecker(name -> false);
    bus.clusterSerializableChecker(name -> false);
  }

  /**
   * Takes what comes, for the receivers that are there by now, and lets those begin that wait for
   * it.
   */
  Future<Void> start() {
    return bus.<Buffer>consumer(self, this::take)
        .completion()
        .compose(listening -> Future.all(starters.stream().map(Supplier::get).toList()))
        .mapEmpty();
  }

  /** Members have changed: nobody waits for the answer of a node that is none any more. */
  void membersChanged() {
    Set<String> present = nodes.get();
    asked
        .values()
        .forEach(
            question -> {
              if (!present.contains(question.node)) {
                context.runOnContext(go -> question.answer.tryFail(gone()));
              }
            });
  }

  /** Requests of this node that wait for their answers. */
  public int waiting() {
    return asked.size();
  }

  /** Has this done once messages can come, before the node is said to have joined. */
  void onStart(Supplier<Future<Void>> starter) {
    starters.add(starter);
  }

  public void onMessage(String kind, Receiver receiver) {
    receivers.put(kind, receiver);
  }

  public void onRequest(String kind, Answerer answerer) {
    answerers.put(kind, answerer);
  }

  /** Sends; fails when it could not be written to the node, and says nothing of what follows. */
  public Future<Void> send(String node, String kind, String id, String text) {
    return bus.<Buffer>sender(node, options(node, kind, id, text)).write(Buffer.buffer(text));
  }

  /**
   * Asks.
   *
   * @return fails with the other node's {@code ParleyException}, or {@code unavailable} when there
   *     is no answer within {@code deadline}, and at once when that node is no member any more
   */
  public Future<String> request(
      String node, String kind, String id, String text, Duration deadline) {
    long number = questions.incrementAndGet();
    Promise<String> answer = Promise.promise();
    asked.put(number, new Asked(node, answer));
    if (nodes.get().contains(node)) {
      DeliveryOptions options = options(node, kind, id, text).setSendTimeout(deadline.toMillis());
      bus.<Buffer>request(node, Buffer.buffer(text), options)
          .recover(failure -> Future.failedFuture(unanswered(failure)))
          .map(reply -> answered(reply, node))
          .onSuccess(answer::tryComplete)
          .onFailure(answer::tryFail);
    } else {
      answer.tryFail(gone());
    }
    return answer.future().onComplete(done -> asked.remove(number));
  }

  private static ParleyException unanswered(Throwable failure) {
    return new ParleyException(
            ErrorCode.UNAVAILABLE, "a node of the cluster did not answer: " + failure.getMessage())
        .retryAfter(500);
  }

  private static ParleyException gone() {
    return new ParleyException(
            ErrorCode.UNAVAILABLE, "the node of the cluster that was asked is gone")
        .retryAfter(500);
  }

  private String answered(Message<Buffer> answer, String node) {
    Sealed sealed = Sealed.of(answer);
    if (!genuine(sealed, self) || !sealed.from.equals(node)) {
      throw new ParleyException(ErrorCode.UNAVAILABLE, "a node gave an answer without a good tag");
    }
    if (sealed.kind.equals(FAILED)) {
      throw FrameCodec.toException(new RawJson(sealed.text));
    }
    return sealed.text;
  }

  private void take(Message<Buffer> message) {
    Sealed sealed = Sealed.of(message);
    if (!genuine(sealed, self)) {
      LOG.warn("dropped a message on the cluster's event bus without a good tag");
      return;
    }
    Received received = new Received(sealed.from, sealed.id, sealed.text);
    try {
      Receiver receiver = receivers.get(sealed.kind);
      Answerer answerer = answerers.get(sealed.kind);
      if (receiver != null) {
        receiver.receive(received);
      } else if (answerer != null) {
        answerer
            .answer(received)
            .onSuccess(text -> answer(message, sealed, OK, text))
            .onFailure(failure -> answer(message, sealed, FAILED, textOf(failure)));
      } else {
        LOG.warn("dropped a message of the unknown kind {} from {}", sealed.kind, sealed.from);
        if (message.replyAddress() != null) {
          answer(message, sealed, FAILED, textOf(unknown(sealed.kind)));
        }
      }
    } catch (RuntimeException e) {
      LOG.error("a message of the kind {} from {} failed", sealed.kind, sealed.from, e);
      if (answerers.containsKey(sealed.kind)) {
        answer(message, sealed, FAILED, textOf(e));
      }
    }
  }

  /** So that who asked need not wait for its deadline. */
  private static ParleyException unknown(String kind) {
    return new ParleyException(
            ErrorCode.UNAVAILABLE, "the other node does not know requests of the kind " + kind)
        .retryAfter(500);
  }

  private void answer(Message<Buffer> request, Sealed sealed, String kind, String text) {
    request.reply(Buffer.buffer(text), options(sealed.from, kind, sealed.id, text));
  }

  private static String textOf(Throwable failure) {
    ParleyException known =
        failure instanceof ParleyException e
            ? e
            : new ParleyException(ErrorCode.INTERNAL, "the other node failed", failure);
    return FrameCodec.toJson(known).toString();
  }

  private DeliveryOptions options(String to, String kind, String id, String text) {
    return new DeliveryOptions()
        .addHeader(KIND, kind)
        .addHeader(ID, id)
        .addHeader(FROM, self)
        .addHeader(TAG, keys.tag(to, self, kind, id, text));
  }

  private boolean genuine(Sealed sealed, String to) {
    return keys.fits(sealed.tag, to, sealed.from, sealed.kind, sealed.id, sealed.text);
  }

  private record Sealed(String kind, String id, String from, String tag, String text) {
    static Sealed of(Message<Buffer> message) {
      MultiMap headers = message.headers();
      return new Sealed(
          headers.get(KIND) == null ? "" : headers.get(KIND),
          headers.get(ID) == null ? "" : headers.get(ID),
          headers.get(FROM) == null ? "" : headers.get(FROM),
          headers.get(TAG) == null ? "" : headers.get(TAG),
          (Object) message.body() instanceof Buffer text ? text.toString() : "");
    }
  }
}
