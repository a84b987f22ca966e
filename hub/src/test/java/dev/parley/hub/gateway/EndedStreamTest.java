package dev.parley.hub.gateway;

import static dev.parley.hub.gateway.StreamPeers.reply;
import static dev.parley.hub.gateway.StreamPeers.stream;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.parley.hub.HubExtension;
import dev.parley.hub.HubExtension.Member;
import dev.parley.hub.Peer;
import dev.parley.hub.switchboard.Outgoing;
import dev.parley.protocol.envelope.Envelope;
import java.lang.management.ManagementFactory;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.management.JMException;
import javax.management.ObjectName;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The answer of a stream is kept for a caller that comes back; what was asked is not. */
class EndedStreamTest {
  private static final int STREAMS = 20;

  @RegisterExtension static final HubExtension HUB = HubExtension.with();

  @Test
  void keepsItsAnswerAndNotWhatWasAsked() {
    Member tenant = HUB.signUp();
    HUB.defineRemote(tenant, "teller");
    try (Peer agent = HUB.connectAgent(tenant.key(), "teller");
        Peer caller = HUB.connect(tenant.key())) {
      for (int i = 0; i < STREAMS; i++) {
        String request = caller.send("agent.call", stream(tenant.agent("teller"), "m-" + i, 1));
        reply(agent, agent.delivery().path("id").asText(), "done");
        assertTrue(caller.answer(request).path("ok").asBoolean());
      }
      assertEquals(STREAMS, HUB.metric("parley_streams"));
      Awaitility.await()
          .untilAsserted(
              () -> {
                assertTrue(live(Outgoing.class) < STREAMS / 2, "calls that have ended are held");
                assertTrue(live(Envelope.class) < STREAMS / 2, "answered messages are held");
              });
    }
  }

  /** How many of them are on the heap and reachable. */
  private static long live(Class<?> type) throws JMException {
    String histogram =
        (String)
            ManagementFactory.getPlatformMBeanServer()
                .invoke(
                    new ObjectName("com.sun.management:type=DiagnosticCommand"),
                    "gcClassHistogram",
                    new Object[] {new String[0]},
                    new String[] {String[].class.getName()});
    assertTrue(histogram.contains(HubExtension.class.getName()), "a histogram of this process");
    Matcher line =
        Pattern.compile("\\s(\\d+)\\s+\\d+\\s+" + Pattern.quote(type.getName()) + "\\s")
            .matcher(histogram);
    return line.find() ? Long.parseLong(line.group(1)) : 0;
  }
}
