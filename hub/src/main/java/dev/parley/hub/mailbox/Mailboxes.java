package dev.parley.hub.mailbox;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.store.Store;
import dev.parley.hub.switchboard.AgentDirectory;
import dev.parley.hub.switchboard.Mail;
import dev.parley.hub.switchboard.Mailroom;
import dev.parley.hub.tenant.Limits;
import dev.parley.hub.tenant.TenantScope;
import dev.parley.hub.tenant.TenantScopes;
import dev.parley.hub.tenant.Tenants;
import dev.parley.protocol.address.AgentAddress;
import dev.parley.protocol.address.AgentId;
import dev.parley.protocol.address.MessageId;
import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The mailboxes of all agents, as this hub serves them: takes messages in, wakes the {@link
 * AgentMailbox} of whoever has mail and can take it, and sees to deadlines. In a cluster any node
 * takes messages in, and the agent's place serves its mailbox.
 */
public final class Mailboxes implements Mailroom {
  private static final Logger LOG = LoggerFactory.getLogger(Mailboxes.class);
  private static final long TICK_MS = 1_000;
  private static final int TENANTS_AT_ONCE = 500;

  /** Changes of places come in swarms; the mailboxes are looked through when one is over. */
  private static final long SETTLE_MS = 250;

  /** Gives a message to its agent; see {@code Switchboard.deliver}. */
  @FunctionalInterface
  public interface Carrier {
    void deliver(Mail mail, int attempt, long deadline, Handling handling);
  }

  /** What mailboxes work with. */
  record Surroundings(
      Vertx vertx,
      Clock clock,
      AgentDirectory directory,
      Carrier carrier,
      BooleanSupplier stopping) {}

  private final Vertx vertx;
  private final Clock clock;
  private final Tenants tenants;
  private final MailStore store;
  private final Intake intake;
  private final DeadLetters letters;
  private final Receipt.Listener receipts;
  private final AgentMailbox.Office office;
  private final Map<AgentAddress, AgentMailbox> awake = new ConcurrentHashMap<>();
  private final Set<TenantId> unburied = ConcurrentHashMap.newKeySet();
  private final Set<TenantId> burying = ConcurrentHashMap.newKeySet();
  private final Map<TenantId, Long> deadlines = new ConcurrentHashMap<>();
  private final AtomicBoolean settling = new AtomicBoolean();
  private final AtomicLong look = new AtomicLong();
  private volatile Places places = new Places.Alone(UUID.randomUUID().toString());
  private volatile boolean stopping;
  private long timer = -1;

  public Mailboxes(
      Vertx vertx,
      Clock clock,
      MailSettings settings,
      Store store,
      TenantScopes scopes,
      Tenants tenants,
      AgentDirectory directory,
      Carrier carrier,
      DeadLetters letters,
      Receipt.Listener receipts) {
    this.vertx = vertx;
    this.clock = clock;
    this.tenants = tenants;
    this.store = new MailStore(store, scopes, clock, settings.window().toMillis());
    this.intake = new Intake(store, scopes, settings.window().toMillis());
    this.letters = letters;
    this.receipts = receipts;
    this.office =
        new AgentMailbox.Office(
            this.store,
            settings,
            new Surroundings(vertx, clock, directory, carrier, () -> stopping),
            () -> places,
            this::tell,
            this::bury);
  }

  /** Shares the mailboxes with other nodes; without it they are all served here. */
  public void sharedThrough(MailBus bus) {
    places = bus;
    bus.start(this);
  }

  /** Begins to see to deadlines, and looks, in the background, for mail from before. */
  public void start() {
    timer = vertx.setPeriodic(TICK_MS, tick -> sweep());
    lookForMail();
  }

  public Future<Void> close() {
    stopping = true;
    if (timer >= 0) {
      vertx.cancelTimer(timer);
    }
    return Future.succeededFuture();
  }

  /** Mailboxes that this hub is working on. */
  public int awakeCount() {
    return awake.size();
  }

  /** Scripts that have put messages into mailboxes through this hub. */
  public long batches() {
    return intake.batches();
  }

  /** Bytes that messages take that are being accepted by this hub. */
  public long acceptingBytes() {
    return intake.waitingBytes();
  }

  @Override
  public Future<String> accept(Mail mail, Limits receiver) {
    AgentAddress to = mail.envelope().to();
    return intake
        .accept(mail, receiver, places.self())
        .onSuccess(
            status -> {
              deadlines.merge(to.tenant(), mail.envelope().deadline(), Math::min);
              wake(to);
              Receipt receipt = new Receipt(mail, MailStatus.ACCEPTED, 0, clock.millis(), null);
              receipts.on(receipt.addressee(), receipt.toJson());
            });
  }

  /** The agent may have mail and may be able to take it. */
  public void wake(AgentAddress agent) {
    if (stopping) {
      return;
    }
    if (!places.isHere(agent)) {
      places.wake(agent);
      return;
    }
    AgentMailbox mailbox =
        awake.compute(
            agent,
            (address, present) -> {
              AgentMailbox one =
                  present == null
                      ? new AgentMailbox(address, office, () -> letGo(address))
                      : present;
              one.wake();
              return one;
            });
    mailbox.pump();
  }

