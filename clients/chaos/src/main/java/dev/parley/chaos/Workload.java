package dev.parley.chaos;

import dev.parley.client.ParleyAgent;
import dev.parley.client.ParleyClient;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/** Everything that the tenants of a town do during a run, and the history they write. */
final class Workload implements AutoCloseable {
  private static final int CONVERSATIONS = 3;
  private static final int REMEMBERED = 10_000;
  private static final long TOKENS = 60_000;
  private static final long END_SECONDS = 120;

  private final Town town;
  private final History history;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final List<ParleyAgent> agents = new ArrayList<>();
  private final List<ParleyClient> clients = new ArrayList<>();
  private final List<Traffic> traffic = new ArrayList<>();
  private final List<Chats> chats = new ArrayList<>();
  private final Budget budget;

  Workload(Town town, History history) {
    this.town = town;
    this.history = history;
    this.budget = new Budget(town, history, town.members().get(0), TOKENS);
  }

  void start(boolean dedupe) throws Exception {
    budget.announce();
    int place = 0;
    for (Town.Member member : town.members()) {
      agents.add(
          town.client(member, town.nodesFrom(place + 1))
              .remembered(dedupe ? REMEMBERED : 0)
              .connectAgent(Town.WORKER, new Worker(history))
              .get(60, TimeUnit.SECONDS));
      ParleyClient client =
          town.client(member, town.nodesFrom(place)).connect().get(60, TimeUnit.SECONDS);
      clients.add(client);
      String pair = member.tenant() + ">" + town.next(place).tenant();
      String to = town.next(place).worker();
      for (int i = 1; i <= CONVERSATIONS; i++) {
        traffic.add(new Mail(history, client, "mail:" + pair + ":" + i, to));
      }
      traffic.add(new Calls(history, client, "call:" + pair, to, /* streams= */ false));
      traffic.add(new Calls(history, client, "stream:" + pair, to, /* streams= */ true));
      place++;
    }
    List<ParleyClient> spenders = atEveryNode(budget.spender());
    for (int node = 0; node < spenders.size(); node++) {
      traffic.add(budget.spending(spenders.get(node), node));
    }
    for (Town.Member member : town.members().subList(1, town.members().size())) {
      chats.add(new Chats(history, member.tenant(), atEveryNode(member)));
    }
    traffic.addAll(chats);
    traffic.forEach(threads::execute);
  }

  private List<ParleyClient> atEveryNode(Town.Member member) throws Exception {
    List<ParleyClient> byNode = new ArrayList<>();
    for (HubNode node : town.fleet().nodes()) {
      ParleyClient client = town.client(member, List.of(node)).connect().get(60, TimeUnit.SECONDS);
      clients.add(client);
      byNode.add(client);
    }
    return byNode;
  }

  /** Stops asking, and waits until what was accepted has happened or time is over. */
  void finish() throws Exception {
    traffic.forEach(Traffic::stop);
    threads.shutdown();
    if (!threads.awaitTermination(END_SECONDS, TimeUnit.SECONDS)) {
      throw new IllegalStateException("a client is still waiting for its last answer");
    }
    long until = history.now() + TimeUnit.SECONDS.toMillis(END_SECONDS);
    while (owed() && history.now() < until) {
      Thread.sleep(200);
    }
    for (Chats chat : chats) {
      chat.report();
    }
    budget.report();
  }

  private boolean owed() {
    Set<String> done = new HashSet<>();
    Set<String> accepted = new HashSet<>();
    for (Event event : history.events()) {
      switch (event.kind()) {
        case ACCEPTED -> accepted.add(event.id());
        case EFFECT -> done.add(event.id());
        default -> {}
      }
    }
    return !done.containsAll(accepted);
  }

  @Override
  public void close() {
    threads.shutdownNow();
    agents.forEach(ParleyAgent::close);
    clients.forEach(ParleyClient::close);
  }
}
