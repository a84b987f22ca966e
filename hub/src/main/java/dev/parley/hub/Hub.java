package dev.parley.hub;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.access.ApiKeys;
import dev.parley.hub.access.AttemptLimit;
import dev.parley.hub.access.Authenticator;
import dev.parley.hub.agent.Agents;
import dev.parley.hub.agent.HostedAgents;
import dev.parley.hub.agent.RemoteAgents;
import dev.parley.hub.agent.RunIds;
import dev.parley.hub.channel.Channels;
import dev.parley.hub.channel.TenantDirectory;
import dev.parley.hub.chat.ChatRelay;
import dev.parley.hub.chat.Chats;
import dev.parley.hub.cluster.Announcements;
import dev.parley.hub.cluster.ClusterSettings;
import dev.parley.hub.contract.RequestValidator;
import dev.parley.hub.gateway.ChannelEvents;
import dev.parley.hub.gateway.ClientAddresses;
import dev.parley.hub.gateway.HttpGateway;
import dev.parley.hub.gateway.LoopEvents;
import dev.parley.hub.gateway.OperationTable;
import dev.parley.hub.gateway.Origins;
import dev.parley.hub.gateway.operation.AccessOperations;
import dev.parley.hub.gateway.operation.AdminOperations;
import dev.parley.hub.gateway.operation.AgentOperations;
import dev.parley.hub.gateway.operation.CallOperations;
import dev.parley.hub.gateway.operation.ChannelOperations;
import dev.parley.hub.gateway.operation.ChatOperations;
import dev.parley.hub.gateway.operation.FileOperations;
import dev.parley.hub.gateway.operation.LoopOperations;
import dev.parley.hub.gateway.operation.MarketOperations;
import dev.parley.hub.gateway.operation.MasterKeyOperations;
import dev.parley.hub.gateway.operation.PresenceOperations;
import dev.parley.hub.gateway.operation.ProviderOperations;
import dev.parley.hub.gateway.operation.SessionOperations;
import dev.parley.hub.gateway.operation.SessionViews;
import dev.parley.hub.gateway.operation.SignUpPolicy;
import dev.parley.hub.gateway.operation.SystemOperations;
import dev.parley.hub.gateway.operation.TransferOperations;
import dev.parley.hub.gateway.operation.UsageReports;
import dev.parley.hub.gateway.operation.WorkspaceOperations;
import dev.parley.hub.gateway.rest.RestGateway;
import dev.parley.hub.gateway.ws.WsGateway;
import dev.parley.hub.loop.LoopBreaker;
import dev.parley.hub.market.Market;
import dev.parley.hub.model.MasterKeys;
import dev.parley.hub.model.Models;
import dev.parley.hub.model.ProviderKeys;
import dev.parley.hub.outbound.OutboundClient;
import dev.parley.hub.quota.Budgets;
import dev.parley.hub.quota.ChannelRates;
import dev.parley.hub.quota.Concurrency;
import dev.parley.hub.quota.Ledger;
import dev.parley.hub.quota.RateLimits;
import dev.parley.hub.quota.Sales;
import dev.parley.hub.session.Fencing;
import dev.parley.hub.session.SessionSettings;
import dev.parley.hub.session.Sessions;
import dev.parley.hub.settings.ClusterOptions;
import dev.parley.hub.settings.FileOptions;
import dev.parley.hub.settings.HubSettings;
import dev.parley.hub.settings.Settings;
import dev.parley.hub.store.OpenStore;
import dev.parley.hub.store.Store;
import dev.parley.hub.store.StoreOptions;
import dev.parley.hub.store.Stores;
import dev.parley.hub.switchboard.Accounts;
import dev.parley.hub.switchboard.Switchboard;
import dev.parley.hub.telemetry.HubMetrics;
import dev.parley.hub.tenant.Erasures;
import dev.parley.hub.tenant.Invites;
import dev.parley.hub.tenant.Tenant;
import dev.parley.hub.tenant.TenantScopes;
import dev.parley.hub.tenant.Tenants;
import dev.parley.hub.workspace.Workspaces;
import dev.parley.protocol.contract.Contract;
import dev.parley.protocol.error.ParleyException;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * A running hub. This is the one place where the rooms are put together; read it top to bottom and
 * you know the house.
 */
public final class Hub {
  /** The version of this hub. */
  public static final String VERSION = "0.1.0";

