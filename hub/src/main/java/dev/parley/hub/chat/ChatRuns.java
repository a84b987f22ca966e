package dev.parley.hub.chat;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.parley.hub.agent.RunEvent;
import dev.parley.hub.agent.RunEvent.Run;
import dev.parley.hub.agent.RunIds;
import dev.parley.hub.agent.RunListener;
import dev.parley.hub.chat.Chats.InFlight;
import dev.parley.hub.chat.Chats.Outcome;
import dev.parley.hub.chat.Chats.SessionState;
import dev.parley.hub.session.RunStatus;
import dev.parley.hub.session.SessionKey;
import dev.parley.protocol.address.MessageId;
import dev.parley.protocol.address.TenantId;
import io.vertx.core.Future;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.jspecify.annotations.Nullable;

/** The runs of this node: those under way, and for a while how they ended. */
final class ChatRuns implements RunListener {
  private static final int MOST_ENDED = 10_000;
  private static final Duration REMEMBERED = Duration.ofMinutes(10);

  private final RunIds runIds;
  private final Clock clock;
  private final RunListener watchers;
  private final ConcurrentMap<RunKey, ChatRun> active = new ConcurrentHashMap<>();
  private final UnderWay underWay = new UnderWay();
  private final Cache<RunKey, Outcome> ended =
      Caffeine.newBuilder().maximumSize(MOST_ENDED).expireAfterWrite(REMEMBERED).build();

  ChatRuns(RunIds runIds, Clock clock, RunListener watchers) {
    this.runIds = runIds;
    this.clock = clock;
    this.watchers = watchers;
  }

  /** The run under way that a chat started; null when there is none. */
  @Nullable ChatRun find(RunKey key) {
    return active.get(key);
  }

  /** Adds a run, unless there is one of its key, which is the answer. */
  @Nullable ChatRun add(ChatRun chat) {
    ChatRun raced = active.putIfAbsent(RunKey.of(chat.run()), chat);
    if (raced == null) {
      underWay.begin(chat.run());
    }
    return raced;
  }

  /** The id of the message that begins the run. */
  MessageId open(Run run) {
    return runIds.open(run.tenant(), run.runId());
  }

  void forget(ChatRun chat) {
    Run run = chat.run();
    active.remove(RunKey.of(run), chat);
    underWay.end(run);
    runIds.close(run.tenant(), run.runId());
  }

  boolean isUnderWay(Run run) {
    return underWay.in(run.tenant(), run.session()).contains(run.runId());
  }

  List<String> abort(TenantId tenant, @Nullable SessionKey session, @Nullable String runId) {
    List<String> stopped = new ArrayList<>();
    active.forEach(
        (key, run) -> {
          boolean meant =
              key.tenant().equals(tenant)
                  && (session == null || run.run().session().equals(session))
                  && (runId == null || key.runId().equals(runId));
          if (meant && run.abort("by a person")) {
            stopped.add(key.runId());
          }
        });
    return stopped;
  }

  SessionState state(TenantId tenant, SessionKey session) {
    Set<String> running = underWay.in(tenant, session);
    InFlight inFlight =
        running.stream()
            .map(runId -> active.get(new RunKey(tenant, runId)))
            .filter(Objects::nonNull)
            .map(run -> new InFlight(run.run().runId(), run.text()))
            .findFirst()
            .orElse(null);
    return new SessionState(running, inFlight);
  }

  /** How a run ends; null when it is not known here. */
  @Nullable Future<Outcome> outcome(RunKey key) {
    ChatRun run = active.get(key);
    if (run != null) {
      return run.done();
    }
    Outcome before = ended.getIfPresent(key);
    return before == null ? null : Future.succeededFuture(before);
  }

  /** A run of another node ends here, because nobody else says that it does. */
  Outcome lost(RunEvent.Lost lost) {
    Outcome outcome =
        new Outcome(RunStatus.FAILED, "", lost.failure().text(), lost.startedAt(), clock.millis());
    ended.put(RunKey.of(lost.run()), outcome);
    watchers.on(lost);
    return outcome;
  }

  @Override
  public void on(RunEvent event) {
    Run which = event.run();
    ChatRun chat = active.get(RunKey.of(which));
    if (chat != null) {
      chat.begin();
    }
    if (event instanceof RunEvent.Started) {
      underWay.begin(which);
    } else if (event instanceof RunEvent.Text text && chat != null) {
      chat.said(text.text());
    }
    Outcome outcome = outcomeOf(event).orElse(null);
    if (outcome != null) {
      end(which, chat, outcome);
    }
    watchers.on(event);
    if (chat != null && outcome != null) {
      chat.end(outcome);
    }
  }

  /** Whoever looks once the end is told sees no run any more. */
  private void end(Run run, @Nullable ChatRun chat, Outcome outcome) {
    if (chat == null) {
      underWay.end(run);
    } else {
      ended.put(RunKey.of(run), outcome);
      forget(chat);
    }
  }

  private Optional<Outcome> outcomeOf(RunEvent event) {
    long now = clock.millis();
    return Optional.ofNullable(
        event instanceof RunEvent.Finished end
            ? new Outcome(RunStatus.OK, end.text(), null, end.startedAt(), now)
            : event instanceof RunEvent.Aborted end
                ? new Outcome(RunStatus.ABORTED, end.text(), null, end.startedAt(), now)
                : event instanceof RunEvent.Failed end
                    ? new Outcome(RunStatus.FAILED, "", end.failure().text(), end.startedAt(), now)
                    : null);
  }
}
