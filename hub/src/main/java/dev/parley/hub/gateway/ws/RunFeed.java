package dev.parley.hub.gateway.ws;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.access.Permission;
import dev.parley.hub.agent.RunEvent;
import dev.parley.hub.agent.RunEvent.Run;
import dev.parley.hub.agent.RunListener;
import dev.parley.hub.gateway.ws.Audience.Kind;
import dev.parley.hub.session.SessionKey;
import dev.parley.hub.session.SessionRow;
import dev.parley.hub.session.TranscriptRow;
import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import java.time.Clock;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.jspecify.annotations.Nullable;

/**
 * Tells the people of a tenant what its runs do, in the events of the OpenClaw gateway protocol:
 * {@code chat} and {@code agent} to everybody who may read chats, {@code session.message} and
 * {@code sessions.changed} to those who subscribed. Both kinds of a run share one counter.
 */
public final class RunFeed implements RunListener {
  private final TenantFeed feed;
  private final Clock clock;
  private final ConcurrentMap<Run, long[]> counters = new ConcurrentHashMap<>();

  RunFeed(TenantFeed feed, Clock clock) {
    this.feed = feed;
    this.clock = clock;
  }

  @Override
  public void on(RunEvent event) {
    Run run = event.run();
    if (!feed.hasListeners(run.tenant())) {
      forgetEnded(event);
      return;
    }
    if (event instanceof RunEvent.Started started) {
      onStarted(run, started);
    } else if (event instanceof RunEvent.ModelAsked asked) {
      lifecycle(
          run,
          Json.object()
              .put("phase", "model")
              .put("provider", asked.provider())
              .put("model", asked.model()));
    } else if (event instanceof RunEvent.Text text) {
      onText(run, text);
    } else if (event instanceof RunEvent.ToolStarted tool) {
      onToolStarted(run, tool);
    } else if (event instanceof RunEvent.ToolEnded tool) {
      onToolEnded(run, tool);
    } else if (event instanceof RunEvent.RowAdded added) {
      sessionMessage(run, added.row(), added.session(), true);
    } else if (event instanceof RunEvent.Finished finished) {
      onFinished(run, finished);
    } else if (event instanceof RunEvent.Aborted aborted) {
      onAborted(run, aborted);
    } else if (event instanceof RunEvent.Failed failed) {
      onFailed(run, failed.failure(), failed.session());
    } else if (event instanceof RunEvent.Lost lost) {
      onLost(run, lost);
    }
    forgetEnded(event);
  }

  private void forgetEnded(RunEvent event) {
    if (event instanceof RunEvent.Finished
        || event instanceof RunEvent.Aborted
        || event instanceof RunEvent.Failed
        || event instanceof RunEvent.Lost) {
      counters.remove(event.run());
    }
  }

  /** A session changed without a run: created, renamed, reset, deleted; then the row is null. */
  public void sessionChanged(
      TenantId tenant, SessionKey key, @Nullable ObjectNode row, String reason) {
    ObjectNode payload = naming(key).put("reason", reason);
    if (row != null) {
      payload.set("session", row);
      for (String field : List.of("sessionId", "updatedAt", "hasActiveRun", "activeRunIds")) {
        payload.set(field, row.get(field));
      }
    }
    feed.publish(
        tenant,
        new Audience(Permission.CHAT_READ, Kind.SESSIONS, key.toString()),
        "sessions.changed",
        Json.raw(payload));
  }

  private void onStarted(Run run, RunEvent.Started started) {
    lifecycle(run, Json.object().put("phase", "start").put("startedAt", started.at()));
    sessionMessage(run, started.row(), started.session(), true);
    phase(run, started.session(), "start", true);
  }

  private void onText(Run run, RunEvent.Text text) {
    ObjectNode data = Json.object().put("text", text.text()).put("delta", text.delta());
    agent(run, "assistant", data, Kind.EVERYBODY);
    chat(run, Json.object().put("state", "delta").put("deltaText", text.delta()), text.text());
  }

  private void onToolStarted(Run run, RunEvent.ToolStarted tool) {
    ObjectNode data =
        Json.object()
            .put("phase", "start")
            .put("name", tool.tool())
            .put("toolCallId", tool.callId())
            .set("args", tool.arguments());
    agent(run, "tool", data, Kind.TOOLS);
  }

  private void onToolEnded(Run run, RunEvent.ToolEnded tool) {
    ObjectNode data =
        Json.object()
            .put("phase", "result")
            .put("name", tool.tool())
            .put("toolCallId", tool.callId())
            .put("isError", tool.failed());
    data.putObject("result")
        .putArray("content")
        .addObject()
        .put("type", "text")
        .put("text", tool.content());
    agent(run, "tool", data, Kind.TOOLS);
  }

