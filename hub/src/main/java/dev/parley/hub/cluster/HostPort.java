package dev.parley.hub.cluster;

import dev.parley.protocol.error.ParleyException;

/** A host name or address and a port. */
record HostPort(String host, int port) {
  private static final int MAX_PORT = 65_535;

  /**
   * Reads {@code host:port}; an IPv6 address stands in brackets.
   *
   * @throws ParleyException {@code invalid_request} that names the setting
   */
  static HostPort parse(String setting, String text) {
    int colon = text.lastIndexOf(':');
    String port = text.substring(colon + 1);
    if (colon <= 0 || !port.matches("[0-9]{1,5}") || Integer.parseInt(port) > MAX_PORT) {
      throw ParleyException.invalid(
          setting, "--%s takes host:port,…; %s is none".formatted(setting, text));
    }
    String host = text.substring(0, colon);
    return new HostPort(
        host.startsWith("[") && host.endsWith("]") ? host.substring(1, host.length() - 1) : host,
        Integer.parseInt(port));
  }

  @Override
  public String toString() {
    return (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
  }
}
