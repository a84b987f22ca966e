package dev.parley.hub.agent;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.access.HubPrincipals;
import dev.parley.hub.access.Principal;
import dev.parley.hub.access.Rights;
import dev.parley.hub.model.ToolCall;
import dev.parley.hub.model.ToolSpec;
import dev.parley.hub.switchboard.CallOrder;
import dev.parley.hub.switchboard.Delivery;
import dev.parley.hub.switchboard.Outgoing;
import dev.parley.hub.switchboard.Switchboard;
import dev.parley.hub.tenant.TenantScope;
import dev.parley.hub.workspace.Workspace;
import dev.parley.protocol.address.AgentAddress;
import dev.parley.protocol.address.Target;
import dev.parley.protocol.envelope.Kind;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The tools of a hosted agent in one run. They act as the agent: its own files and memory, and
 * calls through the switchboard under the same channels and limits as everybody's. Of what the
 * agent may do, they do what the message that is handled permits; see {@link Rights}.
 */
final class AgentTools {
  private static final int MAX_RESULT_CHARS = 20_000;

  private static final List<ToolSpec> CALLING =
      List.of(
          FileTools.spec(
              "call_agent",
              "Asks another agent and waits for its answer.",
              """
              {"type":"object","required":["to","message"],"properties":{
               "to":{"type":"string","description":"tenant/agent, or market:tenant/listing"},
               "message":{"type":"string"}}}"""),
          FileTools.spec(
              "list_agents",
              "Lists the agents you may call.",
              "{\"type\":\"object\",\"properties\":{}}"));

  /** All of them, those for files and memory too. */
  static final List<ToolSpec> SPECS =
      Stream.of(
              CALLING.stream(),
              FileTools.SPECS.stream(),
              Stream.of(MemoryTools.SEARCH, MemoryTools.GET))
          .flatMap(each -> each)
          .toList();

  /** What a tool came to, as the model reads it. */
  record Outcome(String content, boolean failed) {}

  private final Principal agent;
  private final Delivery cause;
  private final Switchboard switchboard;
  private final Neighbours neighbours;
  private final FileTools files;
  private final MemoryTools memory;
  private final ToolBox plugins;
  private final TenantScope scope;
  private @Nullable Outgoing calling;

  AgentTools(
      AgentAddress agent,
      Delivery cause,
      Switchboard switchboard,
      Neighbours neighbours,
      Workspace files,
      MemoryTools memory,
      ToolBox plugins,
      TenantScope scope) {
    this.agent = HubPrincipals.agent(agent).limitedTo(Rights.of(cause.envelope().rights()));
    this.cause = cause;
    this.switchboard = switchboard;
    this.neighbours = neighbours;
    this.files = new FileTools(files);
    this.memory = memory;
    this.plugins = plugins;
    this.scope = scope;
  }

  /** All tools of the run: the hub's own, and those of the tenant's plugins. */
  Future<List<ToolSpec>> specs() {
    return plugins.tools(scope).map(more -> Stream.concat(SPECS.stream(), more.stream()).toList());
  }

  /** Runs a tool; a refusal or failure is an outcome for the model, not a failure of the run. */
  Future<Outcome> run(ToolCall call) {
    Future<String> result;
    try {
      agent.rights().requireTool(call.name());
      ObjectNode arguments = call.arguments();
      result =
          switch (call.name()) {
            case "call_agent" ->
                callAgent(FileTools.text(arguments, "to"), FileTools.text(arguments, "message"));
            case "list_agents" -> neighbours.of(agent).map(Json::write);
            case "memory_search" -> memory.search(arguments);
            case "memory_get" -> memory.get(arguments);
            default -> onFilesOrPlugins(call);
          };
    } catch (ParleyException refusal) {
      result = Future.failedFuture(refusal);
    }
    return result
        .map(content -> new Outcome(shortened(content), false))
        .recover(failure -> Future.succeededFuture(new Outcome(describe(failure), true)));
  }

  private Future<String> onFilesOrPlugins(ToolCall call) {
    Future<String> result = files.run(call.name(), call.arguments());
    return result == null ? plugins.call(scope, call.name(), call.arguments()) : result;
  }

  /** Stops the call that is under way, if one is. */
  void cancel(String why) {
    Outgoing current = calling;
    if (current != null) {
      current.cancel(why);
    }
  }

  private Future<String> callAgent(String to, String message) {
    CallOrder order =
        new CallOrder(
            agent,
            null,
            Target.parse(to),
            Json.raw(Json.object().put("text", message)),
            null,
            0,
            Kind.CALL,
            CallOrder.CallCause.stated(cause),
            null,
            cause.envelope().traceparent());
    Outgoing call = switchboard.prepare(order, Switchboard.Chunks.IGNORED);
    calling = call;
    Promise<String> answer = Promise.promise();
    call.start(reply -> answer.tryComplete(PayloadText.of(reply.payload())), answer::tryFail);
    return answer.future().onComplete(done -> calling = null);
  }

  private static String describe(Throwable failure) {
    return failure instanceof ParleyException refusal
        ? refusal.code().wireName() + ": " + refusal.text()
        : "the tool failed in the hub";
  }

  private static String shortened(String content) {
    return content.length() <= MAX_RESULT_CHARS
        ? content
        : content.substring(0, MAX_RESULT_CHARS) + "… [shortened]";
  }
}
