package dev.parley.bench;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.netty.handler.flush.FlushConsolidationHandler;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.ServerWebSocket;
import io.vertx.core.internal.http.WebSocketInternal;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The ceiling: a WebSocket relay on the same Vert.x, transport and server options as the hub's, and
 * nothing else. A socket is the agent that its path names. A frame with {@code params.to} goes to
 * that agent's socket under an id of the relay's own, a frame without one is the answer that goes
 * back under the caller's id; the rest of the text passes as it came. No handshake, no policy, no
 * limits, no deadline, no ledger, no validation beyond finding these two members. With the argument
 * {@value #GATHER} it gathers the writes of one turn of the event loop, as the hub does.
 *
 * <p>One event loop serves all sockets, so the state needs no lock.
 */
public final class RelayServer {
  private static final JsonFactory JSON = new JsonFactory();
  static final String GATHER = "gather";

  private static final int MAX_FRAME = 4 << 20;
  private static final int MAX_GATHERED = 256;

  private record Waiting(ServerWebSocket caller, String id) {}

  private final Map<String, ServerWebSocket> agents = new HashMap<>();
  private final Map<String, Waiting> waiting = new HashMap<>();
  private final boolean gather;
  private long lastId;

  private RelayServer(boolean gather) {
    this.gather = gather;
  }

  /** Listens on a free port, which it tells, until it is ended. */
  public static void main(String[] arguments) {
    int loops = Runtime.getRuntime().availableProcessors();
    Vertx vertx =
        Vertx.vertx(new VertxOptions().setPreferNativeTransport(true).setEventLoopPoolSize(loops));
    RelayServer relay = new RelayServer(List.of(arguments).contains(GATHER));
    vertx
        .createHttpServer(
            new HttpServerOptions()
                .setMaxWebSocketFrameSize(MAX_FRAME)
                .setMaxWebSocketMessageSize(MAX_FRAME)
                .setPerFrameWebSocketCompressionSupported(false)
                .setPerMessageWebSocketCompressionSupported(false)
                .setTcpNoDelay(true)
                .setIdleTimeout(0))
        .webSocketHandler(relay::accept)
        .listen(0, "127.0.0.1")
        .onSuccess(
            server -> System.out.println("listening on http://127.0.0.1:" + server.actualPort()))
        .onFailure(
            failure -> {
              System.err.println("the relay cannot listen: " + failure.getMessage());
              System.exit(1);
            });
  }

  private void accept(ServerWebSocket socket) {
    if (gather) {
      ((WebSocketInternal) socket)
          .channelHandlerContext()
          .pipeline()
          .addFirst(new FlushConsolidationHandler(MAX_GATHERED, true));
    }
    agents.put(socket.path().substring(1), socket);
    socket.textMessageHandler(text -> relay(socket, text));
  }

  private void relay(ServerWebSocket from, String text) {
    Head head = Head.read(text);
    if (head.to != null) {
      ServerWebSocket agent = agents.get(head.to);
      if (agent != null) {
        String id = "d" + ++lastId;
        waiting.put(id, new Waiting(from, head.id));
        agent.writeTextMessage(head.withId(id, text));
      }
      return;
    }
    Waiting call = waiting.remove(head.id);
    if (call != null) {
      call.caller.writeTextMessage(head.withId(call.id, text));
    }
  }

  /** The two members of a frame that a relay needs, and where the id stands in the text. */
  private record Head(String id, int idStart, int idEnd, @Nullable String to) {

    /** Reads no further than it must: up to {@code to}, or up to {@code payload}. */
    static Head read(String text) {
      String id = "";
      int idStart = 0;
      int idEnd = 0;
      try (JsonParser parser = JSON.createParser(text)) {
        parser.nextToken();
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
          String name = parser.currentName();
          JsonToken value = parser.nextToken();
          if (name.equals("id")) {
            id = parser.getText();
            idStart = (int) parser.currentTokenLocation().getCharOffset() + 1;
            idEnd = idStart + id.length();
          } else if (name.equals("to")) {
            return new Head(id, idStart, idEnd, parser.getText());
          } else if (name.equals("payload")) {
            break;
          } else if (value == JsonToken.START_OBJECT && !name.equals("params")) {
            parser.skipChildren();
          }
        }
      } catch (IOException e) {
        throw new IllegalArgumentException(e);
      }
      return new Head(id, idStart, idEnd, null);
    }

    String withId(String other, String text) {
      return new StringBuilder(text.length() + other.length())
          .append(text, 0, idStart)
          .append(other)
          .append(text, idEnd, text.length())
          .toString();
    }
  }
}