  /** As {@link AgentMailbox#standDown}. */
  Future<List<String>> standDown(AgentAddress agent) {
    AgentMailbox mailbox = awake.get(agent);
    return mailbox == null ? Future.succeededFuture(List.of()) : mailbox.standDown();
  }

  /** Some agents' places may be others now. */
  void placesChanged() {
    if (!stopping && settling.compareAndSet(false, true)) {
      vertx.setTimer(
          SETTLE_MS,
          passed -> {
            settling.set(false);
            awake
                .values()
                .forEach(
                    mailbox -> {
                      mailbox.placesChanged();
                      mailbox.pump();
                    });
            lookForMail();
          });
    }
  }

  /** Tells a receipt to those who are connected here. */
  void tellHere(Receipt.Addressee addressee, ObjectNode receipt) {
    receipts.on(addressee, receipt);
  }

  private void tell(MailItem item, Receipt receipt) {
    ObjectNode json = receipt.toJson();
    if (!places.passOn(item.origin(), receipt.addressee(), json)) {
      receipts.on(receipt.addressee(), json);
    }
  }

  /** What has become of a message of the scope's tenant; fails with {@code not_found}. */
  public Future<MailRecord> get(TenantScope sender, MessageId id) {
    return store
        .recordOf(sender, id)
        .map(
            found -> {
              if (found == null) {
                throw ParleyException.notFound("message");
              }
              return found;
            });
  }

  private void letGo(AgentAddress agent) {
    awake.computeIfPresent(agent, (address, mailbox) -> mailbox.isIdle() ? null : mailbox);
  }

  /** Looks through all tenants; a look that is still under way ends. */
  private void lookForMail() {
    lookForMail(look.incrementAndGet(), null);
  }

  private void lookForMail(long number, @Nullable String after) {
    if (stopping || number != look.get()) {
      return;
    }
    tenants
        .list(after, TENANTS_AT_ONCE)
        .compose(
            page ->
                Future.all(page.stream().map(tenant -> lookForMail(tenant.id())).toList())
                    .map(done -> page))
        .onSuccess(
            page -> {
              if (!page.isEmpty()) {
                lookForMail(number, page.get(page.size() - 1).id().value());
              }
            })
        .onFailure(
            failure -> {
              LOG.warn("waiting mail is looked for again soon", failure);
              vertx.setTimer(TICK_MS, tick -> lookForMail(number, after));
            });
  }

  private Future<Void> lookForMail(TenantId tenant) {
    bury(tenant);
    return store
        .agentsWithMail(tenant)
        .map(
            agents -> {
              List<AgentAddress> here = agents.stream().filter(places::isHere).toList();
              here.forEach(this::wake);
              if (!here.isEmpty()) {
                deadlines.put(tenant, 0L);
              }
              return null;
            });
  }

  /** Brings what has died of a tenant's mail to its senders, some at a time, until it is there. */
  private void bury(TenantId receiver) {
    unburied.add(receiver);
    if (!burying.add(receiver)) {
      return;
    }
    unburied.remove(receiver);
    store
        .dying(receiver)
        .compose(
            dying ->
                Future.join(
                        dying.entrySet().stream()
                            .map(dead -> bury(receiver, dead.getKey(), dead.getValue()))
                            .toList())
                    .map(!dying.isEmpty()))
        .onComplete(
            buried -> {
              burying.remove(receiver);
              if (buried.failed()) {
                LOG.warn(
                    "dead letters of mail for {} are brought to their senders soon",
                    receiver,
                    buried.cause());
                unburied.add(receiver);
              } else if (buried.result() || unburied.contains(receiver)) {
                bury(receiver);
              }
            });
  }

  private Future<Boolean> bury(TenantId receiver, String seq, String dead) {
    return letters
        .put(receiver, seq, Json.parseObject("letter", dead))
        .compose(put -> store.buried(receiver, seq));
  }

  private void sweep() {
    long now = clock.millis();
    unburied.forEach(this::bury);
    deadlines.forEach(
        (tenant, at) -> {
          if (at <= now && deadlines.remove(tenant, at)) {
            expire(tenant);
          }
        });
  }

  private void expire(TenantId tenant) {
    store
        .due(tenant)
        .compose(
            due -> {
              if (due.nextDeadline() >= 0) {
                deadlines.merge(tenant, due.nextDeadline(), Math::min);
              }
              if (!due.members().isEmpty()) {
                deadlines.put(tenant, clock.millis() + TICK_MS);
              }
              List<Future<Void>> ending =
                  due.members().stream().map(member -> expire(tenant, member)).toList();
              return Future.join(ending);
            })
        .onFailure(failure -> deadlines.put(tenant, clock.millis() + TICK_MS));
  }

  private Future<Void> expire(TenantId tenant, String member) {
    if (member.indexOf(':') < 0) {
      return store.sort(new AgentAddress(tenant, new AgentId(member)));
    }
    return store
        .find(tenant, member)
        .compose(
            item -> {
              if (item == null) {
                return Future.succeededFuture();
              }
              ParleyException late = AgentMailbox.expired();
              return store
                  .end(item, MailStatus.EXPIRED, late)
                  .map(
                      ended -> {
                        if (ended) {
                          bury(tenant);
                          tell(
                              item,
                              new Receipt(
                                  item.mail(),
                                  MailStatus.EXPIRED,
                                  item.attempt(),
                                  clock.millis(),
                                  late));
                        }
                        return null;
                      });
            });
  }
}
