package dev.parley.protocol.contract;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.frame.Frame;
import dev.parley.protocol.frame.Json;
import java.util.List;

/** Writes the JSON Schema bundle. */
final class SchemaBundle {
  static final List<String> FRAMES = List.of("RequestFrame", "ResponseFrame", "EventFrame");

  private final Contract contract;
  private final Definitions definitions;

  SchemaBundle(Contract contract) {
    this.contract = contract;
    definitions = new Definitions(contract, "#/$defs/", ErrorCode::name);
  }

  ObjectNode write() {
    ObjectNode bundle =
        Json.object()
            .put("$schema", "https://json-schema.org/draft/2020-12/schema")
            .put("$id", "urn:parley:protocol:" + Frame.WIRE_VERSION)
            .put("title", "Parley WebSocket protocol")
            .put(
                "description",
                "A frame. What it carries is in $defs: <method>.params, <method>.result and"
                    + " <event>.payload.");
    ArrayNode frames = bundle.putArray("oneOf");
    FRAMES.forEach(frame -> frames.addObject().put("$ref", definitions.ref(frame)));
    ObjectNode all = definitions.all();
    for (Operation operation : contract.operations().values()) {
      all.set(operation.name() + ".params", titled(operation.params(), operation.summary()));
      all.set(operation.name() + ".result", definitions.relocated(operation.result()));
    }
    for (Contract.Event event : contract.events().values()) {
      all.set(event.name() + ".payload", titled(event.payload(), event.summary()));
    }
    bundle.set("$defs", all);
    return bundle;
  }

  private ObjectNode titled(ObjectNode schema, String title) {
    ObjectNode titled = Json.object().put("title", title);
    titled.setAll(definitions.relocated(schema));
    return titled;
  }
}
