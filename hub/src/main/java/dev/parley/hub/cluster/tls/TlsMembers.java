package dev.parley.hub.cluster.tls;

import com.hazelcast.cluster.Address;
import com.hazelcast.config.Config;
import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.instance.EndpointQualifier;
import com.hazelcast.instance.impl.DefaultNodeContext;
import com.hazelcast.instance.impl.DefaultNodeExtension;
import com.hazelcast.instance.impl.HazelcastInstanceFactory;
import com.hazelcast.instance.impl.Node;
import com.hazelcast.instance.impl.NodeExtension;
import com.hazelcast.internal.networking.Channel;
import com.hazelcast.internal.networking.ChannelInitializer;
import com.hazelcast.internal.server.ServerConnection;
import com.hazelcast.internal.server.ServerContext;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;

/**
 * Starts a Hazelcast member all of whose connections are TLS. It uses the internal hook by which
 * Hazelcast's commercial edition sets up its connections; the version is pinned for it.
 */
public final class TlsMembers {
  private static final int MAX_HANDSHAKES = 128;

  private TlsMembers() {}

  /** Blocks until the member has joined or founded a cluster. */
  public static HazelcastInstance start(Config config, ClusterTls tls) {
    return HazelcastInstanceFactory.newHazelcastInstance(
        config,
        config.getInstanceName(),
        new DefaultNodeContext() {
          @Override
          public NodeExtension createNodeExtension(Node node) {
            return new Extension(node, tls);
          }
        });
  }

  private static final class Extension extends DefaultNodeExtension {
    private final ClusterTls tls;

    Extension(Node node, ClusterTls tls) {
      super(node);
      this.tls = tls;
    }

    @Override
    public Function<EndpointQualifier, ChannelInitializer> createChannelInitializerFn(
        ServerContext context) {
      AtomicInteger handshakes = new AtomicInteger();
      Refusals refusals = new Refusals();
      return super.createChannelInitializerFn(context)
          .andThen(
              plain ->
                  channel ->
                      initialize(
                          channel,
                          plain,
                          new TlsLink(
                              channel,
                              tls.engine(channel.isClientMode()),
                              why -> refused(context, channel, refusals, why)),
                          handshakes));
    }

    private void initialize(
        Channel channel, ChannelInitializer plain, TlsLink link, AtomicInteger handshakes)
        throws Exception {
      if (!channel.isClientMode() && handshakes.get() >= MAX_HANDSHAKES) {
        throw new IOException(
            "%d TLS handshakes are under way on the cluster port, no more are begun"
                .formatted(MAX_HANDSHAKES));
      }
      handshakes.incrementAndGet();
      link.whenOver(handshakes::decrementAndGet);
      channel.addCloseListener(closed -> link.over());
      channel.inboundPipeline().addLast(new TlsDecoder(link));
      plain.initChannel(channel);
      channel.outboundPipeline().addLast(new TlsEncoder(link));
      node.getNodeEngine()
          .getExecutionService()
          .schedule(() -> expire(channel, link), ClusterTls.HANDSHAKE_SECONDS, TimeUnit.SECONDS);
    }

    /** Without this a member that looks for a cluster would try the address for five minutes. */
    private static void refused(
        ServerContext context, Channel channel, Refusals refusals, Throwable why) {
      refusals.tell(channel.isClientMode(), channel.remoteSocketAddress(), why);
      if (channel.attributeMap().get(Address.class) instanceof Address tried
          && channel.isClientMode()) {
        context.onFailedConnection(tried);
      }
    }

    private static void expire(Channel channel, TlsLink link) {
      if (link.isOver()) {
        return;
      }
      IOException late =
          new IOException("no TLS handshake within %d s".formatted(ClusterTls.HANDSHAKE_SECONDS));
      link.report(late);
      ServerConnection connection =
          (ServerConnection) channel.attributeMap().get(ServerConnection.class);
      if (connection != null) {
        connection.close(late.getMessage(), null);
      }
    }
  }
}
