package dev.parley.hub.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.parley.protocol.address.AgentAddress;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class LeasesTest {
  private static final AgentAddress AGENT = AgentAddress.parse("acme/worker");

  private final AtomicLong now = new AtomicLong();
  private final Leases<AgentAddress> leases = new Leases<>(Duration.ofSeconds(30), 100, now::get);

  private void pass(long seconds) {
    now.addAndGet(Duration.ofSeconds(seconds).toNanos());
  }

  @Test
  void aNodeThatFellSilentIsForgottenAndOneThatRenewsIsNot() {
    leases.renew(AGENT, "node.a");
    leases.renew(AGENT, "node.b");
    pass(20);
    leases.renew(AGENT, "node.b");
    pass(11);
    assertEquals(List.of("node.b"), leases.nodesOf(AGENT));
    pass(20);
    assertEquals(List.of(), leases.nodesOf(AGENT));
  }

  @Test
  void nodesThatLeftAreForgottenAtOnce() {
    leases.renew(AGENT, "node.a");
    leases.renew(AGENT, "node.b");
    leases.keepOnly(Set.of("node.b", "node.c"));
    assertEquals(List.of("node.b"), leases.nodesOf(AGENT));
    leases.keepOnly(Set.of());
    assertEquals(List.of(), leases.nodesOf(AGENT));
  }

  @Test
  void aNodeWhoseLinkIsGoneIsForgottenAndTheOthersStay() {
    leases.renew(AGENT, "node.a");
    leases.renew(AGENT, "node.b");
    leases.drop(AGENT, "node.a");
    leases.drop(AGENT, "node.c");
    assertEquals(List.of("node.b"), leases.nodesOf(AGENT));
  }
}
