package dev.parley.hub.memory;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.parley.protocol.frame.Json;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the catalogue knows of a document; short names because there may be many.
 *
 * @param stamp names its file among those of the document; later ones sort after earlier ones
 * @param bytes of its text, UTF-8
 */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
record Head(
    @JsonProperty("f") String stamp,
    @JsonProperty("b") @JsonInclude long bytes,
    @JsonProperty("c") @JsonInclude long createdAt,
    @JsonProperty("u") @JsonInclude long updatedAt,
    @JsonProperty("t") @Nullable List<String> tags,
    @JsonProperty("s") @Nullable String session) {

  static Head parse(String row) {
    return Json.read(row, Head.class);
  }

  String toRow() {
    return Json.write(this);
  }

  MemoryDocument describe(DocumentName name) {
    return new MemoryDocument(
        name.id(),
        name.agent().value(),
        bytes,
        tags == null ? List.of() : tags,
        session,
        createdAt,
        updatedAt);
  }
}
