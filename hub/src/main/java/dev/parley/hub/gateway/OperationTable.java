package dev.parley.hub.gateway;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.access.Permission;
import dev.parley.hub.contract.RequestValidator;
import dev.parley.protocol.contract.Contract;
import dev.parley.protocol.contract.Operation;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import io.vertx.core.AsyncResult;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Every operation that this hub carries out. Whatever the transport, an operation is authorised,
 * validated and carried out by {@link #dispatch}; there is no other way to a handler.
 */
public final class OperationTable {
  /** Hears of what was carried out or refused. */
  public interface Witness {
    /**
     * Sees one operation before its caller is answered.
     *
     * @param params as they were given; not valid when they were refused
     * @param done what came of it
     * @return what the answer waits for, which must not fail
     */
    Future<Void> saw(Operation operation, Caller caller, JsonNode params, AsyncResult<?> done);
  }

  private final Contract contract;
  private final RequestValidator validator;
  private final Map<String, Handler> handlers = new LinkedHashMap<>();
  private Witness witness = (operation, caller, params, done) -> Future.succeededFuture();

  public OperationTable(Contract contract, RequestValidator validator) {
    this.contract = contract;
    this.validator = validator;
  }

  /**
   * Adds a handler.
   *
   * @throws IllegalArgumentException when the contract has no such operation
   */
  public OperationTable on(String operation, Handler handler) {
    if (contract.operation(operation) == null) {
      throw new IllegalArgumentException("the contract has no operation " + operation);
    }
    handlers.put(operation, handler);
    return this;
  }

  /** Sets who sees every operation; before the first is carried out. */
  public void seenBy(Witness seer) {
    witness = seer;
  }

  /** The names of the operations that work here. */
  public List<String> names() {
    return List.copyOf(handlers.keySet());
  }

  /** The operations that work here, with their contract. */
  public List<Operation> operations() {
    return contract.operations().values().stream()
        .filter(operation -> handlers.containsKey(operation.name()))
        .toList();
  }

  /** The names of the events that clients may get. */
  public Set<String> events() {
    return contract.events().keySet();
  }

  /**
   * Authorises, validates and carries out.
   *
   * @param params null counts as none
   * @return fails with {@code invalid_request} for an unknown operation or bad params, {@code
   *     forbidden}, or what the operation fails with
   */
  public Future<?> dispatch(String name, Caller caller, @Nullable JsonNode params) {
    Operation operation = contract.operation(name);
    Handler handler = handlers.get(name);
    if (operation == null || handler == null) {
      return Future.failedFuture(
          ParleyException.invalid("method", "unknown method: " + printable(name)));
    }
    JsonNode given = params == null ? Json.object() : params;
    Future<?> answer = carryOut(operation, handler, caller, given);
    Promise<Object> told = Promise.promise();
    answer.onComplete(
        done ->
            witness
                .saw(operation, caller, given, done)
                .onComplete(
                    seen -> {
                      if (done.succeeded()) {
                        told.complete(done.result());
                      } else {
                        told.fail(done.cause());
                      }
                    }));
    return told.future();
  }

  private Future<?> carryOut(Operation operation, Handler handler, Caller caller, JsonNode params) {
    try {
      if (operation.permission() != null) {
        caller.principal().require(Permission.of(operation.permission()));
      }
      validator.validate(operation.name(), params);
      return handler.handle(caller, params instanceof ObjectNode object ? object : Json.object());
    } catch (RuntimeException failure) {
      return Future.failedFuture(failure);
    }
  }

  private static String printable(String name) {
    return name.replaceAll("[^\\x20-\\x7e]", "?");
  }
}
