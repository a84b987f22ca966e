package dev.parley.hub.schedule;

import static dev.parley.hub.store.RedisExtension.await;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.parley.hub.schedule.ScheduleStore.Claimed;
import dev.parley.hub.store.RedisExtension;
import dev.parley.hub.store.Store;
import dev.parley.protocol.address.TenantId;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(RedisExtension.class)
class FairnessTest {
  private static final TenantId BUSY = new TenantId("busy");
  private static final TenantId QUIET = new TenantId("quiet");

  @Test
  void aTenantWithMoreThatIsOverdueComesAfterThoseThatWait(Store store) {
    ScheduleStore schedules = new ScheduleStore(store);
    long now = await(schedules.listSoon(BUSY));
    await(schedules.list(BUSY, now - 10_000));
    await(schedules.list(QUIET, now - 1_000));
    Claimed busy = claimOne(schedules);
    assertEquals(BUSY, busy.tenant());
    await(schedules.release(busy, now - 9_000));
    assertEquals(QUIET, claimOne(schedules).tenant());
    assertEquals(BUSY, claimOne(schedules).tenant());
  }

  private static Claimed claimOne(ScheduleStore schedules) {
    List<Claimed> claimed = await(schedules.claim(1)).claimed();
    assertEquals(1, claimed.size());
    return claimed.get(0);
  }
}
