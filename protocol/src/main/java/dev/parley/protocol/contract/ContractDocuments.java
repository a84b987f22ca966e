package dev.parley.protocol.contract;

import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * The contract as the documents that other people's tools read. Each is whole in itself: no
 * reference leaves it.
 */
public final class ContractDocuments {
  private final Contract contract;

  public ContractDocuments(Contract contract) {
    this.contract = contract;
  }

  /** The REST API, as OpenAPI 3.1. */
  public ObjectNode openApi() {
    return new OpenApiDocument(contract).write();
  }

  /** The WebSocket protocol, as AsyncAPI 3.0, told from the side of the hub. */
  public ObjectNode asyncApi() {
    return new AsyncApiDocument(contract).write();
  }

  /**
   * The three frames and, as {@code <method>.params}, {@code <method>.result} and {@code
   * <event>.payload}, everything they carry, as JSON Schema 2020-12.
   */
  public ObjectNode jsonSchema() {
    return new SchemaBundle(contract).write();
  }
}
