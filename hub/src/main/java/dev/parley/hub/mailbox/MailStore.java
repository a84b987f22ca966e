package dev.parley.hub.mailbox;

import dev.parley.hub.access.HubPrincipals;
import dev.parley.hub.store.Key;
import dev.parley.hub.store.Script;
import dev.parley.hub.store.ScriptResult;
import dev.parley.hub.store.Store;
import dev.parley.hub.tenant.TenantScope;
import dev.parley.hub.tenant.TenantScopes;
import dev.parley.protocol.address.AgentAddress;
import dev.parley.protocol.address.AgentId;
import dev.parley.protocol.address.MessageId;
import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.envelope.Envelope;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Future;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The mailboxes in Redis; what each script does is said in its header. */
final class MailStore {
  private static final Script SORT = new Script("mail-sort");
  private static final Script CLAIM = new Script("mail-claim");
  private static final Script TAKE_OVER = Script.replicated("mail-claim");
  private static final Script END = new Script("mail-end");
  private static final Script RELEASE = new Script("mail-release");
  private static final Script DELIVERED = new Script("mail-delivered");
  private static final Script DUE = new Script("mail-due");
  private static final Script DYING = new Script("mail-dying");

  /** How many messages one script sorts, so that it does not hold up others for long. */
  private static final int SORTED_AT_ONCE = 200;

  /**
   * What was claimed.
   *
   * @param token by which the mailbox is held; 0 when another node has taken it over
   * @param nextPause in how many ms a conversation that pauses goes on; negative when none does
   * @param more whether asking again may give more
   */
  record Claim(long token, long nextPause, List<MailItem> items, boolean more) {
    static final Claim TAKEN_OVER = new Claim(0, -1, List.of());

    Claim(long token, long nextPause, List<MailItem> items) {
      this(token, nextPause, items, false);
    }

    private Claim after(ScriptResult sorted) {
      boolean unsorted = sorted.integer(1) == 1;
      boolean tooEarly = items.isEmpty() && sorted.integer(0) > 0;
      return new Claim(token, nextPause, items, unsorted || tooEarly);
    }
  }

  /** What is past its deadline, and when the next will be; negative when there is none. */
  record Due(long nextDeadline, List<String> members) {}

  private final Store store;
  private final TenantScopes scopes;
  private final Clock clock;
  private final long windowMs;

  MailStore(Store store, TenantScopes scopes, Clock clock, long windowMs) {
    this.store = store;
    this.scopes = scopes;
    this.clock = clock;
    this.windowMs = windowMs;
  }

  /**
   * Takes messages out to hand them over. A take-over takes out nothing at first: replicas must
   * have its token, or after a fail-over two nodes could have the same; and what they do not
   * confirm is repeated, which must not count as handing over.
   *
   * @param token by which the node holds the mailbox, 0 to take it over
   * @param kept when taking over: the conversations of which a message is with the agent and stays
   */
  Future<Claim> claim(
      AgentAddress agent, String node, int most, long token, Collection<String> kept) {
    return token == 0
        ? claim(TAKE_OVER, agent, node, 0, token, kept)
            .compose(taken -> claim(CLAIM, agent, node, most, taken.token, List.of()))
        : claim(CLAIM, agent, node, most, token, List.of());
  }

  private Future<Claim> claim(
      Script script,
      AgentAddress agent,
      String node,
      int most,
      long token,
      Collection<String> kept) {
    List<String> arguments = new ArrayList<>();
    arguments.add(node);
    arguments.add(Integer.toString(most));
    arguments.add(Long.toString(token));
    arguments.addAll(kept);
    return store
        .run(
            script,
            List.of(
                key(agent, "ready"),
                key(agent, "later"),
                key(agent, "busy"),
                key(agent, "order"),
                key(agent, "log"),
                key(agent, "tries"),
                key(agent, "token")),
            arguments)
        .map(result -> claimed(result, node));
  }

