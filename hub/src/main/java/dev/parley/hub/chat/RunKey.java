package dev.parley.hub.chat;

import dev.parley.hub.agent.RunEvent.Run;
import dev.parley.protocol.address.TenantId;

/** What a run is known by: the idempotency key its client chose, among those of its tenant. */
record RunKey(TenantId tenant, String runId) {
  static RunKey of(Run run) {
    return new RunKey(run.tenant(), run.runId());
  }
}
