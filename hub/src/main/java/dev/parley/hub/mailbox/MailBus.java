package dev.parley.hub.mailbox;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.cluster.NodeBus;
import dev.parley.hub.cluster.NodeBus.Received;
import dev.parley.hub.cluster.Placement;
import dev.parley.protocol.address.AgentAddress;
import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;

/**
 * What nodes tell each other of mailboxes. Nothing here is needed for a message to arrive: a word
 * that is lost costs time until the next, and what a node may write is settled by the token in
 * Redis.
 */
public final class MailBus implements Places {
  private static final String WAKE = "mail-wake";
  private static final String STAND_DOWN = "mail-stand-down";
  private static final String RECEIPT = "mail-receipt";
  private static final String PASSED_ON = "passed-on";
  private static final Duration ANSWER = Duration.ofSeconds(2);

  private final Placement placement;
  private final NodeBus bus;

  public MailBus(Placement placement, NodeBus bus) {
    this.placement = placement;
    this.bus = bus;
  }

  /** Begins to listen to the other nodes and to changes of places. */
  void start(Mailboxes mailboxes) {
    bus.onMessage(WAKE, message -> onWake(mailboxes, message));
    bus.onMessage(RECEIPT, message -> onReceipt(mailboxes, message));
    bus.onRequest(
        STAND_DOWN,
        request ->
            mailboxes
                .standDown(AgentAddress.parse(request.text()))
                .map(conversations -> String.join(" ", conversations)));
    placement.onChange(mailboxes::placesChanged);
  }

  @Override
  public String self() {
    return placement.self();
  }

  @Override
  public boolean isHere(AgentAddress agent) {
    try {
      return placement.isHere(agent);
    } catch (ParleyException noOwner) {
      return false;
    }
  }

  @Override
  public void wake(AgentAddress agent) {
    wake(agent, "");
  }

  @Override
  public Future<List<String>> standDown(AgentAddress agent, Supplier<Future<Set<String>>> holders) {
    return holders
        .get()
        .compose(
            nodes -> {
              List<Future<List<String>>> answers =
                  nodes.stream().filter(this::isAnother).map(node -> ask(node, agent)).toList();
              return Future.all(answers)
                  .map(all -> all.<List<String>>list().stream().flatMap(List::stream).toList());
            });
  }

  /** A node that does not answer in time has lost what it had out. */
  private Future<List<String>> ask(String node, AgentAddress agent) {
    return bus.request(node, STAND_DOWN, "", agent.toString(), ANSWER)
        .map(text -> text.isEmpty() ? List.<String>of() : List.of(text.split(" ")))
        .otherwise(List.of());
  }

  private boolean isAnother(String node) {
    return !node.equals(placement.self()) && placement.nodes().contains(node);
  }

  @Override
  public boolean passOn(String node, Receipt.Addressee addressee, ObjectNode receipt) {
    if (!isAnother(node)) {
      return false;
    }
    bus.send(node, RECEIPT, addressee.tenant() + " " + addressee.keyId(), Json.write(receipt));
    return true;
  }

  private void wake(AgentAddress agent, String passedOn) {
    String place;
    try {
      place = placement.of(agent);
    } catch (ParleyException noOwner) {
      return;
    }
    if (!place.equals(placement.self())) {
      bus.send(place, WAKE, passedOn, agent.toString());
    }
  }

  private void onWake(Mailboxes mailboxes, Received message) {
    AgentAddress agent = AgentAddress.parse(message.text());
    if (isHere(agent)) {
      mailboxes.wake(agent);
    } else if (!message.id().equals(PASSED_ON)) {
      wake(agent, PASSED_ON);
    }
  }

  private static void onReceipt(Mailboxes mailboxes, Received message) {
    int space = message.id().indexOf(' ');
    mailboxes.tellHere(
        new Receipt.Addressee(
            new TenantId(message.id().substring(0, space)), message.id().substring(space + 1)),
        Json.parseObject("receipt", message.text()));
  }
}
