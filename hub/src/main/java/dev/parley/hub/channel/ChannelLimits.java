package dev.parley.hub.channel;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude;
import dev.parley.protocol.error.ParleyException;
import org.jspecify.annotations.Nullable;

/**
 * Limits of a channel, below those of the tenants; null for none.
 *
 * @param callsPerMinute calls through the channel, at least 1
 * @param tokensPerDay model tokens, prompt and reply, per UTC day, at least 1
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record ChannelLimits(@Nullable Long callsPerMinute, @Nullable Long tokensPerDay) {
  public static final ChannelLimits NONE = new ChannelLimits(null, null);

  /**
   * Validates the limits.
   *
   * @throws ParleyException {@code invalid_request} naming the field
   */
  public ChannelLimits {
    requirePositive("callsPerMinute", callsPerMinute);
    requirePositive("tokensPerDay", tokensPerDay);
  }

  @JsonIgnore
  public boolean isNone() {
    return equals(NONE);
  }

  private static void requirePositive(String field, @Nullable Long limit) {
    if (limit != null && limit < 1) {
      throw ParleyException.invalid(
          "limits", "limits.%s must be at least 1, got %d".formatted(field, limit));
    }
  }
}