  private final OpenStore openStore;
  private final AdminKey adminKey;
  private final Sessions sessions;
  private final Workspaces workspaces;
  private final HostedAgents hosted;
  private final RateLimits rates;
  private final ChannelRates channelRates;
  private final Sales sales;
  private final Ledger ledger;
  private final Market market;
  private final Switchboard switchboard;
  private final PostOffice postOffice;
  private final AuditOffice audit;
  private final Erasures erasures;
  private final Library library;
  private final PluginOffice plugins;
  private final Announcements announcements;
  private final WsGateway webSockets;
  private final HttpGateway http;
  private final Membership membership;
  private final Duration drainTimeout;
  private volatile boolean isStopping;

  /**
   * Opens the store, puts the hub together on a worker, as loading its classes takes a while, and
   * listens.
   *
   * @param environment of the process, for keys
   * @return fails with a {@code ParleyException} whose message is one clear line
   */
  public static Future<Hub> start(Vertx vertx, Settings settings, Map<String, String> environment) {
    Optional<ClusterSettings> cluster;
    StoreOptions store;
    try {
      cluster = SettingsMapping.cluster(settings, environment);
      store = SettingsMapping.store(settings);
    } catch (ParleyException refused) {
      return Future.failedFuture(refused);
    }
    return Stores.open(vertx, store)
        .compose(
            opened ->
                vertx
                    .executeBlocking(
                        () -> {
                          MasterKeys master = MasterKeys.load(opened.data(), environment);
                          return new Hub(vertx, settings, environment, opened, master);
                        },
                        false)
                    .compose(hub -> hub.join(cluster))
                    .compose(hub -> hub.listen(settings))
                    .recover(
                        failure ->
                            opened.close().transform(closed -> Future.failedFuture(failure))));
  }