  private void onFinished(Run run, RunEvent.Finished finished) {
    ObjectNode data =
        Json.object()
            .put("phase", "end")
            .put("startedAt", finished.startedAt())
            .put("endedAt", clock.millis())
            .put("stopReason", finished.stopReason())
            .put("aborted", false);
    data.putObject("terminalReply").put("disposition", "visible").put("text", finished.text());
    lifecycle(run, data);
    chat(
        run,
        Json.object().put("state", "final").put("stopReason", finished.stopReason()),
        finished.text());
    phase(run, finished.session(), "end", false);
  }

  private void onAborted(Run run, RunEvent.Aborted aborted) {
    lifecycle(run, Json.object().put("phase", "end").put("aborted", true));
    chat(run, Json.object().put("state", "aborted").put("stopReason", "rpc"), aborted.text());
    phase(run, aborted.session(), "end", false);
  }

  private void onFailed(Run run, ParleyException failure, @Nullable SessionRow session) {
    String message = failure.text();
    ObjectNode data = Json.object().put("phase", "error").put("error", message);
    lifecycle(run, data.put("endedAt", clock.millis()));
    ObjectNode payload = chatPayload(run).put("state", "error").put("errorMessage", message);
    payload.put("errorKind", kindOf(failure)).put("errorCode", failure.code().wireName());
    publish(run, "chat", payload, Kind.EVERYBODY);
    phase(run, session, "end", false);
  }

  /** Another node has numbered the events of this run: its end has a number above all of them. */
  private void onLost(Run run, RunEvent.Lost lost) {
    counters.put(run, new long[] {clock.millis()});
    onFailed(run, lost.failure(), lost.session());
  }

  private static String kindOf(ParleyException failure) {
    return switch (failure.code()) {
      case DEADLINE_EXCEEDED -> "timeout";
      case RATE_LIMITED, BUDGET_EXCEEDED -> "rate_limit";
      case FORBIDDEN -> "refusal";
      default -> "unknown";
    };
  }

  private void lifecycle(Run run, ObjectNode data) {
    agent(run, "lifecycle", data, Kind.EVERYBODY);
  }

  private void agent(Run run, String stream, ObjectNode data, Kind wanted) {
    ObjectNode payload =
        Json.object()
            .put("runId", run.runId())
            .put("seq", nextSeq(run))
            .put("stream", stream)
            .put("ts", clock.millis())
            .put("sessionKey", run.session().toString())
            .put("agentId", run.session().agent().value())
            .put("isHeartbeat", false);
    payload.set("data", data);
    publish(run, "agent", payload, wanted);
  }

  private void chat(Run run, ObjectNode state, String text) {
    ObjectNode payload = chatPayload(run);
    payload.setAll(state);
    ObjectNode message = payload.putObject("message").put("role", "assistant");
    message.putArray("content").addObject().put("type", "text").put("text", text);
    message.put("timestamp", clock.millis());
    publish(run, "chat", payload, Kind.EVERYBODY);
  }

  private ObjectNode chatPayload(Run run) {
    return Json.object()
        .put("runId", run.runId())
        .put("sessionKey", run.session().toString())
        .put("agentId", run.session().agent().value())
        .put("seq", nextSeq(run));
  }

  private void sessionMessage(Run run, TranscriptRow row, SessionRow session, boolean active) {
    ObjectNode payload = changed(run, session, active);
    payload.set("message", row.toJson());
    payload.put("messageId", row.id()).put("messageSeq", row.seq());
    publish(run, "session.message", payload, Kind.MESSAGES);
  }

  private void phase(Run run, @Nullable SessionRow session, String phase, boolean active) {
    ObjectNode payload = changed(run, session, active).put("phase", phase);
    publish(run, "sessions.changed", payload, Kind.SESSIONS);
  }

  private ObjectNode changed(Run run, @Nullable SessionRow session, boolean active) {
    ObjectNode payload = naming(run.session()).put("runId", run.runId());
    if (session != null) {
      ObjectNode row = session.toJson();
      markActive(row, run, active);
      payload.set("session", row);
      payload.put("sessionId", session.sessionId()).put("updatedAt", session.updatedAt());
      markActive(payload, run, active);
    }
    return payload;
  }

  private ObjectNode naming(SessionKey session) {
    return Json.object()
        .put("sessionKey", session.toString())
        .put("agentId", session.agent().value())
        .put("ts", clock.millis());
  }

  private static void markActive(ObjectNode json, Run run, boolean active) {
    ArrayNode ids = json.put("hasActiveRun", active).putArray("activeRunIds");
    if (active) {
      ids.add(run.runId());
    }
  }

  private void publish(Run run, String event, ObjectNode payload, Kind wanted) {
    feed.publish(
        run.tenant(),
        new Audience(Permission.CHAT_READ, wanted, run.session().toString()),
        event,
        Json.raw(payload));
  }

  private long nextSeq(Run run) {
    long[] counter = counters.computeIfAbsent(run, key -> new long[1]);
    synchronized (counter) {
      return ++counter[0];
    }
  }
}
