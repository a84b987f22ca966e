package dev.parley.hub.outbound;

import java.util.List;

/**
 * How the hub calls out.
 *
 * @param connections the most connections to one host at once, and as many requests waiting
 * @param networks private networks that addresses of tenants may lead to, as {@code 10.1.0.0/16}
 */
public record OutboundSettings(int connections, List<String> networks) {
  /** All networks: addresses of tenants may lead anywhere. */
  public static final List<String> EVERYWHERE = List.of("0.0.0.0/0", "::/0");

  public OutboundSettings {
    networks = List.copyOf(networks);
    new Networks(networks);
  }

  /** 256 connections, public addresses only. */
  public static OutboundSettings defaults() {
    return new OutboundSettings(256, List.of());
  }
}
