package dev.parley.bench;

import com.hazelcast.config.Config;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.eventbus.EventBusOptions;
import io.vertx.core.eventbus.Message;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.ServerWebSocket;
import io.vertx.spi.cluster.hazelcast.HazelcastClusterManager;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The ceiling of calls between nodes: one node of a bare clustered Vert.x. A socket is the agent
 * that its path names. What a socket sends is a request on the event bus to the one agent there is
 * on the other node; what that agent's socket answers is the reply. Nothing is read but the id, in
 * which a number stands for who waits. Arguments: own Hazelcast port, and the other's or 0.
 */
public final class ClusteredRelay {
  private static final String ID = "\"id\":\"";

  private final Map<String, Message<String>> waiting = new HashMap<>();
  private final Vertx vertx;
  private long lastId;

  private ClusteredRelay(Vertx vertx) {
    this.vertx = vertx;
  }

  /** Joins, listens on a free port, which it tells, until it is ended. */
  public static void main(String[] arguments) {
    Config config = new Config();
    config.setProperty("hazelcast.logging.type", "none");
    config.setProperty("hazelcast.phone.home.enabled", "false");
    config.getNetworkConfig().setPort(Integer.parseInt(arguments[0])).setPortAutoIncrement(false);
    config.getNetworkConfig().getInterfaces().setEnabled(true).addInterface("127.0.0.1");
    var join = config.getNetworkConfig().getJoin();
    join.getAutoDetectionConfig().setEnabled(false);
    join.getMulticastConfig().setEnabled(false);
    join.getTcpIpConfig().setEnabled(true);
    for (String port : List.of(arguments)) {
      if (!port.equals("0")) {
        join.getTcpIpConfig().addMember("127.0.0.1:" + port);
      }
    }
    Vertx.builder()
        .with(
            new VertxOptions()
                .setPreferNativeTransport(true)
                .setEventLoopPoolSize(1)
                .setEventBusOptions(
                    new EventBusOptions().setHost("127.0.0.1").setClusterPublicHost("127.0.0.1")))
        .withClusterManager(new HazelcastClusterManager(config))
        .buildClustered()
        .compose(ClusteredRelay::listen)
        .onSuccess(port -> System.out.println("listening on http://127.0.0.1:" + port))
        .onFailure(
            failure -> {
              System.err.println("the relay cannot start: " + failure.getMessage());
              System.exit(1);
            });
  }

  private static Future<Integer> listen(Vertx vertx) {
    ClusteredRelay relay = new ClusteredRelay(vertx);
    return vertx
        .createHttpServer(new HttpServerOptions().setTcpNoDelay(true).setIdleTimeout(0))
        .webSocketHandler(relay::accept)
        .listen(0, "127.0.0.1")
        .map(server -> server.actualPort());
  }

  private void accept(ServerWebSocket socket) {
    if (socket.path().equals("/" + CallLoad.CALLEE)) {
      vertx.eventBus().<String>consumer(CallLoad.CALLEE, message -> deliver(socket, message));
      socket.textMessageHandler(this::answer);
    } else {
      socket.textMessageHandler(text -> call(socket, text));
    }
  }

  private void call(ServerWebSocket caller, String text) {
    String id = id(text);
    vertx
        .eventBus()
        .<String>request(CallLoad.CALLEE, text)
        .onSuccess(reply -> caller.writeTextMessage(withId(reply.body(), id)))
        .onFailure(failure -> caller.close());
  }

  private void deliver(ServerWebSocket callee, Message<String> message) {
    String id = Long.toString(lastId++);
    waiting.put(id, message);
    callee.writeTextMessage(withId(message.body(), id));
  }

  private void answer(String text) {
    Message<String> message = waiting.remove(id(text));
    if (message != null) {
      message.reply(text);
    }
  }

  private static String id(String text) {
    int from = text.indexOf(ID) + ID.length();
    return text.substring(from, text.indexOf('"', from));
  }

  private static String withId(String text, String id) {
    int from = text.indexOf(ID) + ID.length();
    return text.substring(0, from) + id + text.substring(text.indexOf('"', from));
  }
}
