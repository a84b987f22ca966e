package dev.parley.hub.gateway;

import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.parley.hub.access.ClientAddress;
import dev.parley.hub.access.OwnerOf;
import dev.parley.hub.access.Principal;
import dev.parley.hub.contract.RequestValidator;
import dev.parley.hub.tenant.TenantScopes;
import dev.parley.protocol.contract.Contract;
import io.vertx.core.Future;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OperationTableTest {
  @Test
  void aHandlerThatBreaksFailsItsRequestAndNothingElse(@TempDir Path data) {
    Contract contract = Contract.load();
    IllegalStateException defect = new IllegalStateException("a defect");
    OperationTable table =
        new OperationTable(contract, new RequestValidator(contract))
            .on(
                "health",
                (caller, params) -> {
                  throw defect;
                });
    Principal owner = OwnerOf.tenant("acme");
    Caller caller =
        new Caller(
            owner,
            new TenantScopes(data).of(owner),
            ClientAddress.LOCAL,
            null,
            null,
            Future.succeededFuture());
    Future<?> answer = table.dispatch("health", caller, null);
    assertTrue(answer.failed());
    assertSame(defect, answer.cause());
  }
}
