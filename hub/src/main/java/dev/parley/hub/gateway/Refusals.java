package dev.parley.hub.gateway;

import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a client is told of a failure. A {@link ParleyException} is meant to be told; anything else
 * is a defect, of which the client learns only the incident number and the log the rest.
 */
public final class Refusals {
  private static final Logger LOG = LoggerFactory.getLogger(Refusals.class);

  private Refusals() {}

  public static ParleyException of(Throwable failure) {
    if (failure instanceof ParleyException known && known.code() != ErrorCode.INTERNAL) {
      return known;
    }
    String incident = UUID.randomUUID().toString();
    LOG.error("incident {}", incident, failure);
    return new ParleyException(
            ErrorCode.INTERNAL, "the hub failed; tell its operator the incident number " + incident)
        .with("incident", incident);
  }
}
