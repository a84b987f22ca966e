package dev.parley.hub.mailbox;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.access.HubPrincipals;
import dev.parley.hub.cluster.Announcement;
import dev.parley.hub.cluster.Announcements;
import dev.parley.hub.store.Key;
import dev.parley.hub.store.Script;
import dev.parley.hub.store.Store;
import dev.parley.hub.switchboard.Mail;
import dev.parley.hub.tenant.Limits;
import dev.parley.hub.tenant.TenantScope;
import dev.parley.hub.tenant.TenantScopes;
import dev.parley.hub.tenant.Tenants;
import dev.parley.protocol.address.MessageId;
import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Future;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The dead letters of a tenant: what it has sent that failed or expired, whole, so that it can be
 * looked at and sent again. Bounded by messages, bytes and time; a full box loses its oldest, as a
 * sender who does not look must not hold up the receiver's mailbox.
 */
public final class DeadLetters {
  private static final Script PUT = Script.replicated("deadletter-put");
  private static final Script LIST = new Script("deadletter-list");
  private static final Script TAKE = new Script("deadletter-take");
  private static final Script PURGE = new Script("deadletter-purge");
  private static final String BOX = "dead-letters";
  private static final String[] WHOLE_BOX = {"counts", "order", "heads", "bodies", "taken"};

  /** A page of letters, newest first. */
  public record Page(List<ObjectNode> letters, @Nullable String next) {}

  private final Store store;
  private final TenantScopes scopes;
  private final Tenants tenants;
  private final Announcements announcements;
  private final Clock clock;
  private final long retentionMs;
  private final AtomicLong arrived = new AtomicLong();
  private final AtomicLong lost = new AtomicLong();

  public DeadLetters(
      Store store,
      TenantScopes scopes,
      Tenants tenants,
      Announcements announcements,
      Clock clock,
      MailSettings settings) {
    this.store = store;
    this.scopes = scopes;
    this.tenants = tenants;
    this.announcements = announcements;
    this.clock = clock;
    this.retentionMs = settings.deadLetterRetention().toMillis();
  }

  /** Letters that have arrived through this node. */
  public long arrived() {
    return arrived.get();
  }

  /** Letters that were lost because a box was full. */
  public long lost() {
    return lost.get();
  }

  /** Puts a message that has ended into its sender's box; once, however often it is called. */
  Future<Void> put(TenantId receiver, String seq, ObjectNode dead) {
    String meta = dead.path("m").asText();
    String envelope = dead.path("e").asText();
    Mail mail = MailItem.read("", seq, 0, "", meta, envelope).mail();
    TenantId sender = mail.envelope().from().tenant();
    ObjectNode head =
        Letter.head(
            mail,
            dead.path("s").asText(),
            dead.path("n").asInt(),
            dead.path("x").asText(),
            dead.path("t").asLong(),
            mail.envelope().payload().text().length());
    return tenants
        .get(sender)
        .compose(
            tenant ->
                store.run(
                    PUT,
                    putKeys(scopes.of(HubPrincipals.bookkeeper(sender)), receiver, seq),
                    List.of(
                        Long.toString(clock.millis()),
                        Long.toString(retentionMs),
                        Long.toString(Limits.value(tenant.limits().deadLetters())),
                        Long.toString(Limits.value(tenant.limits().mailboxBytes())),
                        Json.write(head),
                        Letter.body(meta, envelope))))
        .map(
            result -> {
              lost.addAndGet(result.integer(1));
              if (result.integer(0) > 0) {
                arrived.incrementAndGet();
                tell(sender, Letter.view(result.text(0), Json.write(head)));
              }
              return null;
            });
  }

  private void tell(TenantId sender, ObjectNode letter) {
    announcements.announce(new Announcement.DeadLetterArrived(sender.value(), Json.write(letter)));
  }

  /**
   * The letters of the scope's tenant.
   *
   * @param before those that arrived before this one; null for the newest
   */
  public Future<Page> list(TenantScope scope, @Nullable String before, int limit) {
    return store
        .run(
            LIST,
            keys(scope, "order", "heads"),
            List.of(
                before == null ? "" : before,
                Integer.toString(limit + 1),
                Long.toString(clock.millis() - retentionMs)))
        .map(
            result -> {
              List<ObjectNode> letters = new ArrayList<>();
              for (int at = 0; at < result.size() && letters.size() < limit; at += 2) {
                letters.add(Letter.view(result.text(at), result.text(at + 1)));
              }
              boolean more = result.size() / 2 > limit;
              return new Page(letters, more ? letters.get(limit - 1).path("id").asText() : null);
            });
  }

  /** One letter; fails with {@code not_found}. */
  public Future<Letter> get(TenantScope scope, String id) {
    return store
        .hashGet(scope.key(BOX, "heads"), id)
        .compose(
            head ->
                store
                    .hashGet(scope.key(BOX, "bodies"), id)
                    .map(
                        body -> {
                          if (head == null || body == null) {
                            throw absent();
                          }
                          Letter letter = Letter.read(id, head, body);
                          if (letter.view().path("arrivedAt").asLong() + retentionMs
                              < clock.millis()) {
                            throw absent();
                          }
                          return letter;
                        }));
  }

  /**
   * The id under which the letter is sent again, the same whoever asks: the mailbox takes an id
   * once, so a letter becomes one message at most.
   */
  public Future<MessageId> idOfNext(TenantScope scope, String id) {
    return store
        .run(TAKE, keys(scope, "heads", "taken"), List.of(id, MessageId.next().value()))
        .map(
            result -> {
              if (result.text(0).isEmpty()) {
                throw absent();
              }
              return new MessageId(result.text(0));
            });
  }

  /** Takes a letter out, or all when there is none named; answers how many there were. */
  public Future<Long> purge(TenantScope scope, @Nullable String id) {
    return store
        .run(PURGE, keys(scope, WHOLE_BOX), List.of(id == null ? "" : id))
        .map(result -> result.integer(0));
  }

  private static List<Key> putKeys(TenantScope sender, TenantId receiver, String seq) {
    List<Key> keys = new ArrayList<>(keys(sender, WHOLE_BOX));
    keys.add(sender.key(BOX, "once", receiver.value(), seq));
    return keys;
  }

  private static List<Key> keys(TenantScope scope, String... names) {
    return Arrays.stream(names).map(name -> scope.key(BOX, name)).toList();
  }

  /** What is said of a letter that is not there or not for the asker. */
  public static ParleyException absent() {
    return new ParleyException(ErrorCode.NOT_FOUND, "there is no such dead letter");
  }
}
