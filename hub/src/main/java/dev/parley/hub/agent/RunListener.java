package dev.parley.hub.agent;

/** Is told what runs do; called on the agent's event loop, must be quick. */
@FunctionalInterface
public interface RunListener {
  void on(RunEvent event);
}