  private Hub(
      Vertx vertx,
      Settings settings,
      Map<String, String> environment,
      OpenStore openStore,
      MasterKeys master) {
    this.openStore = openStore;
    drainTimeout = settings.get(HubSettings.DRAIN_TIMEOUT);
    Store store = openStore.store();
    Clock clock = openStore.clock();
    HubMetrics metrics = new HubMetrics();
    metrics.gauge("parley.clock.ahead.ms", openStore, OpenStore::clockAheadMs);
    Contract contract = Contract.load();
    RequestValidator validator = new RequestValidator(contract);

    announcements = new Announcements(store);
    TenantScopes scopes = new TenantScopes(openStore.data());
    Tenants tenants = new Tenants(store, scopes, announcements, clock);
    TenantDirectory directory =
        id ->
            tenants
                .exists(id)
                .compose(
                    there ->
                        there
                            ? tenants.get(id).map(Optional::of)
                            : Future.succeededFuture(Optional.empty()));
    ApiKeys keys = new ApiKeys(store, announcements, clock);
    AttemptLimit signUpsPerAddress = SettingsMapping.signUpsPerAddress(settings);
    AttemptLimit signUps = SettingsMapping.signUps(settings);
    OutboundClient outbound = new OutboundClient(vertx, SettingsMapping.outbound(settings));
    metrics.counter(
        "parley.outbound.refused",
        "requests of tenants to addresses where they may not lead",
        outbound,
        OutboundClient::refused);
    Authenticator authenticator =
        SignIn.authenticator(vertx, settings, keys, tenants, outbound, metrics, clock);
    ClientAddresses addresses =
        new ClientAddresses(settings.get(HubSettings.CLIENT_ADDRESS_HEADER));
    adminKey = new AdminKey(vertx, keys, store, openStore.data());

    rates = new RateLimits(vertx, store);
    channelRates = new ChannelRates(vertx, store);
    sales = new Sales(vertx, store, scopes);
    ledger = new Ledger(vertx, store, sales);
    Budgets budgets = new Budgets(vertx, store, sales);

    RemoteAgents remote = new RemoteAgents(SettingsMapping.MAX_WAITING_PER_AGENT);
    Agents agents = new Agents(store, scopes, announcements, remote);
    Channels channels = new Channels(store, scopes, directory, announcements, clock);
    market = new Market(store, scopes, channels, directory, agents::exists, announcements, clock);
    LoopBreaker loops =
        new LoopBreaker(
                SettingsMapping.loops(settings),
                () -> TimeUnit.NANOSECONDS.toMillis(System.nanoTime()),
                clock)
            .follow(announcements);
    switchboard =
        new Switchboard(
            vertx,
            clock,
            SettingsMapping.switchboard(settings),
            new Switchboard.Parts(
                tenants,
                scopes,
                channels,
                market,
                rates,
                channelRates,
                new Concurrency(),
                new Accounts(tenants, scopes, budgets, agents, SettingsMapping.HOLD_TIME),
                ledger,
                agents,
                announcements,
                loops,
                metrics));

    Fencing fencing = new Fencing(store);
    sessions = new Sessions(vertx, store, fencing, SessionSettings.DEFAULTS, clock);
    workspaces =
        new Workspaces(
            vertx,
            store,
            clock,
            tenant -> tenants.get(tenant).map(Tenant::limits),
            SettingsMapping.workspaces(settings),
            !settings.get(ClusterOptions.CLUSTER));
    workspaces.measuredBy(metrics);
    ProviderKeys providerKeys = new ProviderKeys(store, master, clock);
    Models models =
        new Models(
            vertx,
            SettingsMapping.models(settings, environment),
            SettingsMapping.prices(settings),
            providerKeys,
            outbound);
    library =
        new Library(
            vertx,
            settings,
            environment,
            openStore,
            tenants,
            agents,
            workspaces,
            providerKeys,
            outbound,
            budgets);
    plugins =
        new PluginOffice(
            vertx, store, announcements, SettingsMapping.plugins(settings), metrics, clock);
    RunIds runIds = new RunIds();
    LateListener watchers = new LateListener();
    Chats chats = new Chats(agents, sessions, switchboard, runIds, clock, watchers);
    hosted =
        new HostedAgents(
            vertx,
            SettingsMapping.hosted(settings),
            new HostedAgents.Parts(
                scopes,
                agents,
                models,
                sessions,
                fencing,
                workspaces,
                library.memories(),
                switchboard,
                new CallableAgents(agents, channels, scopes),
                plugins,
                runIds,
                chats,
                clock));
    agents.hostedBy(hosted::endpoint, hosted::presence);

    OperationTable operations = new OperationTable(contract, validator);
    audit = new AuditOffice(vertx, store, scopes, tenants, clock);
    audit.register(operations);
    audit.measuredBy(metrics);
    webSockets =
        new WsGateway(
            vertx,
            SettingsMapping.webSockets(settings),
            new WsGateway.Parts(
                operations,
                validator,
                authenticator,
                scopes,
                tenants,
                agents,
                remote,
                switchboard,
                announcements,
                metrics,
                addresses,
                clock,
                VERSION));
    watchers.listener = webSockets.runFeed();
    new ChannelEvents(channels, webSockets.events()::channelChanged).follow(announcements);
    new LoopEvents(webSockets.events()::loopTripped).follow(announcements);

    String defaultModel = settings.get(HubSettings.DEFAULT_MODEL);
    SessionViews views = new SessionViews(agents, sessions, chats, defaultModel, clock);
    Invites invites = new Invites(store, clock);
    UsageReports usage = new UsageReports(tenants, scopes, ledger, clock);
    new SystemOperations(store::ping, webSockets::presence, views, VERSION, clock)
        .register(operations);
    new AccessOperations(
            tenants,
            agents,
            keys,
            new SignUpPolicy(
                settings.get(HubSettings.SIGN_UP),
                settings.get(HubSettings.PLAN),
                invites,
                signUpsPerAddress,
                signUps),
            clock)
        .register(operations);
    postOffice =
        new PostOffice(
            vertx,
            settings,
            new PostOffice.Parts(
                store,
                scopes,
                tenants,
                agents,
                remote,
                channels,
                switchboard,
                announcements,
                webSockets,
                clock),
            this::mayCommit);
    postOffice.register(operations);
    postOffice.measuredBy(metrics);
    library.register(operations);
    library.follow(announcements);
    library.measuredBy(metrics);
    AgentOperations.Removal removal =
        library.agentRemoval(postOffice.agentRemoval(market, keys, workspaces));
    new AgentOperations(agents, removal, remote, models, tenants, defaultModel, clock)
        .register(operations);
    new FileOperations(agents, workspaces).register(operations);
    new WorkspaceOperations(agents, workspaces).register(operations);
    new TransferOperations(agents, workspaces).register(operations);
    new ProviderOperations(models, providerKeys).register(operations);
    new MasterKeyOperations(tenants, scopes, master, List.of(providerKeys)).register(operations);
    new CallOperations(switchboard).register(operations);
    new ChatOperations(vertx, chats, views, clock).register(operations);
    new SessionOperations(views, webSockets.runFeed()::sessionChanged, clock).register(operations);
    new ChannelOperations(channels, switchboard).register(operations);
    new MarketOperations(market).register(operations);
    usage.register(operations);
    erasures =
        new Erasures(
            vertx,
            store,
            tenants,
            scopes,
            postOffice.departure(market, removal),
            clock,
            SettingsMapping.SETTLES_WITHIN_MS);
    new AdminOperations(tenants, invites, usage, erasures, this::status).register(operations);
    plugins.register(operations);
    new PresenceOperations(agents, channels, tenants, clock).register(operations);
    new LoopOperations(loops, metrics).register(operations);
    metrics.gauge("parley.agents.active", hosted, HostedAgents::activeCount);
    metrics.gauge("parley.agents.remote", remote, RemoteAgents::count);
    metrics.gauge("parley.chats.followed", chats, Chats::followedCount);
    membership =
        new Membership(
            vertx,
            agents,
            remote,
            postOffice.mailboxes(),
            loops,
            fencing,
            store,
            clock,
            metrics,
            cluster -> {
              webSockets.sharedThrough(cluster.placement(), cluster.bus());
              new ChatRelay(cluster.placement(), cluster.bus(), chats, authenticator, scopes)
                  .start();
            });
    metrics.counter(
        "parley.signups.refused",
        "sign-ups refused because there were too many",
        signUps,
        all -> signUpsPerAddress.refused() + all.refused());
    Origins origins = SettingsMapping.origins(settings);
    RestGateway rest =
        new RestGateway(
            contract,
            operations,
            authenticator,
            scopes,
            metrics,
            origins,
            addresses,
            () -> store.ping().map(true).otherwise(false).map(this::readiness),
            settings.get(FileOptions.TRANSFER_IDLE));
    http =
        new HttpGateway(
            vertx,
            rest,
            webSockets,
            SettingsMapping.webSockets(settings),
            settings.get(HubSettings.HTTP_IDLE_TIMEOUT),
            origins);
  }