  private static Claim claimed(ScriptResult result, String node) {
    long token = result.integer(0);
    if (token == 0) {
      return Claim.TAKEN_OVER;
    }
    List<MailItem> items = new ArrayList<>();
    for (int at = 2; at < result.size(); at += 5) {
      items.add(
          MailItem.read(
              result.text(at),
              result.text(at + 1),
              (int) result.integer(at + 2),
              token + " " + node,
              result.text(at + 3),
              result.text(at + 4)));
    }
    return new Claim(token, result.integer(1), items);
  }

  /**
   * Sorts what has come, and takes messages out as {@link #claim} does. Of very many that have come
   * some are sorted each time. The two may run in either order, when Redis does not know one of the
   * scripts yet.
   */
  Future<Claim> sortAndClaim(
      AgentAddress agent, String node, int most, long token, Collection<String> kept) {
    Future<ScriptResult> sorting = sortSome(agent);
    Future<Claim> claiming = claim(agent, node, most, token, kept);
    return Future.join(sorting, claiming).map(both -> claiming.result().after(sorting.result()));
  }

  /** Sorts messages of a mailbox until all are. */
  Future<Void> sort(AgentAddress agent) {
    return sortSome(agent)
        .compose(sorted -> sorted.integer(1) == 1 ? sort(agent) : Future.succeededFuture());
  }

  private Future<ScriptResult> sortSome(AgentAddress agent) {
    return store.run(
        SORT,
        List.of(
            key(agent, "log"),
            expiry(agent.tenant()),
            key(agent, "order"),
            key(agent, "ready"),
            key(agent, "later"),
            key(agent, "busy"),
            key(agent, "sorted")),
        List.of(agent.agent().value(), Integer.toString(SORTED_AT_ONCE)));
  }

  /** The nodes that have messages of this mailbox out. */
  Future<Set<String>> holders(AgentAddress agent) {
    return store
        .hashGetAll(key(agent, "busy"))
        .map(
            busy ->
                busy.values().stream()
                    .map(holder -> holder.substring(holder.indexOf(' ') + 1))
                    .collect(Collectors.toUnmodifiableSet()));
  }

  /**
   * Ends a message.
   *
   * @return whether it did: not when it had ended, was taken over by another node, or, of one that
   *     waits, was taken out
   */
  Future<Boolean> end(MailItem item, MailStatus status, @Nullable ParleyException error) {
    Envelope envelope = item.mail().envelope();
    AgentAddress agent = envelope.to();
    return store
        .run(
            END,
            List.of(
                depth(agent.tenant()),
                key(agent, "log"),
                key(agent, "order"),
                key(agent, "ready"),
                key(agent, "busy"),
                expiry(agent.tenant()),
                record(agent.tenant(), envelope.from().tenant(), envelope.id()),
                key(agent, "tries"),
                dead(agent.tenant())),
            List.of(
                Long.toString(clock.millis()),
                Long.toString(windowMs),
                agent.agent().value(),
                item.conversation(),
                item.seq(),
                item.expiryMember(),
                item.holder(),
                status.wireName(),
                error == null ? "" : Json.write(Receipt.errorJson(error))))
        .map(result -> result.integer(0) == 1);
  }

  /** Puts a message back, unless it was taken over; it goes on after the pause. */
  Future<ScriptResult> release(
      MailItem item, long pauseMs, boolean uncounted, ParleyException why) {
    Envelope envelope = item.mail().envelope();
    return store.run(
        RELEASE,
        List.of(
            key(item.agent(), "busy"),
            key(item.agent(), "later"),
            record(envelope.to().tenant(), envelope.from().tenant(), envelope.id()),
            key(item.agent(), "tries")),
        List.of(
            Long.toString(clock.millis()),
            item.holder(),
            item.conversation(),
            item.seq(),
            Long.toString(pauseMs),
            uncounted ? "1" : "0",
            Json.write(Receipt.errorJson(why))));
  }

  /** Notes that the agent has it. */
  Future<ScriptResult> delivered(MailItem item) {
    Envelope envelope = item.mail().envelope();
    return store.run(
        DELIVERED,
        List.of(
            record(envelope.to().tenant(), envelope.from().tenant(), envelope.id()),
            key(item.agent(), "busy")),
        List.of(
            Long.toString(clock.millis()),
            Integer.toString(item.attempt()),
            item.conversation(),
            item.holder()));
  }

