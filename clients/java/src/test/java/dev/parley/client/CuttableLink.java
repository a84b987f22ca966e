package dev.parley.client;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A network between a client and a hub that can be cut, be away, or swallow what the hub says. What
 * was in it when it is cut is lost.
 */
final class CuttableLink implements AutoCloseable {
  private final ServerSocket server;
  private final int hubPort;
  private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
  private volatile boolean away;
  private volatile boolean swallowing;
  private final AtomicInteger opened = new AtomicInteger();

  CuttableLink(int hubPort) throws IOException {
    this.hubPort = hubPort;
    this.server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    inBackground(this::accept);
  }

  String url() {
    return "ws://127.0.0.1:" + server.getLocalPort();
  }

  /** How many connections were let through so far. */
  int opened() {
    return opened.get();
  }

  /** Breaks every connection, as a router does that loses its power. */
  void cut() {
    for (Socket socket : Set.copyOf(sockets)) {
      reset(socket);
    }
  }

  /** Breaks every connection, and lets no new one through until {@link #comeBack}. */
  void goAway() {
    away = true;
    cut();
  }

  void comeBack() {
    swallowing = false;
    away = false;
  }

  /** From now on what the hub says gets lost; what the client says still arrives. */
  void swallowAnswers() {
    swallowing = true;
  }

  @Override
  public void close() throws IOException {
    server.close();
    goAway();
  }

  private void accept() {
    while (!server.isClosed()) {
      try {
        Socket client = server.accept();
        if (away) {
          reset(client);
        } else {
          open(client);
        }
      } catch (IOException closed) {
        // By this test, or by the hub that is restarting.
      }
    }
  }

  private void open(Socket client) throws IOException {
    Socket hub = new Socket(InetAddress.getLoopbackAddress(), hubPort);
    sockets.add(client);
    sockets.add(hub);
    opened.incrementAndGet();
    if (away) {
      cut();
    }
    inBackground(() -> pass(client, hub, /* fromHub= */ false));
    inBackground(() -> pass(hub, client, /* fromHub= */ true));
  }

  private void pass(Socket from, Socket to, boolean fromHub) {
    byte[] buffer = new byte[16 << 10];
    try {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
        if (!(fromHub && swallowing)) {
          out.write(buffer, 0, read);
        }
      }
      to.shutdownOutput();
    } catch (IOException broken) {
      reset(from);
      reset(to);
    }
  }

  private void reset(Socket socket) {
    sockets.remove(socket);
    try {
      socket.setSoLinger(true, 0);
      socket.close();
    } catch (IOException gone) {
      // Then there is nothing to reset.
    }
  }

  private static void inBackground(Runnable work) {
    Thread thread = new Thread(work, "cuttable-link");
    thread.setDaemon(true);
    thread.start();
  }
}
