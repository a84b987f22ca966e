package dev.parley.cli.demo;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.cli.demo.Narrator.Told;
import dev.parley.client.CallResult;
import dev.parley.client.ChatRequest;
import dev.parley.client.ParleyClient;
import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * The story: acme and globex sign up, chat, agree on a channel; globex sells an agent that is a
 * process of its own, initech buys. Each step fails unless what it says is true.
 */
final class Story {
  private static final String LISTING = "market:globex/shout";
  private static final int PRICE = 250;

  private final Stage stage;
  private final Narrator narrator;

  /** A tenant with its key and its socket. */
  private record Player(String tenant, String key, ParleyClient client) {}

  Story(Stage stage, Narrator narrator) {
    this.stage = stage;
    this.narrator = narrator;
  }

  void play() {
    narrator.step(
        "Start a hub with a Redis of its own",
        () -> {
          String redis = stage.startHub();
          return "listening on %s, Redis at %s".formatted(stage.url(), redis);
        });
    List<Player> players =
        narrator.stepTo(
            "Two strangers sign up, and each opens a WebSocket",
            () ->
                new Told<>(
                    "acme and globex, each with an owner key and a first agent, main",
                    List.of(signUp("acme"), signUp("globex"))));
    consent(players.get(0), players.get(1));
    sell(players.get(0), players.get(1));
  }

  private void consent(Player acme, Player globex) {
    narrator.step(
        "Each chats with its own agent",
        () -> {
          expect(chat(acme, "hello"), "offline", "the model says that it is offline");
          expect(chat(globex, "write price.txt: 42 cents"), "price.txt", "the agent wrote a file");
          return "both answered, streamed word by word";
        });
    narrator.step(
        "acme's agent asks globex's agent, and nobody has agreed to that",
        () -> {
          refused(
              "acme calls globex/main",
              ErrorCode.NOT_FOUND,
              acme.client().call("globex/main", "hi"));
          String told = chat(acme, "ask globex/main read price.txt");
          expect(told, "not found", "the agent reports the refusal");
          return "refused; the answer does not say whether globex/main exists";
        });
    String channel =
        narrator.stepTo(
            "globex proposes a channel, acme accepts",
            () -> {
              JsonNode proposed =
                  ask(
                      globex,
                      "channel.propose",
                      Map.of("from", "acme", "to", "globex/main", "purpose", "prices"));
              String id = proposed.path("channel").path("id").asText();
              JsonNode accepted = ask(acme, "channel.accept", Map.of("id", id));
              expect(accepted.path("channel").path("status").asText(), "active", "the channel");
              return new Told<>("the channel " + id + " is active", id);
            });
    narrator.step(
        "Now acme's agent may ask",
        () -> {
          String answer = chat(acme, "ask globex/main read price.txt");
          expect(answer, "42 cents", "the answer has globex's price");
          return "both agents ran, across the tenants";
        });
    narrator.step(
        "acme revokes the channel",
        () -> {
          ask(acme, "channel.revoke", Map.of("id", channel));
          refused(
              "acme calls globex/main again",
              ErrorCode.NOT_FOUND,
              acme.client().call("globex/main", "hi"));
          return "the next call is refused";
        });
  }

  private void sell(Player acme, Player globex) {
    narrator.step(
        "globex makes an external process an agent, in one command",
        () -> {
          stage.startProcess(
              globex.key(), "globex/shouter", "--per-message", "--exec", "tr", "a-z", "A-Z");
          CallResult reply = Stage.await(globex.client().call("globex/shouter", "hello"));
          expect(reply.text(), "HELLO", "the process's reply");
          return "parley connect globex/shouter --per-message --exec tr a-z A-Z";
        });
    narrator.step(
        "globex publishes it on the marketplace for %d millicents a call".formatted(PRICE),
        () -> {
          ask(
              globex,
              "market.publish",
              Map.of(
                  "name",
                  "shout",
                  "agent",
                  "shouter",
                  "description",
                  "Says it louder",
                  "price",
                  Map.of("unit", "call", "millicents", PRICE)));
          JsonNode found = ask(acme, "market.search", Map.of("query", "louder"));
          expect(found.path("listings").path(0).path("id").asText(), LISTING, "search");
          return LISTING + ", found by searching for «louder»";
        });
    Player initech =
        narrator.stepTo(
            "A third tenant, initech, installs it and calls it",
            () -> {
              Player buyer = signUp("initech");
              refused(
                  "initech calls " + LISTING + " before the install",
                  ErrorCode.NOT_FOUND,
                  buyer.client().call(LISTING, "hello"));
              ask(buyer, "market.install", Map.of("listing", LISTING));
              CallResult reply = Stage.await(buyer.client().call(LISTING, "hello"));
              expect(reply.text(), "HELLO", "the process's reply");
              require(
                  reply.charge() != null && reply.charge().millicents() == PRICE,
                  "the call cost " + reply.charge());
              return new Told<>(
                  "«hello» came back as «%s», for %d millicents".formatted(reply.text(), PRICE),
                  buyer);
            });
    narrator.step(
        "A wrong key, and another tenant's files, get nothing",
        () -> {
          refused(
              "a wrong key",
              ErrorCode.UNAUTHORIZED,
              stage.rest().key(acme.key() + "x").request("usage.get", null));
          refused(
              "acme lists the files of globex's shouter",
              ErrorCode.NOT_FOUND,
              stage
                  .rest()
                  .key(acme.key())
                  .request("agents.files.list", Map.of("agentId", "shouter")));
          return "unauthorized, and not_found";
        });
    narrator.step(
        "The books",
        () -> {
          JsonNode seller = bill(globex);
          JsonNode customer = bill(initech);
          bill(acme);
          require(
              seller.path("earnedMillicents").asLong() == PRICE
                  && customer.path("spentMillicents").asLong() == PRICE,
              "globex earned %s, initech spent %s"
                  .formatted(seller.path("earnedMillicents"), customer.path("spentMillicents")));
          return "globex earned the %d millicents that initech spent".formatted(PRICE);
        });
  }

  private Player signUp(String tenant) {
    JsonNode made = Stage.await(stage.rest().request("signup", Map.of("tenant", tenant)));
    String key = made.path("secret").asText();
    return new Player(tenant, key, stage.connect(key));
  }

  private String chat(Player player, String message) {
    narrator.asks(player.tenant(), message);
    String reply =
        Stage.await(
                player
                    .client()
                    .chat(
                        ChatRequest.of("main", message),
                        narrator.listener(player.tenant() + "/main"))
                    .reply())
            .text();
    narrator.endReply();
    return reply;
  }

  private JsonNode ask(Player player, String operation, Map<String, ?> params) {
    return Stage.await(player.client().request(operation, params));
  }

  private JsonNode bill(Player player) {
    JsonNode total = ask(player, "usage.get", Map.of()).path("days").path(0).path("total");
    narrator.bill(player.tenant(), total);
    return total;
  }

  private void refused(String what, ErrorCode expected, CompletableFuture<?> call) {
    try {
      Stage.await(call);
    } catch (ParleyException refusal) {
      if (refusal.code() == expected) {
        narrator.refused(what, refusal);
        return;
      }
      throw refusal;
    }
    throw Stage.failed(what + ": it was not refused");
  }

  private static void expect(String text, String part, String what) {
    require(text.contains(part), "%s: expected «%s» in «%s»".formatted(what, part, text));
  }

  private static void require(boolean holds, String otherwise) {
    if (!holds) {
      throw Stage.failed(otherwise);
    }
  }
}
