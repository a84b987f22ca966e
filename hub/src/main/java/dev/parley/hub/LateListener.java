package dev.parley.hub;

import dev.parley.hub.agent.RunEvent;
import dev.parley.hub.agent.RunListener;

/** Passes run events on to a listener that is made after those who send them. */
final class LateListener implements RunListener {
  volatile RunListener listener = event -> {};

  @Override
  public void on(RunEvent event) {
    listener.on(event);
  }
}
