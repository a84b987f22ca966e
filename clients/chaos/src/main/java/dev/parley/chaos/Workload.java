package dev.parley.chaos;

import dev.parley.client.ParleyAgent;
import dev.parley.client.ParleyClient;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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
  private static final long LONGEST_SECONDS = 1_200;
  private static final long LOOK_MS = 2_000;

  private final Town town;
  private final History history;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final List<ParleyAgent> agents = new ArrayList<>();
  private final List<ParleyClient> clients = new ArrayList<>();
  private final List<Traffic> traffic = new ArrayList<>();
  private final Map<Chats, Transcripts> chats = new LinkedHashMap<>();
  private final Map<String, List<Talks>> talks = new LinkedHashMap<>();
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
              .connectAgent(Town.WORKER, new Worker(history, member.worker()))
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
      traffic.add(new Posts(history, client, member.room(), List.of(member.worker(), to)));
      place++;
    }
    talk();
    List<ParleyClient> spenders = atEveryNode(budget.spender());
    for (int node = 0; node < spenders.size(); node++) {
      traffic.add(budget.spending(spenders.get(node), node));
    }
    for (Town.Member member : town.members().subList(1, town.members().size())) {
      List<ParleyClient> byNode = atEveryNode(member);
      chats.put(new Chats(history, member.tenant(), byNode), new Transcripts(history, byNode));
    }
    traffic.addAll(chats.keySet());
    traffic.forEach(threads::execute);
  }

  /** At each of these agents are as many people as there are nodes. */
  private void talk() throws Exception {
    String tenant = town.talking().tenant();
    for (int node = 0; node < town.fleet().nodes().size(); node++) {
      ParleyClient client =
          town.client(town.talking(), town.nodesFrom(node)).connect().get(60, TimeUnit.SECONDS);
      clients.add(client);
      for (String agent : Town.TALKERS) {
        Talks person = new Talks(history, client, tenant, agent, "p" + (node + 1));
        talks.computeIfAbsent(agent, none -> new ArrayList<>()).add(person);
        traffic.add(person);
      }
    }
  }

  private void reportTalks() throws Exception {
    Transcripts transcripts = new Transcripts(history, atEveryNode(town.talking()));
    for (Map.Entry<String, List<Talks>> talk : talks.entrySet()) {
      long sessions = talk.getValue().stream().mapToLong(Talks::sessions).max().orElse(0);
      for (long session = 0; session < sessions; session++) {
        transcripts.session(
            Talks.transcript(town.talking().tenant(), talk.getKey(), session),
            "agent:%s:s%d".formatted(talk.getKey(), session));
      }
    }
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

  /** Stops asking, and waits until what was accepted has happened, or nothing happens any more. */
  void finish() throws Exception {
    traffic.forEach(Traffic::stop);
    threads.shutdown();
    if (!threads.awaitTermination(END_SECONDS, TimeUnit.SECONDS)) {
      throw new IllegalStateException("a client is still waiting for its last answer");
    }
    long longest = history.now() + TimeUnit.SECONDS.toMillis(LONGEST_SECONDS);
    long begun = history.now();
    while (history.now() < longest
        && history.now() < Math.max(begun, lastEffect()) + TimeUnit.SECONDS.toMillis(END_SECONDS)
        && owed()) {
      Thread.sleep(LOOK_MS);
    }
    for (Map.Entry<Chats, Transcripts> chat : chats.entrySet()) {
      chat.getKey().report(chat.getValue());
    }
    for (Town.Member member : town.members()) {
      new Transcripts(history, atEveryNode(member))
          .room(Posts.transcript(member.room()), member.room());
    }
    reportTalks();
    budget.report();
  }

  private long lastEffect() {
    return history.events().stream()
        .filter(event -> event.kind() == Event.Kind.EFFECT)
        .mapToLong(Event::at)
        .max()
        .orElse(0);
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
