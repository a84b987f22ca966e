package dev.parley.hub.agent;

import dev.parley.hub.access.HubPrincipals;
import dev.parley.hub.agent.RunEvent.Run;
import dev.parley.hub.model.ModelMessage;
import dev.parley.hub.model.ModelReply;
import dev.parley.hub.model.ModelRequest;
import dev.parley.hub.model.ModelRun;
import dev.parley.hub.model.ResolvedModel;
import dev.parley.hub.model.TokenUsage;
import dev.parley.hub.model.ToolCall;
import dev.parley.hub.model.ToolSpec;
import dev.parley.hub.session.FencingToken;
import dev.parley.hub.session.RunStatus;
import dev.parley.hub.session.SessionKey;
import dev.parley.hub.session.SessionRow;
import dev.parley.hub.session.TranscriptRow;
import dev.parley.hub.switchboard.Account;
import dev.parley.hub.switchboard.Delivery;
import dev.parley.hub.tenant.TenantScope;
import dev.parley.hub.workspace.Workspace;
import dev.parley.protocol.address.AgentAddress;
import dev.parley.protocol.envelope.RawJson;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One message handled by a hosted agent: the user's row, then rounds of model and tools, then the
 * reply. Tokens are reserved before each model call and settled after it with what the call used,
 * however it ended. Runs on the agent's context.
 */
final class AgentRun {
  private static final Logger LOG = LoggerFactory.getLogger(AgentRun.class);

  private final AgentAddress address;
  private final SessionKey session;
  private final Delivery delivery;
  private final HostedAgents.Parts parts;
  private final HostedSettings settings;
  private final HostedAgents host;
  private final FencingToken token;
  private final Consumer<AgentRun> onEnded;
  private final TenantScope scope;
  private final Run run;
  private final Workspace files;
  private final AgentTools tools;
  private final RunTranscript transcript;
  private final CreditedText chunks;
  private final StringBuilder text = new StringBuilder();
  private final Promise<Void> ended = Promise.promise();
  private List<ToolSpec> offered = List.of();
  private @Nullable ModelRun asking;
  private @Nullable ParleyException cancelled;
  private long startedAt;

  AgentRun(
      AgentAddress address,
      SessionKey session,
      Delivery delivery,
      HostedAgents host,
      FencingToken token,
      Consumer<AgentRun> onEnded) {
    this.address = address;
    this.session = session;
    this.delivery = delivery;
    this.chunks = new CreditedText(delivery);
    this.parts = host.parts();
    this.settings = host.settings();
    this.host = host;
    this.token = token;
    this.onEnded = onEnded;
    this.scope = parts.scopes().of(HubPrincipals.agent(address));
    String runId =
        Redelivery.runId(
            parts.runIds().runOf(address.tenant(), delivery.envelope().id()), delivery.attempt());
    this.run = new Run(address.tenant(), session, runId);
    this.transcript = new RunTranscript(parts, token, scope, run);
    this.files = parts.workspaces().of(scope, address.agent());
    this.tools =
        new AgentTools(
            address,
            delivery,
            parts.switchboard(),
            parts.neighbours(),
            files,
            new MemoryTools(parts.memories(), scope, address.agent(), delivery.account()),
            parts.plugins(),
            scope);
  }

  SessionKey session() {
    return session;
  }

  Future<Void> ended() {
    return ended.future();
  }

  void start() {
    Context loop = Objects.requireNonNull(Vertx.currentContext());
    delivery.onCancel(reason -> loop.runOnContext(go -> stop(reason)));
    startedAt = parts.clock().millis();
    Redelivery.isDone(parts, scope, session, delivery)
        .compose(done -> done ? acknowledge() : work())
        .recover(this::giveUp)
        .onComplete(
            done -> {
              ended.tryComplete();
              onEnded.accept(this);
            });
  }

  private Future<Void> work() {
    return begin()
        .compose(begun -> tools.specs())
        .compose(
            specs -> {
              offered = specs;
              return parts.agents().get(scope, address.agent());
            })
        .compose(
            definition ->
                SystemPrompt.of(
                        address,
                        definition,
                        delivery.envelope().from(),
                        files,
                        settings.promptFileChars())
                    .compose(
                        prompt ->
                            parts
                                .models()
                                .resolve(scope, definition.model())
                                .compose(model -> round(model, prompt, settings.maxToolRounds()))))
        .compose(this::finish);
  }

  private Future<Void> acknowledge() {
    delivery.reply(RawJson.NULL);
    return Future.succeededFuture();
  }

  /** Gives the run up from within the hub; its caller is told why, unless it can begin anew. */
  void cancel(ParleyException reason) {
    if (!mayBeginAnew()) {
      delivery.fail(reason);
    }
    stop(reason);
  }

  /** Nothing of it was written, and that because another activation has the agent. */
  private boolean mayBeginAnew() {
    return !transcript.hasBegun() && token.isSuperseded();
  }

  private void stop(ParleyException reason) {
    if (cancelled != null) {
      return;
    }
    cancelled = reason;
    if (asking != null) {
      asking.cancel();
    }
    tools.cancel("the run that made it was stopped");
  }

  private Future<Void> begin() {
    TranscriptRow said =
        TranscriptRow.user(PayloadText.of(delivery.envelope().payload()), startedAt);
    if (delivery.envelope().from().agent() != null
        || !delivery.envelope().from().tenant().equals(address.tenant())) {
      said.fields().put("senderLabel", delivery.envelope().from().toString());
      said.fields().putObject("provenance").put("kind", "inter_session");
    }
    return transcript.begin(said, startedAt);
  }

