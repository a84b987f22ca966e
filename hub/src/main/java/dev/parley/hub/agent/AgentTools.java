package dev.parley.hub.agent;

import com.fasterxml.jackson.databind.JsonNode;
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
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The tools of a hosted agent in one run. They act as the agent: its own files and memory, and
 * calls through the switchboard under the same channels and limits as everybody's. Of what the
 * agent may do, they do what the message that is handled permits; see {@link Rights}.
 */
final class AgentTools {
  private static final int MAX_RESULT_CHARS = 20_000;

  private static final List<ToolSpec> SPECS =
      List.of(
          spec(
              "call_agent",
              "Asks another agent and waits for its answer.",
              """
              {"type":"object","required":["to","message"],"properties":{
               "to":{"type":"string","description":"tenant/agent, or market:tenant/listing"},
               "message":{"type":"string"}}}"""),
          spec(
              "list_agents",
              "Lists the agents you may call.",
              "{\"type\":\"object\",\"properties\":{}}"),
          spec(
              "list_files",
              "Lists the files of your workspace.",
              "{\"type\":\"object\",\"properties\":{}}"),
          spec(
              "read_file",
              "Reads a text file of your workspace.",
              """
              {"type":"object","required":["path"],"properties":{"path":{"type":"string"}}}"""),
          spec(
              "write_file",
              "Writes a text file of your workspace.",
              """
              {"type":"object","required":["path","content"],"properties":{
               "path":{"type":"string"},"content":{"type":"string"}}}"""),
          MemoryTools.SEARCH,
          MemoryTools.GET);

  /** What a tool came to, as the model reads it. */
  record Outcome(String content, boolean failed) {}

  private final Principal agent;
  private final Delivery cause;
  private final Switchboard switchboard;
  private final Neighbours neighbours;
  private final Workspace files;
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
    this.files = files;
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
            case "call_agent" -> callAgent(text(arguments, "to"), text(arguments, "message"));
            case "list_agents" -> neighbours.of(agent).map(Json::write);
            case "list_files" ->
                files
                    .list("")
                    .map(
                        all ->
                            all.stream()
                                .map(file -> file.name() + " (" + file.size() + " bytes)")
                                .collect(Collectors.joining("\n")));
            case "read_file" -> files.read(text(arguments, "path")).map(file -> file.text());
            case "write_file" ->
                files
                    .write(text(arguments, "path"), text(arguments, "content"))
                    .map(file -> "wrote " + file.name() + " (" + file.size() + " bytes)");
            case "memory_search" -> memory.search(arguments);
            case "memory_get" -> memory.get(arguments);
            default -> plugins.call(scope, call.name(), arguments);
          };
    } catch (ParleyException refusal) {
      result = Future.failedFuture(refusal);
    }
    return result
        .map(content -> new Outcome(shortened(content), false))
        .recover(failure -> Future.succeededFuture(new Outcome(describe(failure), true)));
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

  static String text(ObjectNode arguments, String name) {
    JsonNode value = arguments.path(name);
    if (!value.isTextual()) {
      throw ParleyException.invalid(name, "the tool needs the string argument " + name);
    }
    return value.textValue();
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

  private static ToolSpec spec(String name, String description, String parameters) {
    return new ToolSpec(name, description, Json.parseObject("parameters", parameters));
  }
}
