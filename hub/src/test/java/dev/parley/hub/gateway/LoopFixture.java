package dev.parley.hub.gateway;

import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.HubExtension;
import dev.parley.hub.HubExtension.Member;
import dev.parley.hub.Peer;
import dev.parley.protocol.frame.Json;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Agents that call each other round and round. */
abstract class LoopFixture {
  static final int FAN_OUT = 20;
  static final int PAUSE_MS = 1_500;

  @RegisterExtension
  static final HubExtension HUB =
      HubExtension.with(
          "loop-fan-out", Integer.toString(FAN_OUT),
          "loop-pause-ms", Integer.toString(PAUSE_MS),
          "max-hops", "3");

  /** Agents of one tenant, each on a socket of its own, and a person of it. */
  record Ring(Member owner, Peer person, List<String> names, List<Peer> agents)
      implements AutoCloseable {
    static Ring of(String... names) {
      Member owner = HUB.unmetered(HUB.signUp());
      List.of(names).forEach(name -> HUB.defineRemote(owner, name));
      return new Ring(
          owner,
          HUB.connect(owner.key()),
          List.of(names),
          List.of(names).stream().map(name -> HUB.connectAgent(owner.key(), name)).toList());
    }

    String address(int agent) {
      return owner.agent(names.get(agent % names.size()));
    }

    Peer agent(int agent) {
      return agents.get(agent % agents.size());
    }

    /** One agent says something to the next one, which answers; the answer of the hub. */
    JsonNode say(int from, String text) {
      String request = agent(from).send("agent.call", call(address(from + 1), text));
      AtomicReference<JsonNode> answer = new AtomicReference<>();
      await()
          .pollInterval(Duration.ofMillis(1))
          .atMost(Duration.ofSeconds(20))
          .until(
              () -> {
                for (JsonNode frame : agent(from + 1).drain()) {
                  if (frame.path("method").asText().equals("agent.deliver")) {
                    done(agent(from + 1), frame);
                  }
                }
                for (JsonNode frame : agent(from).drain()) {
                  if (frame.path("id").asText().equals(request)) {
                    answer.set(frame);
                  }
                }
                return answer.get() != null;
              });
      return answer.get();
    }

    /** Goes round with what {@code text} says until a message is refused; answers how many were. */
    int roundsUntilStopped(String text, int most) {
      for (int message = 0; message < most; message++) {
        if (stopped(say(message, text))) {
          return message;
        }
      }
      throw new AssertionError("not stopped after " + most + " messages");
    }

    JsonNode loops() {
      return HUB.get("/v1/loops", owner.key()).body().path("loops");
    }

    @Override
    public void close() {
      agents.forEach(Peer::close);
      person.close();
    }
  }

  static ObjectNode call(String to, String text) {
    return Json.object().put("to", to).put("payload", text);
  }

  static void done(Peer agent, JsonNode delivery) {
    agent.raw(
        "{\"type\":\"res\",\"id\":\"%s\",\"ok\":true,\"payload\":\"ok\"}"
            .formatted(delivery.path("id").asText()));
  }

  static boolean stopped(JsonNode answer) {
    return answer.at("/error/code").asText().equals("LOOP_DETECTED");
  }

  static String id(JsonNode delivery) {
    return delivery.at("/params/id").asText();
  }
}
