package dev.parley.hub.gateway.operation;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.hub.access.HubPrincipals;
import dev.parley.hub.gateway.OperationTable;
import dev.parley.hub.model.MasterKeys;
import dev.parley.hub.model.SealedSecrets;
import dev.parley.hub.model.SealedSecrets.Tally;
import dev.parley.hub.tenant.Tenant;
import dev.parley.hub.tenant.TenantScopes;
import dev.parley.hub.tenant.Tenants;
import dev.parley.protocol.frame.Json;
import io.vertx.core.Future;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Seals the tenants' secrets anew after a change of the master key, some tenants at a time: whoever
 * asks goes on from {@code next}, and may begin again at any time.
 */
public final class MasterKeyOperations {
  private static final Logger LOG = LoggerFactory.getLogger(MasterKeyOperations.class);
  private static final int DEFAULT_PAGE = 100;

  private final Tenants tenants;
  private final TenantScopes scopes;
  private final MasterKeys keys;
  private final List<SealedSecrets> secrets;

  public MasterKeyOperations(
      Tenants tenants, TenantScopes scopes, MasterKeys keys, List<SealedSecrets> secrets) {
    this.tenants = tenants;
    this.scopes = scopes;
    this.keys = keys;
    this.secrets = secrets;
  }

  public void register(OperationTable table) {
    table.on("admin.rotate-master-key", (caller, params) -> rotate(params));
  }

  private Future<ObjectNode> rotate(ObjectNode params) {
    int limit = params.path("limit").asInt(DEFAULT_PAGE);
    return tenants
        .list(params.path("after").textValue(), limit)
        .compose(
            page -> {
              Future<Tally> all = Future.succeededFuture(Tally.NONE);
              for (Tenant tenant : page) {
                all = all.compose(tally -> reseal(tenant).map(tally::and));
              }
              return all.map(tally -> result(page, tally, limit));
            });
  }

  private Future<Tally> reseal(Tenant tenant) {
    Future<Tally> all = Future.succeededFuture(Tally.NONE);
    for (SealedSecrets kind : secrets) {
      all =
          all.compose(
              tally ->
                  kind.reseal(scopes.of(HubPrincipals.bookkeeper(tenant.id()))).map(tally::and));
    }
    return all.onSuccess(
        tally -> {
          if (tally.unopened() > 0) {
            LOG.warn(
                "{} secrets of tenant {} open with no master key of this hub",
                tally.unopened(),
                tenant.id());
          }
        });
  }

  private ObjectNode result(List<Tenant> page, Tally tally, int limit) {
    ObjectNode result =
        Json.object()
            .put("masterKey", keys.currentId())
            .put("tenants", page.size())
            .put("resealed", tally.resealed())
            .put("unopened", tally.unopened());
    ArrayNode accepted = result.putArray("accepted");
    keys.ids().forEach(accepted::add);
    if (page.size() == limit) {
      result.put("next", page.get(limit - 1).id().value());
    }
    return result;
  }
}
