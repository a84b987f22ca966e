package dev.parley.hub.plugin;

import com.dylibso.chicory.wasm.types.FunctionType;
import com.dylibso.chicory.wasm.types.ValType;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The functions that a plugin can import from the module {@code parley}: all that it can reach of
 * the host. Places are pairs of address and length in the plugin's memory; texts are UTF-8.
 */
enum HostCall {
  /** {@code fail(text)}: ends the call; the caller is told the text. Needs no grant. */
  FAIL(null, List.of(ValType.I32, ValType.I32), List.of()),
  /** {@code log(text)}: writes a line. */
  LOG(Grant.LOG, List.of(ValType.I32, ValType.I32), List.of()),
  /** {@code state_get(key)}: the place of the value (address &lt;&lt; 32 | length), or -1. */
  STATE_GET(Grant.STATE, List.of(ValType.I32, ValType.I32), List.of(ValType.I64)),
  /** {@code state_put(key, value)}. */
  STATE_PUT(Grant.STATE, List.of(ValType.I32, ValType.I32, ValType.I32, ValType.I32), List.of()),
  /** {@code state_delete(key)}: 1 if it was there, else 0. */
  STATE_DELETE(Grant.STATE, List.of(ValType.I32, ValType.I32), List.of(ValType.I32)),
  /** {@code state_keys(prefix)}: the place of a JSON list of keys in their order. */
  STATE_KEYS(Grant.STATE, List.of(ValType.I32, ValType.I32), List.of(ValType.I64));

  static final String MODULE = "parley";

  private final @Nullable Grant grant;
  private final FunctionType type;
  private final String wireName = name().toLowerCase(Locale.ROOT);

  HostCall(@Nullable Grant grant, List<ValType> parameters, List<ValType> results) {
    this.grant = grant;
    this.type = FunctionType.of(parameters, results);
  }

  static @Nullable HostCall find(String module, String name) {
    if (module.equals(MODULE)) {
      for (HostCall known : values()) {
        if (known.wireName.equals(name)) {
          return known;
        }
      }
    }
    return null;
  }

  /** What it needs, or null. */
  @Nullable Grant grant() {
    return grant;
  }

  FunctionType type() {
    return type;
  }

  String wireName() {
    return wireName;
  }
}
