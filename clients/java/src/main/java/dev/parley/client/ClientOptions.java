package dev.parley.client;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What a connection was told by its builder; see there for the meaning and the defaults.
 *
 * @param agent the agent to be, or null for the role operator
 * @param window messages the agent takes at once
 * @param remembered sent messages the agent remembers
 */
record ClientOptions(
    List<HubUrl> urls,
    @Nullable String key,
    @Nullable String agent,
    int window,
    int remembered,
    String displayName,
    String version,
    Duration connectTimeout,
    Duration requestTimeout,
    Duration waitForHub,
    int maxInFlight,
    int maxQueued,
    long maxQueuedChars,
    int maxFrameChars,
    Executor executor,
    Consumer<Gap> onGap,
    Consumer<ConnectionState> onState,
    Supplier<Backoff> backoff) {}