  Future<Due> due(TenantId tenant) {
    return store
        .run(DUE, List.of(expiry(tenant)), List.of())
        .map(
            result -> {
              List<String> members = new ArrayList<>();
              for (int at = 1; at < result.size(); at++) {
                members.add(result.text(at));
              }
              return new Due(result.integer(0), members);
            });
  }

  /** Some messages for the tenant's agents that are on their way to their senders' dead letters. */
  Future<Map<String, String>> dying(TenantId receiver) {
    return store
        .run(DYING, List.of(dead(receiver)), List.of())
        .map(
            result -> {
              Map<String, String> letters = new HashMap<>();
              for (int at = 0; at < result.size(); at += 2) {
                letters.put(result.text(at), result.text(at + 1));
              }
              return letters;
            });
  }

  /** A dead letter has arrived. */
  Future<Boolean> buried(TenantId receiver, String seq) {
    return store.hashDelete(dead(receiver), seq);
  }

  /** The agents of the tenant that have mail. */
  Future<List<AgentAddress>> agentsWithMail(TenantId tenant) {
    return store
        .hashGetAll(depth(tenant))
        .map(
            fields ->
                fields.keySet().stream()
                    .filter(field -> field.startsWith("n:"))
                    .map(field -> new AgentAddress(tenant, new AgentId(field.substring(2))))
                    .toList());
  }

  /** A message of a mailbox that is past its deadline: what is needed to tell and to end it. */
  Future<@Nullable MailItem> find(TenantId tenant, String member) {
    String[] parts = member.split(":", -1);
    AgentAddress agent = new AgentAddress(tenant, new AgentId(parts[0]));
    return store
        .streamEntry(key(agent, "log"), parts[1] + "-0")
        .map(
            fields ->
                fields == null
                    ? null
                    : MailItem.read(
                        parts[2],
                        parts[1],
                        0,
                        "",
                        fields.getOrDefault("m", ""),
                        fields.getOrDefault("e", "")));
  }

  /** What has become of a message that {@code sender} has sent; null when there is none. */
  Future<@Nullable MailRecord> recordOf(TenantScope sender, MessageId id) {
    return store
        .get(sender.key("sent", id.value()))
        .compose(
            sent -> {
              if (sent == null || MailRecord.isRecord(sent)) {
                return Future.succeededFuture(sent);
              }
              TenantId receiver = AgentAddress.parse(sent).tenant();
              return store.get(MailRecord.key(scopes, receiver, sender.tenant(), id));
            })
        .map(record -> record == null ? null : MailRecord.read(id, record));
  }

  static Key depth(TenantScopes scopes, TenantId tenant) {
    return scopes.of(HubPrincipals.bookkeeper(tenant)).key("mail", "depth");
  }

  static Key expiry(TenantScopes scopes, TenantId tenant) {
    return scopes.of(HubPrincipals.bookkeeper(tenant)).key("mail", "expiry");
  }

  static Key log(TenantScopes scopes, AgentAddress agent) {
    return scopes
        .of(HubPrincipals.bookkeeper(agent.tenant()))
        .key("mail", agent.agent().value(), "log");
  }

  private TenantScope scope(TenantId tenant) {
    return scopes.of(HubPrincipals.bookkeeper(tenant));
  }

  private Key key(AgentAddress agent, String what) {
    return scope(agent.tenant()).key("mail", agent.agent().value(), what);
  }

  private Key depth(TenantId tenant) {
    return depth(scopes, tenant);
  }

  private Key dead(TenantId tenant) {
    return scope(tenant).key("mail", "dead");
  }

  private Key expiry(TenantId tenant) {
    return expiry(scopes, tenant);
  }

  private Key record(TenantId receiver, TenantId sender, MessageId id) {
    return MailRecord.key(scopes, receiver, sender, id);
  }
}
