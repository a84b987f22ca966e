package dev.parley.hub.disk;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.parley.hub.disk.OpenDirectory.Missing;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OpenDirectoryTest {
  @TempDir Path base;
  private Path root;
  private Path outside;

  @BeforeEach
  void make() throws IOException {
    root = Files.createDirectory(base.resolve("root"));
    outside = Files.createDirectory(base.resolve("outside"));
    Files.writeString(outside.resolve("file"), "outside");
  }

  private void keepSwapping(Path name, Path real, Path link, AtomicBoolean stop)
      throws IOException {
    while (!stop.get()) {
      Files.move(real, name, StandardCopyOption.ATOMIC_MOVE);
      Files.move(name, real, StandardCopyOption.ATOMIC_MOVE);
      Files.move(link, name, StandardCopyOption.ATOMIC_MOVE);
      Files.move(name, link, StandardCopyOption.ATOMIC_MOVE);
    }
  }

  private interface Step {
    boolean entersOutside(OpenDirectory directory) throws IOException;
  }

  /** Takes a step against a name that flickers, until it has met both sides often. */
  private void race(Path real, Path link, Step step) throws Exception {
    AtomicBoolean stop = new AtomicBoolean();
    ExecutorService attacker = Executors.newSingleThreadExecutor();
    Future<?> swapping =
        attacker.submit(
            () -> {
              keepSwapping(root.resolve("name"), real, link, stop);
              return null;
            });
    int entered = 0;
    int refused = 0;
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(2);
    try (OpenDirectory directory = OpenDirectory.walk(root, List.of(), Missing.FAIL)) {
      while (System.nanoTime() < end && !swapping.isDone()) {
        try {
          assertTrue(!step.entersOutside(directory), "entered the outside");
          entered++;
        } catch (IOException e) {
          refused++;
        }
      }
    } finally {
      stop.set(true);
      attacker.shutdown();
    }
    swapping.get(10, TimeUnit.SECONDS);
    assertTrue(entered > 10 && refused > 10, "entered " + entered + ", refused " + refused);
  }

  @Test
  void aDirectorySwappedForALinkIsNotEntered() throws Exception {
    Path real = Files.createDirectory(base.resolve("real"));
    Files.writeString(real.resolve("file"), "inside");
    Path link = Files.createSymbolicLink(base.resolve("link"), outside);

    race(
        real,
        link,
        directory -> {
          try (OpenDirectory child = directory.child("name")) {
            return new String(child.read("file", 100), UTF_8).equals("outside");
          }
        });
  }

  @Test
  void aFileSwappedForALinkIsNotRead() throws Exception {
    Path real = Files.writeString(base.resolve("real"), "inside");
    Path link = Files.createSymbolicLink(base.resolve("link"), outside.resolve("file"));

    race(real, link, directory -> new String(directory.read("name", 100), UTF_8).equals("outside"));
  }

  @Test
  void whoeverMakesTheSameDirectoriesAtOnceAllSucceed() throws Exception {
    ExecutorService makers = Executors.newFixedThreadPool(8);
    try {
      for (int round = 0; round < 40; round++) {
        List<String> place = List.of("tenant" + round, "agents");
        List<Future<?>> made =
            Stream.iterate(0, i -> i + 1)
                .limit(8)
                .<Future<?>>map(
                    i ->
                        makers.submit(
                            () ->
                                OpenDirectory.retrying(
                                    () -> {
                                      makeOne(place, i);
                                      return null;
                                    })))
                .toList();
        for (Future<?> one : made) {
          one.get(20, TimeUnit.SECONDS);
        }
        try (Stream<Path> files = Files.walk(root.resolve("tenant" + round))) {
          assertEquals(8, files.filter(Files::isRegularFile).count());
        }
      }
    } finally {
      makers.shutdown();
    }
    try (Stream<Path> left = Files.list(root.resolve(".staging"))) {
      assertEquals(0, left.count());
    }
  }

  private void makeOne(List<String> place, int i) throws IOException {
    List<String> own = Stream.concat(place.stream(), Stream.of("agent" + i)).toList();
    try (OpenDirectory directory = OpenDirectory.walk(root, own, Missing.CREATE)) {
      directory.replace("file", new byte[] {1});
    }
  }

  @Test
  void workOnAVanishedDirectoryIsTriedABoundedNumberOfTimes() {
    int[] tries = {0};
    assertThrows(
        NoSuchFileException.class,
        () ->
            OpenDirectory.retrying(
                () -> {
                  tries[0]++;
                  throw new NoSuchFileException("gone");
                }));
    assertEquals(5, tries[0]);
  }
}
