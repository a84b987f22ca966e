package dev.parley.hub.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.core.MemberLeftException;
import com.hazelcast.internal.serialization.SerializationService;
import com.hazelcast.nio.serialization.HazelcastSerializationException;
import com.hazelcast.spi.impl.SerializationServiceSupport;
import dev.parley.hub.store.TcpRedis;
import io.vertx.core.Vertx;
import java.io.EOFException;
import java.io.IOException;
import java.io.Serializable;
import java.lang.reflect.Modifier;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.jar.JarFile;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Which Java objects a member reads from another. A member that cannot read a failure never hears
 * of it: what it asked then waits for ever, and with it the start of a node.
 */
class WireClassesTest {
  private static HazelcastInstance member;
  private static SerializationService wire;
  private static final Vertx vertx = Vertx.vertx();

  @BeforeAll
  static void startMember() throws Exception {
    int port = TcpRedis.freePort();
    ClusterSettings settings =
        ClusterSettings.onLoopback(port, List.of(), "5f1d0c6e0b7a4d5f9e3c2b1a09f8e7d6");
    member =
        HazelcastMember.start(
            vertx, settings, new ClusterKeys(settings.secret()), null, "node.test");
    wire = ((SerializationServiceSupport) member).getSerializationService();
  }

  @AfterAll
  static void stopMember() {
    member.shutdown();
    vertx.close();
  }

  private static Object sent(Object object) {
    return wire.toObject(wire.toData(object));
  }

  /** As it is thrown far away: with a cause and something suppressed. */
  private static Throwable thrown(Throwable failure) {
    try {
      failure.initCause(new IllegalStateException("cause", new IOException("its cause")));
    } catch (IllegalStateException e) {
      failure.addSuppressed(e);
    }
    failure.addSuppressed(new RuntimeException("suppressed"));
    return failure;
  }

  private static @Nullable Throwable made(Class<? extends Throwable> type) {
    if (type == MemberLeftException.class) {
      return new MemberLeftException(member.getCluster().getLocalMember());
    }
    try {
      return type.getConstructor(String.class).newInstance("what happened");
    } catch (ReflectiveOperationException e) {
      try {
        return type.getConstructor().newInstance();
      } catch (ReflectiveOperationException none) {
        return null;
      }
    }
  }

  private static List<Throwable> failuresOfHazelcast() throws Exception {
    Path jar =
        Path.of(
            HazelcastInstance.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    List<Throwable> all = new ArrayList<>();
    try (JarFile classes = new JarFile(jar.toFile())) {
      for (var entry : classes.stream().toList()) {
        String name = entry.getName();
        if (!name.matches("com/hazelcast/(?!shaded)[a-zA-Z/]*(Exception|Error)\\.class")) {
          continue;
        }
        Class<?> type =
            Class.forName(
                name.substring(0, name.length() - ".class".length()).replace('/', '.'),
                false,
                HazelcastInstance.class.getClassLoader());
        if (Throwable.class.isAssignableFrom(type) && !Modifier.isAbstract(type.getModifiers())) {
          Throwable failure = made(type.asSubclass(Throwable.class));
          if (failure != null) {
            all.add(failure);
          }
        }
      }
    }
    return all;
  }

  @Test
  void everyFailureThatHazelcastTellsIsRead() throws Exception {
    List<Throwable> failures = failuresOfHazelcast();
    assertTrue(failures.size() > 40, failures.toString());
    List<String> unread = new ArrayList<>();
    for (Throwable failure : failures) {
      try {
        assertEquals(failure.getClass(), sent(thrown(failure)).getClass());
      } catch (HazelcastSerializationException e) {
        unread.add(failure.getClass() + ": " + e.getMessage());
      }
    }
    assertEquals(List.of(), unread);
  }

  @Test
  void theFailuresOfJavaThatAnOperationMayEndWithAreRead() {
    for (Throwable failure :
        List.of(
            new IllegalArgumentException("x"),
            new IllegalStateException("x"),
            new NullPointerException("x"),
            new ClassCastException("x"),
            new ArrayIndexOutOfBoundsException("x"),
            new UnsupportedOperationException("x"),
            new InterruptedException("x"),
            new CancellationException("x"),
            new RejectedExecutionException("x"),
            new TimeoutException("x"),
            new ExecutionException("x", new EOFException("y")),
            new OutOfMemoryError("x"))) {
      assertEquals(failure.getClass(), sent(thrown(failure)).getClass());
    }
  }

  @Test
  void noOtherObjectIsRead() {
    for (Serializable object :
        List.of(
            new java.util.BitSet(),
            new javax.management.BadAttributeValueExpException("x"),
            new Mine())) {
      byte[] bytes = wire.toData(object).toByteArray();
      assertThrows(
          HazelcastSerializationException.class,
          () -> wire.toObject(new com.hazelcast.internal.serialization.impl.HeapData(bytes)),
          object.getClass().getName());
    }
  }

  private static final class Mine implements Serializable {
    private static final long serialVersionUID = 1;
  }
}
