package dev.parley.cli.connect;

/** Closes something also when a signal ends this process, which unwinds no stack. */
final class Ending implements AutoCloseable {
  private final Thread hook;

  Ending(AutoCloseable what) {
    hook = new Thread(() -> close(what), "parley-stop");
    Runtime.getRuntime().addShutdownHook(hook);
  }

  /** It is closed in another way. */
  @Override
  public void close() {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException underWay) {
      // The process is ending, and the hook runs.
    }
  }

  private static void close(AutoCloseable what) {
    try {
      what.close();
    } catch (Exception e) {
      System.err.println("parley: could not end cleanly: " + e);
    }
  }
}
