package dev.parley.hub.mailbox;

import dev.parley.hub.store.Store;
import dev.parley.hub.switchboard.AgentDirectory;
import dev.parley.hub.switchboard.Mail;
import dev.parley.hub.switchboard.Mailroom;
import dev.parley.hub.tenant.Tenant;
import dev.parley.hub.tenant.TenantScope;
import dev.parley.hub.tenant.TenantScopes;
import dev.parley.hub.tenant.Tenants;
import dev.parley.protocol.address.AgentAddress;
import dev.parley.protocol.address.MessageId;
import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The mailboxes of all agents, as this hub serves them: takes messages in, wakes the {@link
 * AgentMailbox} of whoever has mail and can take it, and sees to deadlines.
 */
public final class Mailboxes implements Mailroom {
  private static final Logger LOG = LoggerFactory.getLogger(Mailboxes.class);
  private static final long TICK_MS = 1_000;
  private static final int TENANTS_AT_ONCE = 500;

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
      Consumer<AgentAddress> withoutRoom,
      BooleanSupplier stopping) {}

  private final Vertx vertx;
  private final Clock clock;
  private final Tenants tenants;
  private final MailStore store;
  private final Receipt.Listener receipts;
  private final AgentMailbox.Office office;
  private final Map<AgentAddress, AgentMailbox> awake = new ConcurrentHashMap<>();
  private final Set<AgentAddress> withoutRoom = ConcurrentHashMap.newKeySet();
  private final Map<TenantId, Long> deadlines = new ConcurrentHashMap<>();
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
      Receipt.Listener receipts) {
    this.vertx = vertx;
    this.clock = clock;
    this.tenants = tenants;
    this.store =
        new MailStore(
            store, scopes, clock, UUID.randomUUID().toString(), settings.window().toMillis());
    this.receipts = receipts;
    this.office =
        new AgentMailbox.Office(
            this.store,
            settings,
            new Surroundings(vertx, clock, directory, carrier, withoutRoom::add, () -> stopping),
            receipts);
  }

  /** Begins to see to deadlines, and looks, in the background, for mail from before. */
  public void start() {
    timer = vertx.setPeriodic(TICK_MS, tick -> sweep());
    lookForMail(null);
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

  @Override
  public Future<String> accept(Mail mail, long most) {
    AgentAddress to = mail.envelope().to();
    return store
        .accept(mail, most)
        .onSuccess(
            status -> {
              deadlines.merge(to.tenant(), mail.envelope().deadline(), Math::min);
              wake(to);
              receipts.on(new Receipt(mail, MailStatus.ACCEPTED, 0, clock.millis(), null));
            });
  }

  /** The agent may have mail and may be able to take it. */
  public void wake(AgentAddress agent) {
    if (stopping) {
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

  /** The agent can take messages again; asks the store only when some had to wait for that. */
  public void wakeIfWaiting(AgentAddress agent) {
    if (withoutRoom.remove(agent)) {
      wake(agent);
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

  private void lookForMail(@Nullable String after) {
    tenants
        .list(after, TENANTS_AT_ONCE)
        .onSuccess(
            page -> {
              for (Tenant tenant : page) {
                store
                    .agentsWithMail(tenant.id())
                    .onSuccess(
                        agents -> {
                          agents.forEach(this::wake);
                          if (!agents.isEmpty()) {
                            deadlines.put(tenant.id(), 0L);
                          }
                        });
              }
              if (!page.isEmpty() && !stopping) {
                lookForMail(page.get(page.size() - 1).id().value());
              }
            })
        .onFailure(
            failure -> {
              LOG.warn("mail from before is looked for again soon", failure);
              if (!stopping) {
                vertx.setTimer(TICK_MS, tick -> lookForMail(after));
              }
            });
  }

  private void sweep() {
    long now = clock.millis();
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
    return store
        .find(tenant, member)
        .compose(
            item -> {
              if (item == null) {
                return Future.succeededFuture();
              }
              ParleyException late = AgentMailbox.expired();
              return store
                  .endWaiting(item, MailStatus.EXPIRED, late)
                  .map(
                      ended -> {
                        if (ended) {
                          receipts.on(
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
