package dev.parley.hub.channel;

import static dev.parley.hub.channel.Town.agent;
import static dev.parley.hub.store.RedisExtension.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.parley.hub.access.Principal;
import dev.parley.hub.store.RedisExtension;
import dev.parley.hub.store.Store;
import dev.parley.protocol.address.AgentAddress;
import dev.parley.protocol.address.Party;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Future;
import org.junit.jupiter.api.extension.ExtendWith;

/** Three tenants and the channels between them. */
@ExtendWith(RedisExtension.class)
abstract class ChannelFixture {
  final Store store;
  final Town town = new Town();
  final Principal acme = town.settle("acme");
  final Principal globex = town.settle("globex");
  final Principal mallory = town.settle("mallory");
  final AgentAddress quotes = agent(globex, "quotes");
  final Channels channels;

  ChannelFixture(Store store) {
    this.store = store;
    this.channels = town.node(store).channels();
  }

  String connect(Party from, AgentAddress to) {
    Principal caller = from.tenant().equals(acme.tenant()) ? acme : mallory;
    Principal called = to.tenant().equals(globex.tenant()) ? globex : mallory;
    assertNotEquals(caller, called);
    Channel proposed = await(channels.propose(caller, Proposal.of(from, to)));
    return await(channels.accept(called, proposed.id())).id();
  }

  ParleyException refusal(Party from, AgentAddress to) {
    ParleyException e = failure(channels.permit(from, to));
    assertEquals(ErrorCode.NOT_FOUND, e.code());
    return e;
  }

  static ParleyException failure(Future<?> future) {
    return assertThrows(ParleyException.class, () -> await(future));
  }
}