  /** Hears what the other nodes announce before any of them may ask this one. */
  private Future<Hub> join(Optional<ClusterSettings> settings) {
    return announcements
        .start()
        .compose(listening -> membership.join(settings))
        .map(this)
        .recover(failure -> close().transform(closed -> Future.failedFuture(failure)));
  }

  private Future<Hub> listen(Settings settings) {
    return sales
        .start()
        .compose(started -> workspaces.sweep(openStore.data(), openStore.clock()))
        .compose(started -> market.warmUp())
        .compose(warm -> adminKey.ensure())
        .compose(
            ready -> http.listen(settings.get(HubSettings.HOST), settings.get(HubSettings.PORT)))
        .map(
            listening -> {
              postOffice.start();
              return this;
            })
        .recover(failure -> close().transform(closed -> Future.failedFuture(failure)));
  }

  /** The port it listens on. */
  public int port() {
    return http.port();
  }

  /** Where its Redis is, for people. */
  public String storeLocation() {
    return openStore.location();
  }

  /** The file with the platform's first key. */
  public java.nio.file.Path adminKeyFile() {
    return adminKey.file();
  }

  private boolean mayCommit() {
    return membership.mayCommit();
  }

  /** Whether something is under way that no socket waits for. */
  private boolean isBusy() {
    return http.isBusy() || hosted.isBusy() || membership.isBusy();
  }

  private ObjectNode readiness(boolean storeAnswers) {
    boolean mayCommit = mayCommit();
    return Json.object()
        .put("ready", storeAnswers && mayCommit && !isStopping)
        .put("store", storeAnswers)
        .put("majority", mayCommit)
        .put("uptimeMs", webSockets.uptimeMs());
  }

  private ObjectNode status() {
    return Json.object()
        .put("version", VERSION)
        .put("uptimeMs", webSockets.uptimeMs())
        .put("connections", webSockets.connectionCount())
        .put("activeAgents", hosted.activeCount())
        .put("store", openStore.location());
  }

  /**
   * Stops: hands its places over, tells the clients, lets what is under way end within the drain
   * timeout, keeps the books, closes the store.
   */
  public Future<Void> close() {
    isStopping = true;
    Future<Void> handedOver = membership.handOver(drainTimeout);
    return webSockets
        .shutdown("the hub is stopping", drainTimeout, membership.hasOthers(), this::isBusy)
        .eventually(() -> handedOver)
        .eventually(http::close)
        .eventually(postOffice::close)
        .eventually(hosted::close)
        .eventually(plugins::close)
        .eventually(membership::leave)
        .eventually(switchboard::close)
        .eventually(rates::close)
        .eventually(channelRates::close)
        .eventually(ledger::close)
        .eventually(
            () -> {
              sales.close();
              return Future.succeededFuture();
            })
        .eventually(sessions::close)
        .eventually(library::close)
        .eventually(workspaces::close)
        .eventually(erasures::close)
        .eventually(audit::close)
        .eventually(openStore::close);
  }
}
