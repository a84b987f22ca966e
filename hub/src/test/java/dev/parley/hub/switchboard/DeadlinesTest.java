package dev.parley.hub.switchboard;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.parley.protocol.error.ErrorCode;
import dev.parley.protocol.error.ParleyException;
import io.netty.util.Timeout;
import io.vertx.core.Vertx;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class DeadlinesTest {
  private static final long FAR_MS = 600_000;
  private static final int MORE_THAN_IT_TAKES = 100_000;

  private final Vertx vertx = Vertx.vertx();
  private final Deadlines deadlines = new Deadlines(vertx, 10);

  @AfterEach
  void stop() throws TimeoutException {
    deadlines.close().await(10, TimeUnit.SECONDS);
    vertx.close().await(10, TimeUnit.SECONDS);
  }

  @Test
  void thereIsAnEndToThemAndRoomAgainWhenSomeAreCancelled() {
    List<Timeout> all = new ArrayList<>();
    ParleyException full =
        assertThrows(
            ParleyException.class,
            () -> {
              while (all.size() < MORE_THAN_IT_TAKES) {
                all.add(deadlines.after(FAR_MS, () -> {}));
              }
            });
    assertEquals(ErrorCode.UNAVAILABLE, full.code());
    assertTrue(full.retryAfterMs() > 0);
    assertEquals(all.size(), deadlines.size());
    all.forEach(Timeout::cancel);
    await().until(() -> deadlines.size() == 0);
    deadlines.after(FAR_MS, () -> {});
    assertEquals(1, deadlines.size());
  }
}
