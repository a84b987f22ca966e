package dev.parley.hub.room;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.access.Principal;
import dev.parley.hub.agent.Agents;
import dev.parley.hub.channel.Channels;
import dev.parley.hub.store.Key;
import dev.parley.hub.store.Script;
import dev.parley.hub.store.Store;
import dev.parley.hub.switchboard.Switchboard;
import dev.parley.hub.tenant.TenantScope;
import dev.parley.protocol.address.AgentAddress;
import dev.parley.protocol.address.Party;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Future;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Names inside a tenant under which agents publish and to which agents subscribe. Nothing is kept
 * of a topic but its subscribers. An agent of another tenant can be one of them as long as a
 * channel leads to it.
 */
public final class Topics {
  private static final Script SUBSCRIBE = new Script("topic-subscribe");
  private static final Script UNSUBSCRIBE = new Script("topic-unsubscribe");

  private final Store store;
  private final Fanout fanout;
  private final Agents agents;
  private final Channels channels;
  private final RoomSettings settings;
  private final Clock clock;

  public Topics(
      Store store,
      Switchboard switchboard,
      Agents agents,
      Channels channels,
      RoomSettings settings,
      Clock clock) {
    this.store = store;
    this.fanout = new Fanout(switchboard::send, agents);
    this.agents = agents;
    this.channels = channels;
    this.settings = settings;
    this.clock = clock;
  }

  /** Lets an agent get what is published; an agent subscribes itself alone. */
  public Future<Void> subscribe(
      Principal caller, TenantScope scope, String topic, AgentAddress agent) {
    requireOwn(caller, agent);
    return reachable(caller, agent)
        .compose(
            reachable ->
                store.run(
                    SUBSCRIBE,
                    keys(scope, topic),
                    List.of(
                        topic,
                        agent.toString(),
                        Long.toString(clock.millis()),
                        Integer.toString(settings.maxTopics()),
                        Integer.toString(settings.maxSubscribers()))))
        .map(
            result -> {
              if (result.integer(0) == -1) {
                throw limit("topics", settings.maxTopics());
              }
              if (result.integer(0) == -2) {
                throw limit("topic_subscribers", settings.maxSubscribers());
              }
              return null;
            });
  }

  private Future<Void> reachable(Principal caller, AgentAddress agent) {
    if (!agent.tenant().equals(caller.tenant())) {
      return channels.permit(Party.of(caller.tenant()), agent).mapEmpty();
    }
    return agents
        .exists(agent)
        .map(
            there -> {
              if (!there) {
                throw ParleyException.notFound("agent " + agent);
              }
              return null;
            });
  }

  /** Ends a subscription; answers whether there was one. */
  public Future<Boolean> unsubscribe(
      Principal caller, TenantScope scope, String topic, AgentAddress agent) {
    requireOwn(caller, agent);
    return store
        .run(UNSUBSCRIBE, keys(scope, topic), List.of(topic, agent.toString()))
        .map(result -> result.integer(0) == 1);
  }

  /** Ends the subscriptions that an agent, which is deleted, has in its own tenant. */
  public Future<Void> retire(TenantScope scope, AgentAddress agent) {
    return store
        .hashGetAll(scope.key("topics"))
        .compose(
            topics ->
                Future.all(
                    topics.keySet().stream()
                        .map(
                            topic ->
                                store.run(
                                    UNSUBSCRIBE,
                                    keys(scope, topic),
                                    List.of(topic, agent.toString())))
                        .toList()))
        .mapEmpty();
  }

  private static void requireOwn(Principal caller, AgentAddress agent) {
    if (caller.agent() != null && !Party.of(agent).equals(caller.party())) {
      throw new ParleyException(
              ErrorCode.FORBIDDEN,
              "this is the agent %s and can subscribe only itself".formatted(caller.party()))
          .with("field", "agent");
    }
  }

  /**
   * The topics that have subscribers.
   *
   * @param topic the one whose subscribers are listed, or null for none
   */
  public Future<ObjectNode> list(TenantScope scope, @Nullable String topic) {
    return store
        .hashGetAll(scope.key("topics"))
        .compose(
            counts -> {
              ObjectNode result = Json.object();
              ArrayNode topics = result.putArray("topics");
              counts.keySet().stream()
                  .filter(name -> topic == null || topic.equals(name))
                  .sorted()
                  .forEach(
                      name ->
                          topics
                              .addObject()
                              .put("topic", name)
                              .put("subscribers", Integer.parseInt(counts.get(name))));
              return topic == null
                  ? Future.succeededFuture(result)
                  : subscribers(scope, topic)
                      .map(
                          all -> {
                            ArrayNode list = result.putArray("agents");
                            all.forEach(agent -> list.add(agent.toString()));
                            return result;
                          });
            });
  }

  /**
   * Sends to every subscriber but the sender.
   *
   * @return how many were reached and refused; the same message again reaches those that it did not
   */
  public Future<ObjectNode> publish(TenantScope scope, String topic, Post post) {
    return subscribers(scope, topic).compose(all -> send("topic", topic, post, all));
  }

  /** Sends to every own agent but the sender; fails with {@code limit_exceeded} for too many. */
  public Future<ObjectNode> broadcast(TenantScope scope, Post post) {
    return agents
        .list(scope)
        .compose(
            all -> {
              if (all.size() > settings.maxSubscribers()) {
                throw limit("broadcast_agents", settings.maxSubscribers());
              }
              List<AgentAddress> own =
                  all.stream()
                      .map(definition -> new AgentAddress(scope.tenant(), definition.id()))
                      .toList();
              return send("broadcast", scope.tenant().value(), post, own);
            });
  }

  private Future<ObjectNode> send(
      String kind, String name, Post post, List<AgentAddress> agentsToReach) {
    post.requireAtMost(settings.maxPostBytes());
    List<AgentAddress> others = new ArrayList<>(agentsToReach);
    others.removeIf(agent -> Party.of(agent).equals(post.party()));
    ObjectNode message = post.toJson().put(kind, name);
    Fanout.Order order =
        new Fanout.Order(
            post.caller(),
            post.from(),
            Json.raw(Post.forAgents(message)),
            kind + ":" + name,
            post.cause(),
            post.traceparent(),
            kind + "\n" + name + "\n" + post.id());
    return fanout
        .requireAgent(post.party())
        .compose(known -> fanout.send(order, others))
        .map(
            tally ->
                Json.object()
                    .put("messageId", post.id().value())
                    .put("reached", tally.reached())
                    .put("refused", tally.refused()));
  }

  private Future<List<AgentAddress>> subscribers(TenantScope scope, String topic) {
    return store
        .hashGetAll(keys(scope, topic).get(1))
        .map(all -> all.keySet().stream().sorted().map(AgentAddress::parse).toList());
  }

  private static List<Key> keys(TenantScope scope, String topic) {
    return List.of(scope.key("topics"), scope.key("topic", topic));
  }

  private static ParleyException limit(String what, int most) {
    return new ParleyException(
            ErrorCode.LIMIT_EXCEEDED, "%d %s is the most".formatted(most, what.replace('_', ' ')))
        .with("limit", what)
        .with("max", most);
  }
}
