package dev.parley.hub;

import dev.parley.hub.access.ApiKeys;
import dev.parley.hub.agent.Agents;
import dev.parley.hub.agent.RemoteAgents;
import dev.parley.hub.channel.Channels;
import dev.parley.hub.cluster.Announcement;
import dev.parley.hub.cluster.Announcements;
import dev.parley.hub.gateway.OperationTable;
import dev.parley.hub.gateway.RoomEvents;
import dev.parley.hub.gateway.operation.AgentOperations;
import dev.parley.hub.gateway.operation.DeadLetterOperations;
import dev.parley.hub.gateway.operation.MessageOperations;
import dev.parley.hub.gateway.operation.RoomOperations;
import dev.parley.hub.gateway.operation.ScheduleOperations;
import dev.parley.hub.gateway.operation.TopicOperations;
import dev.parley.hub.gateway.ws.WsGateway;
import dev.parley.hub.mailbox.DeadLetters;
import dev.parley.hub.mailbox.Mailboxes;
import dev.parley.hub.market.Market;
import dev.parley.hub.room.Digests;
import dev.parley.hub.room.Posts;
import dev.parley.hub.room.RoomSettings;
import dev.parley.hub.room.Rooms;
import dev.parley.hub.room.Topics;
import dev.parley.hub.schedule.Scheduler;
import dev.parley.hub.schedule.Schedules;
import dev.parley.hub.settings.Settings;
import dev.parley.hub.store.Store;
import dev.parley.hub.switchboard.Switchboard;
import dev.parley.hub.telemetry.HubMetrics;
import dev.parley.hub.tenant.TenantScopes;
import dev.parley.hub.tenant.Tenants;
import dev.parley.hub.workspace.Workspaces;
import dev.parley.protocol.address.TenantId;
import dev.parley.protocol.envelope.RawJson;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Clock;
import java.util.function.BooleanSupplier;

/** Puts together what sends messages that nobody waits for: mailboxes, schedules, rooms, topics. */
final class PostOffice {
  /** What it works with. */
  record Parts(
      Store store,
      TenantScopes scopes,
      Tenants tenants,
      Agents agents,
      RemoteAgents remote,
      Channels channels,
      Switchboard switchboard,
      Announcements announcements,
      WsGateway webSockets,
      Clock clock) {}

  private final Parts parts;
  private final DeadLetters letters;
  private final Mailboxes mailboxes;
  private final Schedules schedules;
  private final Scheduler scheduler;
  private final Digests digests;
  private final Rooms rooms;
  private final Posts posts;
  private final Topics topics;

  /**
   * Not started.
   *
   * @param mayCommit whether this node may act for tenants; see {@link Membership#mayCommit}
   */
  PostOffice(Vertx vertx, Settings settings, Parts parts, BooleanSupplier mayCommit) {
    this.parts = parts;
    Store store = parts.store;
    TenantScopes scopes = parts.scopes;
    Tenants tenants = parts.tenants;
    Agents agents = parts.agents;
    Switchboard switchboard = parts.switchboard;
    Clock clock = parts.clock;
    letters =
        new DeadLetters(
            store, scopes, tenants, parts.announcements, clock, SettingsMapping.mail(settings));
    mailboxes =
        new Mailboxes(
            vertx,
            clock,
            SettingsMapping.mail(settings),
            store,
            scopes,
            tenants,
            agents,
            switchboard::deliver,
            letters,
            parts.webSockets.events()::receipt);
    switchboard.mailInto(mailboxes);
    parts.remote.tellReady(mailboxes::wake);
    schedules =
        new Schedules(vertx, store, tenants, switchboard, SettingsMapping.schedules(settings));
    scheduler =
        new Scheduler(
            vertx, store, scopes, switchboard, SettingsMapping.schedules(settings), mayCommit);
    RoomSettings roomSettings = SettingsMapping.rooms(settings);
    digests = new Digests(vertx, store, scopes, tenants, switchboard, agents, clock);
    rooms = new Rooms(store, scopes, tenants, agents, roomSettings, clock);
    posts =
        new Posts(
            store,
            scopes,
            tenants,
            switchboard,
            agents,
            parts.announcements,
            digests,
            roomSettings,
            clock);
    topics = new Topics(store, switchboard, agents, parts.channels, roomSettings, clock);
    tellSockets();
  }

  private void tellSockets() {
    new RoomEvents(parts.webSockets.events()::roomMessage).follow(parts.announcements);
    parts.announcements.listen(
        change -> {
          if (change instanceof Announcement.DeadLetterArrived dead) {
            parts
                .webSockets
                .events()
                .deadLetter(new TenantId(dead.tenant()), new RawJson(dead.letter()));
          }
        },
        () -> {});
  }

  void register(OperationTable operations) {
    new MessageOperations(parts.switchboard, mailboxes).register(operations);
    new DeadLetterOperations(parts.switchboard, letters).register(operations);
    new ScheduleOperations(schedules).register(operations);
    new RoomOperations(rooms, posts).register(operations);
    new TopicOperations(topics).register(operations);
  }

  void measuredBy(HubMetrics metrics) {
    metrics.gauge("parley.mailboxes.awake", mailboxes, Mailboxes::awakeCount);
    metrics.gauge("parley.mail.accepting.bytes", mailboxes, Mailboxes::acceptingBytes);
    metrics.counter(
        "parley.mail.batches",
        "scripts that put sent messages into mailboxes, many by one",
        mailboxes,
        Mailboxes::batches);
    scheduler.measuredBy(metrics);
    posts.measuredBy(metrics);
    digests.measuredBy(metrics);
    metrics.counter(
        "parley.dead.letters",
        "sent messages that failed or expired and became dead letters",
        letters,
        DeadLetters::arrived);
    metrics.counter(
        "parley.dead.letters.lost",
        "dead letters lost because their sender's box was full",
        letters,
        DeadLetters::lost);
  }

  Mailboxes mailboxes() {
    return mailboxes;
  }

  /** The removal of agents, also from all that is here. */
  AgentRemoval agentRemoval(Market market, ApiKeys keys, Workspaces workspaces) {
    return new AgentRemoval(
        parts.agents,
        market,
        parts.channels,
        keys,
        rooms,
        topics,
        schedules,
        workspaces,
        mailboxes::wake);
  }

  /** How a tenant leaves others, with its agents removed this way. */
  TenantDeparture departure(Market market, AgentOperations.Removal removal) {
    return new TenantDeparture(parts.agents, removal, market, parts.channels, rooms);
  }

  void start() {
    mailboxes.start();
    scheduler.start();
    digests.start();
  }

  Future<Void> close() {
    digests.close();
    return scheduler.close().eventually(mailboxes::close);
  }
}
