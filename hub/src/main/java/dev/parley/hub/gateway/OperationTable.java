package dev.parley.hub.gateway;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.access.Permission;
import dev.parley.hub.contract.RequestValidator;
import dev.parley.protocol.contract.Contract;
import dev.parley.protocol.contract.Operation;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Future;
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
  private final Contract contract;
  private final RequestValidator validator;
  private final Map<String, Handler> handlers = new LinkedHashMap<>();

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
    try {
      if (operation.permission() != null) {
        caller.principal().require(Permission.of(operation.permission()));
      }
      validator.validate(name, params == null ? Json.object() : params);
      return handler.handle(caller, params instanceof ObjectNode object ? object : Json.object());
    } catch (RuntimeException failure) {
      return Future.failedFuture(failure);
    }
  }

  private static String printable(String name) {
    return name.replaceAll("[^\\x20-\\x7e]", "?");
  }
}
