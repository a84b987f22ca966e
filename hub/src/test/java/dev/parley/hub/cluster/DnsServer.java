package dev.parley.hub.cluster;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.DatagramChannel;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.handler.codec.dns.DatagramDnsQuery;
import io.netty.handler.codec.dns.DatagramDnsQueryDecoder;
import io.netty.handler.codec.dns.DatagramDnsResponse;
import io.netty.handler.codec.dns.DatagramDnsResponseEncoder;
import io.netty.handler.codec.dns.DefaultDnsRawRecord;
import io.netty.handler.codec.dns.DnsQuestion;
import io.netty.handler.codec.dns.DnsRecordType;
import io.netty.handler.codec.dns.DnsResponseCode;
import io.netty.handler.codec.dns.DnsSection;
import io.netty.util.NetUtil;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;

/** A real DNS server on a free port of this machine; its records may change. */
final class DnsServer implements AutoCloseable {
  private record Asked(String name, DnsRecordType type) {}

  private final Map<Asked, List<byte[]>> records = new ConcurrentHashMap<>();
  private final MultiThreadIoEventLoopGroup loop =
      new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
  private final DatagramChannel channel;

  DnsServer() throws InterruptedException {
    channel =
        (DatagramChannel)
            new Bootstrap()
                .group(loop)
                .channel(NioDatagramChannel.class)
                .handler(
                    new ChannelInitializer<DatagramChannel>() {
                      @Override
                      protected void initChannel(DatagramChannel ch) {
                        ch.pipeline()
                            .addLast(new DatagramDnsQueryDecoder())
                            .addLast(new DatagramDnsResponseEncoder())
                            .addLast(new Answers());
                      }
                    })
                .bind("127.0.0.1", 0)
                .sync()
                .channel();
  }

  String address() {
    return "127.0.0.1:" + channel.localAddress().getPort();
  }

  void address(String name, String ip) {
    byte[] bytes = NetUtil.createByteArrayFromIpAddressString(ip);
    add(name, bytes.length == 4 ? DnsRecordType.A : DnsRecordType.AAAA, bytes);
  }

  void service(String name, String target, int port) {
    ByteBuf record = Unpooled.buffer().writeShort(0).writeShort(0).writeShort(port);
    for (String label : target.split("\\.", -1)) {
      record.writeByte(label.length()).writeCharSequence(label, StandardCharsets.US_ASCII);
    }
    record.writeByte(0);
    byte[] bytes = new byte[record.readableBytes()];
    record.readBytes(bytes);
    add(name, DnsRecordType.SRV, bytes);
  }

  private void add(String name, DnsRecordType type, byte[] bytes) {
    records
        .computeIfAbsent(new Asked(name + ".", type), asked -> new CopyOnWriteArrayList<>())
        .add(bytes);
  }

  @Override
  public void close() {
    channel.close().syncUninterruptibly();
    loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
  }

  private final class Answers extends SimpleChannelInboundHandler<DatagramDnsQuery> {
    @Override
    protected void channelRead0(ChannelHandlerContext ctx, DatagramDnsQuery query) {
      DnsQuestion question = query.recordAt(DnsSection.QUESTION);
      DatagramDnsResponse response =
          new DatagramDnsResponse(
              /* sender= */ query.recipient(), /* recipient= */ query.sender(), query.id());
      response.addRecord(DnsSection.QUESTION, question);
      List<byte[]> found =
          records.getOrDefault(new Asked(question.name(), question.type()), List.of());
      if (found.isEmpty()) {
        response.setCode(DnsResponseCode.NXDOMAIN);
      }
      for (byte[] bytes : found) {
        response.addRecord(
            DnsSection.ANSWER,
            new DefaultDnsRawRecord(
                question.name(), question.type(), 1, Unpooled.wrappedBuffer(bytes)));
      }
      var unused = ctx.writeAndFlush(response, ctx.voidPromise());
    }
  }
}
