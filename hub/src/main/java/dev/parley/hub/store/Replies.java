package dev.parley.hub.store;

import io.vertx.redis.client.Response;
import io.vertx.redis.client.ResponseType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Redis's replies as plain values. */
final class Replies {
  private Replies() {}

  static @Nullable String textOrNull(@Nullable Response response) {
    return response == null ? null : response.toString();
  }

  @SuppressWarnings("NullAway") // Void has no other value
  static Void nothing(@Nullable Response response) {
    return null;
  }

  static Long integer(@Nullable Response response) {
    return response == null ? 0L : response.toLong();
  }

  static Boolean isOne(@Nullable Response response) {
    return integer(response) == 1;
  }

  static List<String> textList(@Nullable Response response) {
    List<String> texts = new ArrayList<>();
    if (response != null) {
      response.forEach(item -> texts.add(item.toString()));
    }
    return texts;
  }

  static Map<String, String> textMap(@Nullable Response response) {
    Map<String, String> map = new LinkedHashMap<>();
    if (response != null) {
      for (String field : response.getKeys()) {
        map.put(field, response.get(field).toString());
      }
    }
    return map;
  }

  static @Nullable Map<String, String> onlyStreamEntry(@Nullable Response response) {
    if (response == null || response.size() == 0) {
      return null;
    }
    Map<String, String> fields = new LinkedHashMap<>();
    List<String> flat = textList(response.get(0).get(1));
    for (int i = 0; i + 1 < flat.size(); i += 2) {
      fields.put(flat.get(i), flat.get(i + 1));
    }
    return fields;
  }

  static ScriptResult scriptResult(@Nullable Response response) {
    List<@Nullable Object> values = new ArrayList<>();
    if (response != null && response.type() == ResponseType.MULTI) {
      for (Response item : response) {
        values.add(scriptValue(item));
      }
    } else {
      values.add(scriptValue(response));
    }
    return new ScriptResult(values);
  }

  private static @Nullable Object scriptValue(@Nullable Response value) {
    if (value == null) {
      return null;
    }
    return switch (value.type()) {
      case NUMBER -> value.toLong();
      case BULK, SIMPLE -> value.toString();
      default -> throw new IllegalStateException("a script returned a nested " + value.type());
    };
  }
}