  private Future<ModelReply> round(ResolvedModel model, String prompt, int roundsLeft) {
    return parts
        .sessions()
        .tail(scope, session, settings.contextRows(), settings.contextChars())
        .compose(rows -> ask(model, prompt, ModelContext.of(rows), roundsLeft))
        .compose(
            reply -> {
              if (reply.calls().isEmpty()) {
                return Future.succeededFuture(reply);
              }
              if (roundsLeft <= 0) {
                return Future.failedFuture(tooManyRounds());
              }
              return transcript
                  .appendCalls(model, reply)
                  .compose(row -> runTools(reply.calls(), 0))
                  .compose(done -> round(model, prompt, roundsLeft - 1));
            });
  }

  /** The model was offered no tools any more and asked for one all the same. */
  private ParleyException tooManyRounds() {
    return new ParleyException(
            ErrorCode.AGENT_FAILED,
            "the model asked for tools more than %d times in one run"
                .formatted(settings.maxToolRounds()))
        .with("maxToolRounds", settings.maxToolRounds());
  }

  private Future<ModelReply> ask(
      ResolvedModel model, String prompt, List<ModelMessage> messages, int roundsLeft) {
    requireNotCancelled();
    ModelRequest request =
        new ModelRequest(
            model.model(),
            prompt,
            messages,
            roundsLeft > 0 ? offered : List.of(),
            model.maxOutputTokens(),
            timeLeft(model));
    long promptTokens = model.provider().promptTokensAtMost(request);
    return delivery
        .account()
        .reserve(
            promptTokens + request.maxOutputTokens(),
            model.price().of(promptTokens, request.maxOutputTokens()))
        .compose(hold -> ask(model, request, hold));
  }

  private Future<ModelReply> ask(ResolvedModel model, ModelRequest request, Account.Hold hold) {
    if (cancelled != null) {
      return delivery.account().release(hold).compose(gone -> Future.failedFuture(cancelled));
    }
    parts.listener().on(new RunEvent.ModelAsked(run, model.provider().name(), request.model()));
    text.setLength(0);
    ModelRun asked = model.provider().start(request, this::onText);
    asking = asked;
    return asked
        .reply()
        .transform(
            outcome -> {
              asking = null;
              TokenUsage used = asked.used();
              transcript.count(used);
              return delivery
                  .account()
                  .settle(
                      hold,
                      used.input(),
                      used.output(),
                      model.price().of(used.input(), used.output()))
                  .compose(
                      settled ->
                          outcome.succeeded()
                              ? Future.succeededFuture(outcome.result())
                              : Future.failedFuture(outcome.cause()));
            });
  }

  private void onText(String piece) {
    text.append(piece);
    chunks.chunk(piece);
    parts.listener().on(new RunEvent.Text(run, piece, text.toString()));
  }

  private Future<Void> runTools(List<ToolCall> calls, int index) {
    if (index == calls.size()) {
      return Future.succeededFuture();
    }
    requireNotCancelled();
    ToolCall call = calls.get(index);
    parts.listener().on(new RunEvent.ToolStarted(run, call.id(), call.name(), call.arguments()));
    return tools
        .run(call)
        .compose(
            outcome -> {
              parts
                  .listener()
                  .on(
                      new RunEvent.ToolEnded(
                          run, call.id(), call.name(), outcome.content(), outcome.failed()));
              return transcript.append(
                  TranscriptRow.toolResult(
                      call.id(),
                      call.name(),
                      outcome.content(),
                      outcome.failed(),
                      parts.clock().millis()));
            })
        .compose(row -> runTools(calls, index + 1));
  }

  private Future<Void> finish(ModelReply reply) {
    return transcript
        .end(RunStatus.OK, transcript.reply(reply.text(), reply.reason().wireName()))
        .map(
            ended -> {
              parts
                  .listener()
                  .on(
                      new RunEvent.Finished(
                          run, reply.text(), reply.reason().wireName(), ended, startedAt));
              chunks.reply(PayloadText.write(reply.text()));
              return null;
            });
  }

  private Future<Void> giveUp(Throwable failure) {
    if (mayBeginAnew()) {
      host.redeliver(address, delivery);
      return Future.succeededFuture();
    }
    ParleyException reason = cancelled != null ? cancelled : refusal(failure);
    boolean aborted = reason.code() == ErrorCode.CANCELLED;
    TranscriptRow partial =
        text.isEmpty() ? null : transcript.reply(text.toString(), aborted ? "aborted" : "error");
    return transcript
        .end(aborted ? RunStatus.ABORTED : RunStatus.FAILED, partial)
        .<@Nullable SessionRow>map(row -> row)
        .otherwise(
            unwritten -> {
              LOG.warn("the end of run {} of {} was not written", run.runId(), address, unwritten);
              return null;
            })
        .onSuccess(
            row ->
                parts
                    .listener()
                    .on(
                        aborted
                            ? new RunEvent.Aborted(run, text.toString(), row, startedAt)
                            : new RunEvent.Failed(run, reason, row, startedAt)))
        .eventually(
            () -> {
              delivery.fail(reason);
              return Future.succeededFuture();
            })
        .mapEmpty();
  }

  private Duration timeLeft(ResolvedModel model) {
    long left = Math.max(1, delivery.envelope().deadline() - parts.clock().millis());
    return Duration.ofMillis(Math.min(left, model.timeout().toMillis()));
  }

  private void requireNotCancelled() {
    if (cancelled != null) {
      throw cancelled;
    }
  }

  private static ParleyException refusal(Throwable failure) {
    return failure instanceof ParleyException known
        ? known
        : new ParleyException(ErrorCode.INTERNAL, "the agent failed in the hub", failure);
  }
}
