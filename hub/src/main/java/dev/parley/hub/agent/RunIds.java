package dev.parley.hub.agent;

import dev.parley.protocol.address.MessageId;
import dev.parley.protocol.address.TenantId;
import java.nio.charset.StandardCharsets;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/**
 * Run ids are chosen by chat clients and may be any text; message ids may not. This keeps, while a
 * run is under way, which run a message is of.
 */
public final class RunIds {
  private record Message(TenantId tenant, MessageId id) {}

  private final ConcurrentMap<Message, String> runs = new ConcurrentHashMap<>();

  /** The message id of a run: derived from its id, so that it is the same each time. */
  public MessageId open(TenantId tenant, String runId) {
    MessageId id = idOf(runId);
    runs.put(new Message(tenant, id), runId);
    return id;
  }

  private static MessageId idOf(String runId) {
    byte[] bytes = runId.getBytes(StandardCharsets.UTF_8);
    return new MessageId("run-" + UUID.nameUUIDFromBytes(bytes));
  }

  public void close(TenantId tenant, String runId) {
    runs.remove(new Message(tenant, idOf(runId)));
  }

  /** The run that a message is of; a message of no chat client is a run by its own id. */
  String runOf(TenantId tenant, MessageId id) {
    return runs.getOrDefault(new Message(tenant, id), id.value());
  }
}
